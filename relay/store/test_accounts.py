"""Which residents staff members are themselves, for test deliveries; codes that tie them. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from relay.store.tables import line_links, residents


def find_test_accounts(connection: Connection, staff: Sequence[str]) -> dict[str, int]:
    """Staff id → residents.no, for those of them who tied an account that is still a friend."""
    rows = connection.execute(
        select(line_links.c.staff, line_links.c.resident)
        .join(residents, residents.c.no == line_links.c.resident)
        .where(line_links.c.staff.in_(staff), residents.c.state == "friend")
    )
    return dict(rows.all())


def start_link(connection: Connection, *, staff: str, code_hash: str, expires_at: datetime) -> None:
    """Wait for this code in the talk. An account tied earlier stays so until the code was typed."""
    values = {"code_hash": code_hash, "expires_at": expires_at}
    done = connection.execute(update(line_links).where(line_links.c.staff == staff).values(**values))
    if done.rowcount == 0:
        connection.execute(insert(line_links).values(staff=staff, **values))


def is_code_taken(connection: Connection, *, staff: str, code_hash: str) -> bool:
    """Whether somebody else waits for the same code."""
    found = connection.execute(
        select(line_links.c.staff).where(line_links.c.code_hash == code_hash, line_links.c.staff != staff)
    ).first()
    return found is not None


def remove_link(connection: Connection, *, staff: str) -> None:
    connection.execute(delete(line_links).where(line_links.c.staff == staff))
