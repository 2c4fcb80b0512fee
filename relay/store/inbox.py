"""The inbox of webhook events: rows in, claimed in order, emptied when done. Bodies stay sealed here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, or_, select, text, update
from sqlalchemy.exc import OperationalError

from relay.errors import StoreUnavailable
from relay.store.tables import inbox

LEASE = timedelta(seconds=60)
_EPOCH_MICROSECONDS = 1_000_000
# SQLite plans one statement per number of rows; powers of two keep that to seven statements.
_CHUNK = 64
_COLUMNS = "event_id, received_at, event_at, subject, transit_day, state, attempts, reason, body_sealed"
_ROW = "(?, ?, ?, ?, ?, 'waiting', 0, '', ?)"
INSERT_POSTGRESQL = (
    f"INSERT INTO inbox ({_COLUMNS}) "  # noqa: S608 - constants only
    "SELECT e, r, a, s, d, 'waiting', 0, '', b FROM unnest("
    "%b::text[], %b::bigint[], %b::bigint[], %b::bytea[], %b::text[], %b::bytea[]) AS t (e, r, a, s, d, b) "
    "ON CONFLICT (event_id) DO NOTHING"
)
"""Takes the columns of a batch as six arrays (`as_arrays`), so that a batch of any size is one statement."""
_CLAIM_LOCK = 0x6D61646F


class NewEvent(NamedTuple):
    """One event as it is stored, in the order of the columns. Times are microseconds since 1970 (UTC)."""

    event_id: str
    received_at: int
    event_at: int
    subject: bytes
    transit_day: str
    body_sealed: bytes


@dataclass(frozen=True)
class ClaimedEvent:
    """A row that is ours until its lease ends. `attempts` counts earlier failures."""

    no: int
    event_id: str
    received_at: datetime
    event_at: datetime
    subject: bytes
    transit_day: str
    attempts: int
    body_sealed: bytes


def microseconds(now: datetime) -> int:
    return int(now.timestamp() * _EPOCH_MICROSECONDS)


def add_events(connection: Connection, events: Sequence[NewEvent]) -> None:
    """Store a batch; an event id that is already there is left alone. One statement on PostgreSQL."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(INSERT_POSTGRESQL, as_arrays(events))
        return
    start = 0
    while start < len(events):
        size = _CHUNK
        while size > len(events) - start:
            size //= 2
        values = tuple(chain.from_iterable(events[start : start + size]))
        connection.exec_driver_sql(_INSERT_SQLITE[size], values)
        start += size


def as_arrays(events: Sequence[NewEvent]) -> tuple[list[Any], ...]:
    """The batch by column, in the order of `INSERT_POSTGRESQL`."""
    return tuple(list(column) for column in zip(*events, strict=True))


_INSERT_SQLITE = {
    size: f"INSERT INTO inbox ({_COLUMNS}) VALUES {', '.join([_ROW] * size)} "  # noqa: S608 - constants only
    "ON CONFLICT (event_id) DO NOTHING"
    for size in (1, 2, 4, 8, 16, 32, _CHUNK)
}


def claim_events(connection: Connection, now: datetime, *, limit: int) -> list[ClaimedEvent]:
    """Take waiting rows for `LEASE`, oldest first; a person whose row another worker holds waits.

    Claims are made one after the other (an advisory lock on PostgreSQL, the one writer on SQLite), so that
    two workers never serve the same person at once.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIM_LOCK})"))
    held = select(inbox.c.subject).where(inbox.c.state == "waiting", inbox.c.lease_until >= now)
    found = connection.execute(
        select(inbox)
        .where(
            inbox.c.state == "waiting",
            or_(inbox.c.lease_until.is_(None), inbox.c.lease_until < now),
            or_(inbox.c.subject == b"", inbox.c.subject.not_in(held)),
        )
        .order_by(inbox.c.no)
        .limit(limit)
    ).all()
    if found:
        connection.execute(
            update(inbox).where(inbox.c.no.in_([row.no for row in found])).values(lease_until=now + LEASE)
        )
    return [
        ClaimedEvent(
            no=row.no,
            event_id=row.event_id,
            received_at=row.received_at,
            event_at=row.event_at,
            subject=row.subject,
            transit_day=row.transit_day,
            attempts=row.attempts,
            body_sealed=row.body_sealed,
        )
        for row in found
    ]


def is_still_claimed(connection: Connection, no: int, lease_until: datetime) -> bool:
    """Whether the claim made until then still holds; the row is locked, so that it stays so."""
    found = connection.execute(
        select(inbox.c.state, inbox.c.lease_until).where(inbox.c.no == no).with_for_update()
    ).one_or_none()
    return found is not None and found.state == "waiting" and found.lease_until == lease_until


@contextmanager
def apart(connection: Connection) -> Iterator[None]:
    """A part of the transaction that can fail alone. Raises StoreUnavailable when the store itself fails."""
    try:
        with connection.begin_nested():
            yield
    except OperationalError:
        raise StoreUnavailable("busy") from None


def finish_event(connection: Connection, no: int) -> None:
    """Done: the body is emptied, the id stays so that a redelivery is recognised."""
    connection.execute(
        update(inbox).where(inbox.c.no == no).values(state="done", body_sealed=None, lease_until=None)
    )


def retry_event(connection: Connection, no: int, retry_at: datetime) -> None:
    """Count a failure and let the row wait until then."""
    connection.execute(
        update(inbox).where(inbox.c.no == no).values(attempts=inbox.c.attempts + 1, lease_until=retry_at)
    )


def set_event_aside(connection: Connection, no: int, reason: str) -> None:
    """Give up on a row and say why; its body goes with its transit key."""
    connection.execute(
        update(inbox)
        .where(inbox.c.no == no)
        .values(
            state="set_aside",
            reason=reason,
            attempts=inbox.c.attempts + 1,
            body_sealed=None,
            lease_until=None,
        )
    )


def release_claims(connection: Connection) -> None:
    """Forget all leases: after a restart of the one process that can hold them (embedded store only)."""
    connection.execute(
        update(inbox)
        .where(inbox.c.state == "waiting", inbox.c.lease_until.is_not(None))
        .values(lease_until=None)
    )


def count_waiting(connection: Connection) -> int:
    return int(
        connection.execute(
            select(func.count()).select_from(inbox).where(inbox.c.state == "waiting")
        ).scalar_one()
    )


def has_waiting_of_day(connection: Connection, transit_day: str) -> bool:
    """Whether a row of that transit day is still to be done."""
    found = connection.execute(
        select(inbox.c.no).where(inbox.c.state == "waiting", inbox.c.transit_day == transit_day).limit(1)
    )
    return found.first() is not None


def forget_events(connection: Connection, before: datetime) -> int:
    """Delete finished rows received before then; returns how many."""
    done = delete(inbox).where(inbox.c.state != "waiting", inbox.c.received_at < before)
    return int(connection.execute(done).rowcount)


def hashed_event_id(event: object) -> str:
    """An id for an event that brought none: a redelivered copy gets the same one."""
    if isinstance(event, dict):
        event = {name: value for name, value in event.items() if name != "deliveryContext"}
    body = json.dumps(event, sort_keys=True, separators=(",", ":")).encode("ascii")
    return "sha256-" + hashlib.sha256(body).hexdigest()[:57]
