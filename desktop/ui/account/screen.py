"""「自分のアカウント」: the own passphrase, and the second factor."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.features.account import SecondFactor
from desktop.ui.account.passphrase import PassphraseSheet
from desktop.ui.account.second_factor import SwitchOffSheet, SwitchOnSheet
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, flowing_column, row_of
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk, Screen, header
from protocol.staff import StaffMember


class AccountScreen(Screen):
    page = "account"
    place = "settings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = flowing_column(self, spacing=18)
        back = button("設定に戻る", lambda: desk.routes.go("settings"), name="account.back", role="quiet")
        column.addWidget(header("自分のアカウント", "サインインのしかたを変えます。", back))
        self.banner = Banner(desk.theme, name="account.banner")
        column.addWidget(self.banner)
        column.addWidget(self._passphrase())
        column.addWidget(self._second_factor())
        column.addStretch(1)

    def refresh(self) -> None:
        self.desk.background.local(self.desk.office.staff.me, self._show)

    def leave(self) -> None:
        self.banner.hide()

    def _show(self, me: StaffMember) -> None:
        self._state.setText(
            "使っています。サインインのたびに、スマートフォンの6桁の数字も確かめます。"
            if me.second_factor
            else "使っていません。合言葉だけでサインインします。"
        )
        self._on.setVisible(not me.second_factor)
        self._off.setVisible(me.second_factor)

    def _passphrase(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("合言葉", "heading"))
        words = "新しい5つの言葉に替えます。だれかに知られたかもしれないときは、すぐに替えてください。"
        change = button("合言葉を変える", self._change, name="account.passphrase")
        column.addWidget(label(words, "muted", wrap=True))
        column.addLayout(row_of(change, 1))
        return frame

    def _second_factor(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("確認コード", "heading"))
        column.addWidget(label(
            "合言葉に加えて、スマートフォンの認証アプリに出る数字でも本人を確かめます。",
            "muted", wrap=True,
        ))  # fmt: skip
        self._state = label("", wrap=True, name="account.factor")
        column.addWidget(self._state)
        self._on = button("確認コードを使い始める", self._switch_on, name="account.factor_on")
        self._off = button("確認コードをやめる", self._switch_off, name="account.factor_off", role="danger")
        column.addLayout(row_of(self._on, self._off, 1))
        self._on.hide()
        self._off.hide()
        return frame

    def _change(self) -> None:
        sheet = PassphraseSheet(self, self.desk)
        sheet.accepted.connect(lambda: self._done(
            "合言葉を変えました。ほかの端末では、次につながったときに新しい合言葉を聞かれます。"
        ))  # fmt: skip
        sheet.open()

    def _switch_on(self) -> None:
        def show(factor: SecondFactor) -> None:
            sheet = SwitchOnSheet(self, self.desk, factor)
            sheet.accepted.connect(lambda: self._done("次のサインインから、確認コードも聞かれます。"))
            sheet.open()

        self.desk.background.local(self.desk.office.account.new_second_factor, show)

    def _switch_off(self) -> None:
        sheet = SwitchOffSheet(self, self.desk)
        sheet.accepted.connect(lambda: self._done("確認コードをやめました。"))
        sheet.open()

    def _done(self, words: str) -> None:
        self.banner.tell("success", words)
        self.desk.routes.wake_sync()
