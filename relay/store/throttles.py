"""Failed tries per door and caller, counted in windows. SQL only; names hold keyed hashes, no addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, text

from relay.store.staff_tables import throttles
from relay.store.types import Instant

# One statement on both engines, so that two callers failing at once do not trip over each other.
_PUT = text(
    "INSERT INTO throttles (name, tries, window_start) VALUES (:name, :tries, :window_start) "
    "ON CONFLICT (name) DO UPDATE SET tries = :tries, window_start = :window_start"
).bindparams(bindparam("window_start", type_=Instant))


@dataclass(frozen=True)
class Tries:
    count: int
    window_start: datetime


def find_tries(connection: Connection, name: str) -> Tries | None:
    row = connection.execute(select(throttles).where(throttles.c.name == name)).one_or_none()
    return None if row is None else Tries(count=row.tries, window_start=row.window_start)


def put_tries(connection: Connection, name: str, tries: Tries) -> None:
    connection.execute(_PUT, {"name": name, "tries": tries.count, "window_start": tries.window_start})


def forget_tries(connection: Connection, name: str) -> None:
    connection.execute(delete(throttles).where(throttles.c.name == name))


def forget_old_tries(connection: Connection, *, before: datetime) -> int:
    """Drop windows that began before then; returns how many."""
    return connection.execute(delete(throttles).where(throttles.c.window_start < before)).rowcount
