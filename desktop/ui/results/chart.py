"""Bars over time, painted by ourselves; the same numbers stand in a table for whoever cannot see bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.theme import Theme

_HEIGHT, _WIDEST = 150, 72
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
        bar = max(2.0, min(step * 0.7, self._theme.px(_WIDEST)))  # one bar alone is no wall
        painter.setPen(QColor(colours.line))
        painter.drawLine(0, below + height, self.width(), below + height)
        widest = max(painter.fontMetrics().horizontalAdvance(words) for words, _ in self._points)
        fits = max(1, min(_LABELS, round(self.width() / (widest * 1.4 + 8))))
        every = max(1, -(-len(self._points) // fits))
        for place, (words, number) in enumerate(self._points):
            tall = height * number / most
            left = place * step + (step - bar) / 2
            painter.fillRect(QRectF(left, below + height - tall, bar, tall), QColor(colours.primary))
            painter.setPen(QColor(colours.muted))
            middle = place * step + step / 2
            if number == most or len(self._points) <= _LABELS + 1:
                self._write(painter, middle, below + height - tall - below, below, f"{number:,}")
            if place % every == 0:
                self._write(painter, middle, below + height + 4, below, words)
        painter.end()

    def _write(self, painter: QPainter, middle: float, top: float, height: float, words: str) -> None:
        """Around the middle, moved where it would be cut off at the ends."""
        wide = painter.fontMetrics().horizontalAdvance(words) + 2.0
        left = min(max(0.0, middle - wide / 2), self.width() - wide)
        painter.drawText(QRectF(left, top, wide, height), Qt.AlignmentFlag.AlignCenter, words)
