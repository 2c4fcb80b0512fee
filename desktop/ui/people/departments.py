"""「課」: the departments in their order, how many people are in each, and whether it has a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.home import Unsettled
from desktop.features.wording import words_of_problem, words_of_reason
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import Banner, card, clear, flowing_column, row_of
from desktop.ui.parts.dialogs import Sheet, ask_first
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import badge, label
from desktop.ui.people.tabs import TabRow
from desktop.ui.screen import Desk, Screen, header
from protocol.problems import Problem
from protocol.staff import Department


@dataclass(frozen=True)
class _Line:
    department: Department
    members: tuple[str, ...]
    has_key: bool
    refused: tuple[Unsettled, ...]


class DepartmentsScreen(Screen):
    page = "departments"
    place = "people"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = flowing_column(self, spacing=14)
        self._new = button(
            "課を追加する", self.add, name="departments.new", role="primary", icon="plus", theme=desk.theme
        )
        column.addWidget(header("利用者と権限", "課ごとに、届いたものを開ける人が決まります。", self._new))
        column.addWidget(TabRow(desk, self.page))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        column.addLayout(self._rows)
        column.addStretch(1)
        self._shown: list[_Line] | None = None

    def refresh(self) -> None:
        self._new.setVisible(self.desk.office.may("staff", "edit"))
        self.desk.background.local(self._read, self._show)

    def _read(self) -> list[_Line]:
        office = self.desk.office
        with_key = {key.department for key in office.town_keys.department_keys() if not key.retired}
        return [
            _Line(
                department=each,
                members=tuple(member.display_name for member in office.people.members_of(each.id)),
                has_key=each.id in with_key,
                refused=tuple(office.home.refused_at("department", each.id)),
            )
            for each in office.people.departments()
        ]

    def _show(self, lines: list[_Line]) -> None:
        if lines == self._shown:
            return
        self._shown = lines
        clear(self._rows)
        for place, line in enumerate(lines):
            self._rows.addWidget(self._row(place, len(lines), line))
        if not lines:
            self._rows.addWidget(label("課がまだありません。「課を追加する」から作ってください。", "muted"))

    def _row(self, place: int, count: int, line: _Line) -> QWidget:
        frame, column = card(margin=14, spacing=6, name=f"departments.row.{place}")
        theme, id, name = self.desk.theme, line.department.id, line.department.name
        words = QVBoxLayout()
        words.setSpacing(2)
        key = badge("鍵あり", "success") if line.has_key else badge("鍵はまだありません", "neutral")
        words.addLayout(row_of(label(name, "subheading"), key, 1))
        people = "、".join(line.members[:6]) + (
            f" ほか{len(line.members) - 6}人" if len(line.members) > 6 else ""
        )
        words.addWidget(
            label(f"{len(line.members)}人　{people}" if people else "だれもいません", "muted", wrap=True)
        )
        row = row_of(spacing=6)
        row.addLayout(words, 1)
        if self.desk.office.may("staff", "edit"):
            up = icon_button(
                "up",
                f"「{name}」を上へ",
                lambda: self._move(id, -1),
                name=f"departments.up.{place}",
                theme=theme,
            )
            down = icon_button(
                "down",
                f"「{name}」を下へ",
                lambda: self._move(id, 1),
                name=f"departments.down.{place}",
                theme=theme,
            )
            up.setEnabled(place > 0)
            down.setEnabled(place < count - 1)
            for made in (
                up,
                down,
                button(
                    "廃止する", lambda: self._remove(line), name=f"departments.remove.{place}", role="quiet"
                ),
                button("名前を直す", lambda: self._edit(line.department), name=f"departments.edit.{place}"),
            ):
                row.addWidget(made)
        column.addLayout(row)
        for entry in line.refused:
            banner = Banner(theme, name=f"departments.refused.{place}", hidden=False)
            reason = "所属する人か、受付中の窓口が残っています。" if entry.reason == "in_use" else (
                words_of_reason(entry.reason).both
            )  # fmt: skip
            banner.tell(
                "error", f"受け付けられませんでした。{reason}",
                ("departments.dismiss", "わかりました", partial(self._dismiss, entry.id)),
            )  # fmt: skip
            column.addWidget(banner)
        return frame

    def add(self) -> None:
        DepartmentSheet(self, self.desk, None, self._after_change).open()

    def _edit(self, department: Department) -> None:
        DepartmentSheet(self, self.desk, department, self._after_change).open()

    def _move(self, id: str, steps: int) -> None:
        people = self.desk.office.people
        self.desk.background.local(lambda: people.move_department(id, steps), lambda _: self._after_change())

    def _remove(self, line: _Line) -> None:
        name = line.department.name
        words = "これまでに届いたものと記録は残ります。所属する人がいる間は廃止できません。"
        if ask_first(self, f"「{name}」を廃止しますか", words, "廃止する", danger=True):
            people = self.desk.office.people
            self.desk.background.local(
                lambda: people.remove_department(line.department.id), lambda _: self._after_change()
            )

    def _dismiss(self, entry: str) -> None:
        self.desk.background.local(
            lambda: self.desk.office.home.dismiss(entry), lambda _: self._after_change()
        )

    def _after_change(self) -> None:
        self.refresh()
        self.desk.routes.wake_sync()


class DepartmentSheet(Sheet):
    """A name, new or mended."""

    def __init__(
        self, parent: QWidget, desk: Desk, department: Department | None, done: Callable[[], Any]
    ) -> None:
        title = "課を追加する" if department is None else f"「{department.name}」の名前を直す"
        super().__init__(parent, title, name="department", width=480)
        self._desk, self._id, self._done = desk, department.id if department else "", done
        self.name = CommitLine(
            department.name if department else "", name="department.name", hint="例：福祉課"
        )
        self._field = Field("課の名前", self.name, required=True, help_text="住民にも見えることがあります。")
        self.column.addWidget(self._field)
        cancel = button("やめる", self.reject, name="department.cancel")
        verb = "追加する" if department is None else "保存する"
        go = button(verb, self._save, name="department.go", role="primary")
        go.setDefault(True)
        self.end_with(1, cancel, go)
        self.name.setFocus()

    def _save(self) -> None:
        people, name, id = self._desk.office.people, self.name.text(), self._id

        def save() -> list[Problem]:
            problems = people.find_department_problems(name, id)
            if not problems:
                people.save_department(name, id)
            return problems

        self._desk.background.local(save, self._after)

    def _after(self, problems: list[Problem]) -> None:
        if problems:
            words = {"duplicate_label": "同じ名前の課があります。別の名前にしてください。"}
            self._field.show_error(words.get(problems[0].code) or words_of_problem(problems[0]).both)
            return
        self.accept()
        self._done()
