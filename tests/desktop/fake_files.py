"""What the fake relay does with files: taken in pieces, told how far they are, given back."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from protocol.files import FileState
from tests.desktop.fake_server import Refused

if TYPE_CHECKING:
    from tests.desktop.fake_relay import FakeRelay


def answer(relay: FakeRelay, method: str, target: str, body: bytes) -> FileState | bytes:
    """A request under /staff/files/."""
    parts = urlsplit(target)
    name = parts.path.removeprefix("/staff/files/").removesuffix("/state")
    held = relay.files.get(name, bytearray())
    if method == "PUT":
        query = parse_qs(parts.query)
        offset, size = int(query["offset"][0]), int(query["size"][0])
        if offset == len(held):
            held += body
            relay.files[name] = held
        return FileState(sha256=name, received=len(held), size=size, complete=len(held) == size)
    if parts.path.endswith("/state"):
        complete = sha256(held).hexdigest() == name
        return FileState(sha256=name, received=len(held), complete=complete)
    if name not in relay.files:
        raise Refused(404, "not_found")
    return bytes(held)
