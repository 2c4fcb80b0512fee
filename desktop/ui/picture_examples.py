"""What the manual's pictures show being composed."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from protocol.messages import (
    Action,
    Block,
    Call,
    Card,
    CardMessage,
    HeadingBlock,
    OpenLink,
    TableBlock,
    TextBlock,
)


def example_card() -> CardMessage:
    blocks: tuple[Block, ...] = (
        HeadingBlock(text="秋まつり"),
        TextBlock(text="どなたでも参加できます。"),
        TableBlock(rows=(("日時", "11月3日（火）10時"), ("場所", "港公園"))),
    )
    buttons: tuple[Action, ...] = (
        OpenLink(label="くわしく見る", url="https://www.example.jp/matsuri"),
        Call(label="電話で聞く", telephone="0120-000-000"),
    )
    return CardMessage(alt="秋まつりのお知らせ", cards=(Card(blocks=blocks, buttons=buttons),))


def example_tiles() -> bytes:
    """A picture of four tiles, drawn on the spot."""
    image = QImage(1040, 700, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    font = painter.font()
    font.setPixelSize(72)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("#ffffff"))
    tiles = (("ごみの日", "#197a4b"), ("防災", "#ac3e00"), ("手続き", "#0031d8"), ("子育て", "#8b1b83"))
    for place, (words, colour) in enumerate(tiles):
        area = QRect(520 * (place % 2), 350 * (place // 2), 520, 350)
        painter.fillRect(area, QColor(colour))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
    painter.end()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs name bytes, Qt takes str
    return bytes(buffer.data().data())
