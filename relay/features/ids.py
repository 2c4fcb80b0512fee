"""The form of an id that somebody sent, before any table is searched for it."""

from __future__ import annotations

from relay.errors import Refused

_LIMIT = 36


def check_id(id: str, reason: str = "malformed") -> str:
    """The id itself. Raises Refused for what no id looks like: too long, or signs that databases refuse.

    `reason` is what an unknown id of this kind is refused with, so that both look the same from outside.
    """
    if not 0 < len(id) <= _LIMIT or "\0" in id or "/" in id:
        raise Refused(reason)
    return id
