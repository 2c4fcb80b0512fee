"""Builds webhook events in LINE's shape. Pure apart from the tokens it asks the platform for."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from typing import Any

from sandbox.line.state import Platform

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now: datetime) -> str:
    """48 bits of milliseconds and 80 random bits in Crockford's base 32."""
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))


def milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def make_event(
    platform: Platform, user_id: str, kind: str, *, answerable: bool, **own: Any
) -> dict[str, Any]:
    """The common properties of section "Common properties", then the event's own."""
    now = platform.now()
    event: dict[str, Any] = {
        "type": kind,
        "webhookEventId": ulid(now),
        "deliveryContext": {"isRedelivery": False},
        "timestamp": milliseconds(now),
        "source": {"type": "user", "userId": user_id},
        "mode": "active",
    }
    if answerable:
        event["replyToken"] = platform.reply_tokens.issue(user_id, now)
    event.update(own)
    return event


def follow(platform: Platform, user_id: str, *, unblocked: bool) -> dict[str, Any]:
    return make_event(platform, user_id, "follow", answerable=True, follow={"isUnblocked": unblocked})


def unfollow(platform: Platform, user_id: str) -> dict[str, Any]:
    return make_event(platform, user_id, "unfollow", answerable=False)


def unsend(platform: Platform, user_id: str, message_id: str) -> dict[str, Any]:
    return make_event(platform, user_id, "unsend", answerable=False, unsend={"messageId": message_id})


def postback(platform: Platform, user_id: str, data: str, params: dict[str, str] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"data": data}
    if params:
        content["params"] = params
    return make_event(platform, user_id, "postback", answerable=True, postback=content)


def message(platform: Platform, user_id: str, message_id: str, content: dict[str, Any]) -> dict[str, Any]:
    """``content`` is type and own fields; id and tokens are added here."""
    read_token = secrets.token_urlsafe(24)
    platform.mark_as_read_tokens[read_token] = (user_id, message_id)
    whole = {"id": message_id, "markAsReadToken": read_token, **content}
    if content["type"] in ("text", "image", "video", "sticker"):
        whole["quoteToken"] = secrets.token_urlsafe(24)
    return make_event(platform, user_id, "message", answerable=True, message=whole)


def unknown_event(platform: Platform, user_id: str) -> dict[str, Any]:
    """A type that no reference knows yet: LINE adds such without notice."""
    return make_event(platform, user_id, "sandboxFuture", answerable=True, sandboxFuture={"level": 3})


def unknown_message(platform: Platform, user_id: str) -> dict[str, Any]:
    content = {"id": platform.new_message_id(), "type": "sandboxHologram", "depth": 12}
    return make_event(platform, user_id, "message", answerable=True, message=content)


def with_extra_properties(event: dict[str, Any]) -> dict[str, Any]:
    """The same event with properties nobody has heard of, at three depths."""
    more = {**event, "sandboxExtra": {"since": "2099-01-01"}}
    more["source"] = {**event["source"], "sandboxRegion": "jp"}
    if "message" in event:
        more["message"] = {**event["message"], "sandboxMood": ["calm"]}
    return more
