"""Uploaded files in sealed chunks, and the addresses under which some of them are public. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from relay.store.cipher import ColumnCipher
from relay.store.tables import file_chunks, files, media

Purpose = Literal["file", "imagemap"]
"""What a public address was given out for: the file as it is, or a picture in LINE's five widths."""


@dataclass(frozen=True)
class StoredFile:
    """`received` of `size` bytes; `content_type` is known once it is complete."""

    sha256: str
    size: int
    received: int
    content_type: str
    complete: bool


def find_file(connection: Connection, sha256: str, *, lock: bool = False) -> StoredFile | None:
    query = select(files).where(files.c.sha256 == sha256)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    return StoredFile(
        sha256=row.sha256,
        size=row.size,
        received=row.received,
        content_type=row.content_type,
        complete=row.complete,
    )


def add_file(connection: Connection, sha256: str, size: int, now: datetime) -> None:
    connection.execute(insert(files).values(sha256=sha256, size=size, received=0, added_at=now))


def add_chunk(connection: Connection, cipher: ColumnCipher, sha256: str, offset: int, body: bytes) -> None:
    """Append one chunk at `offset`, which must be what was received so far."""
    connection.execute(
        insert(file_chunks).values(
            sha256=sha256,
            offset=offset,
            body_sealed=cipher.seal("file_chunks.body", f"{sha256}/{offset}", body),
        )
    )
    connection.execute(update(files).where(files.c.sha256 == sha256).values(received=offset + len(body)))


def read_content(connection: Connection, cipher: ColumnCipher, sha256: str) -> bytes:
    """Everything received so far, in order; for small files."""
    rows = connection.execute(
        select(file_chunks.c.offset, file_chunks.c.body_sealed)
        .where(file_chunks.c.sha256 == sha256)
        .order_by(file_chunks.c.offset)
    ).all()
    return b"".join(
        cipher.open("file_chunks.body", f"{sha256}/{row.offset}", row.body_sealed) for row in rows
    )


def read_piece(connection: Connection, cipher: ColumnCipher, sha256: str, at: int) -> bytes:
    """The bytes from `at` to the end of the chunk that holds them; empty beyond the end."""
    row = connection.execute(
        select(file_chunks.c.offset, file_chunks.c.body_sealed)
        .where(file_chunks.c.sha256 == sha256, file_chunks.c.offset <= at)
        .order_by(file_chunks.c.offset.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return b""
    body: bytes = cipher.open("file_chunks.body", f"{sha256}/{row.offset}", row.body_sealed)
    return body[at - row.offset :]


def complete_file(connection: Connection, sha256: str, content_type: str) -> None:
    connection.execute(
        update(files).where(files.c.sha256 == sha256).values(complete=True, content_type=content_type)
    )


def delete_file(connection: Connection, sha256: str) -> None:
    connection.execute(delete(file_chunks).where(file_chunks.c.sha256 == sha256))
    connection.execute(delete(files).where(files.c.sha256 == sha256))


def forget_half_files(connection: Connection, before: datetime) -> int:
    """Delete what began to arrive before then and never came whole; returns how many files."""
    half = select(files.c.sha256).where(files.c.complete.is_(False), files.c.added_at < before)
    names = list(connection.execute(half).scalars())
    for sha256 in names:
        delete_file(connection, sha256)
    return len(names)


def find_media_token(connection: Connection, sha256: str, purpose: Purpose) -> str | None:
    known = select(media.c.token).where(media.c.sha256 == sha256, media.c.purpose == purpose)
    return connection.execute(known).scalar_one_or_none()


def add_media(connection: Connection, token: str, sha256: str, purpose: Purpose, now: datetime) -> None:
    connection.execute(insert(media).values(token=token, sha256=sha256, purpose=purpose, published_at=now))


def find_media(connection: Connection, token: str, purpose: Purpose) -> StoredFile | None:
    """The file behind a public address that was given out for this purpose."""
    known = select(media.c.sha256).where(media.c.token == token, media.c.purpose == purpose)
    sha256 = connection.execute(known).scalar_one_or_none()
    return None if sha256 is None else find_file(connection, sha256)
