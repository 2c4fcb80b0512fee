"""Step 4: the LINE channel's data, and whether LINE answers to them. Secrets are shown to nobody again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.setup import SetupState
from desktop.features.wording import words_of_reason, words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.signin import LineChannelAnswer, LineChannelSave

_SECRET = ("channel_secret", "channel_token")


class LineStep(QWidget):
    def __init__(self, desk: Desk, done: Callable[[str], Any]) -> None:
        super().__init__()
        self._desk, self._done = desk, done
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(margin=24, spacing=12)
        outer.addWidget(frame)
        outer.addStretch(1)
        column.addWidget(label("LINE公式アカウント", "heading"))
        column.addWidget(label(
            "LINE Developersの画面から書き写してください。中継サーバにだけ置き、この端末には残しません。"
            "空のところは、いまの値のままです。",
            "muted", wrap=True,
        ))  # fmt: skip
        self.banner = Banner(desk.theme, name="setup.line.banner")
        column.addWidget(self.banner)
        self._lines: dict[str, CommitLine] = {}
        self._fields: dict[str, Field] = {}
        for name, title, help_text in (
            (
                "channel_secret",
                "チャネルシークレット",
                "Messaging APIのチャネルの「チャネル基本設定」にあります。",
            ),
            (
                "channel_token",
                "チャネルアクセストークン（長期）",
                "同じチャネルの「Messaging API設定」で発行します。",
            ),
            ("login_channel_id", "LINEログインのチャネルID", "設定のページを使うときに入れます。"),
            ("liff_id", "LIFF ID", "例：1234567890-AbcdEfgh"),
        ):
            made = CommitLine(name=f"setup.line.{name}")
            made.setInputMethodHints(Qt.InputMethodHint.ImhLatinOnly)
            if name in _SECRET:
                made.setEchoMode(QLineEdit.EchoMode.Password)
            self._lines[name] = made
            self._fields[name] = Field(title, made, help_text=help_text)
            column.addWidget(self._fields[name])
        self._test = button("いまの設定で試す", self._try, name="setup.line.test")
        self._go = button("保存して、つながるか確かめる", self._save, name="setup.line.go", role="primary")
        column.addLayout(row_of(1, self._test, self._go))

    def show_state(self, state: SetupState) -> None:
        self._test.setVisible("line" in state.done)

    def _try(self) -> None:
        self._ask(LineChannelSave())

    def _save(self) -> None:
        values = {name: line.text().strip() for name, line in self._lines.items()}
        if not any(values.values()):
            self.banner.tell("warning", "書き写した値を入れてください。")
            return
        self._ask(LineChannelSave(**values))

    def _ask(self, channel: LineChannelSave) -> None:
        setup = self._desk.office.setup
        self._wait(True)
        self.banner.tell("info", "LINEに問い合わせています…")
        self._desk.background.ask(lambda: setup.save_line_channel(channel), self._answered, self._failed)

    def _answered(self, answer: LineChannelAnswer) -> None:
        self._wait(False)
        for name in _SECRET:
            self._lines[name].set_text("")
        for name, field in self._fields.items():
            fixed = name in answer.from_environment
            self._lines[name].setEnabled(not fixed)
            field.show_error("")
            if fixed:
                self._lines[name].setPlaceholderText("中継サーバの設定で決められています")
        if answer.reason:
            self.banner.tell("error", f"つながりませんでした。{words_of_reason(answer.reason).both}")
            return
        name = f"「{answer.account_name}」" if answer.account_name else "公式アカウント"
        self.banner.tell("success", f"{name}につながりました。")
        self._done(f"LINEの{name}につながりました。")

    def _failed(self, trouble: Trouble) -> None:
        self._wait(False)
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _wait(self, on: bool) -> None:
        self._go.setEnabled(not on)
        self._test.setEnabled(not on)
