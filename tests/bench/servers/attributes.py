"""1,000,000 residents with 12 attributes: `attributes FOLDER`. Made once and reused.

The same people go into our store (SQLCipher) and, as JSON lines, into what the peer loads: sex, year of
birth, district, household, language, state, month of joining, way in, topics, three surveys.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from protocol.ids import new_resident_id
from relay.store.counters import next_numbers
from relay.store.database import Database, open_database
from relay.store.tables import resident_choices, resident_years, residents
from tests.bench.servers.million import KEY

PEOPLE = 1_000_000
TOPICS = [f"topic-{number:02d}" for number in range(25)]
DISTRICTS = [f"district-{number:02d}" for number in range(60)]
LANGUAGES = ("ja", "easy", "en", "pt", "vi")
_AT_ONCE = 20_000
_START = datetime(2020, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """One resident as both stores know them. `single` holds the answers with one choice."""

    single: dict[str, str]
    topics: list[str]
    born: int
    language: str
    blocked: bool
    joined: datetime

    def attributes(self) -> dict[str, object]:
        """The peer's JSONB."""
        return {
            **self.single,
            "topics": self.topics,
            "born": self.born,
            "language": self.language,
            "joined": self.joined.strftime("%Y-%m"),
        }


def people() -> Iterator[Person]:
    """The same every time."""
    dice = random.Random(20261120)
    for _ in range(PEOPLE):
        single = {
            "sex": dice.choice(("f", "m")),
            "district": dice.choice(DISTRICTS),
            "household": dice.choice(("one", "two", "three", "four", "five")),
            "way": dice.choice(("poster", "web", "friend", "counter")),
        }
        for survey in ("survey-1", "survey-2", "survey-3"):
            if dice.random() < 0.4:
                single[survey] = dice.choice(("yes", "no", "maybe"))
        yield Person(
            single=single,
            topics=dice.sample(TOPICS, dice.randint(0, 6)),
            born=dice.randint(1930, 2012),
            language=dice.choices(LANGUAGES, (88, 3, 4, 3, 2))[0],
            blocked=dice.random() < 0.1,
            joined=_START + timedelta(days=30.4 * dice.randrange(72)),
        )


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    database = open_database(f"sqlcipher:{folder / 'relay.db'}", KEY)
    with (folder / "people.jsonl").open("w") as lines:
        batch: list[Person] = []
        first = 1
        for person in people():
            lines.write(json.dumps({"blocked": person.blocked, **person.attributes()}) + "\n")
            batch.append(person)
            if len(batch) == _AT_ONCE:
                _store(database, first, batch)
                first += len(batch)
                batch = []
    with database.write() as connection:
        next_numbers(connection, "residents", PEOPLE)
    database.close()
    (folder / "ready").touch()
    print(f"{PEOPLE:,} people in {time.monotonic() - started:.0f} s", file=sys.stderr)


def _store(database: Database, first: int, batch: list[Person]) -> None:
    now = datetime.now(UTC)
    rows, choices, years = [], [], []
    for number, person in enumerate(batch, start=first):
        user_id, resident_id = f"U{number:032x}", new_resident_id()
        rows.append(
            {
                "no": number,
                "id": resident_id,
                "line_user_index": database.cipher.index("residents.line_user", user_id),
                "line_user_sealed": database.cipher.seal_text("residents.line_user", resident_id, user_id),
                "state": "blocked" if person.blocked else "friend",
                "state_at": now,
                "followed_at": person.joined,
                "language": person.language,
                "changed_seq": number,
            }
        )
        answers = [*person.single.items(), *(("topics", topic) for topic in person.topics)]
        choices += [{"resident": number, "item": i, "choice": c, "answered_at": now} for i, c in answers]
        years.append({"resident": number, "item": "born", "no": 0, "year": person.born, "answered_at": now})
    with database.write() as connection:
        connection.execute(insert(residents), rows)
        connection.execute(insert(resident_choices), choices)
        connection.execute(insert(resident_years), years)


if __name__ == "__main__":
    main()
