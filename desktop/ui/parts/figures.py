"""Numbers side by side, each below its title; what does not fit goes on in a next line."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.ui.parts.cards import row_of
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label

_NARROWEST = 120
_NO_NUMBER = "\u00a0"  # keeps the height of a number where words stand


def figures(cells: Iterable[tuple[str, str, str, str]]) -> Flow:
    """Each: title, number or the words instead of one, unit (empty for words), object name of the value."""
    return Flow(*(_cell(*cell) for cell in cells), spacing=20)


def _cell(title: str, value: str, unit: str, name: str) -> QWidget:
    made = QWidget()
    made.setMinimumWidth(_NARROWEST)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(label(title, "muted"))
    shown = label(value, "number" if unit else "", name=name)
    beside = label(unit, "muted") if unit else label(_NO_NUMBER, "number")
    column.addLayout(row_of(shown, beside, 1, spacing=4))
    return made
