"""Files from the desktops: taken in chunks, proved by their hash and their content; some are made public.

Pictures, films and sounds LINE takes (`file_kinds.py`), never held in memory as a whole when they are large.
Requirement: SEG-6.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from protocol.files import CHUNK_BYTES, FILE_BYTES_LIMIT, FileState, is_file_name
from relay.errors import Refused
from relay.features.file_kinds import BYTES_LIMITS, PICTURE_TYPES, count_pixels, find_kind
from relay.store.cipher import ColumnCipher
from relay.store.counters import next_number
from relay.store.database import Connection, Database
from relay.store.files import (
    Purpose,
    StoredFile,
    add_chunk,
    add_file,
    add_media,
    complete_file,
    delete_file,
    find_file,
    find_media,
    find_media_token,
    read_piece,
)

SEALED_TYPE = "application/octet-stream"
_TOKEN_BYTES = 32
_KEPT_BYTES = 32 * 1000 * 1000
_KEPT_UP_TO = 4 * 1000 * 1000  # a film would push every picture out


@dataclass(frozen=True)
class PublicFile:
    content: bytes
    content_type: str


@dataclass(frozen=True)
class PublicMedia:
    """A whole file that may be given out, piece by piece."""

    sha256: str
    size: int
    content_type: str


class Files:
    """Takes files in and gives them out."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def state(self, sha256: str) -> FileState:
        """How far the file is. One that came whole just before the relay ended is looked at now."""
        _check_name(sha256)
        with self._database.read() as connection:
            known = find_file(connection, sha256)
        if known is not None and not known.complete and known.received == known.size:
            self._settle(known)
            with self._database.read() as connection:
                known = find_file(connection, sha256)
        return _state(sha256, known)

    def take_chunk(self, sha256: str, *, offset: int, size: int, body: bytes) -> FileState:
        """Append a chunk; one that was taken before, or comes too early, changes nothing.

        The answer says how far the file is, so the desktop goes on from there. Raises Refused.
        """
        _check_name(sha256)
        if not 0 < size <= FILE_BYTES_LIMIT:
            raise Refused("file_too_large", status=413)
        if len(body) > CHUNK_BYTES or offset < 0 or offset + len(body) > size or not body:
            raise Refused("malformed", status=400)
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
            if not known.complete and known.received == offset:
                add_chunk(connection, self._database.cipher, sha256, offset, body)
                known = replace(known, received=offset + len(body))
        if not known.complete and known.received == size:
            trouble = self._settle(known)
            if trouble:
                raise Refused(trouble)
        return self.state(sha256)

    def find(self, sha256: str) -> PublicMedia:
        """A whole file, for staff. Raises Refused `not_found`."""
        _check_name(sha256)
        with self._database.read() as connection:
            known = find_file(connection, sha256)
        if known is None or not known.complete:
            raise Refused("not_found", status=404)
        return _media(known)

    def read(self, sha256: str) -> PublicFile:
        """A small file at once. Raises Refused `not_found`."""
        media = self.find(sha256)
        return PublicFile(content=self.content(media), content_type=media.content_type)

    def check_picture(self, connection: Connection, sha256: str, bytes_limit: int) -> None:
        """Raises Refused unless the relay holds this picture and it is small enough."""
        self.check_file(connection, sha256, PICTURE_TYPES, bytes_limit)

    def check_pixels(self, connection: Connection, sha256: str, pixels_limit: int) -> None:
        """Raises Refused where this picture, known to be one, unpacks to more than so many pixels."""
        known = find_file(connection, sha256)
        content = b""
        while known is not None and len(content) < known.size:
            piece = read_piece(connection, self._database.cipher, sha256, len(content))
            if not piece:
                raise Refused("file_damaged")
            content += piece
        if count_pixels(content) > pixels_limit:
            raise Refused("file_too_large")

    def check_file(
        self, connection: Connection, sha256: str, content_types: Collection[str], bytes_limit: int
    ) -> None:
        """Raises Refused unless the relay holds this file, of one of these types, and it is small enough."""
        known = find_file(connection, sha256) if is_file_name(sha256) else None
        if known is None or not known.complete:
            raise Refused("file_unknown")
        if known.content_type not in content_types:
            raise Refused("file_type_refused")  # a resident's sealed file must never get a public address
        if known.size > bytes_limit:
            raise Refused("file_too_large")

    def publish(self, connection: Connection, sha256: str) -> str:
        """The public address of a file, always the same one; nobody can guess it. Raises Refused."""
        return f"{self._public_url}/media/{self._token(connection, sha256, 'file')}"

    def publish_imagemap(self, connection: Connection, sha256: str) -> str:
        """The address below which LINE finds a picture in its five widths; the file itself is not under it.
        Raises Refused.
        """
        return f"{self._public_url}/imagemap/{self._token(connection, sha256, 'imagemap')}"

    def _token(self, connection: Connection, sha256: str, purpose: Purpose) -> str:
        token = find_media_token(connection, sha256, purpose)
        if token is None:
            known = find_file(connection, sha256)
            if known is None or not known.complete or known.content_type not in BYTES_LIMITS:
                raise Refused("file_unknown")
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            add_media(connection, token, sha256, purpose, self._clock())
        return token

    def find_public(self, token: str, purpose: Purpose = "file") -> PublicMedia | None:
        """What lies under a public address given out for this; None where nothing does."""
        with self._database.read() as connection:
            known = find_media(connection, token, purpose)
        return None if known is None or not known.complete else _media(known)

    def content(self, media: PublicMedia) -> bytes:
        """All of it at once; for pictures."""
        parts = []
        at = 0
        while at < media.size:
            parts.append(self.piece(media, at))
            at += len(parts[-1])
        return b"".join(parts)

    async def pieces(self, media: PublicMedia, first: int, last: int) -> AsyncIterator[bytes]:
        """The bytes from `first` to `last`, both included, one stored chunk at a time."""
        at = first
        while at <= last:
            piece = await asyncio.to_thread(self.piece, media, at)
            yield piece[: last + 1 - at]
            at += len(piece)

    def piece(self, media: PublicMedia, at: int) -> bytes:
        """The bytes from here to the end of the stored chunk. Those of pictures are kept in memory."""
        key = (media.sha256, at)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        with self._database.read() as connection:
            piece = read_piece(connection, self._database.cipher, media.sha256, at)
        if not piece:
            raise RuntimeError("a file is shorter than its size")
        if media.size <= _KEPT_UP_TO:
            with self._lock:
                self._kept[key] = piece
                while sum(map(len, self._kept.values())) > _KEPT_BYTES:
                    self._kept.popitem(last=False)
        return piece

    def _settle(self, known: StoredFile) -> str:
        """Look at a file that came whole: keep it, or delete it. Returns the reason it was refused for.

        Reading hundreds of megabytes takes seconds, so it happens outside every transaction that writes; when
        the relay ends meanwhile, `state` does it again.
        """
        trouble, content_type = self._look_at(known)
        with self._database.write() as connection:
            if trouble:
                delete_file(connection, known.sha256)
            else:
                complete_file(connection, known.sha256, content_type)
        return trouble

    def _look_at(self, known: StoredFile) -> tuple[str, str]:
        media = _media(known)
        whole = hashlib.sha256()
        at = 0
        while at < media.size:
            with self._database.read() as connection:
                piece = read_piece(connection, self._database.cipher, media.sha256, at)
            if not piece:  # another request found it bad and deleted it
                return "file_damaged", ""
            whole.update(piece)
            at += len(piece)
        if whole.hexdigest() != media.sha256:
            return "file_damaged", ""
        return find_kind(lambda start, length: self._bytes(media, start, length), media.size)

    def _bytes(self, media: PublicMedia, start: int, length: int) -> bytes:
        parts = b""
        with self._database.read() as connection:
            while len(parts) < length and start + len(parts) < media.size:
                piece = read_piece(connection, self._database.cipher, media.sha256, start + len(parts))
                if not piece:
                    break
                parts += piece
        return parts[:length]


def keep_sealed(
    connection: Connection, cipher: ColumnCipher, sha256: str, sealed: bytes, now: datetime
) -> None:
    """Keep a file that was sealed here (`protocol.sealed_files`), beside those of the desktops."""
    add_file(connection, sha256, len(sealed), now)
    for offset in range(0, len(sealed), CHUNK_BYTES):
        add_chunk(connection, cipher, sha256, offset, sealed[offset : offset + CHUNK_BYTES])
    complete_file(connection, sha256, SEALED_TYPE)


def _media(known: StoredFile) -> PublicMedia:
    return PublicMedia(sha256=known.sha256, size=known.size, content_type=known.content_type)


def _state(sha256: str, known: StoredFile | None) -> FileState:
    if known is None:
        return FileState(sha256=sha256)
    return FileState(sha256=sha256, received=known.received, size=known.size, complete=known.complete)


def _check_name(sha256: str) -> None:
    if not is_file_name(sha256):
        raise Refused("malformed", status=400)
