"""Cards as LINE's Flex Messages. Both sides build them: the relay to send, the desktop to know their size.

Made for small phones and weak eyes: texts wrap and follow the phone's text size, buttons are at least 44 px
high, every colour has a contrast of 4.5:1 or more. Colours are the Digital Agency's (resources/pages/tokens).
Source: LINE Messaging API reference, "Flex Message". Requirement: SEG-6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from protocol.messages import (
    Action,
    Block,
    Card,
    CardColour,
    CardMessage,
    HeadingBlock,
    LineBlock,
    Picture,
    PictureBlock,
    TableBlock,
    TextBlock,
)

Form = dict[str, Any]

TEXT = "#1A1A1A"
QUIET = "#595959"
WHITE = "#FFFFFF"
STRONG: dict[CardColour, str] = {
    "plain": "#0017C1",
    "blue": "#0017C1",
    "green": "#115A36",
    "orange": "#AC3E00",
    "red": "#A90000",
}
"""Background of the first button (its text is white), and the text of the others."""
PALE: dict[CardColour, str] = {
    "plain": "#E8F1FE",
    "blue": "#E8F1FE",
    "green": "#E6F5EC",
    "orange": "#FFEEE2",
    "red": "#FDEEEE",
}
"""Background of the other buttons."""
_SIZES = {"small": "sm", "normal": "md", "large": "xl"}
_TALLEST = 3  # LINE: a picture is at most three times as high as it is wide


def card_contents(
    message: CardMessage, picture_url: Callable[[str], str], tap: Callable[[Action], Form]
) -> Form:
    """The `contents` of a Flex message. `picture_url`: address of a file; `tap`: LINE's form of an action."""
    size = "mega" if len(message.cards) == 1 else "kilo"  # the next card looks in from the side
    bubbles = [_bubble(card, size, picture_url, tap) for card in message.cards]
    return bubbles[0] if len(bubbles) == 1 else {"type": "carousel", "contents": bubbles}


def _bubble(card: Card, size: str, picture_url: Callable[[str], str], tap: Callable[[Action], Form]) -> Form:
    bubble: Form = {"type": "bubble", "size": size}
    if card.picture is not None:
        bubble["hero"] = _picture(card.picture, picture_url)
    if card.blocks:
        parts = [_block(block, card.colour, picture_url) for block in card.blocks]
        bubble["body"] = _box(parts, spacing="md", backgroundColor=WHITE)
    if card.buttons:
        buttons = [
            _button(action, card.colour, first=no == 0, tap=tap) for no, action in enumerate(card.buttons)
        ]
        bubble["footer"] = _box(buttons, spacing="sm", backgroundColor=WHITE)
    return bubble


def _block(block: Block, colour: CardColour, picture_url: Callable[[str], str]) -> Form:
    match block:
        case HeadingBlock():
            own = TEXT if colour == "plain" else STRONG[colour]
            return _text(block.text, size="lg", color=own, weight="bold")
        case TextBlock():
            bold = {"weight": "bold"} if block.bold else {}
            return _text(block.text, size=_SIZES[block.size], color=TEXT, **bold)
        case TableBlock():
            return _box([_row(name, value) for name, value in block.rows], spacing="sm")
        case PictureBlock():
            return _picture(block.picture, picture_url)
        case LineBlock():
            return {"type": "separator"}


def _row(name: str, value: str) -> Form:
    cells = [
        _text(name, size="sm", color=QUIET, flex=2),
        _text(value, size="md", color=TEXT, flex=5),
    ]
    return {"type": "box", "layout": "horizontal", "spacing": "md", "contents": cells}


def _button(action: Action, colour: CardColour, *, first: bool, tap: Callable[[Action], Form]) -> Form:
    # A box instead of LINE's own button: that one cuts a long label off where this wraps it.
    label = _text(
        action.label, size="md", color=WHITE if first else STRONG[colour], weight="bold", align="center"
    )
    return _box(
        [label],
        paddingAll="12px",
        cornerRadius="8px",
        backgroundColor=STRONG[colour] if first else PALE[colour],
        action=tap(action),
    )


def _picture(picture: Picture, picture_url: Callable[[str], str]) -> Form:
    width, height = picture.width or 20, picture.height or 13
    ratio = f"{width}:{min(height, width * _TALLEST)}"
    return {
        "type": "image",
        "url": picture_url(picture.file),
        "size": "full",
        "aspectRatio": ratio,
        "aspectMode": "cover",
    }


def _text(text: str, **how: Any) -> Form:
    return {"type": "text", "text": text, "wrap": True, "scaling": True, **how}


def _box(contents: Sequence[Form], **how: Any) -> Form:
    return {"type": "box", "layout": "vertical", "contents": list(contents), **how}
