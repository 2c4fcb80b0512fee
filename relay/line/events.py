"""Webhook events as frozen classes of ours. Lenient: whatever is unknown becomes `Other`, nothing raises.

LINE adds event types, message types and properties without notice (line: "development guidelines").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_TYPE_NAME_LIMIT = 40
_USER_ID = re.compile(r"U[0-9a-f]{32}")  # source: Messaging API reference, "Source user"


@dataclass(frozen=True)
class EventHeader:
    """What every event of a single talk has. `reply_token` is empty where LINE gives none."""

    user_id: str
    at: datetime
    reply_token: str = ""
    standby: bool = False
    """Another system holds the talk; nothing may be sent."""


@dataclass(frozen=True)
class Follow:
    """Added the account as a friend, or unblocked it."""

    header: EventHeader


@dataclass(frozen=True)
class Unfollow:
    """Blocked or removed the account."""

    header: EventHeader


@dataclass(frozen=True)
class TextSaid:
    """Typed something."""

    header: EventHeader
    text: str


@dataclass(frozen=True)
class Tapped:
    """Pressed a button of ours. `data` is what we put into it."""

    header: EventHeader
    data: str


@dataclass(frozen=True)
class MediaSent:
    """Sent a photo, sticker, position or anything else that is not text; only its kind is kept."""

    header: EventHeader
    kind: str


@dataclass(frozen=True)
class Unsend:
    """Took a message back."""

    header: EventHeader


@dataclass(frozen=True)
class Other:
    """Anything we do not act on. `name` is its type, to be counted."""

    name: str


Event = Follow | Unfollow | TextSaid | Tapped | MediaSent | Unsend | Other


def parse_event(raw: object, *, received_at: datetime) -> Event:
    """`raw` is the decoded JSON of one event; `received_at` stands in for a missing time."""
    if not isinstance(raw, Mapping):
        return Other("malformed")
    name = _type_of(raw)
    user_id = _part(raw, "source").get("userId")
    if isinstance(user_id, str) and not is_user_id(user_id):
        return Other("source.malformed")
    header = _parse_header(raw, received_at)
    if header is None:
        return Other(name)
    match name:
        case "follow":
            return Follow(header)
        case "unfollow":
            return Unfollow(header)
        case "unsend":
            return Unsend(header)
        case "postback":
            data = _part(raw, "postback").get("data")
            return Tapped(header, data) if isinstance(data, str) else Other("postback.malformed")
        case "message":
            return _parse_message(header, _part(raw, "message"))
    return Other(name)


def is_user_id(text: str) -> bool:
    """Whether it looks as LINE's user ids do. Nothing else may become a resident: LINE refuses a whole
    multicast, and the count of its recipients, for one odd id."""
    return _USER_ID.fullmatch(text) is not None


def _parse_message(header: EventHeader, message: Mapping[str, Any]) -> Event:
    kind = _type_of(message)
    if kind == "text":
        text = message.get("text")
        return TextSaid(header, text) if isinstance(text, str) else Other("message.malformed")
    return MediaSent(header, kind)


def _parse_header(raw: Mapping[str, Any], received_at: datetime) -> EventHeader | None:
    """None for events that are not of one person's own talk: groups, rooms, no source at all."""
    source = _part(raw, "source")
    user_id = source.get("userId")
    if source.get("type") != "user" or not isinstance(user_id, str) or not user_id:
        return None
    token = raw.get("replyToken")
    return EventHeader(
        user_id=user_id,
        at=_time_of(raw.get("timestamp"), received_at),
        reply_token=token if isinstance(token, str) else "",
        standby=raw.get("mode", "active") != "active",
    )


def _time_of(stamp: object, received_at: datetime) -> datetime:
    """LINE's own time, the same when an event is delivered again; never later than its receipt."""
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        return received_at
    try:
        return min(datetime.fromtimestamp(stamp / 1000, UTC), received_at)
    except (ValueError, OverflowError, OSError):
        return received_at


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = raw.get(name)
    return part if isinstance(part, Mapping) else {}


def _type_of(raw: Mapping[str, Any]) -> str:
    name = raw.get("type")
    if not isinstance(name, str) or not name:
        return "untyped"
    # Only letters and digits: the name goes into tallies and logs.
    return "".join(char for char in name if char.isascii() and char.isalnum())[:_TYPE_NAME_LIMIT] or "untyped"
