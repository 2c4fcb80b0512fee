"""The frame of the screens before sign-in: a calm card in the middle, the name of the program above it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.ui import icons
from desktop.ui.parts.cards import card, row_of, scrolling
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme

CARD_WIDTH = 560


class DoorFrame(QWidget):
    """Subclasses fill `self.column`."""

    page = ""

    def __init__(self, theme: Theme, title: str, hint: str) -> None:
        super().__init__()
        self.theme = theme
        self.setProperty("role", "page")
        self.setObjectName(f"screen.{self.page}")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        flow = QWidget()
        centre = QVBoxLayout(flow)
        centre.setContentsMargins(24, 28, 24, 28)
        centre.addStretch(1)
        centre.addWidget(self._brand(), 0, Qt.AlignmentFlag.AlignHCenter)
        centre.addSpacing(16)
        frame, self.column = card(margin=32, spacing=16)
        frame.setFixedWidth(theme.px(CARD_WIDTH))
        self.column.addWidget(label(title, "title", wrap=True))
        self.column.addWidget(label(hint, "muted", wrap=True))
        # Stretches, not an alignment: an aligned widget gets the height of a wider one.
        centre.addLayout(row_of(1, frame, 1))
        centre.addStretch(2)
        outer.addWidget(scrolling(flow))

    def _brand(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setSpacing(12)
        mark = QLabel()
        mark.setPixmap(icons.pixmap("app", self.theme.colours.accent_text, self.theme.px(44)))
        row.addWidget(mark)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label("まどぐち", "title"))
        words.addWidget(label("LINE公式アカウントの町の窓口", "muted"))
        row.addLayout(words)
        return made
