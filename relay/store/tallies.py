"""How often something was kept, ignored or refused, per day in Japan; never by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, text

from relay.store.tables import tallies

_JAPAN = ZoneInfo("Asia/Tokyo")
_NAME_LIMIT = 80
_ADD = text(
    "INSERT INTO tallies (day, name, count) VALUES (:day, :name, :count) "
    "ON CONFLICT (day, name) DO UPDATE SET count = tallies.count + :count"
)


def add_tallies(connection: Connection, now: datetime, counts: Mapping[str, int]) -> None:
    """Add to today's numbers. Names are codes such as `event.unknown.beacon`."""
    day = now.astimezone(_JAPAN).date().isoformat()
    # In the order of the names, so that two workers never wait for each other's rows.
    rows = [
        {"day": day, "name": name[:_NAME_LIMIT], "count": count}
        for name, count in sorted(counts.items())
        if count
    ]
    if rows:
        connection.execute(_ADD, rows)


def read_tallies(connection: Connection, day: str) -> dict[str, int]:
    """The numbers of one day (`2026-11-20`)."""
    found = connection.execute(select(tallies.c.name, tallies.c.count).where(tallies.c.day == day))
    return {name: count for name, count in found}
