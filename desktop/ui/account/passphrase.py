"""Changing the own passphrase: the old one, five new words to write down, and the same again to be sure."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from desktop.errors import RelayUnreachable, Trouble
from desktop.features.wording import words_of_trouble
from desktop.ui.account.asking import passphrase_line
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.signin import normalise_passphrase

_MAYBE = (
    "中継サーバに届いたかどうか分かりません。この端末は、前の合言葉でも新しい合言葉でも開きます。"
    "つながるようになったら、サインインし直してください。"
)


class PassphraseSheet(Sheet):
    """`accepted` means that the new passphrase is in force."""

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent, "合言葉を変える", name="passphrase", width=580)
        self._desk = desk
        self.words = desk.office.account.new_passphrase()
        self.banner = Banner(desk.theme, name="passphrase.banner")
        self.column.addWidget(self.banner)
        self._steps = (self._old_step(), self._new_step(), self._repeat_step())
        for step in self._steps:
            self.column.addWidget(step)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self.column.addWidget(self._busy)
        self._to(0)

    def _old_step(self) -> QWidget:
        step, column = _step()
        self.old = passphrase_line("passphrase.old")
        self.old.returnPressed.connect(self._check_old)
        column.addWidget(Field("いまの合言葉", self.old, required=True))
        go = button("次へ進む", self._check_old, name="passphrase.next", role="primary")
        column.addLayout(row_of(1, button("やめる", self.reject, name="passphrase.cancel"), go))
        return step

    def _new_step(self) -> QWidget:
        step, column = _step()
        column.addWidget(label("これからの合言葉です。紙に書き留めてください。", wrap=True))
        frame, inner = card(margin=18, spacing=6)
        self._shown = label(self.words.typed, "passphrase", wrap=True, name="passphrase.words")
        self._read = label(self.words.read, "muted", wrap=True)
        inner.addWidget(self._shown)
        inner.addWidget(self._read)
        column.addWidget(frame)
        copy = button("コピーする", self._copy, name="passphrase.copy")
        another = button("別の言葉にする", self._another, name="passphrase.another", role="quiet")
        written = button("書き留めました", lambda: self._to(2), name="passphrase.written", role="primary")
        column.addLayout(row_of(copy, another, 1, written))
        return step

    def _repeat_step(self) -> QWidget:
        step, column = _step()
        self.repeat = CommitLine(name="passphrase.repeat")
        self.repeat.returnPressed.connect(self._change)
        self._repeat_field = Field(
            "新しい合言葉",
            self.repeat,
            required=True,
            help_text="確かめのため、書き留めた言葉を入れてください。",
        )
        column.addWidget(self._repeat_field)
        again = button("もう一度見る", lambda: self._to(1), name="passphrase.again", role="quiet")
        self._go = button("合言葉を変える", self._change, name="passphrase.go", role="primary")
        column.addLayout(row_of(again, 1, self._go))
        return step

    def _check_old(self) -> None:
        typed = self.old.text()
        if not typed.strip():
            self.banner.tell("warning", "いまの合言葉を入れてください。")
            return
        self._wait(True)
        check = self._desk.office.account.check_passphrase
        self._desk.background.ask(lambda: check(typed), lambda _: self._to(1), self._failed)

    def _change(self) -> None:
        if normalise_passphrase(self.repeat.text()) != self.words.typed:
            self._repeat_field.show_error("書き留めた言葉と違います。「もう一度見る」で確かめられます。")
            return
        self._repeat_field.show_error("")
        old, new = self.old.text(), self.words.typed
        self._wait(True)
        change = self._desk.office.account.change_passphrase
        self._desk.background.ask(lambda: change(old, new), lambda _: self.accept(), self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self._wait(False)
        at_end = not self._steps[2].isHidden()
        words = _MAYBE if at_end and isinstance(trouble, RelayUnreachable) else words_of_trouble(trouble).both
        self.banner.tell("error", words)

    def _to(self, step: int) -> None:
        self._wait(False)
        self.banner.hide()
        for place, made in enumerate(self._steps):
            made.setVisible(place == step)
        (self.old, self._shown, self.repeat)[step].setFocus()

    def _wait(self, on: bool) -> None:
        self._busy.setVisible(on)
        for step in self._steps:
            step.setEnabled(not on)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.words.typed)
        self.banner.tell("info", "コピーしました。紙に書き留めたら、コピーした内容は消してください。")

    def _another(self) -> None:
        self.words = self._desk.office.account.new_passphrase()
        self._shown.setText(self.words.typed)
        self._read.setText(self.words.read)


def _step() -> tuple[QWidget, QVBoxLayout]:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(14)
    return made, column
