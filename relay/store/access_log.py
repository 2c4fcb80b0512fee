"""The access log: who called what from where, kept at least 180 days. SQL only. Requirements: SEC-5.

The address is sealed, with a keyed index to search by; the route is the pattern, never the address as sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from protocol.audit import AccessEntry, AccessLogQuery
from relay.store.cipher import ColumnCipher
from relay.store.staff_tables import access_log

_ADDRESS = "access_log.address"


@dataclass(frozen=True)
class Access:
    """One request as it is noted."""

    at: datetime
    address: str
    method: str
    route: str
    status: int
    staff: str = ""


def add_accesses(connection: Connection, cipher: ColumnCipher, accesses: Sequence[Access]) -> None:
    """Write these in one statement."""
    if not accesses:
        return
    indexes = {access.address: cipher.index(_ADDRESS, access.address) for access in accesses}
    connection.execute(
        insert(access_log),
        [
            {
                "at": access.at,
                "address_index": indexes[access.address],
                # Bound to its index, not to the number: that is known only after the row is written.
                "address_sealed": cipher.seal_text(_ADDRESS, indexes[access.address].hex(), access.address),
                "method": access.method,
                "route": access.route,
                "status": access.status,
                "staff": access.staff,
            }
            for access in accesses
        ],
    )


def search_accesses(
    connection: Connection, cipher: ColumnCipher, query: AccessLogQuery, limit: int
) -> list[AccessEntry]:
    """Newest first, at most `limit`."""
    wanted = select(access_log).order_by(access_log.c.no.desc()).limit(limit)
    if query.address:
        wanted = wanted.where(access_log.c.address_index == cipher.index(_ADDRESS, query.address))
    if query.route:
        wanted = wanted.where(access_log.c.route.contains(query.route, autoescape=True))
    if query.status is not None:
        wanted = wanted.where(access_log.c.status == query.status)
    if query.since is not None:
        wanted = wanted.where(access_log.c.at >= query.since)
    if query.until is not None:
        wanted = wanted.where(access_log.c.at < query.until)
    if query.before is not None:
        wanted = wanted.where(access_log.c.no < query.before)
    return [
        AccessEntry(
            no=row.no,
            at=row.at,
            address=cipher.open_text(_ADDRESS, bytes(row.address_index).hex(), row.address_sealed),
            method=row.method,
            route=row.route,
            status=row.status,
            staff=row.staff,
        )
        for row in connection.execute(wanted)
    ]


def forget_accesses(connection: Connection, *, before: datetime) -> int:
    """Drop what was noted before then; returns how many."""
    return connection.execute(delete(access_log).where(access_log.c.at < before)).rowcount
