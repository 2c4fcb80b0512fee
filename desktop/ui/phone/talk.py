"""The talk as a phone shows it, painted: bubbles, pictures, and the taps a question offers.

An approximation (「見え方の目安」): every phone, text size and LINE version breaks lines a little
differently.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.parts.paragraph import Lines
from protocol.messages import ImageMessage, Message, TextMessage

TEXT_SIZES = {"small": 13, "normal": 15, "large": 20}
_LINE_HEIGHT = 1.35


@dataclass(frozen=True)
class TalkColours:
    ground: str
    bubble: str
    text: str
    name: str
    tap: str
    tap_text: str


DAY = TalkColours("#8fabcd", "#ffffff", "#111111", "#2f4058", "#ffffff", "#24538f")
NIGHT = TalkColours("#111315", "#2f3237", "#f5f5f5", "#b8bcc4", "#2f3237", "#a8c8f5")


class Talk(QWidget):
    """`picture_of` gives the bytes of a picture by name, or None while they are not here."""

    def __init__(self, picture_of: Callable[[str], bytes | None]) -> None:
        super().__init__()
        self._account = ""
        self._picture_of = picture_of
        self._messages: tuple[Message, ...] = ()
        self._taps: tuple[str, ...] = ()
        self._size = TEXT_SIZES["normal"]
        self._dark = False
        self._images: dict[str, QImage] = {}
        self.setAccessibleName("メッセージの見え方の目安")

    def show_messages(self, messages: tuple[Message, ...], taps: tuple[str, ...] = ()) -> None:
        self._messages, self._taps = messages, taps
        texts = [
            m.text if isinstance(m, TextMessage) else f"画像 {m.description}"
            for m in messages
            if isinstance(m, TextMessage | ImageMessage)
        ]
        self.setAccessibleDescription(" / ".join(texts))
        self._lay_out()

    def show_account(self, name: str) -> None:
        self._account = name
        self.update()

    def show_as(self, text_size: str, *, dark: bool) -> None:
        self._size, self._dark = TEXT_SIZES[text_size], dark
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(280, self._paint(None))

    def resizeEvent(self, event: object) -> None:
        self.setMinimumHeight(self._paint(None))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self._colours.ground))
        self._paint(painter)
        painter.end()

    @property
    def _colours(self) -> TalkColours:
        return NIGHT if self._dark else DAY

    def _lay_out(self) -> None:
        self.setMinimumHeight(self._paint(None))
        self.updateGeometry()
        self.update()

    def _paint(self, painter: QPainter | None) -> int:
        """Paint, or with None only measure; returns the height."""
        top = 12
        if painter is not None:
            self._paint_face(painter)
        self._label(painter, self._account or "公式アカウント", 52, top)
        top += 20
        for message in self._messages:
            if isinstance(message, TextMessage):
                top = self._bubble(painter, message.text or " ", top)
            elif isinstance(message, ImageMessage):
                top = self._picture(painter, message, top)
            top += 6
        if not self._messages:
            top = self._bubble(painter, "（ここに本文が出ます）", top)
        return (self._tap_row(painter, top + 4) if self._taps else top) + 12

    def _font(self, size: int) -> QFont:
        font = QFont(["BIZ UDPGothic", "Noto Sans JP"])
        font.setPixelSize(size)
        return font

    def _label(self, painter: QPainter | None, text: str, left: int, top: int) -> None:
        if painter is None:
            return
        font = self._font(12)
        painter.setFont(font)
        painter.setPen(QColor(self._colours.name))
        room = self.width() - left - 8
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, top, room, 18), Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_face(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#0017c1"))
        painter.drawEllipse(QRect(10, 12, 34, 34))
        painter.setPen(QColor("#ffffff"))
        painter.setFont(self._font(16))
        painter.drawText(QRect(10, 12, 34, 34), Qt.AlignmentFlag.AlignCenter, (self._account or "町")[:1])

    def _bubble(self, painter: QPainter | None, text: str, top: int) -> int:
        font = self._font(self._size)
        room = max(80, self.width() - 52 - 34)
        lines = Lines(text, font, room - 24, _LINE_HEIGHT)
        height = lines.height + 18
        if painter is not None:
            ground = QRectF(52, top, lines.width + 26, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._colours.bubble))
            painter.drawRoundedRect(ground, 15, 15)
            painter.setPen(QColor(self._colours.text))
            lines.draw(painter, QPointF(65, top + 9))
        return top + height

    def _picture(self, painter: QPainter | None, message: ImageMessage, top: int) -> int:
        room = max(80, self.width() - 52 - 34)
        width, height = max(1, message.width), max(1, message.height)
        shown = QSize(width, height).scaled(room, 320, Qt.AspectRatioMode.KeepAspectRatio)
        if painter is not None:
            area = QRectF(52, top, shown.width(), shown.height())
            path = QPainterPath()
            path.addRoundedRect(area, 12, 12)
            image = self._image(message.preview)
            painter.save()
            painter.setClipPath(path)
            if image is None:
                painter.fillRect(area, QColor(self._colours.bubble))
                painter.setPen(QColor(self._colours.text))
                painter.setFont(self._font(12))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "画像を読み込んでいます…")
            else:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(area, image)
            painter.restore()
        return top + shown.height()

    def _image(self, name: str) -> QImage | None:
        if name not in self._images:
            content = self._picture_of(name)
            image = QImage.fromData(content) if content else QImage()
            if image.isNull():
                return None
            self._images[name] = image
        return self._images[name]

    def _tap_row(self, painter: QPainter | None, top: int) -> int:
        font = self._font(13)
        metrics = QFontMetrics(font)
        left, height = 12, 30
        for tap in self._taps:
            width = min(metrics.horizontalAdvance(tap) + 26, self.width() - 24)
            if left + width > self.width() - 12 and left > 12:
                left, top = 12, top + height + 7
            if painter is not None:
                box = QRect(left, top, width, height)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colours.tap))
                painter.drawRoundedRect(box, 15, 15)
                painter.setPen(QColor(self._colours.tap_text))
                painter.setFont(font)
                shown = metrics.elidedText(tap, Qt.TextElideMode.ElideRight, width - 18)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
            left += width + 7
        return top + height
