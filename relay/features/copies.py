"""The resident copy as the relay meets it: ciphertext and wraps from the browser, checked for their shape.

The relay never holds the copy's key. Meaning: `protocol/submissions.py`. Requirement: SEC-8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from protocol.encoding import from_base64
from protocol.submissions import COPY_KEY_BYTES
from relay.errors import Refused

BODY_LIMIT = 128 * 1024
"""Bytes of ciphertext: topic, text and reply at their limits, padded."""
_NONCE_BYTES = 12
_TAG_BYTES = 16
_POINT_BYTES = 65
_WRAP_BYTES = _POINT_BYTES + COPY_KEY_BYTES + _TAG_BYTES
_WRAPS_LIMIT = 40
_TEXT_LIMIT = BODY_LIMIT * 2


@dataclass(frozen=True)
class GivenCopy:
    """What the page posted; all base64. `wraps`: department key id → the copy's key sealed to it."""

    nonce: str
    body: str
    wraps: Mapping[str, str]

    def only_for(self, readers: Mapping[str, str]) -> GivenCopy:
        """Without wraps to keys that were replaced while the page was open; the resident still reads it."""
        return GivenCopy(
            self.nonce, self.body, {id: wrap for id, wrap in self.wraps.items() if id in readers}
        )


def read_copy(text: str) -> GivenCopy | None:
    """What the form's hidden field holds; None for an empty one (no script, an old browser).

    Raises Refused `malformed`.
    """
    if not text:
        return None
    if len(text) > _TEXT_LIMIT:
        raise Refused("malformed", status=400)
    try:
        given = json.loads(text)
        copy = GivenCopy(nonce=given["nonce"], body=given["body"], wraps=given["wraps"])
        wraps = [len(from_base64(wrap)) for wrap in copy.wraps.values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refused("malformed", status=400) from None
    if len(wraps) > _WRAPS_LIMIT or any(size != _WRAP_BYTES for size in wraps):
        raise Refused("malformed", status=400)
    check_copy(copy.nonce, copy.body)
    return copy


def check_copy(nonce: str, body: str) -> None:
    """Raises Refused `malformed` for what cannot be AES-256-GCM of a copy."""
    try:
        sizes = len(from_base64(nonce)), len(from_base64(body))
    except (ValueError, TypeError, AttributeError):
        raise Refused("malformed", status=400) from None
    if sizes[0] != _NONCE_BYTES or not _TAG_BYTES < sizes[1] <= BODY_LIMIT:
        raise Refused("malformed", status=400)
