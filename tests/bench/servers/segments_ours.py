"""Our index over the store of `attributes`: `segments_ours FOLDER`. Prints its figures as JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from protocol.items import Answer
from protocol.segments import (
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    Except,
    FollowedBetween,
    HasAnswered,
    LanguageIs,
    Segment,
)
from relay.features.segments import SegmentIndex
from relay.line.multicast import message_tail, multicast_body
from relay.store.database import Database, open_database
from relay.store.residents import write_answers
from tests.bench.servers.attributes import DISTRICTS, TOPICS
from tests.bench.servers.million import KEY

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
_TIMES = 25
_BATCH = 500 * 4


def topics(*numbers: int) -> ChoiceIs:
    return ChoiceIs(item="topics", any_of=tuple(TOPICS[number] for number in numbers))


def districts(*numbers: int) -> ChoiceIs:
    return ChoiceIs(item="district", any_of=tuple(DISTRICTS[number] for number in numbers))


def said(item: str, choice: str) -> ChoiceIs:
    return ChoiceIs(item=item, any_of=(choice,))


EXPRESSIONS: dict[str, Segment] = {
    "e1": AllOf(parts=(districts(1, 2, 3), topics(5))),
    "e2": AllOf(
        parts=(
            AgeIs(item="born", lowest=30, highest=49),
            said("sex", "f"),
            AnyOf(parts=(topics(7), said("survey-1", "yes"))),
            Except(part=topics(9)),
        )
    ),
    "e3": AllOf(
        parts=(topics(1, 2, 3, 4), Except(part=districts(*range(10))), AgeIs(item="born", lowest=65))
    ),
    "e4": AllOf(
        parts=(
            LanguageIs(any_of=("ja",)),
            AnyOf(parts=(topics(11), Except(part=HasAnswered(item="survey-2")))),
        )
    ),
    "e5": AllOf(
        parts=(
            AnyOf(
                parts=(
                    AllOf(parts=(districts(20, 21, 22, 23, 24), said("household", "four"))),
                    AllOf(parts=(topics(6), AgeIs(item="born", highest=40))),
                )
            ),
            Except(part=AnyOf(parts=(said("way", "counter"), said("survey-3", "no")))),
            FollowedBetween(first=datetime(2022, 1, 1, tzinfo=UTC).date()),
            AnyOf(parts=(said("sex", "m"), topics(8))),
        )
    ),
}


def main() -> None:
    database = open_database(f"sqlcipher:{Path(sys.argv[1]) / 'relay.db'}", KEY)
    process = psutil.Process()
    before = process.memory_info().rss
    index = SegmentIndex(database, lambda: NOW)
    started = time.perf_counter()
    index.refresh()
    figures: dict[str, float] = {"rebuild_seconds": time.perf_counter() - started}
    figures["memory_mb"] = (process.memory_info().rss - before) / 1e6
    for name, segment in EXPRESSIONS.items():
        figures[f"{name}_count"] = index.count(segment)
        figures[f"{name}_ms"] = _median_ms(lambda segment=segment: index.count(segment))  # type: ignore[misc]
    figures["ids_ms"] = _median_ms(lambda: index.user_ids(index.members(EXPRESSIONS["e4"])), times=5)
    tail = message_tail(b'[{"type":"text","text":"x"}]', silent=False)
    figures["first_body_ms"] = _median_ms(
        lambda: multicast_body(index.user_ids(index.members(EXPRESSIONS["e4"])[:_BATCH]), tail)
    )
    figures["change_ms"] = _change_ms(database, index)
    database.close()
    print("figures", json.dumps(figures))


def _change_ms(database: Database, index: SegmentIndex) -> float:
    """From the commit of one resident's answer until a count knows it. The store is left as it was."""
    taken = []
    for number in range(1, 11):
        with database.write() as connection:
            write_answers(connection, number, [Answer(item="bench", choices=("yes",))], NOW)
        started = time.perf_counter()
        found = index.count(said("bench", "yes"))
        taken.append((time.perf_counter() - started) * 1000)
        assert 0 <= number - found <= number  # those who are blocked do not count
    with database.write() as connection:
        for number in range(1, 11):
            write_answers(connection, number, [Answer(item="bench")], NOW)
    return statistics.median(taken)


def _median_ms(call: Callable[[], object], times: int = _TIMES) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
