"""The numbers of the home screen: the `summary` record, renewed when residents changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from protocol.sync import TownSummary
from relay.features.news import NewsBell
from relay.features.segments import SegmentIndex, japan_day
from relay.store.counters import current_number
from relay.store.database import Database
from relay.store.records import TOWN, find_record, put_record
from relay.store.residents import STREAM

SUMMARY = "summary"
RENEW_EVERY = 2.0
"""Seconds between two looks; a busy hour makes no more than one record in that time."""


class SummaryKeeper:
    """Keeps the record true; one call is one look."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], index: SegmentIndex, bell: NewsBell
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._bell = bell
        self._seen: tuple[int, date] | None = None

    def renew(self) -> bool:
        """Publish new numbers if residents changed or a day began in Japan; whether a record was written."""
        now = self._clock()
        with self._database.read() as connection:
            seen = (current_number(connection, STREAM), japan_day(now))
        if seen == self._seen:
            return False
        summary = self._count(now)
        with self._database.write() as connection:
            known = find_record(connection, self._database.cipher, SUMMARY, TOWN)
            before = None if known is None else TownSummary.parse(known.body)
            changed = before is None or before.model_copy(update={"as_of": now}) != summary
            if changed:
                put_record(
                    connection,
                    self._database.cipher,
                    kind=SUMMARY,
                    id=TOWN,
                    body=summary.as_json(),
                    now=now,
                )
        self._seen = seen
        if changed:
            self._bell.ring()
        return changed

    def _count(self, now: datetime) -> TownSummary:
        today = japan_day(now)
        return TownSummary(
            friends=self._index.friends(),
            blocked=self._index.blocked(),
            answered=self._index.answered(),
            followed_today=self._index.followed_between(today, today),
            followed_week=self._index.followed_between(today - timedelta(days=6), today),
            as_of=now,
        )
