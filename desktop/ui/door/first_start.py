"""First start: address and one-time code, who you are, the passphrase shown, written down and typed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QCheckBox, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from desktop.errors import CodeDamaged, Trouble
from desktop.features.wording import words_of_trouble
from desktop.keys.passphrase import Passphrase
from desktop.sync.address import clean_address
from desktop.sync.enrol import Enrolment, read_code
from desktop.ui.background import Background
from desktop.ui.door.frame import DoorFrame
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme
from protocol.signin import PassphraseCost, normalise_passphrase


class FirstStart(DoorFrame):
    """`create` and `add` talk to the relay and run off this thread. `cost` is lowered by tests only."""

    page = "first-start"

    def __init__(
        self,
        theme: Theme,
        background: Background,
        *,
        new_passphrase: Callable[[], Passphrase],
        create: Callable[[Enrolment], Any],
        add: Callable[[Enrolment], Any],
        opened: Callable[[Any], None],
        relay_url: str = "",
        code: str = "",
        cost: PassphraseCost | None = None,
    ) -> None:
        super().__init__(
            theme,
            "はじめる準備",
            "情報担当か管理者が出した登録コードで、この端末を登録します。合言葉をやり直すときも、ここから始めます。",
        )
        self._background, self._create, self._add, self._opened = background, create, add, opened
        self._new_passphrase, self._cost = new_passphrase, cost
        self.passphrase = new_passphrase()
        self.banner = Banner(theme, name="first.banner")
        self.column.addWidget(self.banner)
        self._steps = (self._who_step(relay_url, code), self._passphrase_step(), self._repeat_step())
        for step in self._steps:
            self.column.addWidget(step)
        self._to(0)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self.column.addWidget(self._busy)

    def _who_step(self, relay_url: str, code: str) -> QWidget:
        step, column = _step()
        self.address = CommitLine(
            relay_url, name="first.address", hint="https://madoguchi.example.jp", letters=True
        )
        self.code = CommitLine(code, name="first.code", hint="XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX")
        self.login_name = CommitLine(name="first.login_name", hint="例：sato", letters=True)
        self.display_name = CommitLine(name="first.display_name", hint="例：総務課 佐藤")
        for field in (self.address, self.code, self.login_name):
            field.setInputMethodHints(Qt.InputMethodHint.ImhLatinOnly)
        self._fields = {
            "address": Field("中継サーバのアドレス", self.address, required=True),
            "code": Field("登録コード", self.code, required=True, help_text="5文字ずつ7組。小文字でも、- がなくても読み取ります。"),  # noqa: E501
            "login_name": Field("利用者名", self.login_name, required=True, help_text="半角の英字と数字で、3文字以上。"),  # noqa: E501
            "display_name": Field("表示名", self.display_name, help_text="ほかの職員に見える名前です。管理者に招待されたときは、空のままで構いません。"),  # noqa: E501
        }  # fmt: skip
        self._own_passphrase = CommitLine(name="first.own_passphrase")
        self._own_passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._fields["passphrase"] = Field("合言葉", self._own_passphrase, required=True)
        for made in self._fields.values():
            column.addWidget(made)
        self.further = QCheckBox("使っている合言葉のまま、この端末を追加する")
        self.further.setObjectName("first.further")
        self.further.toggled.connect(self._switch)
        column.addWidget(self.further)
        self._next = button("次へ進む", self._check_who, name="first.next", role="primary")
        column.addLayout(row_of(1, self._next))
        self._switch(False)
        return step

    def _passphrase_step(self) -> QWidget:
        step, column = _step()
        column.addWidget(label("あなたの合言葉", "heading"))
        column.addWidget(label(
            "この5つの言葉がサインインの鍵です。まどぐちは控えを持ちません。紙に書き留めて、机の引き出しなどにしまってください。",
            wrap=True,
        ))  # fmt: skip
        frame, inner = card(margin=18, spacing=6)
        self._shown = label(self.passphrase.typed, "passphrase", wrap=True, name="first.passphrase")
        self._read = label(self.passphrase.read, "muted", wrap=True)
        inner.addWidget(self._shown)
        inner.addWidget(self._read)
        column.addWidget(frame)
        column.addLayout(row_of(
            button("コピーする", self._copy, name="first.copy"),
            button("印刷する", self._print, name="first.print"),
            button("別の言葉にする", self._another, name="first.another", role="quiet"),
            1,
        ))  # fmt: skip
        written = button("書き留めました", lambda: self._to(2), name="first.written", role="primary")
        column.addLayout(
            row_of(button("戻る", lambda: self._to(0), name="first.back", role="quiet"), 1, written)
        )
        return step

    def _repeat_step(self) -> QWidget:
        step, column = _step()
        column.addWidget(label("確かめのため、書き留めた合言葉を入れてください", "heading", wrap=True))
        self.repeat = CommitLine(name="first.repeat")
        self.repeat.setInputMethodHints(Qt.InputMethodHint.ImhLatinOnly)
        self.repeat.returnPressed.connect(self._finish)
        self._repeat_field = Field("合言葉", self.repeat, required=True)
        column.addWidget(self._repeat_field)
        self._create_button = button("登録する", self._finish, name="first.create", role="primary")
        back = button("もう一度見る", lambda: self._to(1), name="first.again", role="quiet")
        column.addLayout(row_of(back, 1, self._create_button))
        return step

    def _switch(self, further: bool) -> None:
        self._fields["display_name"].setVisible(not further)
        self._fields["passphrase"].setVisible(further)
        self._next.setText("この端末を追加する" if further else "次へ進む")

    def _check_who(self) -> None:
        for made in self._fields.values():
            made.show_error("")
        wrong = self._wrong_fields()
        for name, words in wrong.items():
            self._fields[name].show_error(words)
        if wrong:
            return
        self.banner.hide()
        if self.further.isChecked():
            self._wait(True)
            wish = self._wish(self._own_passphrase.text())
            self._background.ask(lambda: self._add(wish), self._done, self._failed)
        else:
            self._to(1)

    def _wrong_fields(self) -> dict[str, str]:
        wrong: dict[str, str] = {}
        try:
            clean_address(self.address.text())
        except Trouble as trouble:
            wrong["address"] = words_of_trouble(trouble).both
        try:
            read_code(self.code.text())
        except CodeDamaged as trouble:
            wrong["code"] = words_of_trouble(trouble).both
        name = self.login_name.text().strip()
        if len(name) < 3 or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            wrong["login_name"] = "半角の英字と数字で、3文字以上にしてください。"
        if self.further.isChecked() and not self._own_passphrase.text().strip():
            wrong["passphrase"] = "合言葉を入れてください。"  # noqa: S105
        return wrong

    def _finish(self) -> None:
        if normalise_passphrase(self.repeat.text()) != self.passphrase.typed:
            self._repeat_field.show_error("合言葉が違います。「もう一度見る」で確かめられます。")
            return
        self._repeat_field.show_error("")
        self._wait(True)
        wish = self._wish(self.passphrase.typed)
        self._background.ask(lambda: self._create(wish), self._done, self._failed)

    def _wish(self, passphrase: str) -> Enrolment:
        return Enrolment(
            relay_url=self.address.text(),
            code=self.code.text(),
            login_name=self.login_name.text().strip(),
            passphrase=passphrase,
            # Whoever was invited or begins again has a name already, and the relay keeps it.
            display_name=self.display_name.text().strip() or self.login_name.text().strip(),
            cost=self._cost,
        )

    def _done(self, opened: Any) -> None:
        self._wait(False)
        self._opened(opened)

    def _failed(self, trouble: Trouble) -> None:
        self._wait(False)
        self._to(0)
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _to(self, step: int) -> None:
        for place, made in enumerate(self._steps):
            made.setVisible(place == step)
        if step == 2:
            self.repeat.setFocus()

    def _wait(self, on: bool) -> None:
        self._busy.setVisible(on)
        for step in self._steps:
            step.setEnabled(not on)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.passphrase.typed)
        self.banner.tell("info", "コピーしました。紙に書き留めたら、コピーした内容は消してください。")

    def _print(self) -> None:
        printer = QPrinter()
        if QPrintDialog(printer, self).exec():
            document = QTextDocument()
            document.setPlainText(f"まどぐち 合言葉\n\n{self.passphrase.typed}\n{self.passphrase.read}")
            document.print_(printer)

    def _another(self) -> None:
        self.passphrase = self._new_passphrase()
        self._shown.setText(self.passphrase.typed)
        self._read.setText(self.passphrase.read)


def _step() -> tuple[QWidget, QVBoxLayout]:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(14)
    return made, column
