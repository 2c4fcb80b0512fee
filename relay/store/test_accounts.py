"""Which residents staff members are themselves, for test deliveries. SQL only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from relay.store.tables import line_links, residents


def find_test_accounts(connection: Connection, staff: Sequence[str]) -> dict[str, int]:
    """Staff id → residents.no, for those of them who tied an account that is still a friend."""
    rows = connection.execute(
        select(line_links.c.staff, line_links.c.resident)
        .join(residents, residents.c.no == line_links.c.resident)
        .where(line_links.c.staff.in_(staff), residents.c.state == "friend")
    )
    return dict(rows.all())
