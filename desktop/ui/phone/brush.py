"""What every painter of the phone shares: colours, letters, boxes and pictures.

Without a painter it only measures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath

from desktop.ui.parts.paragraph import Lines

_LINE_HEIGHT = 1.35


@dataclass(frozen=True)
class TalkColours:
    ground: str
    bubble: str
    text: str
    muted: str
    name: str
    tap: str
    tap_text: str
    line: str


DAY = TalkColours("#8fabcd", "#ffffff", "#111111", "#5c5f66", "#2f4058", "#ffffff", "#24538f", "#dfe2e7")
NIGHT = TalkColours("#111315", "#2f3237", "#f5f5f5", "#b8bcc4", "#b8bcc4", "#2f3237", "#a8c8f5", "#4a4f57")


@dataclass(frozen=True)
class Brush:
    """`size`: the text size of the talk in pixels; `image_of`: a picture by name, None while it is away."""

    painter: QPainter | None
    colours: TalkColours
    size: int
    image_of: Callable[[str], QImage | None]

    def font(self, size: int, bold: bool = False) -> QFont:
        made = QFont(["BIZ UDPGothic", "Noto Sans JP"])
        made.setPixelSize(size)
        made.setBold(bold)
        return made

    def scaled(self, size: int) -> int:
        """A size that follows the text size of the phone (15 is the standard)."""
        return round(size * self.size / 15)

    def lines(self, text: str, size: int, width: float, bold: bool = False) -> Lines:
        return Lines(text, self.font(size, bold), width, _LINE_HEIGHT)

    def text(
        self,
        text: str,
        left: float,
        top: float,
        width: float,
        size: int,
        *,
        colour: str = "",
        bold: bool = False,
    ) -> int:
        """Running text; returns its height."""
        lines = self.lines(text, size, width, bold)
        if self.painter is not None:
            self.painter.setPen(QColor(colour or self.colours.text))
            lines.draw(self.painter, QPointF(left, top))
        return lines.height

    def centred(self, text: str, area: QRectF, size: int, colour: str, *, bold: bool = False) -> None:
        """One line in the middle, shortened where it does not fit."""
        if self.painter is None:
            return
        font = self.font(size, bold)
        self.painter.setFont(font)
        self.painter.setPen(QColor(colour))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()) - 12)
        self.painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)

    def box(self, area: QRectF, colour: str, radius: float = 12) -> None:
        if self.painter is not None:
            self.painter.setPen(Qt.PenStyle.NoPen)
            self.painter.setBrush(QColor(colour))
            self.painter.drawRoundedRect(area, radius, radius)

    def rule(self, left: float, top: float, width: float) -> None:
        if self.painter is not None:
            self.painter.fillRect(QRectF(left, top, width, 1), QColor(self.colours.line))

    def picture(self, name: str, area: QRectF, radius: float = 12, words: str = "画像") -> None:
        """Fills the area; what is too wide or too high is cut at both sides, as phones do."""
        painter = self.painter
        if painter is None:
            return
        path = QPainterPath()
        path.addRoundedRect(area, radius, radius)
        painter.save()
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        image = self.image_of(name) if name else None
        if image is None:
            painter.fillRect(area, QColor(self.colours.line))
            waiting = "画像を読み込んでいます…" if name else f"（{words}をここに）"
            self.centred(waiting, area, 12, self.colours.muted)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            scale = max(area.width() / image.width(), area.height() / image.height())
            width, height = area.width() / scale, area.height() / scale
            cut = QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)
            painter.drawImage(area, image, cut)
        painter.restore()

    def disc(self, at: QPointF, radius: float, colour: str, mark: str) -> None:
        """A round button with a sign on it: play, place."""
        if self.painter is None:
            return
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(colour))
        self.painter.drawEllipse(at, radius, radius)
        area = QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)
        self.centred_sign(mark, area, radius)

    def centred_sign(self, mark: str, area: QRectF, radius: float) -> None:
        """A triangle for play, a drop for a place: drawn, so that no font needs the sign."""
        painter = self.painter
        if painter is None:
            return
        middle = area.center()
        path = QPainterPath()
        if mark == "play":
            path.moveTo(middle.x() - radius * 0.35, middle.y() - radius * 0.5)
            path.lineTo(middle.x() + radius * 0.55, middle.y())
            path.lineTo(middle.x() - radius * 0.35, middle.y() + radius * 0.5)
            path.closeSubpath()
        else:
            path.addEllipse(middle, radius * 0.35, radius * 0.35)
        painter.fillPath(path, QColor("#ffffff"))
