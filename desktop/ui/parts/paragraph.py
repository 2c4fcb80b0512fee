"""Running Japanese text: plain, wrapped by the rules of Japanese, with air between the lines.

BIZ UDPGothic has no leading of its own, and a plain QLabel cannot be given any.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QShowEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

LINE_HEIGHT = 1.55


class Lines:
    """A text laid out in a width: measure it, then draw it."""

    def __init__(self, text: str, font: QFont, width: float, line_height: float = LINE_HEIGHT) -> None:
        self._layouts: list[QTextLayout] = []
        height = QFontMetrics(font).height()
        # Of the size of the letters: a font with leading of its own is not given leading twice.
        self._step = max(height, round(QFontInfo(font).pixelSize() * line_height))
        self._ascent = QFontMetrics(font).ascent()
        self._gap = (self._step - height) / 2
        self.height, self.width = 0, 0.0
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        for part in text.split("\n"):
            layout = QTextLayout(part, font)
            layout.setTextOption(option)
            for _ in self._lines_of(layout, width):
                pass
            self._layouts.append(layout)

    def draw(self, painter: QPainter, at: QPointF) -> None:
        for layout in self._layouts:
            layout.draw(painter, at)

    def _lines_of(self, layout: QTextLayout, width: float) -> Iterator[None]:
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1.0, width))
            # Every line stands on the same step, also one with a taller font for a rare sign in it.
            line.setPosition(QPointF(0, self.height + self._gap + self._ascent - line.ascent()))
            self.height += self._step
            self.width = max(self.width, line.naturalTextWidth())
            yield
        layout.endLayout()


class Paragraph(QLabel):
    """A QLabel for running text: same text, role and colours, drawn with `Lines`."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        self.ensurePolished()
        return Lines(self.text(), self.font(), width).height

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        natural = Lines(self.text(), self.font(), 100_000)
        return QSize(round(natural.width) + 2, natural.height)

    def minimumSizeHint(self) -> QSize:
        self.ensurePolished()
        return QSize(QFontMetrics(self.font()).height() * 3, self._one_line())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.updateGeometry()  # a size asked for before the style sheet was applied is a wrong one

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        lines = Lines(self.text(), self.font(), self.width())
        top = max(0.0, (self.height() - lines.height) / 2)
        left = (self.width() - lines.width) / 2 if self.alignment() & Qt.AlignmentFlag.AlignHCenter else 0.0
        lines.draw(painter, QPointF(left, top))
        painter.end()

    def _one_line(self) -> int:
        return Lines("あ", self.font(), 1000).height
