"""Identifiers: time-ordered ones for what staff do, random ones that stand for people."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime


def new_id(now: datetime) -> str:
    """A UUIDv7 (RFC 9562) as text: sorts by time, so outboxes and lists keep their order.

    `now` is an aware datetime. Two ids of the same millisecond are ordered at random.
    """
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def new_resident_id() -> str:
    """A random UUIDv4 that stands for one resident everywhere; says nothing about the person or the time."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Whether the text is a UUID in the usual lower-case form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
