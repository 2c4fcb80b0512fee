"""Painters of bubbles of one piece: text, picture, video, voice, sticker, place, coupon, imagemap."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPen

from desktop.ui.phone.brush import Brush
from protocol.card_limits import MAP_WIDTH
from protocol.messages import (
    AudioMessage,
    CouponMessage,
    ImagemapMessage,
    ImageMessage,
    LocationMessage,
    Message,
    StickerMessage,
    TextMessage,
    VideoMessage,
)

_EMOJI = re.compile("｛絵文字[0-9]{3}｝")


def paint_text(brush: Brush, message: TextMessage, left: int, top: int, room: int) -> int:
    text = _EMOJI.sub("☺", message.text) or " "
    lines = brush.lines(text, brush.size, room - 24)
    brush.box(QRectF(left, top, lines.width + 26, lines.height + 18), brush.colours.bubble, 15)
    brush.text(text, left + 13, top + 9, room - 24, brush.size)
    return lines.height + 18


def paint_image(brush: Brush, message: ImageMessage, left: int, top: int, room: int) -> int:
    width, height = message.width or 4, message.height or 3
    shown = QSize(width, height).scaled(room, 320, Qt.AspectRatioMode.KeepAspectRatio)
    brush.picture(message.preview, QRectF(left, top, shown.width(), shown.height()))
    return shown.height()


def paint_video(brush: Brush, message: VideoMessage, left: int, top: int, room: int) -> int:
    height = round(room * 9 / 16)
    area = QRectF(left, top, room, height)
    brush.picture(message.preview, area, words="静止画")
    brush.disc(area.center(), 22, "#606468", "play")
    return height


def paint_audio(brush: Brush, message: AudioMessage, left: int, top: int, room: int) -> int:
    area = QRectF(left, top, room * 0.8, 48)
    brush.box(area, brush.colours.bubble, 15)
    brush.disc(QPointF(left + 26, top + 24), 13, "#24538f", "play")
    minutes, seconds = divmod(round(message.milliseconds / 1000), 60)
    brush.text(f"{minutes}:{seconds:02d}", left + 52, top + 14, 80, 15)
    return 48


def paint_sticker(brush: Brush, message: StickerMessage, left: int, top: int, room: int) -> int:
    area = QRectF(left, top, 128, 112)
    painter = brush.painter
    if painter is not None:
        painter.setPen(QPen(QColor(brush.colours.name), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 16, 16)
    brush.centred("スタンプ", area.adjusted(0, -10, 0, -10), 14, brush.colours.name, bold=True)
    brush.centred(message.sticker, area.adjusted(0, 14, 0, 14), 12, brush.colours.name)
    return 112


def paint_location(brush: Brush, message: LocationMessage, left: int, top: int, room: int) -> int:
    size, small = brush.scaled(14), brush.scaled(12)
    title, address = message.title or "（場所の名前）", message.address or "（住所）"
    inner = room - 24
    words = brush.lines(title, size, inner, True).height + brush.lines(address, small, inner).height
    height = words + 18 + 90
    brush.box(QRectF(left, top, room, height), brush.colours.bubble)
    down = top + 8
    down += brush.text(title, left + 12, down, inner, size, bold=True)
    brush.text(address, left + 12, down + 2, inner, small, colour=brush.colours.muted)
    area = QRectF(left, top + height - 90, room, 90)
    brush.box(area, "#cfe3d4", 12)
    brush.disc(area.center(), 14, "#ce0000", "place")
    return height


def paint_coupon(brush: Brush, message: CouponMessage, left: int, top: int, room: int) -> int:
    size = brush.scaled(15)
    title = message.title or "（クーポンを選んでください）"
    words = brush.lines(title, size, room - 24, True).height
    height = words + 74
    brush.box(QRectF(left, top, room, height), brush.colours.bubble)
    brush.text("クーポン", left + 12, top + 10, room - 24, brush.scaled(12), colour=brush.colours.muted)
    brush.text(title, left + 12, top + 28, room - 24, size, bold=True)
    button = QRectF(left + 10, top + height - 40, room - 20, 32)
    brush.box(button, "#24538f", 8)
    brush.centred("クーポンを見る", button, 13, "#ffffff", bold=True)
    return height


def paint_imagemap(brush: Brush, message: ImagemapMessage, left: int, top: int, room: int) -> int:
    height = round(room * message.height / MAP_WIDTH) if message.height else round(room * 0.6)
    area = QRectF(left, top, room, height)
    brush.picture(message.picture.file, area)
    painter = brush.painter
    if painter is not None:
        scale = room / MAP_WIDTH
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(255, 255, 255, 190), 1.5, Qt.PenStyle.DashLine))
        for one in message.areas:
            painter.drawRect(QRectF(
                left + one.x * scale, top + one.y * scale, one.width * scale, one.height * scale
            ))  # fmt: skip
    return height


Paint = Callable[[Brush, Message, int, int, int], int]


def described(message: Message) -> str:
    """In words, for screen readers."""
    match message:
        case TextMessage():
            return message.text
        case ImageMessage():
            return f"画像 {message.description}"
        case VideoMessage():
            return f"動画 {message.description}"
        case AudioMessage():
            return f"音声 {message.description}"
        case StickerMessage():
            return f"スタンプ {message.sticker}"
        case LocationMessage():
            return f"場所 {message.title} {message.address}"
        case CouponMessage():
            return f"クーポン {message.title}"
    return message.alt
