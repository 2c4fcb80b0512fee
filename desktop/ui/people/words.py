"""Words to be read aloud or copied: numbered cells, the reading large and the letters below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from desktop.keys.passphrase import Word
from desktop.ui.parts.cards import clear
from desktop.ui.parts.labels import label


class WordGrid(QWidget):
    """`columns` words side by side. `text` is what a screen reader says."""

    def __init__(self, *, name: str, columns: int = 4) -> None:
        super().__init__()
        self.setObjectName(name)
        self._name, self._columns = name, columns
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.text = ""

    def show_words(self, words: Sequence[Word]) -> None:
        text = " ".join(word.romaji for word in words)
        if text == self.text:
            return
        self.text = text
        clear(self._grid)
        self.setAccessibleName("、".join(word.kana for word in words))
        for place, word in enumerate(words):
            self._grid.addWidget(self._cell(place + 1, word), place // self._columns, place % self._columns)

    def _cell(self, number: int, word: Word) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "sunken")
        column = QVBoxLayout(frame)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(0)
        column.addWidget(label(f"{number}", "small"))
        reading = label(word.kana, "heading", name=f"{self._name}.{number}")
        reading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        letters = label(word.romaji, "muted", wrap=True, letters=True)
        letters.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(reading)
        column.addWidget(letters)
        return frame
