"""A town in the store for the tests of segments and sending: residents by the hundred, no webhook needed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert

from protocol.ids import new_resident_id
from relay.store.counters import next_numbers
from relay.store.database import Database
from relay.store.tables import residents


def user_id(number: int) -> str:
    """A LINE user id as LINE makes them: U and 32 hexadecimal digits."""
    return f"U{number:032x}"


def add_friends(database: Database, count: int, now: datetime, *, start: int = 0) -> list[str]:
    """That many friends; returns their LINE user ids."""
    users = [user_id(start + number) for number in range(count)]
    cipher = database.cipher
    with database.write() as connection:
        first = next_numbers(connection, "residents", count) - count + 1
        rows = []
        for offset, user in enumerate(users):
            id = new_resident_id()
            rows.append(
                {
                    "id": id,
                    "line_user_index": cipher.index("residents.line_user", user),
                    "line_user_sealed": cipher.seal_text("residents.line_user", id, user),
                    "state": "friend",
                    "state_at": now,
                    "followed_at": now,
                    "changed_seq": first + offset,
                }
            )
        connection.execute(insert(residents), rows)
    return users
