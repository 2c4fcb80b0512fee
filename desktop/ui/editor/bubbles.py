"""The bubbles of a delivery: of every type, in order, one to five."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from desktop.features.composing import KINDS, kind_words, new_message
from desktop.features.wording import words_for
from desktop.ui.editor.card import CardPart
from desktop.ui.editor.imagemap import ImagemapPart
from desktop.ui.editor.part import NOT_YET, Part, below
from desktop.ui.editor.picture import PICTURES, FileTaker
from desktop.ui.editor.plain import CouponPart, ImagePart, LocationPart, StickerPart, TextPart
from desktop.ui.editor.rows import Rows
from desktop.ui.editor.sound import AudioPart, VideoPart
from desktop.ui.editor.templates import ButtonsPart, CarouselPart, ConfirmPart
from desktop.ui.parts.buttons import button
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import badge, label
from desktop.ui.parts.menu_button import Entry, menu_button
from desktop.ui.screen import Desk
from protocol.message_limits import MESSAGES_LIMIT
from protocol.messages import ImageMessage, Message
from protocol.problems import Problem

Messages = tuple[Message, ...]

_PARTS: dict[str, Callable[[Desk, str], Part]] = {
    "text": TextPart,
    "image": ImagePart,
    "video": VideoPart,
    "audio": AudioPart,
    "sticker": StickerPart,
    "location": LocationPart,
    "coupon": CouponPart,
    "imagemap": ImagemapPart,
    "card": CardPart,
    "buttons": ButtonsPart,
    "confirm": ConfirmPart,
    "carousel": CarouselPart,
}


class Bubbles(QWidget):
    """`changed(name of the step, messages)` when the person did something; `looked(bubble, card)` when
    another one of the cards side by side is edited.
    """

    changed = Signal(str, object)
    looked = Signal(int, int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._messages: Messages = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.rows = _BubbleRows(desk, self._part)
        self.rows.changed.connect(self._tell)
        column.addWidget(self.rows)
        self._image = FileTaker(
            desk,
            "画像を追加",
            "bubbles.add_image",
            desk.office.media.image,
            self._picture_ready,
            kinds=PICTURES,
        )
        self.banner = self._image.banner
        self._add_text = button(
            "文章を追加", lambda: self.add("text"), name="bubbles.add_text", icon="text", theme=desk.theme
        )
        self._add_any = menu_button(
            "吹き出しを追加",
            [
                Entry(f"bubbles.add.{kind}", words_for("message_kind")[kind], self._adder(kind))
                for kind in KINDS
            ],
            name="bubbles.add", icon="plus", theme=desk.theme,
        )  # fmt: skip
        self._room = label("", "small")
        column.addWidget(Flow(self._add_any, self._add_text, self._image.button, self._room))
        column.addWidget(self._image)

    def show_messages(self, messages: Messages) -> None:
        self._messages = messages
        self.rows.show_value(messages)
        room = len(messages) < MESSAGES_LIMIT
        for made in (self._add_any, self._add_text, self._image.button):
            made.setEnabled(room)
        self._room.setText(f"吹き出し {len(messages)} / {MESSAGES_LIMIT}")

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """`at` as seen from the messages: `2.cards.0.buttons.1.label`."""
        self.rows.show_problems(problems)

    def forget(self) -> None:
        """Another delivery is written now: editors and what they told of files begin anew."""
        self._image.forget()
        self.rows.forget()

    def add_picture_file(self, path: Path) -> None:
        """Fit and add a picture; also the door for scripts."""
        self._image.take_file(path)

    def add(self, kind: str) -> None:
        """A new, empty bubble at the end."""
        words = "本文" if kind == "text" else words_for("message_kind")[kind]
        self.rows.add(new_message(kind), f"{words}の追加")
        if kind == "text":
            part = self.rows.row(len(self._messages) - 1)
            part.fields["text"].field.setFocus()

    def part_at(self, place: int) -> Part:
        """The editor of a bubble; the door for scripts."""
        return self.rows.row(place)

    def _part(self, place: int, message: Message) -> Part:
        made = _PARTS[message.type](self._desk, f"bubble.{place}")
        if isinstance(made, CardPart | CarouselPart):
            made.cards.shown.connect(lambda shown: self.looked.emit(place, shown))
        if isinstance(made, TextPart):
            made.text.field.setAccessibleName(f"{place + 1}番目の吹き出しの本文")
        return made

    def _adder(self, kind: str) -> Callable[[], None]:
        return lambda: self.add(kind)

    def _picture_ready(self, message: ImageMessage) -> None:
        self.rows.add(message, "画像の追加")

    def _tell(self, step: str, messages: Messages) -> None:
        self._messages = messages
        self.changed.emit(step, messages)


class _BubbleRows(Rows):
    """Each bubble in a card of its own, with how much is still to do on it."""

    def __init__(self, desk: Desk, make: Callable[[int, Any], Part]) -> None:
        super().__init__(desk, "bubble", make, what="吹き出し", kind=lambda message: message.type,
                         title=lambda place, message: f"{place + 1}. {kind_words(message)}")  # fmt: skip
        self._badges: list[QWidget] = []

    def show_problems(self, problems: Sequence[Problem]) -> None:
        super().show_problems(problems)
        for place, mark in enumerate(self._badges):
            here = [one for one in below(problems, str(place)) if one.code not in NOT_YET]
            mark.setText(f"直すところ {len(here)}")  # type: ignore[attr-defined]
            mark.setVisible(bool(here))

    def forget(self) -> None:
        self._badges = []
        super().forget()

    def _rebuild(self) -> None:
        self._badges = []
        super()._rebuild()

    def _framed(self, place: int, value: Any, row: Part) -> QWidget:
        frame = super()._framed(place, value, row)
        frame.setProperty("role", "card")
        inner = frame.layout()
        assert inner is not None
        inner.setContentsMargins(14, 10, 14, 14)
        mark = badge("", "error")
        mark.setObjectName(f"bubble.{place}.badge")
        mark.hide()
        first = inner.itemAt(0)
        head = first.layout() if first is not None else None
        assert isinstance(head, QBoxLayout)
        head.insertWidget(1, mark)
        self._badges.append(mark)
        return frame
