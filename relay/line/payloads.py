"""Staff's messages in the form LINE wants. The talk's own cards are in `cards.py`.

Source: LINE Messaging API reference, "Message objects". Limits are checked in `protocol/message_limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from protocol.action_limits import dialled
from protocol.card_form import card_contents
from protocol.card_limits import MAP_WIDTH
from protocol.counting import utf16_length
from protocol.message_limits import TEXT_LIMIT
from protocol.messages import (
    Action,
    Area,
    AudioMessage,
    ButtonsMessage,
    Call,
    CardMessage,
    CarouselMessage,
    Column,
    ConfirmMessage,
    Copy,
    CouponMessage,
    ImagemapMessage,
    ImageMessage,
    LocationMessage,
    Message,
    OpenLink,
    OpenPage,
    Page,
    Say,
    StickerMessage,
    TextMessage,
    VideoMessage,
)
from protocol.placeholders import EMOJI_PRODUCT, split_emoji
from protocol.web_links import encoded_link, with_links

Payload = dict[str, Any]
_MILLIONTHS = 1_000_000


def _same_link(url: str, label: str) -> str:
    return url


def _no_page(page: Page) -> str:
    return ""


@dataclass(frozen=True)
class PayloadParts:
    """Where what messages point at can be found.

    `media_url`: public address of a file (SHA-256 name). `page_url`: address that opens a page of ours within
    LINE; empty where there is none. `link`: what stands in place of an address (label: the button's, empty in
    a text), so that taps can be counted. `imagemap_url`: address below which a picture lies in LINE's widths.
    """

    media_url: Callable[[str], str]
    page_url: Callable[[Page], str] = _no_page
    link: Callable[[str, str], str] = _same_link
    imagemap_url: Callable[[str], str] = lambda _: ""


def text_payload(text: str) -> Payload:
    return {"type": "text", "text": text}


def message_payloads(
    messages: Iterable[Message], parts: PayloadParts, quick_replies: Sequence[Action] = ()
) -> list[Payload]:
    """One LINE message object per message; the quick replies hang on the last one.

    Placeholders must have been filled.
    """
    payloads = [_payload(message, parts) for message in messages]
    if payloads and quick_replies:
        items = [{"type": "action", "action": action_payload(action, parts)} for action in quick_replies]
        payloads[-1]["quickReply"] = {"items": items}
    return payloads


def action_payload(action: Action, parts: PayloadParts) -> Payload:
    """What a tap does, as buttons, cards and quick replies take it."""
    match action:
        case Say():
            deed: Payload = {"type": "message", "text": action.text}
        case Copy():
            deed = {"type": "clipboard", "clipboardText": action.text}
        case _:
            deed = {"type": "uri", "uri": _address(action, parts)}
    return {**deed, "label": action.label} if action.label else deed


def _payload(message: Message, parts: PayloadParts) -> Payload:
    match message:
        case TextMessage():
            return _text(message.text, parts)
        case ImageMessage() | VideoMessage():
            return {
                "type": message.type,
                "originalContentUrl": parts.media_url(message.file),
                "previewImageUrl": parts.media_url(message.preview),
            }
        case AudioMessage():
            url = parts.media_url(message.file)
            return {"type": "audio", "originalContentUrl": url, "duration": message.milliseconds}
        case StickerMessage():
            return {"type": "sticker", "packageId": message.package, "stickerId": message.sticker}
        case LocationMessage():
            return {
                "type": "location",
                "title": message.title,
                "address": message.address,
                "latitude": message.latitude / _MILLIONTHS,
                "longitude": message.longitude / _MILLIONTHS,
            }
        case CouponMessage():
            return {"type": "coupon", "couponId": message.coupon}
        case ImagemapMessage():
            return _imagemap(message, parts)
        case CardMessage():
            contents = card_contents(message, parts.media_url, lambda action: action_payload(action, parts))
            return {"type": "flex", "altText": message.alt, "contents": contents}
        case ButtonsMessage() | ConfirmMessage() | CarouselMessage():
            return {"type": "template", "altText": message.alt, "template": _template(message, parts)}


def _text(text: str, parts: PayloadParts) -> Payload:
    counted, emojis = split_emoji(with_links(text, lambda url: parts.link(url, "")))
    if utf16_length(counted) > TEXT_LIMIT:  # our addresses may be longer: rather uncounted than refused
        counted, emojis = split_emoji(text)
    payload = text_payload(counted)
    if emojis:
        payload["emojis"] = [
            {"index": at, "productId": EMOJI_PRODUCT, "emojiId": emoji} for at, emoji in emojis
        ]
    return payload


def _imagemap(message: ImagemapMessage, parts: PayloadParts) -> Payload:
    return {
        "type": "imagemap",
        "baseUrl": parts.imagemap_url(message.picture.file),
        "altText": message.alt,
        "baseSize": {"width": MAP_WIDTH, "height": message.height},
        "actions": [_area(area, parts) for area in message.areas],
    }


def _area(area: Area, parts: PayloadParts) -> Payload:
    action = area.action
    match action:
        case Say():
            deed: Payload = {"type": "message", "text": action.text}
        case Copy():
            deed = {"type": "clipboard", "clipboardText": action.text}
        case _:
            deed = {"type": "uri", "linkUri": _address(action, parts)}
    if action.label:
        deed["label"] = action.label  # read aloud
    place = {"x": area.x, "y": area.y, "width": area.width, "height": area.height}
    return {**deed, "area": place}


def _template(message: ButtonsMessage | ConfirmMessage | CarouselMessage, parts: PayloadParts) -> Payload:
    match message:
        case ConfirmMessage():
            return {"type": "confirm", "text": message.text, "actions": _actions(message.buttons, parts)}
        case ButtonsMessage():
            return {"type": "buttons", **_picture_size(message.picture is not None), **_about(message, parts)}
        case CarouselMessage():
            columns = [_about(column, parts) for column in message.columns]
            with_pictures = any(column.picture is not None for column in message.columns)
            return {"type": "carousel", **_picture_size(with_pictures), "columns": columns}


def _about(part: ButtonsMessage | Column, parts: PayloadParts) -> Payload:
    about: Payload = {"text": part.text, "actions": _actions(part.buttons, parts)}
    if part.title.strip():
        about["title"] = part.title
    if part.picture is not None:
        about["thumbnailImageUrl"] = parts.media_url(part.picture.file)
        about["imageBackgroundColor"] = "#FFFFFF"
    return about


def _picture_size(has_picture: bool) -> Payload:
    """Whole pictures: a poster cut off at its sides says nothing."""
    return {"imageSize": "contain"} if has_picture else {}


def _actions(actions: Sequence[Action], parts: PayloadParts) -> list[Payload]:
    return [action_payload(action, parts) for action in actions]


def _address(action: OpenLink | OpenPage | Call, parts: PayloadParts) -> str:
    match action:
        case OpenLink():
            return parts.link(encoded_link(action.url) or action.url, action.label)
        case OpenPage():
            return parts.page_url(action.page)
        case Call():
            return f"tel:{quote(dialled(action.telephone) or action.telephone, safe='+*')}"
