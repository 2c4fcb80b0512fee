"""Compacted records as desktops closed them: kept unread, found by audience, dropped when
a record in them changes. SQL only.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, and_, delete, exists, func, insert, select

from protocol.chunks import ChunkHeader
from protocol.wire import canonical_bytes
from relay.store.sealed_tables import chunks
from relay.store.tables import record_audiences


def add_chunk(connection: Connection, header: ChunkHeader, body: bytes) -> None:
    """Raises IntegrityError when the id is taken."""
    connection.execute(
        insert(chunks).values(
            id=header.id,
            audience=header.audience,
            first_seq=header.first_seq,
            last_seq=header.last_seq,
            header=canonical_bytes(header.as_json()).decode(),
            body=body,
            made_at=header.made_at,
        )
    )


def find_chunk_header(connection: Connection, id: str) -> ChunkHeader | None:
    text = connection.execute(select(chunks.c.header).where(chunks.c.id == id)).scalar_one_or_none()
    return None if text is None else ChunkHeader.parse(json.loads(text))


def read_chunk(connection: Connection, id: str) -> bytes | None:
    return connection.execute(select(chunks.c.body).where(chunks.c.id == id)).scalar_one_or_none()


def list_chunk_headers(connection: Connection, audience: str) -> list[ChunkHeader]:
    """The newest first."""
    rows = connection.execute(
        select(chunks.c.header).where(chunks.c.audience == audience).order_by(chunks.c.last_seq.desc())
    )
    return [ChunkHeader.parse(json.loads(text)) for text in rows.scalars()]


def drop_chunks_within(connection: Connection, audience: str, *, first_seq: int, last_seq: int) -> int:
    """Drop those of which every number lies in the range; returns how many."""
    within = (chunks.c.first_seq >= first_seq) & (chunks.c.last_seq <= last_seq)
    return connection.execute(delete(chunks).where(chunks.c.audience == audience, within)).rowcount


def list_chunks_across(
    connection: Connection, audience: str, *, first_seq: int, last_seq: int
) -> list[ChunkHeader]:
    """Those that hold a part of these numbers."""
    across = (chunks.c.first_seq <= last_seq) & (chunks.c.last_seq >= first_seq)
    rows = connection.execute(select(chunks.c.header).where(chunks.c.audience == audience, across))
    return [ChunkHeader.parse(json.loads(text)) for text in rows.scalars()]


def drop_chunk(connection: Connection, id: str) -> None:
    connection.execute(delete(chunks).where(chunks.c.id == id))


def count_between(connection: Connection, audience: str, *, first_seq: int, last_seq: int) -> int:
    """How many records the audience may see now under these numbers."""
    query = select(func.count()).where(
        record_audiences.c.audience == audience,
        record_audiences.c.seq >= first_seq,
        record_audiences.c.seq <= last_seq,
        record_audiences.c.gone.is_(False),
    )
    return connection.execute(query).scalar_one()


def drop_chunks_with(connection: Connection, kind: str, id: str) -> int:
    """Drop those that hold the record as it is now; call it before the record is written anew."""
    holds = and_(
        record_audiences.c.kind == kind,
        record_audiences.c.id == id,
        record_audiences.c.audience == chunks.c.audience,
        record_audiences.c.seq >= chunks.c.first_seq,
        record_audiences.c.seq <= chunks.c.last_seq,
    )
    return connection.execute(delete(chunks).where(exists().where(holds))).rowcount
