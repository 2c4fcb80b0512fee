"""Staff's messages in the form LINE wants. The talk's own cards are in `cards.py`.

Source: LINE Messaging API reference, "Message objects". Limits are checked in `protocol/messages.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from protocol.messages import ImageMessage, Message, TextMessage


def text_payload(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def message_payloads(messages: Iterable[Message], media_url: Callable[[str], str]) -> list[dict[str, Any]]:
    """One LINE message object per message. `media_url` gives the public address of a file (SHA-256 name)."""
    return [_payload(message, media_url) for message in messages]


def _payload(message: Message, media_url: Callable[[str], str]) -> dict[str, Any]:
    match message:
        case TextMessage():
            return text_payload(message.text)
        case ImageMessage():
            return {
                "type": "image",
                "originalContentUrl": media_url(message.file),
                "previewImageUrl": media_url(message.preview),
            }
    raise NotImplementedError(message.type)
