"""Who is on a list, and the codes that put people there. SQL only.

Every change of a list gives it a new number, by which the segment index sees that it must read it again: as a
whole, so that a list of a hundred thousand is filled without touching a hundred thousand residents.
Requirement: SEG-4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select, text, update

from relay.store.counters import next_number
from relay.store.delivery_tables import list_codes, resident_lists
from relay.store.tables import residents
from relay.store.types import Instant

LISTS = "lists"
"""The stream that moves with every change of any list."""
_PREFIX = "list:"
_KEYS_AT_ONCE = 5000

# Those without a row are left out, those on the list stay; one statement on both engines.
_ADD = text(
    "INSERT INTO resident_lists (list, resident, added_at) "
    "SELECT :list, no, :at FROM residents WHERE no IN :numbers ON CONFLICT DO NOTHING"
).bindparams(
    bindparam("at", type_=Instant),
    bindparam("numbers", expanding=True, literal_execute=True, type_=BigInteger),
)
_NUMBERS = text("SELECT name, value FROM counters WHERE name LIKE 'list:%'")


@dataclass(frozen=True)
class StoredCode:
    """A code by what was kept of it. `resident`: residents.no of who entered it."""

    id: str
    list: str
    resident: int | None
    used_at: datetime | None
    revoked: bool


def list_numbers(connection: Connection) -> dict[str, int]:
    """The number of the last change of every list that ever changed."""
    return {row.name.removeprefix(_PREFIX): int(row.value) for row in connection.execute(_NUMBERS)}


def add_to_list(connection: Connection, list_id: str, numbers: Sequence[int], now: datetime) -> None:
    """Put these residents.no on the list; those who are on it stay as they are."""
    _note_change(connection, list_id)
    for start in range(0, len(numbers), _KEYS_AT_ONCE):
        some = list(numbers[start : start + _KEYS_AT_ONCE])
        connection.execute(_ADD, {"list": list_id, "at": now, "numbers": some})


def take_off_list(connection: Connection, list_id: str, numbers: Sequence[int]) -> None:
    _note_change(connection, list_id)
    for start in range(0, len(numbers), _KEYS_AT_ONCE):
        some = numbers[start : start + _KEYS_AT_ONCE]
        connection.execute(
            delete(resident_lists).where(
                resident_lists.c.list == list_id, resident_lists.c.resident.in_(some)
            )
        )


def empty_list(connection: Connection, list_id: str) -> None:
    _note_change(connection, list_id)
    connection.execute(delete(resident_lists).where(resident_lists.c.list == list_id))


def count_on_list(connection: Connection, list_id: str) -> int:
    return connection.execute(
        select(func.count()).select_from(resident_lists).where(resident_lists.c.list == list_id)
    ).scalar_one()


def find_numbers(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """residents.no by residents.id; ids of nobody are absent."""
    found: dict[str, int] = {}
    for start in range(0, len(ids), _KEYS_AT_ONCE):
        some = ids[start : start + _KEYS_AT_ONCE]
        rows = connection.execute(select(residents.c.id, residents.c.no).where(residents.c.id.in_(some)))
        found |= {row.id: row.no for row in rows}
    return found


def add_codes(connection: Connection, codes: Sequence[tuple[str, str, str]]) -> None:
    """(id, list, hash). Raises IntegrityError for a hash or id that is known."""
    rows = [{"id": id, "list": list_id, "hash": hash, "revoked": False} for id, list_id, hash in codes]
    connection.execute(insert(list_codes), rows)


def known_codes(connection: Connection, ids: Sequence[str], hashes: Sequence[str]) -> bool:
    """Whether one of these ids or hashes is taken."""
    taken = list_codes.c.id.in_(ids) | list_codes.c.hash.in_(hashes)
    return connection.execute(select(list_codes.c.id).where(taken).limit(1)).first() is not None


def find_code(connection: Connection, hash: str) -> StoredCode | None:
    """By the hash of what was typed; kept from others until the transaction ends."""
    return _one_code(connection, list_codes.c.hash == hash)


def find_code_by_id(connection: Connection, id: str) -> StoredCode | None:
    return _one_code(connection, list_codes.c.id == id)


def use_code(connection: Connection, id: str, resident_no: int, now: datetime) -> None:
    connection.execute(
        update(list_codes).where(list_codes.c.id == id).values(resident=resident_no, used_at=now)
    )


def revoke_code(connection: Connection, id: str) -> None:
    connection.execute(update(list_codes).where(list_codes.c.id == id).values(revoked=True))


def revoke_all_codes(connection: Connection, list_id: str) -> list[str]:
    """Every code of the list; returns their ids."""
    ids = connection.execute(select(list_codes.c.id).where(list_codes.c.list == list_id)).scalars().all()
    connection.execute(update(list_codes).where(list_codes.c.list == list_id).values(revoked=True))
    return list(ids)


def count_codes(connection: Connection, list_id: str) -> int:
    """Codes of the list that are valid, used or not."""
    return connection.execute(
        select(func.count())
        .select_from(list_codes)
        .where(list_codes.c.list == list_id, list_codes.c.revoked.is_(False))
    ).scalar_one()


def has_valid_code(connection: Connection, list_id: str, resident_no: int) -> bool:
    """Whether this resident entered another code of the list that is still valid."""
    found = connection.execute(
        select(list_codes.c.id).where(
            list_codes.c.list == list_id,
            list_codes.c.resident == resident_no,
            list_codes.c.revoked.is_(False),
        )
    ).first()
    return found is not None


def _one_code(connection: Connection, condition: object) -> StoredCode | None:
    row = connection.execute(
        select(
            list_codes.c.id,
            list_codes.c.list,
            list_codes.c.resident,
            list_codes.c.used_at,
            list_codes.c.revoked,
        )
        .where(condition)  # type: ignore[arg-type]
        .with_for_update()
    ).one_or_none()
    return None if row is None else StoredCode(**row._mapping)


def _note_change(connection: Connection, list_id: str) -> None:
    # The common one first: whoever comes second waits there, and never for another list the other way round.
    next_number(connection, LISTS)
    next_number(connection, f"{_PREFIX}{list_id}")
