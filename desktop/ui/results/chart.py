"""Bars over time, painted by ourselves; the same numbers stand in a table for whoever cannot see bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.theme import Theme

_HEIGHT = 150
_LABELS = 5
"""So many labels below the bars at most; the table has them all."""


class BarChart(QWidget):
    """One bar a point. `unit` is read aloud with the numbers."""

    def __init__(self, theme: Theme, *, name: str, title: str, unit: str) -> None:
        super().__init__()
        self._theme, self._title, self._unit = theme, title, unit
        self._points: tuple[tuple[str, int], ...] = ()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_points(self, points: Sequence[tuple[str, int]]) -> None:
        self._points = tuple(points)
        if points:
            label, most = max(points, key=lambda point: point[1])
            words = f"{self._title}。いちばん多いのは{label}の{most:,}{self._unit}"
        else:
            words = f"{self._title}。まだありません"
        self.setAccessibleName(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(320), self._theme.px(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._points:
            return
        colours = self._theme.colours
        painter = QPainter(self)
        below = painter.fontMetrics().height() + 6
        height = self.height() - 2 * below
        most = max(1, *(number for _, number in self._points))
        step = self.width() / len(self._points)
        bar = max(2.0, step * 0.7)
        painter.setPen(QColor(colours.line))
        painter.drawLine(0, below + height, self.width(), below + height)
        every = max(1, -(-len(self._points) // _LABELS))
        for place, (words, number) in enumerate(self._points):
            tall = height * number / most
            left = place * step + (step - bar) / 2
            painter.fillRect(QRectF(left, below + height - tall, bar, tall), QColor(colours.primary))
            painter.setPen(QColor(colours.muted))
            if number == most or len(self._points) <= _LABELS + 1:
                area = QRectF(left - 60, below + height - tall - below, bar + 120, below)
                painter.drawText(*_within(area, self.width()), f"{number:,}")
            if place % every == 0:
                area = QRectF(place * step + step / 2 - 90, below + height + 4, 180, below)
                painter.drawText(*_within(area, self.width()), words)
        painter.end()


def _within(area: QRectF, width: int) -> tuple[QRectF, Qt.AlignmentFlag]:
    """Where words stand, and how: those at the ends lean on the end, so that nothing is cut off."""
    side = Qt.AlignmentFlag.AlignHCenter
    if area.left() < 0:
        area, side = QRectF(0, area.top(), area.width(), area.height()), Qt.AlignmentFlag.AlignLeft
    elif area.right() > width:
        left = width - area.width()
        area, side = QRectF(left, area.top(), area.width(), area.height()), Qt.AlignmentFlag.AlignRight
    return area, side | Qt.AlignmentFlag.AlignVCenter
