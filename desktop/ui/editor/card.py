"""Cards from blocks: picture, heading, text, table, line, buttons; up to twelve side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout

from desktop.features.composing import new_card
from desktop.ui.editor.actions import ButtonRows, titled
from desktop.ui.editor.part import Part, TextEntry, below
from desktop.ui.editor.picture import PicturePart
from desktop.ui.editor.rows import Rows, Tabs
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.card_limits import ALT_LIMIT, CARD_BUTTONS_LIMIT, CARDS_LIMIT
from protocol.messages import (
    Block,
    CardMessage,
    HeadingBlock,
    LineBlock,
    Picture,
    PictureBlock,
    TableBlock,
    TextBlock,
)
from protocol.problems import Problem

BLOCKS = {"picture": "画像", "heading": "見出し", "text": "本文", "table": "表", "line": "線"}
_COLOURS = {"plain": "標準", "blue": "青", "green": "緑", "orange": "橙", "red": "赤（緊急）"}
_SIZES = {"small": "小さい", "normal": "ふつう", "large": "大きい"}
ALT_WORDS = "通知と一覧に出る文（住民に見えます）"
ALT_HINT = "例：防災訓練のお知らせ"


class CardPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.column.addWidget(self.entry("alt", ALT_WORDS, "通知の文の入力", limit=ALT_LIMIT, hint=ALT_HINT))
        self.cards = Tabs(
            desk, f"{name}.cards", lambda place, _: OneCard(desk, f"{name}.card.{place}"), what="カード",
            add_words="カードを横に追加", new=lambda _: new_card(), limit=CARDS_LIMIT,
        )  # fmt: skip
        self.column.addWidget(self.part("cards", self.cards))

    def show_value(self, value: CardMessage) -> None:
        self.show_all(value)


class OneCard(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.colour = QComboBox()
        self.colour.setObjectName(f"{name}.colour")
        for colour, words in _COLOURS.items():
            self.colour.addItem(words, colour)
        self.colour.activated.connect(
            lambda _: self.update_value("カードの色の変更", colour=self.colour.currentData())
        )
        self.picture = PicturePart(desk, f"{name}.picture", desk.office.media.card_picture, title="上の画像")
        self.parts["picture"] = self.picture
        self.picture.changed.connect(lambda step, value: self.update_value(step, picture=value))
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addLayout(titled("色", self.colour))
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addWidget(self.picture)
        self.blocks = Rows(
            desk, f"{name}.blocks", self._block, what="部品", kind=lambda block: block.block,
            title=lambda _, block: BLOCKS[block.block],
        )  # fmt: skip
        self.column.addWidget(self.part("blocks", self.blocks))
        adds = [
            button(BLOCKS[kind], self._adder(kind), name=f"{name}.add.{kind}", icon="plus", role="quiet",
                   theme=desk.theme)
            for kind in ("heading", "text", "table", "picture", "line")
        ]  # fmt: skip
        for made in adds:
            made.setAccessibleName(f"{made.text()}を追加")
        self.column.addWidget(Flow(label("追加：", "small"), *adds, spacing=0))
        self.buttons = ButtonRows(desk, f"{name}.buttons", "card", limit=CARD_BUTTONS_LIMIT)
        self.column.addWidget(self.part("buttons", self.buttons))

    def show_value(self, value: Any) -> None:
        self.show_all(value)
        self.colour.setCurrentIndex(self.colour.findData(value.colour))

    def _block(self, place: int, block: Block) -> Part:
        name = f"{self.name}.block.{place}"
        match block:
            case HeadingBlock():
                return HeadingPart(self.desk, name)
            case TextBlock():
                return TextBlockPart(self.desk, name)
            case TableBlock():
                return TablePart(self.desk, name)
            case PictureBlock():
                return PictureBlockPart(self.desk, name)
        return Part(self.desk, name)

    def _adder(self, kind: str) -> Any:
        new: dict[str, Block] = {
            "heading": HeadingBlock(text=""),
            "text": TextBlock(text=""),
            "table": TableBlock(rows=(("", ""),)),
            "picture": PictureBlock(picture=Picture(file="")),
            "line": LineBlock(),
        }
        return lambda: self.blocks.add(new[kind], f"{BLOCKS[kind]}の追加")


class HeadingPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.column.addWidget(self.entry("text", "見出しの文", "見出しの入力", inserts=True))

    def show_value(self, value: HeadingBlock) -> None:
        self.show_all(value)


class TextBlockPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.column.addWidget(self.entry("text", "本文", "カードの本文の入力", lines=3, inserts=True))
        self.text_size = QComboBox()
        self.text_size.setObjectName(f"{name}.size")
        self.text_size.setAccessibleName("文字の大きさ")
        for size, words in _SIZES.items():
            self.text_size.addItem(words, size)
        self.bold = QCheckBox("太字")
        self.bold.setObjectName(f"{name}.bold")
        self.text_size.activated.connect(
            lambda _: self.update_value("文字の大きさの変更", size=self.text_size.currentData())
        )
        self.bold.clicked.connect(lambda on: self.update_value("太字の変更", bold=on))
        self.column.addWidget(Flow(label("文字の大きさ", "small"), self.text_size, self.bold))

    def show_value(self, value: TextBlock) -> None:
        self.show_all(value)
        self.text_size.setCurrentIndex(self.text_size.findData(value.size))
        self.bold.setChecked(value.bold)


class PictureBlockPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        fit = desk.office.media.card_picture
        self.picture = PicturePart(desk, f"{name}.picture", fit, optional=False)
        self.column.addWidget(self.part("picture", self.picture))

    def show_value(self, value: PictureBlock) -> None:
        self.show_all(value)


class TablePart(Part):
    """Rows of a name and a value."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.rows = Rows(
            desk,
            f"{name}.rows",
            lambda place, _: TableRowPart(desk, f"{name}.row.{place}"),
            what="行",
            inline=True,
        )
        self.column.addWidget(self.part("rows", self.rows))
        add = button("行を追加", lambda: self.rows.add(("", ""), "表の行の追加"), name=f"{name}.add_row",
                     icon="plus", role="quiet", theme=desk.theme)  # fmt: skip
        self.column.addLayout(row_of(add, 1))

    def show_value(self, value: TableBlock) -> None:
        self.show_all(value)


class TableRowPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        row = QHBoxLayout()
        row.setSpacing(10)
        self._cells = (
            TextEntry(desk, "名前", name=f"{name}.name", hint="例：日時"),
            TextEntry(desk, "内容", name=f"{name}.value", hint="例：7月1日 10時"),
        )
        for cell, stretch in zip(self._cells, (2, 3), strict=True):
            cell.committed.connect(self._typed)
            row.addWidget(cell, stretch)
        self.column.addLayout(row)

    def show_value(self, value: tuple[str, str]) -> None:
        self._value = value
        for cell, text in zip(self._cells, value, strict=True):
            cell.set_text(text)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        for place, cell in enumerate(self._cells):
            cell.show_problems(below(problems, str(place)))
        super().show_problems([one for one in problems if one.at not in ("0", "1")])

    def _typed(self, _: str) -> None:
        name, value = (cell.text for cell in self._cells)
        self.tell("表の入力", (name, value))
