"""One person: login name, name, role and departments. For an invitation and for every later change."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from desktop.errors import Trouble
from desktop.features.people import MemberWish
from desktop.features.wording import words_for, words_of_last_one, words_of_problem, words_of_trouble
from desktop.ui.parts.buttons import button, default_of
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.problems import Problem
from protocol.staff import ROLES, Department, StaffMember


class MemberSheet(Sheet):
    """`saved` tells the id and whether the person is new; the change waits in the outbox by then."""

    saved = Signal(str, bool)

    def __init__(
        self, parent: QWidget, desk: Desk, member: StaffMember | None, departments: list[Department]
    ) -> None:
        title = "利用者を招待する" if member is None else f"{member.display_name}さんの変更"
        super().__init__(parent, title, name="member", width=600)
        self._desk, self._member = desk, member
        self.wish = MemberWish("", "")
        self.banner = Banner(desk.theme, name="member.banner")
        self.column.addWidget(self.banner)
        self.login_name = CommitLine(
            member.login_name if member else "", name="member.login_name", hint="例：sato-h"
        )
        self.login_name.setInputMethodHints(Qt.InputMethodHint.ImhLatinOnly)
        self.login_name.setReadOnly(member is not None)
        self.display_name = CommitLine(
            member.display_name if member else "", name="member.display_name", hint="例：福祉課 佐藤 花"
        )
        self._fields = {
            "login_name": Field(
                "利用者名", self.login_name, required=True,
                help_text="サインインに使う名前です。半角の英字と数字で3文字以上。あとから変えられません。",
            ),
            "display_name": Field(
                "氏名", self.display_name, required=True, help_text="ほかの職員に見える名前です。"
            ),
        }  # fmt: skip
        for field in self._fields.values():
            self.column.addWidget(field)
        self.column.addWidget(label("役割", "subheading"))
        self.role = self._roles(member)
        self.column.addWidget(self.role)
        self._hint = label("", "muted", wrap=True)
        self.column.addWidget(self._hint)
        self._show_hint()
        self.column.addWidget(label("課（いくつでも）", "subheading"))
        self.column.addWidget(self._departments(departments, member))
        if member is not None:
            words = "課を外すと、その課の鍵を作り直します。外れた人は、これから届くものを開けません。"
            self.column.addWidget(label(words, "muted", wrap=True))
        cancel = button("やめる", self.reject, name="member.cancel")
        self._go = button(
            "招待する" if member is None else "保存する", self._save, name="member.go", role="primary"
        )
        default_of(self, self._go)
        self.end_with(1, cancel, self._go)
        (self.login_name if member is None else self.display_name).setFocus()
        self._alone: list[Department] = []
        if member is not None:
            people, id = desk.office.people, member.id
            desk.background.local(lambda: people.alone_in(id), self._note_alone)

    def _note_alone(self, alone: list[Department]) -> None:
        self._alone = alone
        for box in self._boxes.values():
            box.toggled.connect(lambda _: self._warn())

    def _warn(self) -> None:
        left = [
            each for each in self._alone if each.id in self._boxes and not self._boxes[each.id].isChecked()
        ]
        if left:
            self.banner.tell("warning", words_of_last_one(left))
        else:
            self.banner.hide()

    def _roles(self, member: StaffMember | None) -> QComboBox:
        made = QComboBox()
        made.setObjectName("member.role")
        made.setAccessibleName("役割")
        words = words_for("role")
        for role in ROLES:
            made.addItem(words[role], role)
        made.setCurrentIndex(ROLES.index(member.role if member is not None else "editor"))
        made.currentIndexChanged.connect(lambda _: self._show_hint())
        return made

    def _show_hint(self) -> None:
        self._hint.setText(words_for("role_hint")[self.role.currentData()])

    def _departments(self, departments: list[Department], member: StaffMember | None) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(0)
        self._boxes: dict[str, QCheckBox] = {}
        for place, department in enumerate(departments):
            box = QCheckBox(department.name)
            box.setObjectName(f"member.department.{place}")
            box.setChecked(member is not None and department.id in member.departments)
            self._boxes[department.id] = box
            grid.addWidget(box, place // 3, place % 3)
        if not departments:
            grid.addWidget(label("課がまだありません。「課」のタブで作れます。", "muted"), 0, 0)
        return made

    def _save(self) -> None:
        chosen = tuple(id for id, box in self._boxes.items() if box.isChecked())
        self.wish = wish = MemberWish(
            login_name=self.login_name.text().strip(),
            display_name=self.display_name.text().strip(),
            role=self.role.currentData(),
            departments=chosen,
            id=self._member.id if self._member is not None else "",
        )
        people = self._desk.office.people

        def save() -> tuple[list[Problem], str]:
            problems = people.find_problems(wish)
            return problems, "" if problems else people.save(wish)

        self._go.setEnabled(False)
        self._desk.background.local(save, self._after, self._failed)

    def _after(self, answer: tuple[list[Problem], str]) -> None:
        problems, id = answer
        self._go.setEnabled(True)
        words = {problem.at: words_of_problem(problem).both for problem in problems}
        for name, field in self._fields.items():
            field.show_error(words.pop(name, ""))
        if words:
            self.banner.tell("error", "\n".join(words.values()))
        elif problems:
            self.banner.hide()
        else:
            self.accept()
            self.saved.emit(id, self._member is None)

    def _failed(self, trouble: Trouble) -> None:
        self._go.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)
