"""Messages (「メッセージ」) as staff compose them.

What each part may hold is checked in `message_limits.py`; the form LINE wants is built in
`relay/line/payloads.py`. Links and texts may hold placeholders (`protocol/placeholders.py`).
Source: LINE Messaging API, message objects. Requirement: SEG-6.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from protocol.wire import Wire

TEST_MARK = "【テスト配信】"
TRAINING_MARK = "【訓練】"

Page = Literal["settings", "contact", "mine", "waste"]
"""Resident pages a button may open."""


class Picture(Wire):
    """An uploaded JPEG or PNG by its SHA-256 name. `description` is read aloud and shown in lists."""

    file: str
    description: str = ""
    width: int = 0
    height: int = 0


# --- what a tap does ---


class OpenLink(Wire):
    """Open an address (http, https)."""

    do: Literal["link"] = "link"
    label: str
    url: str


class OpenPage(Wire):
    """Open one of our own pages within LINE."""

    do: Literal["page"] = "page"
    label: str
    page: Page


class Call(Wire):
    """Call a telephone number."""

    do: Literal["call"] = "call"
    label: str
    telephone: str


class Say(Wire):
    """Write this text into the talk as if the resident had typed it, e.g. 「今日のごみ」."""

    do: Literal["say"] = "say"
    label: str
    text: str


class Copy(Wire):
    """Put this text on the phone's clipboard."""

    do: Literal["copy"] = "copy"
    label: str
    text: str


Action = Annotated[OpenLink | OpenPage | Call | Say | Copy, Field(discriminator="do")]


# --- plain bubbles ---


class TextMessage(Wire):
    """One bubble of text. It may hold placeholders (｛地区｝) and LINE's own emoji (｛絵文字001｝)."""

    type: Literal["text"] = "text"
    text: str


class ImageMessage(Wire):
    """One picture. `file` and `preview` are SHA-256 names of uploaded JPEG or PNG files.

    `description` says what the picture shows, for staff lists and screen readers; LINE has no field for it.
    """

    type: Literal["image"] = "image"
    file: str
    preview: str
    description: str = ""
    width: int = 0
    height: int = 0


class VideoMessage(Wire):
    """An MP4 and the still picture shown before it plays."""

    type: Literal["video"] = "video"
    file: str
    preview: str
    description: str = ""


class AudioMessage(Wire):
    """An MP3 or M4A; `milliseconds` is its length."""

    type: Literal["audio"] = "audio"
    file: str
    milliseconds: int
    description: str = ""


class StickerMessage(Wire):
    """A sticker LINE allows for accounts (`protocol.stickers`)."""

    type: Literal["sticker"] = "sticker"
    package: str
    sticker: str


class LocationMessage(Wire):
    """A place. Coordinates in millionths of a degree (signed messages hold no floats)."""

    type: Literal["location"] = "location"
    title: str
    address: str
    latitude: int
    longitude: int


class CouponMessage(Wire):
    """A coupon that exists at LINE; `title` is kept for staff lists."""

    type: Literal["coupon"] = "coupon"
    coupon: str
    title: str = ""


# --- a picture with areas to tap ---


class Area(Wire):
    """A rectangle on a picture 1040 wide, in its pixels. Links, texts and copying only."""

    x: int
    y: int
    width: int
    height: int
    action: Action


class ImagemapMessage(Wire):
    """A picture 1040 pixels wide and `height` high whose areas can be tapped. `alt` is read in notices."""

    type: Literal["imagemap"] = "imagemap"
    picture: Picture
    alt: str
    height: int
    areas: tuple[Area, ...] = ()


# --- cards: blocks staff put together, Flex at LINE ---


class HeadingBlock(Wire):
    block: Literal["heading"] = "heading"
    text: str


class TextBlock(Wire):
    block: Literal["text"] = "text"
    text: str
    size: Literal["small", "normal", "large"] = "normal"
    bold: bool = False


class TableBlock(Wire):
    """Rows of a name and a value, e.g. 日時 | 7月1日 10時."""

    block: Literal["table"] = "table"
    rows: tuple[tuple[str, str], ...] = ()


class PictureBlock(Wire):
    block: Literal["picture"] = "picture"
    picture: Picture


class LineBlock(Wire):
    """A thin line between blocks."""

    block: Literal["line"] = "line"


Block = Annotated[
    HeadingBlock | TextBlock | TableBlock | PictureBlock | LineBlock, Field(discriminator="block")
]
CardColour = Literal["plain", "blue", "green", "orange", "red"]


class Card(Wire):
    """One card: a picture on top, blocks, buttons. `colour` tints the first button and the heading."""

    picture: Picture | None = None
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Action, ...] = ()
    colour: CardColour = "plain"


class CardMessage(Wire):
    """One card, or up to twelve side by side. `alt` is what notices and lists show."""

    type: Literal["card"] = "card"
    alt: str
    cards: tuple[Card, ...] = ()


# --- LINE's own templates ---


class ButtonsMessage(Wire):
    """Text with up to four buttons; `title` and `picture` are optional."""

    type: Literal["buttons"] = "buttons"
    alt: str
    text: str
    title: str = ""
    picture: Picture | None = None
    buttons: tuple[Action, ...] = ()


class ConfirmMessage(Wire):
    """A question with exactly two buttons."""

    type: Literal["confirm"] = "confirm"
    alt: str
    text: str
    buttons: tuple[Action, ...] = ()


class Column(Wire):
    """One column of a carousel."""

    text: str
    title: str = ""
    picture: Picture | None = None
    buttons: tuple[Action, ...] = ()


class CarouselMessage(Wire):
    """Up to ten columns, all with the same number of buttons, all or none with title and picture."""

    type: Literal["carousel"] = "carousel"
    alt: str
    columns: tuple[Column, ...] = ()


Message = Annotated[
    TextMessage
    | ImageMessage
    | VideoMessage
    | AudioMessage
    | StickerMessage
    | LocationMessage
    | CouponMessage
    | ImagemapMessage
    | CardMessage
    | ButtonsMessage
    | ConfirmMessage
    | CarouselMessage,
    Field(discriminator="type"),
]


class Variant(Wire):
    """The same delivery in another language (`protocol.languages`); whoever reads that language gets it.

    `quick_replies` empty: the Japanese ones.
    """

    language: str
    messages: tuple[Message, ...]
    quick_replies: tuple[Action, ...] = ()


def with_mark(messages: tuple[Message, ...], mark: str) -> tuple[Message, ...]:
    """The same messages, marked so that nobody takes a test or an exercise for the real thing."""
    first = messages[0] if messages else None
    if isinstance(first, TextMessage):
        return (TextMessage(text=f"{mark}\n{first.text}"), *messages[1:])
    return (TextMessage(text=mark), *messages)


def with_test_mark(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return with_mark(messages, TEST_MARK)
