"""The greeting a new friend gets before the first question."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.items import GREETING_LIMIT, Greeting
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitText, Field
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.screen import Desk
from protocol.counting import utf16_length
from protocol.messages import TextMessage


class GreetingSheet(Sheet):
    def __init__(self, parent: QWidget, desk: Desk, seen: Greeting) -> None:
        super().__init__(parent, "あいさつを直す", name="greeting", width=820)
        self._desk, self._seen = desk, seen
        self.banner = Banner(desk.theme, name="greeting.banner")
        self.column.addWidget(self.banner)
        row = QHBoxLayout()
        row.setSpacing(20)
        left = QVBoxLayout()
        self.text = CommitText(seen.text, name="greeting.text")
        self.text.setMinimumHeight(desk.theme.px(240))
        left.addWidget(Field(
            "あいさつの文章", self.text, required=True, count=utf16_length, limit=GREETING_LIMIT,
            help_text="友だちになった人に最初に届きます。このあとに最初の項目の質問が続きます。",
        ))  # fmt: skip
        left.addStretch(1)
        row.addLayout(left, 1)
        self._preview = PhonePreview(desk.office, desk.background, notice=False)
        self._preview.setMinimumHeight(400)
        row.addWidget(self._preview)
        self.column.addLayout(row)
        self._save = button("あいさつを保存する", self._keep, name="greeting.save", role="primary")
        self.end_with(1, button("やめる", self.reject, name="greeting.cancel"), self._save)
        self.text.committed.connect(self._show)
        self._show(seen.text)

    def _show(self, text: str) -> None:
        self._preview.show_messages((TextMessage(text=text),))
        self._save.setEnabled(bool(text.strip()) and utf16_length(text) <= GREETING_LIMIT)

    def _keep(self) -> None:
        text, save, seen = self.text.toPlainText(), self._desk.office.items.save_greeting, self._seen
        self._desk.background.local(lambda: save(text, seen), lambda _: self.accept(), self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)
