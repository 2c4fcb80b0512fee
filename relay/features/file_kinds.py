"""What an uploaded file is, by its content and not by its name. Pictures are unpacked once, to see whether
they are whole; of films and sounds only headers are read.

Source: LINE Messaging API: pictures JPEG or PNG, video MP4, audio MP3 or M4A. Requirement: SEG-6.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable

from PIL import Image, UnidentifiedImageError

from protocol.message_limits import AUDIO_BYTES_LIMIT, IMAGE_BYTES_LIMIT, VIDEO_BYTES_LIMIT

PIXELS_LIMIT = 40_000_000
VIDEO = "video/mp4"
M4A = "audio/mp4"
MP3 = "audio/mpeg"
PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png"}
PICTURE_TYPES = frozenset(PICTURES.values())
AUDIO_TYPES = frozenset({M4A, MP3})
VIDEO_TYPES = frozenset({VIDEO})
BYTES_LIMITS = {
    **dict.fromkeys(PICTURE_TYPES, IMAGE_BYTES_LIMIT),
    **dict.fromkeys(VIDEO_TYPES, VIDEO_BYTES_LIMIT),
    **dict.fromkeys(AUDIO_TYPES, AUDIO_BYTES_LIMIT),
}

Read = Callable[[int, int], bytes]
"""So many bytes from this place; fewer at the end of the file."""

_HEAD = 4096
_MOVIE_LIMIT = 16 * 1024 * 1024  # the table of contents of a film of hours is a few megabytes
_BOXES_LIMIT = 1000
_TRACK = re.compile(rb"hdlr.{4}.{4}(vide|soun)", re.DOTALL)

_UNPACKING = threading.Semaphore(2)  # up to 160 MB each

# Pillow's own guard warns or raises depending on the size; ours looks at the header and refuses by name.
Image.MAX_IMAGE_PIXELS = None


def find_kind(read: Read, size: int) -> tuple[str, str]:
    """(reason it is refused for, content type); one of the two is empty."""
    head = read(0, _HEAD)
    if head[4:8] == b"ftyp":
        content_type = _film_type(read, size)
    elif _is_mp3(read, head):
        content_type = MP3
    elif head[:2] == b"\xff\xd8" or head[:8] == b"\x89PNG\r\n\x1a\n":
        if size > IMAGE_BYTES_LIMIT:
            return "file_too_large", ""
        return look_at_picture(read(0, size))
    else:
        content_type = ""
    if not content_type:
        return "file_type_refused", ""
    return ("file_too_large", "") if size > BYTES_LIMITS[content_type] else ("", content_type)


def look_at_picture(content: bytes) -> tuple[str, str]:
    """(reason it is refused for, content type). Unpacks it to the last pixel, once the header has told that
    it is not too large: what was cut off would show only when phones ask for it.
    """
    try:
        with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as picture:
            content_type = PICTURES[picture.format or ""]
            if picture.width * picture.height > PIXELS_LIMIT:
                return "file_too_large", ""
            with _UNPACKING:
                picture.draft("RGB", (1, 1))  # a JPEG is read whole and unpacked at an eighth of its size
                return _unpacked(picture, content_type)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        return "file_type_refused", ""


def count_pixels(content: bytes) -> int:
    """Of a picture that was looked at. Reads the header only."""
    with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as picture:
        return picture.width * picture.height


def _unpacked(picture: Image.Image, content_type: str) -> tuple[str, str]:
    try:
        picture.load()
    except Exception:  # Pillow's readers raise whatever a broken file leads them to
        return "file_damaged", ""
    return "", content_type


def _film_type(read: Read, size: int) -> str:
    """By the tracks of the film, because its brand says nothing sure; QuickTime is no MP4."""
    if read(8, 4) == b"qt  ":
        return ""
    tracks = {found.decode() for found in _TRACK.findall(_movie_box(read, size))}
    if "vide" in tracks:
        return VIDEO
    return M4A if "soun" in tracks else ""


def _movie_box(read: Read, size: int) -> bytes:
    """The box with the tables of contents; empty where there is none, as in a film cut off."""
    at = 0
    for _ in range(_BOXES_LIMIT):
        header = read(at, 16)
        if len(header) < 8:
            return b""
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size:
            return b""
        if header[4:8] == b"moov":
            return read(at, min(length, _MOVIE_LIMIT))
        at += length
    return b""


def _is_mp3(read: Read, head: bytes) -> bool:
    """An MPEG Layer III frame at the start, or behind a tag."""
    if head[:3] != b"ID3":
        return _is_frame(head)
    if len(head) < 10 or any(part & 0x80 for part in head[6:10]):
        return False
    length = sum(part << shift for part, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return _is_frame(read(10 + length, _HEAD).lstrip(b"\0"))


def _is_frame(head: bytes) -> bool:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3
