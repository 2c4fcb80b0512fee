"""「利用者」: everybody with an account, found by name or department; and what can be done for them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from desktop.features.people import Person
from desktop.features.wording import words_of_problem
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.people.code import CodeSheet, ResetSheet
from desktop.ui.people.compare import ConfirmSheet
from desktop.ui.people.leave import LeaveSheet
from desktop.ui.people.member import MemberSheet
from desktop.ui.people.table import PeopleTable, make_view
from desktop.ui.people.tabs import TabRow
from desktop.ui.screen import Desk, Screen, header
from protocol.problems import Problem
from protocol.staff import Department


class PeopleScreen(Screen):
    page = "people"
    place = "people"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(14)
        self._invite = button(
            "利用者を招待する",
            self.invite,
            name="people.invite",
            role="primary",
            icon="plus",
            theme=desk.theme,
        )
        column.addWidget(header("利用者と権限", "だれが、どの課で、何をできるかを決めます。", self._invite))
        column.addWidget(TabRow(desk, self.page))
        self.banner = Banner(desk.theme, name="people.banner")
        column.addWidget(self.banner)
        self.search = CommitLine(name="people.search", hint="氏名・利用者名・課でさがす")
        self.search.setAccessibleName("利用者をさがす")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(desk.theme.px(320))
        self.search.committed.connect(lambda _: self.refresh())
        self._left = QCheckBox("使用停止にした人を見る")
        self._left.setObjectName("people.left")
        self._left.toggled.connect(lambda _: self.refresh())
        self._count = label("", "muted", name="people.count")
        column.addLayout(row_of(self.search, self._left, 1, self._count, spacing=16))
        self.table = PeopleTable(desk.theme)
        self.view = make_view(self.table, desk.theme)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.view.doubleClicked.connect(lambda _: self.change())
        column.addWidget(self.view, 1)
        self._verbs = {
            "confirm": button("鍵を確認する", self.confirm, name="people.confirm"),
            "code": button("登録コードを出す", self.code, name="people.code"),
            "reset": button("合言葉をやり直す", self.reset, name="people.reset"),
            "leave": button("使用停止にする", self.leave_town, name="people.leave", role="danger"),
            "change": button("変更する", self.change, name="people.change"),
        }
        column.addLayout(
            row_of(self._verbs["leave"], 1, *list(self._verbs.values())[:3], self._verbs["change"])
        )
        self._enable()

    def refresh(self) -> None:
        words, left = self.search.text(), self._left.isChecked()
        people = self.desk.office.people
        self.desk.background.local(lambda: people.search(words, left=left), self._show)

    def choose(self, id: str) -> None:
        """Select a person by id, as the list is now."""
        row = self.table.row_of(id)
        if row >= 0:
            self.view.selectRow(row)

    @property
    def chosen(self) -> Person | None:
        rows = self.view.selectionModel().selectedRows()
        return self.table.at(rows[0].row()) if rows else None

    def _show(self, people: list[Person]) -> None:
        chosen = self.chosen
        self.table.show_people(people)
        self._count.setText(f"{len(people):,}人")
        if chosen is not None:
            self.choose(chosen.member.id)
        elif people and not self.view.selectionModel().hasSelection():
            self.view.selectRow(0)
        self._enable()

    def _enable(self) -> None:
        person, may_edit = self.chosen, self.desk.office.may("staff", "edit")
        self._invite.setVisible(may_edit)
        state = person.member.state if person is not None else "left"
        me = person is not None and person.member.id == self.desk.office.me.id
        may = {
            "confirm": state in ("unconfirmed", "active") and person is not None and not person.certified,
            "code": state == "invited" or (state in ("active", "unconfirmed") and not me),
            "reset": state in ("active", "unconfirmed") and not me,
            "leave": state != "left" and not me,
            "change": state != "left",
        }
        for name, verb in self._verbs.items():
            verb.setVisible(may_edit)
            verb.setEnabled(may[name] and (person is None or not person.waiting or name == "change"))
        words = "この端末に追加のコードを出す" if state in ("active", "unconfirmed") else "登録コードを出す"
        self._verbs["code"].setText("端末を追加するコードを出す" if "追加" in words else words)

    def invite(self) -> None:
        self._open_member(None)

    def change(self) -> None:
        if (
            self.chosen is not None
            and self._verbs["change"].isEnabled()
            and self._verbs["change"].isVisible()
        ):
            self._open_member(self.chosen)

    def code(self) -> None:
        if self.chosen is not None:
            CodeSheet.ask(self, self.desk, self.chosen.member, self.banner)

    def reset(self) -> None:
        if self.chosen is not None:
            ResetSheet(self, self.desk, self.chosen.member, self.banner).open()

    def confirm(self) -> None:
        if self.chosen is not None:
            ConfirmSheet.ask(self, self.desk, self.chosen.member.id, self._done)

    def leave_town(self) -> None:
        if self.chosen is None:
            return
        member, people = self.chosen.member, self.desk.office.people

        def decide(problems: list[Problem]) -> None:
            if problems:
                self.banner.tell("warning", words_of_problem(problems[0]).both)
                return
            sheet = LeaveSheet(self, self.desk, member)
            sheet.accepted.connect(lambda: self._done(f"{member.display_name}さんを使用停止にしました。"))
            sheet.open()

        self.desk.background.local(lambda: people.find_leave_problems(member.id), decide)

    def _open_member(self, person: Person | None) -> None:
        def show(departments: list[Department]) -> None:
            sheet = MemberSheet(self, self.desk, person.member if person else None, departments)
            sheet.saved.connect(lambda id, new: self._saved(sheet, id, new))
            sheet.open()

        self.desk.background.local(self.desk.office.people.departments, show)

    def _saved(self, sheet: MemberSheet, id: str, new: bool) -> None:
        name = sheet.wish.display_name
        self._done(f"{name}さんを保存しました。")
        if new:
            CodeSheet.ask_for_new(self, self.desk, id, self.banner)

    def _done(self, words: str) -> None:
        self.banner.hide()
        self.desk.routes.say(words)
        self.desk.routes.wake_sync()
        self.refresh()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
