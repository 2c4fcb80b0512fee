"""Which residents a segment matches: bitmaps in memory, fed by the stream of residents that changed.

The tables stay the truth; the index reads what changed before each answer, so a count is never stale, in any
process. Meaning of the expressions: `protocol/segments.py`. Requirements: SEG-3, SEG-4 (attributes).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from protocol.rights import DELIVERIES
from protocol.segments import Everyone, FollowedBetween, Segment
from relay.features.packed import numbers_of, packed, unpacked
from relay.features.segment_evaluation import Evaluation
from relay.features.segment_names import SegmentNames
from relay.features.segment_upkeep import SegmentBitmaps
from relay.store.counters import current_numbers
from relay.store.database import Connection, Database
from relay.store.lists import LISTS
from relay.store.records import TOWN
from relay.store.residents import STREAM

_JAPAN = ZoneInfo("Asia/Tokyo")
_REBUILD_FROM = 50_000
"""With more residents changed than this, reading everything anew is quicker than mending."""


class SegmentIndex:
    """Bitmaps of residents.no, and the LINE user ids beside them. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.RLock()
        self._bitmaps = SegmentBitmaps()
        self._names = SegmentNames(database.cipher)
        self._seen = 0
        self._seen_lists = 0

    # --- what is asked ---

    def count(self, segment: Segment) -> int:
        """How many friends meet the segment now. Raises Refused where it names a group that is gone."""
        with self._evaluating() as evaluation:
            return evaluation.count(segment)

    def members(self, segment: Segment) -> bytes:
        """The friends who meet the segment now: residents.no in order, four bytes each, little endian."""
        with self._evaluating() as evaluation:
            return packed(evaluation.members(segment))

    def split(self, members: bytes, by: str) -> dict[str, bytes]:
        """These residents by what they read (`language`), or by their answer to an item, by its id:
        language or choice → members. Nobody comes twice; who has no such answer comes under the empty key.
        """
        left = unpacked(members)
        parts: dict[str, bytes] = {}
        with self._evaluating():
            kept = self._bitmaps
            found = kept.languages if by == "language" else _choices_of(kept.choices, by)
            for key in sorted(found):
                part = left & found[key]
                if part:
                    parts[key] = packed(part)
                    left -= part
        if left:
            parts[""] = packed(left)
        return parts

    def resident_day_members(self, item: str, day: date, every_year: bool) -> bytes:
        """Friends whose answer to this `date` item is that day, or its month and day in any year. The 29th of
        February stands for the 28th in other years.
        """
        with self._evaluating() as evaluation:
            return packed(evaluation.on_day(item, day, every_year=every_year))

    def age_members(self, item: str, birth_year: int, birth_month: int) -> bytes:
        """Friends with somebody born in that month to this `birth_year` item. Who did not tell the month is
        not among them.
        """
        with self._evaluating() as evaluation:
            return packed(evaluation.born(item, birth_year, birth_month))

    def friends(self) -> int:
        return self.count(Everyone())

    def blocked(self) -> int:
        with self._evaluating():
            return len(self._bitmaps.known - self._bitmaps.friends)

    def answered(self) -> int:
        """Friends who answered at least one item."""
        with self._evaluating():
            kept = self._bitmaps
            return BitMap.union(BitMap(), *kept.answered.values()).intersection_cardinality(kept.friends)

    def followed_between(self, first: date, last: date) -> int:
        """Friends who came between the two days in Japan, both included."""
        return self.count(FollowedBetween(first=first, last=last))

    @contextmanager
    def looking_at(self, segment: Segment) -> Iterator[tuple[BitMap, SegmentBitmaps]]:
        """Who meets the segment, and what is known of everybody, for counting one within the other. Neither
        may be changed or kept.
        """
        with self._evaluating() as evaluation:
            yield evaluation.members(segment), self._bitmaps

    def user_ids(self, members: bytes) -> list[bytes]:
        """The LINE user ids of these residents.no; one whose row is gone is left out."""
        numbers = numbers_of(members)
        with self._lock:
            found = self._bitmaps.ids.find(numbers)
            if len(found) < len(numbers):  # frozen by a process that knew newer residents than this one
                self.refresh()
                found = self._bitmaps.ids.find(numbers)
        return found

    def still_friends(self, members: bytes) -> bytes:
        """These residents.no without those known to have blocked the account. Who is not known yet stays:
        this process may just have begun.
        """
        found = unpacked(members)
        with self._lock:
            gone = (found & self._bitmaps.known) - self._bitmaps.friends
        return packed(found - gone) if gone else members

    # --- keeping up ---

    def refresh(self) -> None:
        """Read what changed since the last time; everything, the first time."""
        with self._evaluating():
            pass

    @contextmanager
    def _evaluating(self) -> Iterator[Evaluation]:
        """Bitmaps as new as the tables, for as long as the block lasts."""
        with self._lock, self._database.read() as connection:
            numbers = current_numbers(connection, (STREAM, LISTS, TOWN, DELIVERIES))
            self._keep_up(connection, numbers)
            yield Evaluation(
                self._bitmaps,
                connection,
                groups=lambda: self._names.groups(connection, numbers),
                living=lambda: self._names.living(connection, numbers),
                now=self._clock(),
            )

    def _keep_up(self, connection: Connection, numbers: Mapping[str, int]) -> None:
        newest = numbers[STREAM]
        if newest != self._seen:
            behind, self._seen = newest - self._seen, 0  # whatever fails from here on, all is read anew
            if behind == newest or not 0 < behind <= _REBUILD_FROM:
                self._bitmaps = SegmentBitmaps()  # two of them need not fit into memory
                self._bitmaps = SegmentBitmaps.read(connection, self._database.cipher)
            else:
                self._bitmaps.mend(connection, self._database.cipher, newest - behind)
            self._seen = newest
        if numbers[LISTS] != self._seen_lists:
            self._bitmaps.mend_lists(connection)
            self._seen_lists = numbers[LISTS]


def japan_day(now: datetime) -> date:
    """The calendar day in Japan at this moment."""
    return now.astimezone(_JAPAN).date()


def _choices_of(choices: Mapping[tuple[str, str], BitMap], item: str) -> dict[str, BitMap]:
    return {choice: found for (asked, choice), found in choices.items() if asked == item}
