"""The talk as a phone shows it, painted: bubbles of every type, and the taps offered below them.

An approximation (「見え方の目安」): every phone, text size and LINE version breaks lines a little
differently.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.phone import bubbles, cards
from desktop.ui.phone.brush import DAY, NIGHT, Brush, TalkColours
from protocol.messages import (
    AudioMessage,
    ButtonsMessage,
    CardMessage,
    CarouselMessage,
    ConfirmMessage,
    CouponMessage,
    ImagemapMessage,
    ImageMessage,
    LocationMessage,
    Message,
    StickerMessage,
    TextMessage,
    VideoMessage,
)

TEXT_SIZES = {"small": 13, "normal": 15, "large": 20}
_LEFT = 52


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
        self._looked: dict[int, int] = {}
        self._tops: list[int] = []
        self._measured: dict[int, tuple[Message, tuple[int, int], int]] = {}
        self.setAccessibleName("メッセージの見え方の目安")

    def show_messages(self, messages: tuple[Message, ...], taps: tuple[str, ...] = ()) -> None:
        self._messages, self._taps = messages, taps
        self.setAccessibleDescription(" / ".join(bubbles.described(one) for one in messages))
        self._lay_out()

    def look_at_card(self, bubble: int, card: int) -> None:
        """Which of several cards side by side stands at the left."""
        self._looked[bubble] = card
        self.update()

    def top_of(self, bubble: int) -> int:
        """Where a bubble begins, in pixels of this widget."""
        return self._tops[bubble] if bubble < len(self._tops) else 0

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
        brush = Brush(painter, self._colours, self._size, self._image)
        top = 12
        if painter is not None:
            self._paint_face(brush)
        self._label(brush, self._account or "公式アカウント", _LEFT, top)
        top += 20
        self._tops = []
        shown = self._messages or (TextMessage(text="（ここに本文が出ます）"),)
        for place, message in enumerate(shown):
            self._tops.append(top)
            height = self._height_of(place, message) if painter is None else 0
            top += (height or self._one(brush, place, message, top)) + 6
        return (self._tap_row(brush, top + 4) if self._taps else top) + 12

    def _height_of(self, place: int, message: Message) -> int:
        """Measured once for each message: most of them stay while one is written."""
        key = (self.width(), self._size)
        known = self._measured.get(place)
        if known is None or known[0] is not message or known[1] != key:
            height = self._one(Brush(None, self._colours, self._size, self._image), place, message, 0)
            known = self._measured[place] = (message, key, height)
        return known[2]

    def _one(self, brush: Brush, place: int, message: Message, top: int) -> int:
        room = max(80, self.width() - _LEFT - 34)
        wide = max(80, self.width() - _LEFT - 12)
        first = self._looked.get(place, 0)
        match message:
            case TextMessage():
                return bubbles.paint_text(brush, message, _LEFT, top, room)
            case ImageMessage():
                return bubbles.paint_image(brush, message, _LEFT, top, room)
            case VideoMessage():
                return bubbles.paint_video(brush, message, _LEFT, top, room)
            case AudioMessage():
                return bubbles.paint_audio(brush, message, _LEFT, top, room)
            case StickerMessage():
                return bubbles.paint_sticker(brush, message, _LEFT, top, room)
            case LocationMessage():
                return bubbles.paint_location(brush, message, _LEFT, top, room)
            case CouponMessage():
                return bubbles.paint_coupon(brush, message, _LEFT, top, room)
            case ImagemapMessage():
                return bubbles.paint_imagemap(brush, message, _LEFT, top, wide)
            case CardMessage():
                return cards.paint_card(brush, message, _LEFT, top, wide, first)
            case CarouselMessage():
                return cards.paint_carousel(brush, message, _LEFT, top, wide, first)
            case ButtonsMessage():
                return cards.paint_buttons(brush, message, _LEFT, top, wide, 0)
            case ConfirmMessage():
                return cards.paint_confirm(brush, message, _LEFT, top, wide, 0)

    def _label(self, brush: Brush, text: str, left: int, top: int) -> None:
        if brush.painter is None:
            return
        font = brush.font(12)
        brush.painter.setFont(font)
        brush.painter.setPen(QColor(self._colours.name))
        room = self.width() - left - 8
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
        brush.painter.drawText(QRect(left, top, room, 18), Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_face(self, brush: Brush) -> None:
        area = QRectF(10, 12, 34, 34)
        brush.box(area, "#0017c1", 17)
        if brush.painter is not None:
            brush.painter.setPen(QColor("#ffffff"))
            brush.painter.setFont(brush.font(16))
            brush.painter.drawText(area, Qt.AlignmentFlag.AlignCenter, (self._account or "町")[:1])

    def _image(self, name: str) -> QImage | None:
        if name not in self._images:
            content = self._picture_of(name)
            image = QImage.fromData(content) if content else QImage()
            if image.isNull():
                return None
            self._images[name] = image
        return self._images[name]

    def _tap_row(self, brush: Brush, top: int) -> int:
        size = max(13, self._size - 2)
        metrics = QFontMetrics(brush.font(size))
        left, height = 12, size + 17
        for tap in self._taps:
            width = min(metrics.horizontalAdvance(tap) + 26, self.width() - 24)
            if left + width > self.width() - 12 and left > 12:
                left, top = 12, top + height + 7
            area = QRectF(left, top, width, height)
            brush.box(area, self._colours.tap, 15)
            brush.centred(tap, area, size, self._colours.tap_text)
            left += width + 7
        return top + height
