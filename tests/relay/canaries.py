"""Looks for known words in files, in every form a program is likely to have left them there."""

from __future__ import annotations

import base64
import json
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ZLIB_STARTS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08")
_UNPACKED_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Found:
    """`name` of the canary, the file it sings in, and in which form."""

    name: str
    file: Path
    form: str


def forms_of(canary: str | bytes) -> dict[str, bytes]:
    """The bytes a canary may have become."""
    raw = canary.encode() if isinstance(canary, str) else canary
    forms = {"raw": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    for skip in range(3):
        # Only the signs that do not depend on what stands before and after.
        text = base64.b64encode(b"\0" * skip + raw)
        inner = text[-(-skip * 8 // 6) : (skip + len(raw)) * 8 // 6]
        forms[f"base64+{skip}"] = inner
        forms[f"base64url+{skip}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    if isinstance(canary, str):
        forms["utf-16le"], forms["utf-16be"] = canary.encode("utf-16-le"), canary.encode("utf-16-be")
        forms["json"] = json.dumps(canary)[1:-1].encode()
        forms["url"] = urllib.parse.quote(canary).encode()
        forms["cp932"] = canary.encode("cp932", "replace")
    return forms


class Cage:
    """The canaries of one run."""

    def __init__(self, canaries: dict[str, str | bytes]) -> None:
        self._needles = [
            (name, form, needle)
            for name, canary in canaries.items()
            for form, needle in forms_of(canary).items()
        ]

    def listen(self, files: Iterable[Path]) -> list[Found]:
        """Everything that sings in these files, also inside what is compressed in them."""
        found: list[Found] = []
        for file in files:
            try:
                content = file.read_bytes()
            except FileNotFoundError:  # a database tidies up while we look
                continue
            found += self._hear(file, content, "")
            for packed in _unpacked(content):
                found += self._hear(file, packed, "packed ")
        return found

    def _hear(self, file: Path, content: bytes, prefix: str) -> Iterator[Found]:
        for name, form, needle in self._needles:
            if needle in content:
                yield Found(name, file, prefix + form)


def files_below(*folders: Path) -> list[Path]:
    return [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What every zlib or gzip stream in the content holds, as far as it can be read."""
    view = memoryview(content)  # a slice of it copies nothing: there are megabytes behind most places
    for start_bytes in _ZLIB_STARTS:
        start = content.find(start_bytes)
        while start >= 0:
            try:
                opened = zlib.decompressobj(wbits=47).decompress(
                    view[start : start + _UNPACKED_LIMIT], _UNPACKED_LIMIT
                )
            except zlib.error:
                opened = b""
            if opened:
                yield opened
            start = content.find(start_bytes, start + 1)
