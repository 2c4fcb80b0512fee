"""Bytes as text: URL-safe base64 without padding, the one form used on the wire."""

from __future__ import annotations

import base64
import binascii


def to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64(text: str) -> bytes:
    """Raises ValueError for anything but the exact form `to_base64` makes."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if to_base64(data) != text:
        raise ValueError("not canonical base64")
    return data
