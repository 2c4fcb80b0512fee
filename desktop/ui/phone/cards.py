"""Painters of cards and templates: one, or a strip of several side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainterPath

from desktop.ui.phone.brush import NIGHT, Brush
from protocol.card_form import PALE, STRONG
from protocol.messages import (
    Action,
    Block,
    ButtonsMessage,
    Card,
    CardColour,
    CardMessage,
    CarouselMessage,
    Column,
    ConfirmMessage,
    HeadingBlock,
    PictureBlock,
    TableBlock,
    TextBlock,
)

_SIZES = {"small": 12, "normal": 15, "large": 20}
_GAP = 8
_TEMPLATE_RATIO = 1.51
_SIDE = 12

Measure = Callable[[Brush, float, float, float], float]
"""Paints one card at left, top with a width; returns its height."""


def paint_card(brush: Brush, message: CardMessage, left: int, top: int, room: int, first: int) -> int:
    return _strip(brush, [_card_painter(card) for card in message.cards], left, top, room, first)


def paint_carousel(brush: Brush, message: CarouselMessage, left: int, top: int, room: int, first: int) -> int:
    return _strip(brush, [_about_painter(column) for column in message.columns], left, top, room, first)


def paint_buttons(brush: Brush, message: ButtonsMessage, left: int, top: int, room: int, _: int) -> int:
    return _strip(brush, [_about_painter(message)], left, top, room, 0)


def paint_confirm(brush: Brush, message: ConfirmMessage, left: int, top: int, room: int, _: int) -> int:
    def paint(brush: Brush, left: float, top: float, width: float) -> float:
        down = top + 14
        down += (
            brush.text(message.text or "（質問文）", left + _SIDE, down, width - 2 * _SIDE, brush.scaled(15))
            + 14
        )
        brush.rule(left, down, width)
        half = width / max(1, len(message.buttons))
        for place, button in enumerate(message.buttons):
            area = QRectF(left + place * half, down, half, 42)
            brush.centred(button.label or "（ボタン）", area, brush.scaled(14), brush.colours.tap_text)
        return down + 42 - top

    return _strip(brush, [paint], left, top, room, 0)


def _strip(brush: Brush, cards: Sequence[Measure], left: int, top: int, room: int, first: int) -> int:
    """All as high as the highest; the one that is edited stands at the left, the next looks in."""
    if not cards:
        return 0
    width = float(room) if len(cards) == 1 else room * 0.84
    measure = Brush(None, brush.colours, brush.size, brush.image_of)
    height = max(card(measure, 0, 0, width) for card in cards)
    painter = brush.painter
    if painter is None:
        return round(height)
    first = max(0, min(first, len(cards) - 1))
    last = len(cards) * (width + _GAP) - _GAP - room
    at = left - min(first * (width + _GAP), max(0.0, last))
    painter.save()
    painter.setClipRect(QRectF(0, top, left + room + 12, height))
    for card in cards:
        if at + width > 0 and at < left + room + 12:
            _in_frame(brush, card, QRectF(at, top, width, height))
        at += width + _GAP
    painter.restore()
    return round(height)


def _in_frame(brush: Brush, card: Measure, area: QRectF) -> None:
    painter = brush.painter
    if painter is None:
        return
    path = QPainterPath()
    path.addRoundedRect(area, 14, 14)
    painter.save()
    brush.box(area, brush.colours.bubble, 14)
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    card(brush, area.left(), area.top(), area.width())
    painter.restore()


def _card_painter(card: Card) -> Measure:
    def paint(brush: Brush, left: float, top: float, width: float) -> float:
        down = top
        if card.picture is not None:
            down += _card_picture(
                brush, card.picture.file, card.picture.width, card.picture.height, left, down, width
            )
        inner = width - 2 * _SIDE
        if card.blocks:
            down += 12
        for block in card.blocks:
            down += _block(brush, block, card.colour, left + _SIDE, down, inner) + 8
        down += 4
        for place, button in enumerate(card.buttons):
            down += _flex_button(brush, button, card.colour, left + _SIDE, down, inner, first=place == 0) + 8
        return max(down + 4 - top, 40)

    return paint


def _card_picture(
    brush: Brush, name: str, width: int, height: int, left: float, top: float, room: float
) -> float:
    high = room * (height / width if width and height else 0.65)
    brush.picture(name, QRectF(left, top, room, high), 0)
    return high


def _block(brush: Brush, block: Block, colour: CardColour, left: float, top: float, width: float) -> float:
    match block:
        case HeadingBlock():
            tint = brush.colours.text if brush.colours is NIGHT or colour == "plain" else STRONG[colour]
            return brush.text(
                block.text or "（見出し）", left, top, width, brush.scaled(18), bold=True, colour=tint
            )
        case TextBlock():
            size = brush.scaled(_SIZES[block.size])
            return brush.text(block.text or "（本文）", left, top, width, size, bold=block.bold)
        case TableBlock():
            return _table(brush, block, left, top, width)
        case PictureBlock():
            picture = block.picture
            return _card_picture(brush, picture.file, picture.width, picture.height, left, top, width)
    brush.rule(left, top + 4, width)
    return 9


def _table(brush: Brush, block: TableBlock, left: float, top: float, width: float) -> float:
    size, down = brush.scaled(14), top
    names = width * 2 / 5
    for name, value in block.rows:
        one = brush.text(name or "（名前）", left, down, names - 8, size, colour=brush.colours.muted)
        two = brush.text(value or "（内容）", left + names, down, width - names, size)
        down += max(one, two) + 4
    return down - top


def _flex_button(
    brush: Brush, button: Action, colour: CardColour, left: float, top: float, width: float, *, first: bool
) -> float:
    area = QRectF(left, top, width, max(40, brush.scaled(40)))
    brush.box(area, STRONG[colour] if first else PALE[colour], 8)
    words = "#ffffff" if first else STRONG[colour]
    brush.centred(button.label or "（ボタン）", area, brush.scaled(14), words, bold=True)
    return area.height()


def _about_painter(part: ButtonsMessage | Column) -> Measure:
    def paint(brush: Brush, left: float, top: float, width: float) -> float:
        down = top
        if part.picture is not None:
            high = width / _TEMPLATE_RATIO
            brush.picture(part.picture.file, QRectF(left, down, width, high), 0)
            down += high
        down += 12
        inner = width - 2 * _SIDE
        if part.title:
            down += brush.text(part.title, left + _SIDE, down, inner, brush.scaled(16), bold=True) + 4
        down += brush.text(part.text or "（本文）", left + _SIDE, down, inner, brush.scaled(14)) + 12
        for button in part.buttons:
            brush.rule(left, down, width)
            area = QRectF(left, down, width, max(40, brush.scaled(40)))
            brush.centred(button.label or "（ボタン）", area, brush.scaled(14), brush.colours.tap_text)
            down += area.height()
        return down - top

    return paint
