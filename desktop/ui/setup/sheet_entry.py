"""Typing a recovery sheet back in: one field, which says at once what is wrong and where."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.errors import SheetDamaged
from desktop.features.wording import words_of_trouble
from desktop.keys.recovery import SHEET_WORDS, Sheet, read_sheet, split_words
from desktop.ui.parts.fields import CommitText
from desktop.ui.parts.labels import label, restyle
from desktop.ui.theme import Theme


class SheetEntry(QWidget):
    """`sheet` is there as soon as all twenty words fit. `changed` tells after every word typed."""

    changed = Signal()

    def __init__(self, theme: Theme, title: str, *, name: str) -> None:
        super().__init__()
        self.sheet: Sheet | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        heading = label(title, "subheading")
        self.field = CommitText(name=name, hint="例：さくら みなと てぶくろ …（ひらがなでもローマ字でも）")
        self.field.setFixedHeight(theme.px(92))
        self.field.setAccessibleName(title)
        heading.setBuddy(self.field)
        self._said = label("", "muted", wrap=True, name=f"{name}.said")
        for made in (heading, self.field, self._said):
            column.addWidget(made)
        self.field.committed.connect(lambda _: self._look())
        self._look()

    def clear(self) -> None:
        self.field.set_text("")
        self._look()

    def _look(self) -> None:
        text = self.field.toPlainText()
        count = len(split_words(text))
        self.sheet = None
        words, role = f"{count} / {SHEET_WORDS} 語", "muted"
        if count >= SHEET_WORDS:
            try:
                self.sheet = read_sheet(text)
                words, role = f"{self.sheet.number}枚目の紙として読めました。", "success"
            except SheetDamaged as trouble:
                words, role = words_of_trouble(trouble).both, "error"
        self._said.setText(words)
        self._said.setProperty("role", role)
        restyle(self._said)
        self.field.setProperty("wrong", "true" if role == "error" else "false")
        restyle(self.field)
        self.changed.emit()


class TwoSheets(QWidget):
    """Two entries; `sheets` is complete when both are read."""

    changed = Signal()

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._entries = tuple(
            SheetEntry(theme, f"{word}紙", name=f"{name}.{number}")
            for number, word in ((1, "1つ目の"), (2, "2つ目の"))
        )
        for entry in self._entries:
            entry.changed.connect(self.changed)
            column.addWidget(entry)

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        read = tuple(entry.sheet for entry in self._entries if entry.sheet is not None)
        return read if len(read) == len(self._entries) else ()

    def clear(self) -> None:
        for entry in self._entries:
            entry.clear()
