"""Tiny films and sounds: their boxes and frames are right, what they hold is noise."""

from __future__ import annotations

import os

from protocol.files import CHUNK_BYTES, file_name
from relay.features.files import Files


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def _track(handler: bytes) -> bytes:
    named = bytes(4) + bytes(4) + handler + bytes(12) + b"\0"
    return box(b"trak", box(b"mdia", box(b"hdlr", named)))


def film(
    size: int = 2000, *, brand: bytes = b"isom", tracks: tuple[bytes, ...] = (b"vide", b"soun")
) -> bytes:
    """An MP4 of about `size` bytes; its table of contents comes last, as cameras write it."""
    head = box(b"ftyp", brand, bytes(4), brand)
    return head + box(b"mdat", os.urandom(size)) + box(b"moov", *(_track(each) for each in tracks))


def m4a(size: int = 2000) -> bytes:
    return film(size, brand=b"M4A ", tracks=(b"soun",))


def mp3(*, tagged: bool = False) -> bytes:
    frames = (b"\xff\xfb\x90\x00" + bytes(413)) * 4
    return b"ID3\x04\0\0" + bytes((0, 0, 1, 0)) + bytes(128) + frames if tagged else frames


def keep(files: Files, content: bytes) -> str:
    """Upload straight into the store. Returns its name; raises Refused."""
    name = file_name(content)
    for offset in range(0, len(content), CHUNK_BYTES):
        part = content[offset : offset + CHUNK_BYTES]
        files.take_chunk(name, offset=offset, size=len(content), body=part)
    return name
