"""Sign-in with the passphrase. Works with the relay away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QProgressBar

from desktop.errors import DeviceKeyLost, ProfileDamaged, Trouble
from desktop.features.wording import words_of_trouble
from desktop.ui.background import Background
from desktop.ui.door.frame import DoorFrame
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.theme import Theme


class SignIn(DoorFrame):
    """`open_office` derives the keys and opens the replica; it runs off this thread.

    `prefix` begins the names of the fields; the lock screen is the same door with other words.
    """

    page = "sign-in"
    prefix = "signin"
    title = "サインイン"
    hint = "合言葉を入れてください。"
    verb = "サインインする"
    other = "別の登録コードを使う"

    def __init__(
        self,
        theme: Theme,
        background: Background,
        person: str,
        open_office: Callable[[str], Any],
        *,
        opened: Callable[[Any], None],
        enrol_again: Callable[[], None],
    ) -> None:
        super().__init__(
            theme,
            self.title,
            f"{person} さんの{self.hint}" if person else self.hint,
        )
        self._background = background
        self._open, self._opened, self._enrol_again = open_office, opened, enrol_again
        self.banner = Banner(theme, name=f"{self.prefix}.banner")
        self.column.addWidget(self.banner)
        self.passphrase = CommitLine(
            name=f"{self.prefix}.passphrase", hint="例：sakura minato tebukuro kaze hon"
        )
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setInputMethodHints(
            Qt.InputMethodHint.ImhLatinOnly | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self.passphrase.returnPressed.connect(self._go)
        self.column.addWidget(Field(
            "合言葉", self.passphrase, required=True,
            help_text="登録のときに書き留めた5つの言葉です。間は空けても、つなげずに - でも構いません。",
        ))  # fmt: skip
        visible = QCheckBox("入れた文字を見る")
        visible.setObjectName(f"{self.prefix}.visible")
        visible.toggled.connect(
            lambda on: self.passphrase.setEchoMode(
                QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password
            )
        )
        self.column.addWidget(visible)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self.column.addWidget(self._busy)
        self._go_button = button(self.verb, self._go, name=f"{self.prefix}.go", role="primary")
        again = button(self.other, enrol_again, name=f"{self.prefix}.enrol", role="quiet")
        self.column.addLayout(row_of(again, 1, self._go_button))
        self.passphrase.setFocus()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.passphrase.setFocus()

    def _go(self) -> None:
        if not self._go_button.isEnabled():
            return
        if not self.passphrase.text().strip():
            self.banner.tell("warning", "合言葉を入れてください。")
            return
        self._wait(True)
        typed = self.passphrase.text()
        self._background.local(lambda: self._open(typed), self._let_in, self._failed)

    def _let_in(self, opened: Any) -> None:
        self.passphrase.set_text("")
        self._wait(False)
        self._opened(opened)

    def _failed(self, trouble: Trouble) -> None:
        self._wait(False)
        words = words_of_trouble(trouble).both
        if isinstance(trouble, DeviceKeyLost | ProfileDamaged):
            self.banner.tell("error", words, (f"{self.prefix}.again", "登録し直す", self._enrol_again))
        else:
            self.banner.tell("error", words)
        self.passphrase.selectAll()
        self.passphrase.setFocus()

    def _wait(self, on: bool) -> None:
        self._busy.setVisible(on)
        self._go_button.setEnabled(not on)
        self._go_button.setText("確かめています…" if on else self.verb)
        self.passphrase.setEnabled(not on)
        if on:
            self.banner.hide()
