"""A relay store with 1,000,000 friends who answered nothing: `million FOLDER`. Made once and reused."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from protocol.ids import new_resident_id
from relay.store.counters import next_numbers
from relay.store.database import Database, open_database
from relay.store.tables import residents

KEY = bytes(range(32))
FRIENDS = 1_000_000
_AT_ONCE = 20_000


def rows(database: Database, first: int, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(first, first + _AT_ONCE):
        user_id, resident_id = f"U{number:032x}", new_resident_id()
        yield {
            "id": resident_id,
            "line_user_index": database.cipher.index("residents.line_user", user_id),
            "line_user_sealed": database.cipher.seal_text("residents.line_user", resident_id, user_id),
            "state": "friend",
            "state_at": now,
            "followed_at": now,
            "changed_seq": number + 1,
        }


def main() -> None:
    folder, now = Path(sys.argv[1]), datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    database = open_database(f"sqlcipher:{folder / 'relay.db'}", KEY)
    started = time.monotonic()
    for first in range(0, FRIENDS, _AT_ONCE):
        with database.write() as connection:
            connection.execute(insert(residents), list(rows(database, first, now)))
    with database.write() as connection:
        next_numbers(connection, "residents", FRIENDS)
    database.close()
    (folder / "ready").touch()
    print(f"{FRIENDS:,} friends in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
