"""Numbers of a stream: each is given once, and none shows before all smaller ones are on disk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

# One statement on both engines. On PostgreSQL the row stays locked until the transaction ends, so whoever
# comes second waits, and a reader never sees number 8 while 7 may still roll back. SQLite has one writer.
_TAKE = text(
    "INSERT INTO counters (name, value) VALUES (:name, :many) "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + :many RETURNING value"
)


def next_number(connection: Connection, name: str) -> int:
    """The next number of this stream, from 1. Taken back when the transaction is rolled back."""
    return next_numbers(connection, name, 1)


def next_numbers(connection: Connection, name: str, many: int) -> int:
    """Take `many` numbers in a row; returns the last of them."""
    return int(connection.execute(_TAKE, {"name": name, "many": many}).scalar_one())


def current_number(connection: Connection, name: str) -> int:
    """The last number given, 0 where none was."""
    return current_numbers(connection, [name])[name]


def current_numbers(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """The last number given in each of these streams, 0 where none was, in one look.

    Every count of a segment asks this first, so the statement goes to the driver as it is.
    """
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    query = f"SELECT name, value FROM counters WHERE name IN ({', '.join([mark] * len(names))})"  # noqa: S608
    found = connection.exec_driver_sql(query, tuple(names)).all()
    return dict.fromkeys(names, 0) | {str(name): int(value) for name, value in found}
