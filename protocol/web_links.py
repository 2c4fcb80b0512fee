"""Addresses in messages: which are well formed, how LINE wants them written, where they stand in a text.

Source: LINE Messaging API, "URL encoding" and "URI action" (1,000 characters, percent-encoded). SEG-6, SEG-9.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit, urlunsplit

from protocol.problems import Problem

LINK_LIMIT = 1000  # characters after percent-encoding
_IN_TEXT = re.compile(r"https?://[!-~]+", re.ASCII)
_NOT_AT_END = ".,;:!?'\")]}>"
_HOST = re.compile(r"(?:[0-9a-z](?:[0-9a-z-]*[0-9a-z])?\.)*[0-9a-z](?:[0-9a-z-]*[0-9a-z])?|\[[0-9a-f:.]+\]")
_SAFE = "!#$%&'()*+,/:;=?@[]~-._"


def encoded_link(url: str) -> str | None:
    """The address in ASCII; None when it is not one: http or https, a host, no blanks, no name before `@`."""
    if url != url.strip() or re.search(r"[\s\x00-\x1f\x7f<>\"\\^`|]", url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    host = _ascii_host(parts.hostname)
    if host is None:
        return None
    place = host if port is None else f"{host}:{port}"
    rest = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme.lower(), place, *rest))


def find_link_problems(url: str, at: str) -> list[Problem]:
    """Why nobody could open this address."""
    encoded = encoded_link(url)
    if encoded is None:
        return [Problem(code="link_malformed", at=at)]
    if len(encoded) > LINK_LIMIT:
        return [Problem(code="link_too_long", at=at, limit=LINK_LIMIT, actual=len(encoded))]
    return []


def with_links(text: str, change: Callable[[str], str]) -> str:
    """The text with each address changed. Signs that close a sentence or a bracket are not part of one."""

    def replace(match: re.Match[str]) -> str:
        url = match[0].rstrip(_NOT_AT_END)
        if encoded_link(url) is None:
            return match[0]
        return change(url) + match[0][len(url) :]

    return _IN_TEXT.sub(replace, text)


def _ascii_host(host: str) -> str | None:
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    name = f"[{name}]" if ":" in name else name.lower()
    return name if _HOST.fullmatch(name) else None
