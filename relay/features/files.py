"""Files from the desktops: taken in chunks, proved by their hash, pictures only; some are made public.

Requirement: SEG-6 (image).
"""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, UnidentifiedImageError

from protocol.files import CHUNK_BYTES, FILE_BYTES_LIMIT, FileState, is_file_name
from relay.errors import Refused
from relay.store.cipher import ColumnCipher
from relay.store.counters import next_number
from relay.store.database import Connection, Database
from relay.store.files import (
    StoredFile,
    add_chunk,
    add_file,
    add_media,
    complete_file,
    delete_file,
    find_file,
    find_media,
    find_media_token,
    read_content,
)

PIXELS_LIMIT = 50_000_000
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}
SEALED_TYPE = "application/octet-stream"
_TOKEN_BYTES = 32
_KEPT_BYTES = 32 * 1000 * 1000

# Pillow's own guard warns or raises depending on the size; ours looks at the header and refuses by name.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class PublicFile:
    content: bytes
    content_type: str


class Files:
    """Takes files in and gives them out."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._kept: OrderedDict[str, PublicFile] = OrderedDict()
        self._lock = threading.Lock()

    def state(self, sha256: str) -> FileState:
        _check_name(sha256)
        with self._database.read() as connection:
            return _state(sha256, find_file(connection, sha256))

    def take_chunk(self, sha256: str, *, offset: int, size: int, body: bytes) -> FileState:
        """Append a chunk; one that was taken before, or comes too early, changes nothing.

        The answer says how far the file is, so the desktop goes on from there. Raises Refused.
        """
        _check_name(sha256)
        if not 0 < size <= FILE_BYTES_LIMIT:
            raise Refused("file_too_large", status=413)
        if len(body) > CHUNK_BYTES or offset < 0 or offset + len(body) > size or not body:
            raise Refused("malformed", status=400)
        trouble = ""
        with self._database.write() as connection:
            next_number(
                connection, "files"
            )  # one upload at a time, so that two copies of a chunk cannot meet
            known = find_file(connection, sha256, lock=True)
            if known is None:
                add_file(connection, sha256, size, self._clock())
                known = StoredFile(sha256=sha256, size=size, received=0, content_type="", complete=False)
            if known.size != size:
                raise Refused("malformed", status=400)
            if known.complete or known.received != offset:
                return _state(sha256, known)
            add_chunk(connection, self._database.cipher, sha256, offset, body)
            if offset + len(body) == size:
                trouble = self._finish(connection, sha256)
        if trouble:
            raise Refused(trouble)
        return self.state(sha256)

    def read(self, sha256: str) -> PublicFile:
        """The whole file. Raises Refused `not_found`."""
        _check_name(sha256)
        with self._database.read() as connection:
            return self._read(connection, find_file(connection, sha256))

    def check_picture(self, connection: Connection, sha256: str, bytes_limit: int) -> None:
        """Raises Refused unless the relay holds this picture and it is small enough."""
        known = find_file(connection, sha256) if is_file_name(sha256) else None
        if known is None or not known.complete:
            raise Refused("file_unknown")
        if known.content_type not in _TYPES.values():
            raise Refused("file_type_refused")  # a resident's sealed file must never get a public address
        if known.size > bytes_limit:
            raise Refused("file_too_large")

    def publish(self, connection: Connection, sha256: str) -> str:
        """The public address of a file, always the same one; nobody can guess it."""
        token = find_media_token(connection, sha256)
        if token is None:
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            add_media(connection, token, sha256, self._clock())
        return f"{self._public_url}/media/{token}"

    def read_public(self, token: str) -> PublicFile | None:
        """What lies under a public address; None where nothing does. Recent ones are kept in memory."""
        with self._lock:
            kept = self._kept.get(token)
            if kept is not None:
                self._kept.move_to_end(token)
                return kept
        with self._database.read() as connection:
            known = find_media(connection, token)
            if known is None:
                return None
            found = self._read(connection, known)
        with self._lock:
            self._kept[token] = found
            while sum(len(file.content) for file in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return found

    def _read(self, connection: Connection, known: StoredFile | None) -> PublicFile:
        if known is None or not known.complete:
            raise Refused("not_found", status=404)
        content = read_content(connection, self._database.cipher, known.sha256)
        return PublicFile(content=content, content_type=known.content_type)

    def _finish(self, connection: Connection, sha256: str) -> str:
        """Check the whole; a bad one is deleted. Returns the reason it was refused for, or nothing."""
        content = read_content(connection, self._database.cipher, sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            trouble, content_type = "file_damaged", ""
        else:
            trouble, content_type = look_at_picture(content)
        if trouble:
            delete_file(connection, sha256)
        else:
            complete_file(connection, sha256, content_type)
        return trouble


def keep_sealed(
    connection: Connection, cipher: ColumnCipher, sha256: str, sealed: bytes, now: datetime
) -> None:
    """Keep a file that was sealed here (`protocol.sealed_files`), beside those of the desktops."""
    add_file(connection, sha256, len(sealed), now)
    for offset in range(0, len(sealed), CHUNK_BYTES):
        add_chunk(connection, cipher, sha256, offset, sealed[offset : offset + CHUNK_BYTES])
    complete_file(connection, sha256, SEALED_TYPE)


def look_at_picture(content: bytes) -> tuple[str, str]:
    """(reason it is refused for, content type). Reads the header only: no pixel is decoded."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_TYPES)) as picture:
            width, height = picture.size
            content_type = _TYPES[picture.format or ""]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        return "file_type_refused", ""
    if width * height > PIXELS_LIMIT:
        return "file_too_large", ""
    return "", content_type


def _state(sha256: str, known: StoredFile | None) -> FileState:
    if known is None:
        return FileState(sha256=sha256)
    return FileState(sha256=sha256, received=known.received, size=known.size, complete=known.complete)


def _check_name(sha256: str) -> None:
    if not is_file_name(sha256):
        raise Refused("malformed", status=400)
