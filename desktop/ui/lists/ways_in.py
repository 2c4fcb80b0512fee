"""What a list is called, who reads its codes, and how people get onto a tag or a chosen list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, clear
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.counting import grapheme_count
from protocol.lists import LIST_NAME_LIMIT, ResidentList
from protocol.staff import Department


class ListFields(QWidget):
    """`changed(update)`: the fields of a `ResidentList` that are different now."""

    changed = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._departments: tuple[Department, ...] = ()
        self._ticks: dict[str, QCheckBox] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(spacing=10)
        outer.addWidget(frame)
        self.name = CommitLine(name="list.name")
        self._name_field = Field(
            "リストの名前", self.name, required=True, count=grapheme_count, limit=LIST_NAME_LIMIT
        )
        self.note = CommitLine(name="list.note")
        column.addWidget(self._name_field)
        column.addWidget(Field("メモ（職員だけに見えます）", self.note))
        self._readers = QWidget()
        readers = QVBoxLayout(self._readers)
        readers.setContentsMargins(0, 0, 0, 0)
        readers.setSpacing(6)
        readers.addWidget(label("名簿を読める課", "subheading"))
        words = "だれにどのコードを配ったかは、ここで選んだ課の職員だけが読めます。"
        readers.addWidget(label(words, "muted", wrap=True))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        readers.addLayout(self._rows)
        self._error = label("", "error", wrap=True, name="list.departments.error")
        readers.addWidget(self._error)
        self._error.hide()
        column.addWidget(self._readers)
        self.name.committed.connect(lambda text: self.changed.emit({"name": text}))
        self.note.committed.connect(lambda text: self.changed.emit({"note": text}))

    def show_departments(self, departments: Sequence[Department]) -> None:
        if tuple(departments) == self._departments:
            return
        self._departments = tuple(departments)
        chosen = {id for id, tick in self._ticks.items() if tick.isChecked()}
        clear(self._rows)
        self._ticks = {}
        for place, department in enumerate(departments):
            tick = QCheckBox(department.name)
            tick.setObjectName(f"list.department.{place}")
            tick.setChecked(department.id in chosen)
            tick.toggled.connect(lambda _: self.changed.emit({"departments": self._chosen}))
            self._ticks[department.id] = tick
            self._rows.addWidget(tick)

    def show_list(self, one: ResidentList) -> None:
        """From the program: nothing is told."""
        self.name.set_text(one.name)
        self.note.set_text(one.note)
        self._name_field.recount()
        self._readers.setVisible(one.kind == "codes")
        for id, tick in self._ticks.items():
            tick.blockSignals(True)
            tick.setChecked(id in one.departments)
            tick.blockSignals(False)
        self.show_problems({})

    def show_problems(self, words: Mapping[str, str]) -> None:
        """By the field they are about."""
        self._name_field.show_error(words.get("name", ""))
        self._error.setText(words.get("departments", ""))
        self._error.setVisible("departments" in words)

    @property
    def _chosen(self) -> tuple[str, ...]:
        return tuple(id for id, tick in self._ticks.items() if tick.isChecked())


class WaysIn(QWidget):
    """How people get onto a list that takes no codes."""

    def __init__(
        self, desk: Desk, *, fill: Callable[[], None], add: Callable[[], None], remove: Callable[[], None]
    ) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._frame, column = card(spacing=8)
        outer.addWidget(self._frame)
        column.addWidget(label("人を入れる・外す", "heading"))
        self._words = label("", "muted", wrap=True, name="list.ways")
        column.addWidget(self._words)
        theme = desk.theme
        self._fill = button("条件から入れる", fill, name="list.fill", icon="plus", theme=theme)
        self._inbox = button(
            "届いたものから選ぶ",
            lambda: desk.routes.go("inbox"),
            name="list.inbox",
            icon="inbox",
            theme=theme,
        )
        self._add = button("Excelから入れる", add, name="list.add", icon="plus", theme=theme)
        self._remove = button("Excelの人を外す", remove, name="list.take_off")
        column.addWidget(Flow(self._fill, self._inbox, self._add, self._remove))

    def show_list(self, one: ResidentList, *, is_kept: bool) -> None:
        self._frame.setVisible(one.kind != "codes" and is_kept)
        is_tag = one.kind == "tag"
        self._words.setText(
            "条件に当てはまる人を、いまの時点で入れます。先に人数が出ます。"
            if is_tag
            else "「届いたもの」で行を選んで「リストに入れる」を押すか、"
            "「届いたもの」のExcelにある「住民の番号」の列から入れます。"
        )
        self._fill.setVisible(is_tag)
        self._inbox.setVisible(not is_tag)
        self._add.setVisible(not is_tag)
