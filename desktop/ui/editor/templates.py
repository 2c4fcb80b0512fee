"""LINE's own templates: buttons, yes or no, carousel."""

from __future__ import annotations

from typing import Any

from desktop.features.composing import new_column
from desktop.ui.editor.actions import ButtonRows
from desktop.ui.editor.card import ALT_HINT, ALT_WORDS
from desktop.ui.editor.part import Part
from desktop.ui.editor.picture import PicturePart
from desktop.ui.editor.rows import Tabs
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.card_limits import (
    ALT_LIMIT,
    BUTTONS_LIMIT,
    BUTTONS_TEXT_LIMIT,
    COLUMN_BUTTONS_LIMIT,
    COLUMN_TEXT_LIMIT,
    COLUMNS_LIMIT,
    CONFIRM_BUTTONS,
    CONFIRM_TEXT_LIMIT,
    SHORT_TEXT_LIMIT,
    TITLE_LIMIT,
)
from protocol.messages import ButtonsMessage, CarouselMessage, Column, ConfirmMessage


class _About(Part):
    """Title, picture, text, buttons: of a buttons message and of a column alike."""

    def __init__(self, desk: Desk, name: str, *, text_limit: int, buttons_limit: int, with_alt: bool) -> None:
        super().__init__(desk, name)
        self._text_limit = text_limit
        if with_alt:
            self.column.addWidget(
                self.entry("alt", ALT_WORDS, "通知の文の入力", limit=ALT_LIMIT, hint=ALT_HINT)
            )
        self.picture = PicturePart(desk, f"{name}.picture", desk.office.media.template_picture)
        self.column.addWidget(self.part("picture", self.picture))
        self.column.addWidget(
            self.entry(
                "title", "見出し（なくてもよい）", "見出しの入力", limit=TITLE_LIMIT, units="graphemes"
            )
        )
        self.text = self.entry(
            "text", "本文（画像か見出しがあると60文字まで）", "本文の入力", limit=text_limit,
            units="graphemes", lines=2, inserts=True,
        )  # fmt: skip
        self.column.addWidget(self.text)
        self.buttons = ButtonRows(desk, f"{name}.buttons", "template", limit=buttons_limit)
        self.column.addWidget(self.part("buttons", self.buttons))

    def show_value(self, value: Any) -> None:
        self.show_all(value)
        short = value.picture is not None or bool(value.title.strip())
        self.text.set_limit(SHORT_TEXT_LIMIT if short else self._text_limit)


class ButtonsPart(_About):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(
            desk, name, text_limit=BUTTONS_TEXT_LIMIT, buttons_limit=BUTTONS_LIMIT, with_alt=True
        )

    def show_value(self, value: ButtonsMessage) -> None:
        super().show_value(value)


class ColumnPart(_About):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(
            desk, name, text_limit=COLUMN_TEXT_LIMIT, buttons_limit=COLUMN_BUTTONS_LIMIT, with_alt=False
        )

    def show_value(self, value: Column) -> None:
        super().show_value(value)


class ConfirmPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.column.addWidget(self.entry("alt", ALT_WORDS, "通知の文の入力", limit=ALT_LIMIT, hint=ALT_HINT))
        self.column.addWidget(self.entry(
            "text", "質問文", "質問文の入力", limit=CONFIRM_TEXT_LIMIT, units="graphemes", lines=2,
            inserts=True,
        ))  # fmt: skip
        self.buttons = ButtonRows(desk, f"{name}.buttons", "template", limit=CONFIRM_BUTTONS, fixed=True)
        self.column.addWidget(self.part("buttons", self.buttons))

    def show_value(self, value: ConfirmMessage) -> None:
        self.show_all(value)


class CarouselPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.column.addWidget(self.entry("alt", ALT_WORDS, "通知の文の入力", limit=ALT_LIMIT, hint=ALT_HINT))
        self.column.addWidget(
            label(
                "画像・見出し・ボタンの数は、どの列もそろえてください（LINEの決まり）。", "small", wrap=True
            )
        )
        self.cards = Tabs(
            desk, f"{name}.columns", lambda place, _: ColumnPart(desk, f"{name}.column.{place}"), what="列",
            add_words="列を横に追加", new=new_column, limit=COLUMNS_LIMIT,
        )  # fmt: skip
        self.column.addWidget(self.part("columns", self.cards))

    def show_value(self, value: CarouselMessage) -> None:
        self.show_all(value)
