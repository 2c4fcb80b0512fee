"""What the relay wants of the person before it goes on: a second code, the passphrase changed elsewhere.

The connection says it through its trouble; here it becomes a sentence with a button, and a dialog once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from desktop.errors import PassphraseChanged, RelayRefused, Trouble
from desktop.features.wording import words_of_reason, words_of_trouble
from desktop.ui.parts.buttons import button, default_of
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk

if TYPE_CHECKING:
    from desktop.ui.work_area import WorkArea

_SHUT_OUT = ("device_revoked", "member_left")


class AskingThePerson:
    """One dialog at a time, however many lanes are refused."""

    def __init__(self, work: WorkArea, desk: Desk) -> None:
        self._work, self._desk = work, desk
        self._sheet: Sheet | None = None
        self._asked_code = False

    def answers(self, trouble: Trouble) -> bool:
        """Whether this trouble is one the person can end by giving something."""
        if isinstance(trouble, PassphraseChanged):
            what, verb = self._passphrase_words()
            self._work.banner.tell("warning", what, ("window.adopt", verb, self.ask_passphrase))
            return True
        if not isinstance(trouble, RelayRefused):
            return False
        if trouble.reason in _SHUT_OUT:
            self._work.shut_out(words_of_reason(trouble.reason).both)
            return True
        if trouble.reason == "second_code_needed":
            words = words_of_reason(trouble.reason).both
            self._work.banner.tell(
                "warning", words, ("window.second_code", "確認コードを入れる", self.ask_code)
            )
            if not self._asked_code:
                self._asked_code = True
                self.ask_code()
            return True
        return False

    def ask_code(self) -> None:
        self._open(SecondCodeSheet(self._work, self._desk))

    def ask_passphrase(self) -> None:
        self._open(AdoptSheet(self._work, self._desk, self._passphrase_words()[0]))

    def _passphrase_words(self) -> tuple[str, str]:
        if self._desk.office.account.change_not_sent:
            return (
                "合言葉の変更が、中継サーバに届いていませんでした。前の合言葉を入れてください。",
                "前の合言葉を入れる",
            )
        return words_of_trouble(PassphraseChanged()).both, "新しい合言葉を入れる"

    def _open(self, sheet: Sheet) -> None:
        if self._sheet is not None:
            sheet.deleteLater()
            return
        self._sheet = sheet
        sheet.finished.connect(self._closed)
        sheet.open()

    def _closed(self) -> None:
        self._sheet = None


class SecondCodeSheet(Sheet):
    """Six digits out of the telephone. Esc: go on without the relay for now."""

    def __init__(self, work: WorkArea, desk: Desk) -> None:
        super().__init__(work, "確認コード", name="second_code", width=460)
        self._work, self._desk = work, desk
        self.banner = Banner(desk.theme, name="second_code.banner")
        self.column.addWidget(label(
            "スマートフォンの認証アプリに出ている6桁の数字を入れてください。入れるまでは、この端末にある控えだけで仕事ができます。",
            wrap=True,
        ))  # fmt: skip
        self.column.addWidget(self.banner)
        self.code = code_line("second_code.code")
        self.column.addWidget(Field("確認コード", self.code, required=True))
        later = button("あとで入れる", self.reject, name="second_code.later", role="quiet")
        self._go_button = button("確かめる", self._go, name="second_code.go", role="primary")
        default_of(self, self._go_button)
        self.end_with(later, 1, self._go_button)
        self.code.setFocus()

    def _go(self) -> None:
        code = self.code.text()
        self._go_button.setEnabled(False)
        give = self._desk.office.account.give_second_code
        self._desk.background.ask(lambda: give(code), lambda _: self._done(), self._failed)

    def _done(self) -> None:
        self._work.banner.hide()
        self.accept()
        self._desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self._go_button.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)
        self.code.selectAll()
        self.code.setFocus()


class AdoptSheet(Sheet):
    """The passphrase the relay knows, which this machine then takes over."""

    def __init__(self, work: WorkArea, desk: Desk, words: str) -> None:
        super().__init__(work, "合言葉をそろえる", name="adopt", width=520)
        self._work, self._desk = work, desk
        self.column.addWidget(label(words, wrap=True))
        self.banner = Banner(desk.theme, name="adopt.banner")
        self.column.addWidget(self.banner)
        self.passphrase = passphrase_line("adopt.passphrase")
        self.column.addWidget(Field("合言葉", self.passphrase, required=True))
        self.code = code_line("adopt.code")
        self._code_field = Field("確認コード", self.code, required=True)
        self._code_field.hide()
        self.column.addWidget(self._code_field)
        later = button("あとで入れる", self.reject, name="adopt.later", role="quiet")
        self._go_button = button("この合言葉にそろえる", self._go, name="adopt.go", role="primary")
        default_of(self, self._go_button)
        self.end_with(later, 1, self._go_button)
        self.passphrase.setFocus()

    def _go(self) -> None:
        typed, code = self.passphrase.text(), self.code.text()
        if not typed.strip():
            self.banner.tell("warning", "合言葉を入れてください。")
            return
        self._go_button.setEnabled(False)
        self.banner.tell("info", "確かめています…")
        adopt = self._desk.office.account.adopt_passphrase
        self._desk.background.ask(lambda: adopt(typed, second_code=code), self._done, self._failed)

    def _done(self, keys_changed: bool) -> None:
        self._work.banner.hide()
        self.accept()
        if keys_changed:
            self._work.lock()  # the person's keys are others: everything is opened anew with them
            return
        self._desk.routes.say("この端末の合言葉をそろえました。")
        self._desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self._go_button.setEnabled(True)
        if isinstance(trouble, RelayRefused) and trouble.reason == "second_code_needed":
            self._code_field.show()
            self.code.setFocus()
            self.banner.tell("info", words_of_trouble(trouble).both)
            return
        self.banner.tell("error", words_of_trouble(trouble).both)
        self.passphrase.selectAll()


def code_line(name: str) -> CommitLine:
    made = CommitLine(name=name, hint="例：123 456")
    made.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
    made.setMaxLength(12)
    return made


def passphrase_line(name: str) -> CommitLine:
    made = CommitLine(name=name)
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setInputMethodHints(Qt.InputMethodHint.ImhLatinOnly | Qt.InputMethodHint.ImhNoPredictiveText)
    return made
