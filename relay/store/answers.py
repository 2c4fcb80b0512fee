"""What residents answered, counted and deleted per item. SQL only; the talk and the pages write them."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, text, union

from relay.store.counters import next_numbers
from relay.store.tables import resident_choices, resident_years

# Every resident concerned gets a number of its own in the stream, in one statement on both engines.
_RENUMBER = text(
    "UPDATE residents SET changed_seq = :before + numbered.place FROM ("
    " SELECT resident, row_number() OVER (ORDER BY resident) AS place FROM ("
    "  SELECT resident FROM resident_choices WHERE item = :item"
    "  UNION SELECT resident FROM resident_years WHERE item = :item) AS concerned"
    ") AS numbered WHERE residents.no = numbered.resident"
)


def count_answers(connection: Connection, item: str) -> int:
    """How many residents answered the item."""
    who = union(
        select(resident_choices.c.resident).where(resident_choices.c.item == item),
        select(resident_years.c.resident).where(resident_years.c.item == item),
    ).subquery()
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
    connection.execute(_RENUMBER, {"before": before, "item": item})
    connection.execute(delete(resident_choices).where(resident_choices.c.item == item))
    connection.execute(delete(resident_years).where(resident_years.c.item == item))
    return many
