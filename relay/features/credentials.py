"""What a person brings along at a door, checked for its form: keys, wrapped keys, the passphrase's cost."""

from __future__ import annotations

from protocol.encoding import from_base64
from protocol.signin import PassphraseCost
from relay.errors import Refused

_WRAPPED_LIMIT = 2000
_HIGHEST_MEMORY_KIB = 4 * 1024 * 1024
_SALT_BYTES = 16


def checked_cost(cost: PassphraseCost | None, least_memory_kib: int) -> PassphraseCost:
    """Raises Refused `malformed` for one too cheap, or one so dear that nobody could sign in."""
    if (
        cost is None
        or not least_memory_kib <= cost.memory_kib <= _HIGHEST_MEMORY_KIB
        or not 1 <= cost.passes <= 20
        or not 1 <= cost.lanes <= 16
    ):
        raise Refused("malformed", status=400)
    checked_key(cost.salt, _SALT_BYTES)
    return cost


def checked_key(text: str, size: int) -> str:
    """Base64 of so many bytes. Raises Refused `malformed`."""
    try:
        if len(from_base64(text)) == size:
            return text
    except ValueError:
        pass
    raise Refused("malformed", status=400)


def checked_blob(text: str) -> str:
    """Base64 of wrapped keys. Raises Refused `malformed`."""
    try:
        if 0 < len(from_base64(text)) <= _WRAPPED_LIMIT:
            return text
    except ValueError:
        pass
    raise Refused("malformed", status=400)
