"""What is not wrong but must be looked at: each warning is ticked by itself."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop.features.check_words import similar_words
from desktop.features.wording import words_of_reason
from desktop.ui.parts.cards import clear
from desktop.ui.parts.labels import label
from desktop.ui.parts.tick_line import TickLine
from protocol.sync import SimilarDelivery


class TicksCard(QFrame):
    """`changed` when a box was ticked. Object names: `<name>.tick.<code>`. Hidden while there is nothing."""

    changed = Signal()

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._name = name
        self._lines: dict[str, TickLine] = {}
        self.setObjectName(f"{name}.ticks")
        self.setProperty("banner", "warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        column.addWidget(label("確かめて、1つずつ印を付けてください", "subheading"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        column.addLayout(self._rows)
        self.hide()

    @property
    def all_ticked(self) -> bool:
        return all(line.is_ticked for line in self._lines.values())

    def ticked(self) -> tuple[str, ...]:
        return tuple(code for code, line in self._lines.items() if line.is_ticked)

    def show_warnings(self, warnings: Sequence[str], similar: Sequence[SimilarDelivery]) -> None:
        """What is ticked stays so where the same is asked again."""
        before = set(self.ticked())
        clear(self._rows)
        self._lines = {}
        for code in dict.fromkeys(warnings):
            words = words_of_reason(code)
            made = TickLine(words.both, name=f"{self._name}.tick.{code}", ticked=code in before)
            made.changed.connect(self.changed)
            self._rows.addWidget(made)
            self._lines[code] = made
            if code == "same_as_recent" and similar:
                self._rows.addWidget(self._similar(similar))
        self.setVisible(bool(self._lines))

    def _similar(self, similar: Sequence[SimilarDelivery]) -> QWidget:
        frame = QFrame()
        frame.setObjectName(f"{self._name}.similar")
        frame.setProperty("role", "sunken")
        column = QVBoxLayout(frame)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(4)
        for one in similar[:5]:
            column.addWidget(label(similar_words(one.title, one.sent_at, one.people), wrap=True))
        return frame
