"""The relay's address as people type it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from desktop.errors import AddressMalformed

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")


def clean_address(url: str) -> str:
    """The relay's address as `https://host[:port]`; a bare host gets the scheme. Raises AddressMalformed."""
    text = url.strip()
    if "://" not in text:
        text = "https://" + text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise AddressMalformed from None
    whole = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme != "https" or not whole or not _HOST.fullmatch(parts.hostname or ""):
        raise AddressMalformed
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name
    return f"https://{host}" + (f":{port}" if port else "")
