"""A box to tick beside a sentence that wraps; a click on the sentence ticks it too."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from desktop.ui.parts.labels import label


class TickLine(QWidget):
    """`changed(ticked)`. The box has the object name and reads the sentence aloud."""

    changed = Signal(bool)

    def __init__(self, words: str, *, name: str, ticked: bool = False) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._box = QCheckBox()
        self._box.setObjectName(name)
        self._box.setAccessibleName(words)
        self._box.setChecked(ticked)
        self._box.toggled.connect(self.changed)
        row.addWidget(self._box, 0, Qt.AlignmentFlag.AlignTop)
        self._words = label(words, wrap=True, name=f"{name}.words")
        self._words.setCursor(Qt.CursorShape.PointingHandCursor)
        row.addWidget(self._words, 1)

    @property
    def is_ticked(self) -> bool:
        return self._box.isChecked()

    def set_ticked(self, ticked: bool) -> None:
        """From the program."""
        self._box.setChecked(ticked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._box.toggle()
        event.accept()
