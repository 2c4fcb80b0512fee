"""Records: the latest state of everything desktops see, numbered per audience. SQL only, no rules.

Every write takes the next number of each audience from a locked row in the same transaction, so a number
becomes visible only after all before it, and no cursor ever passes a record by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from protocol.sync import Record
from relay.store.cipher import ColumnCipher
from relay.store.counters import next_number
from relay.store.tables import record_audiences, records

TOWN = "town"
"""The audience everybody of the town hall belongs to."""


def staff_audience(staff: str) -> str:
    """The audience of one person alone."""
    return f"staff:{staff}"


@dataclass(frozen=True)
class StoredRecord:
    """One record opened. `body` is its JSON; empty when removed."""

    kind: str
    id: str
    version: int
    removed: bool
    body: dict[str, Any]


def put_record(
    connection: Connection,
    cipher: ColumnCipher,
    *,
    kind: str,
    id: str,
    body: Mapping[str, Any],
    now: datetime,
    audiences: Iterable[str] = (TOWN,),
    removed: bool = False,
) -> int:
    """Write the newest state and return its version.

    `audiences` is everyone who may see it now: one that saw it before and is not named gets a removal. What
    is `removed` is removed for all. The numbers are taken before the version is read, so two writers of one
    record queue here.
    """
    known = _audiences(connection, kind, id)
    named = known if removed and known else set(audiences)
    numbers = {audience: next_number(connection, audience) for audience in sorted(known | named)}
    version = find_version(connection, kind, id) + 1
    sealed = cipher.seal("records.body", f"{kind}/{id}", json.dumps(dict(body)).encode())
    values = {"version": version, "removed": removed, "body_sealed": sealed, "changed_at": now}
    if version == 1:
        connection.execute(insert(records).values(kind=kind, id=id, **values))
    else:
        connection.execute(update(records).where(records.c.kind == kind, records.c.id == id).values(**values))
    for audience, seq in numbers.items():
        _number(connection, audience, kind, id, seq, gone=audience not in named)
    return version


def find_version(connection: Connection, kind: str, id: str) -> int:
    """The version of a record, removed or not; 0 when there never was one."""
    found = connection.execute(
        select(records.c.version).where(records.c.kind == kind, records.c.id == id)
    ).scalar_one_or_none()
    return found or 0


def find_record(connection: Connection, cipher: ColumnCipher, kind: str, id: str) -> StoredRecord | None:
    """The record, or None when there never was one. A removed one comes with `removed` set."""
    row = connection.execute(
        select(records.c.version, records.c.removed, records.c.body_sealed).where(
            records.c.kind == kind, records.c.id == id
        )
    ).one_or_none()
    if row is None:
        return None
    body = _open(cipher, kind, id, row.body_sealed)
    return StoredRecord(kind=kind, id=id, version=row.version, removed=row.removed, body=body)


def list_ids(connection: Connection, audience: str, kind: str) -> list[str]:
    """The ids of an audience's records of a kind that are not removed, the latest changed first."""
    rows = connection.execute(
        select(records.c.id)
        .join(
            record_audiences,
            (records.c.kind == record_audiences.c.kind) & (records.c.id == record_audiences.c.id),
        )
        .where(
            record_audiences.c.audience == audience,
            record_audiences.c.gone.is_(False),
            records.c.kind == kind,
            records.c.removed.is_(False),
        )
        .order_by(record_audiences.c.seq.desc())
    )
    return list(rows.scalars())


def list_bodies(connection: Connection, cipher: ColumnCipher, kind: str) -> list[dict[str, Any]]:
    """The bodies of all records of a kind that are not removed, in no particular order."""
    rows = connection.execute(
        select(records.c.id, records.c.body_sealed).where(
            records.c.kind == kind, records.c.removed.is_(False)
        )
    ).all()
    return [_open(cipher, kind, row.id, row.body_sealed) for row in rows]


def list_bodies_since(
    connection: Connection, cipher: ColumnCipher, kind: str, since: datetime
) -> list[dict[str, Any]]:
    """As `list_bodies`, of records changed at that moment or later."""
    rows = connection.execute(
        select(records.c.id, records.c.body_sealed).where(
            records.c.kind == kind, records.c.removed.is_(False), records.c.changed_at >= since
        )
    ).all()
    return [_open(cipher, kind, row.id, row.body_sealed) for row in rows]


def list_news(
    connection: Connection, cipher: ColumnCipher, *, audience: str, after: int, limit: int
) -> list[Record]:
    """The records of one audience numbered above `after`, oldest first, as they go on the wire."""
    rows = connection.execute(
        select(
            record_audiences.c.seq,
            records.c.kind,
            records.c.id,
            records.c.version,
            (records.c.removed | record_audiences.c.gone).label("removed"),
            records.c.body_sealed,
        )
        .join(records, (records.c.kind == record_audiences.c.kind) & (records.c.id == record_audiences.c.id))
        .where(record_audiences.c.audience == audience, record_audiences.c.seq > after)
        .order_by(record_audiences.c.seq)
        .limit(limit)
    ).all()
    return [
        Record(
            kind=row.kind,
            id=row.id,
            audience=audience,
            seq=row.seq,
            version=row.version,
            removed=row.removed,
            body={} if row.removed else _open(cipher, row.kind, row.id, row.body_sealed),
        )
        for row in rows
    ]


def list_some(
    connection: Connection, cipher: ColumnCipher, *, kind: str, ids: Sequence[str], audiences: Sequence[str]
) -> list[Record]:
    """Those of these records that one of these audiences may see now, as they go on the wire, each once."""
    rows = connection.execute(
        select(
            record_audiences.c.audience,
            record_audiences.c.seq,
            records.c.id,
            records.c.version,
            records.c.body_sealed,
        )
        .join(records, (records.c.kind == record_audiences.c.kind) & (records.c.id == record_audiences.c.id))
        .where(
            record_audiences.c.audience.in_(audiences),
            record_audiences.c.gone.is_(False),
            records.c.kind == kind,
            records.c.id.in_(ids),
            records.c.removed.is_(False),
        )
    ).all()
    seen = {row.id: row for row in rows}
    return [
        Record(
            kind=kind,
            id=row.id,
            audience=row.audience,
            seq=row.seq,
            version=row.version,
            body=_open(cipher, kind, row.id, row.body_sealed),
        )
        for row in seen.values()
    ]


def last_change(connection: Connection, audience: str, kinds: Sequence[str]) -> int:
    """The newest number any record of these kinds has in the stream of an audience; 0 when there is none."""
    found = connection.execute(
        select(func.max(record_audiences.c.seq)).where(
            record_audiences.c.audience == audience, record_audiences.c.kind.in_(kinds)
        )
    ).scalar_one_or_none()
    return found or 0


def count_records(connection: Connection, audience: str, kind: str) -> int:
    """How many records of a kind an audience may see now."""
    return connection.execute(
        select(func.count())
        .select_from(record_audiences)
        .join(records, (records.c.kind == record_audiences.c.kind) & (records.c.id == record_audiences.c.id))
        .where(
            record_audiences.c.audience == audience,
            record_audiences.c.kind == kind,
            record_audiences.c.gone.is_(False),
            records.c.removed.is_(False),
        )
    ).scalar_one()


def count_news(connection: Connection, audience: str, after: int) -> int:
    """How many records of an audience lie above a number."""
    return connection.execute(
        select(func.count())
        .select_from(record_audiences)
        .where(record_audiences.c.audience == audience, record_audiences.c.seq > after)
    ).scalar_one()


def _audiences(connection: Connection, kind: str, id: str) -> set[str]:
    """Those that see the record as it was."""
    return set(
        connection.execute(
            select(record_audiences.c.audience).where(
                record_audiences.c.kind == kind,
                record_audiences.c.id == id,
                record_audiences.c.gone.is_(False),
            )
        ).scalars()
    )


def _number(connection: Connection, audience: str, kind: str, id: str, seq: int, *, gone: bool) -> None:
    # Taken out and put in again: the same on both engines, and the counter row already keeps others away.
    connection.execute(
        delete(record_audiences).where(
            record_audiences.c.audience == audience,
            record_audiences.c.kind == kind,
            record_audiences.c.id == id,
        )
    )
    values = {"audience": audience, "kind": kind, "id": id, "seq": seq, "gone": gone}
    connection.execute(insert(record_audiences).values(**values))


def _open(cipher: ColumnCipher, kind: str, id: str, sealed: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(cipher.open("records.body", f"{kind}/{id}", sealed))
    return body
