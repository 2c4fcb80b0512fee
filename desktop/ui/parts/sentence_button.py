"""A button that holds a whole sentence and wraps it, however large the letters are."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyleOptionButton

from desktop.ui.parts.paragraph import Lines

_SIDE, _TOP = 14, 8


class SentenceButton(QPushButton):
    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setProperty("role", "row")
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        option.text = ""  # drawn below, wrapped

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(44, Lines(self.text(), self.font(), width - 2 * _SIDE).height + 2 * _TOP)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        lines = Lines(self.text(), self.font(), self.width() - 2 * _SIDE)
        lines.draw(painter, QPointF(_SIDE, max(0.0, (self.height() - lines.height) / 2)))
        painter.end()
