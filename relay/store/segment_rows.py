"""What the segment index is made of, read fast: plain tuples, no objects per row. SQL only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, select, type_coerce

from relay.store.cipher import ColumnCipher
from relay.store.tables import resident_choices, resident_years, residents

_ROWS_AT_ONCE = 20_000
_KEYS_AT_ONCE = 500

ResidentRow = tuple[int, str, str, int, bytes]
"""no, id, state, followed_at in microseconds since 1970, sealed LINE user id."""


def iter_residents(connection: Connection, *, after: int = 0) -> Iterator[ResidentRow]:
    """Residents whose number in the stream is above `after`, all of them for 0."""
    query = select(
        residents.c.no,
        residents.c.id,
        residents.c.state,
        type_coerce(residents.c.followed_at, BigInteger),  # a datetime each would double the time
        residents.c.line_user_sealed,
    )
    if after:
        query = query.where(residents.c.changed_seq > after).order_by(residents.c.changed_seq)
    return _stream(connection, query)


def iter_choices(connection: Connection, only: Sequence[int] | None = None) -> Iterator[tuple[int, str, str]]:
    """(resident no, item, choice); of all residents, or of these."""
    query = select(resident_choices.c.resident, resident_choices.c.item, resident_choices.c.choice)
    return _some(connection, query, resident_choices.c.resident, only)


def iter_years(connection: Connection, only: Sequence[int] | None = None) -> Iterator[tuple[int, str, int]]:
    """(resident no, item, year); of all residents, or of these."""
    query = select(resident_years.c.resident, resident_years.c.item, resident_years.c.year)
    return _some(connection, query, resident_years.c.resident, only)


def open_line_user_id(cipher: ColumnCipher, id: str, sealed: bytes) -> str:
    return cipher.open_text("residents.line_user", id, sealed)


def _some(
    connection: Connection, query: Select[Any], column: Any, only: Sequence[int] | None
) -> Iterator[Any]:
    if only is None:
        yield from _stream(connection, query)
        return
    for start in range(0, len(only), _KEYS_AT_ONCE):
        yield from _stream(connection, query.where(column.in_(only[start : start + _KEYS_AT_ONCE])))


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    result = connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    for part in result.partitions():
        yield from part
