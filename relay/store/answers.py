"""What residents answered, counted, merged and deleted per item. SQL only; talk and pages write them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, text, union, update

from relay.store.counters import next_numbers
from relay.store.tables import resident_choices, resident_numbers, resident_years

_TABLES = (resident_choices, resident_years, resident_numbers)

# Every resident concerned gets a number of its own in the stream, in one statement on both engines.
_RENUMBER = (
    "UPDATE residents SET changed_seq = :before + numbered.place FROM ("
    " SELECT resident, row_number() OVER (ORDER BY resident) AS place FROM ({concerned}) AS concerned"
    ") AS numbered WHERE residents.no = numbered.resident"
)
_RENUMBER_ITEM = text(
    _RENUMBER.format(
        concerned="SELECT resident FROM resident_choices WHERE item = :item"
        " UNION SELECT resident FROM resident_years WHERE item = :item"
        " UNION SELECT resident FROM resident_numbers WHERE item = :item"
    )
)
_RENUMBER_CHOICE = text(
    _RENUMBER.format(
        concerned="SELECT resident FROM resident_choices WHERE item = :item AND choice = :choice"
    )
)


def count_answers(connection: Connection, item: str) -> int:
    """How many residents answered the item."""
    who = union(*(select(table.c.resident).where(table.c.item == item) for table in _TABLES)).subquery()
    return connection.execute(select(func.count()).select_from(who)).scalar_one()


def count_by_choice(connection: Connection, item: str) -> dict[str, int]:
    """Choice id → number of residents who chose it; choices nobody took are absent."""
    rows = connection.execute(
        select(resident_choices.c.choice, func.count())
        .where(resident_choices.c.item == item)
        .group_by(resident_choices.c.choice)
    )
    return {row.choice: row[1] for row in rows}


def delete_answers(connection: Connection, item: str) -> int:
    """Delete every answer to the item and put those concerned into the stream; returns how many they were."""
    many = count_answers(connection, item)
    if many == 0:
        return 0
    before = next_numbers(connection, "residents", many) - many
    connection.execute(_RENUMBER_ITEM, {"before": before, "item": item})
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.item == item))
    return many


def merge_choice(connection: Connection, item: str, choice: str, into: str) -> int:
    """Who chose the one has chosen the other, once; returns how many they were."""
    kept = resident_choices.c
    chose = (kept.item == item) & (kept.choice == choice)
    many = count_by_choice(connection, item).get(choice, 0)
    if many == 0:
        return 0
    before = next_numbers(connection, "residents", many) - many
    connection.execute(_RENUMBER_CHOICE, {"before": before, "item": item, "choice": choice})
    both = select(kept.resident).where((kept.item == item) & (kept.choice == into))
    connection.execute(delete(resident_choices).where(chose, kept.resident.in_(both)))
    connection.execute(update(resident_choices).where(chose).values(choice=into))
    return many
