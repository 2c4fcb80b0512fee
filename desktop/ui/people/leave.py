"""Closing an account: who takes over what the person owned, and what happens to the keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_last_one, words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.staff import Department, StaffMember


class LeaveSheet(Sheet):
    def __init__(self, parent: QWidget, desk: Desk, member: StaffMember) -> None:
        super().__init__(parent, f"{member.display_name}さんを使用停止にする", name="leave", width=600)
        self._desk, self._member = desk, member
        self.banner = Banner(desk.theme, name="leave.banner")
        self.column.addWidget(self.banner)
        for words in (
            "この人は、すぐにサインインできなくなります。端末の登録もすべて取り消します。",
            "入っていた課の鍵は、新しく作り直します。これから届くものを、この人は開けません。",
            "名前は、これまでの記録のために残ります。元には戻せません。",
        ):
            self.column.addWidget(label(words, wrap=True))
        self.column.addWidget(label("書きかけの配信を引き継ぐ人", "subheading"))
        self.heir = QComboBox()
        self.heir.setObjectName("leave.heir")
        self.heir.setAccessibleName("引き継ぐ人")
        self.heir.addItem("引き継がない", "")
        self.column.addWidget(self.heir)
        cancel = button("やめる", self.reject, name="leave.cancel")
        self._go = button("使用停止にする", self._leave, name="leave.go", role="danger")
        self.end_with(1, cancel, self._go)
        cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        people = desk.office.people
        desk.background.local(people.everybody, self._show_heirs)
        desk.background.local(lambda: people.alone_in(member.id), self._warn)

    def _warn(self, alone: list[Department]) -> None:
        if alone:
            self.banner.tell("warning", words_of_last_one(alone))

    def _show_heirs(self, everybody: list[StaffMember]) -> None:
        for each in everybody:
            if each.state == "active" and each.id != self._member.id:
                self.heir.addItem(each.display_name, each.id)

    def _leave(self) -> None:
        people, heir = self._desk.office.people, self.heir.currentData()
        self._go.setEnabled(False)
        self._desk.background.local(
            lambda: people.leave(self._member.id, heir), lambda _: self.accept(), self._failed
        )

    def _failed(self, trouble: Trouble) -> None:
        self._go.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)
