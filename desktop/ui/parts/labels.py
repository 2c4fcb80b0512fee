"""Labels: always plain text, so that nothing a person typed is ever read as markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from desktop.ui.parts.paragraph import Paragraph


def label(
    text: str = "", role: str = "", *, wrap: bool = False, letters: bool = False, name: str = ""
) -> QLabel:
    """`role` is a role of the style sheet: title, heading, muted, number, …

    `letters`: words in Latin letters that are read one by one, as addresses and login names.
    """
    made = Paragraph(text) if wrap else QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    if letters:
        made.setProperty("letters", "true")
    if name:
        made.setObjectName(name)
    return made


def badge(text: str, tone: str = "neutral") -> QLabel:
    """A small word in a coloured pill; the word carries the meaning, not the colour."""
    made = label(text)
    made.setProperty("badge", tone)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def line() -> QFrame:
    made = QFrame()
    made.setProperty("role", "line")
    return made


def restyle(widget: QWidget) -> None:
    """After a property changed, the style sheet must look again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
