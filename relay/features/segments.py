"""Which residents a segment matches: bitmaps in memory, fed by the stream of residents that changed.

The tables stay the truth; the index reads what changed before each answer, so a count is never stale, in any
process. Meaning of the expressions: `protocol/segments.py`. Requirements: SEG-3, SEG-4 (attributes).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from protocol.items import japan_year
from protocol.segments import (
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    Everyone,
    Except,
    FollowedBetween,
    HasAnswered,
    Segment,
)
from relay.store.counters import current_number
from relay.store.database import Connection, Database
from relay.store.residents import FRIEND, STREAM
from relay.store.segment_rows import (
    iter_choices,
    iter_residents,
    iter_years,
    open_line_user_id,
)

USER_ID_BYTES = 33
_Key = TypeVar("_Key")
_JAPAN = ZoneInfo("Asia/Tokyo")
_JAPAN_OFFSET = 9 * 3600 * 1_000_000
"""Microseconds; Japan has had no summer time since 1951."""
_DAY = 24 * 3600 * 1_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_REBUILD_FROM = 50_000
"""With more residents changed than this, reading everything anew is quicker than mending."""


class SegmentIndex:
    """Bitmaps of residents.no, and the LINE user ids beside them. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.RLock()
        self._seen = 0
        self._clear()

    def _clear(self) -> None:
        self._known = BitMap()
        self._friends = BitMap()
        self._choices: dict[tuple[str, str], BitMap] = {}
        self._years: dict[tuple[str, int], BitMap] = {}
        self._answered: dict[str, BitMap] = {}
        self._followed: dict[date, BitMap] = {}
        self._ids = bytearray()

    # --- what is asked ---

    def count(self, segment: Segment) -> int:
        """How many friends meet the segment now."""
        with self._lock:
            return len(self._members(segment))

    def members(self, segment: Segment) -> bytes:
        """The friends who meet the segment now: residents.no in order, four bytes each, little endian."""
        with self._lock:
            numbers = self._members(segment).to_array()
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers.tobytes()

    def friends(self) -> int:
        return self.count(Everyone())

    def blocked(self) -> int:
        with self._lock:
            self.refresh()
            return len(self._known - self._friends)

    def answered(self) -> int:
        """Friends who answered at least one item."""
        with self._lock:
            self.refresh()
            return len(BitMap.union(BitMap(), *self._answered.values()) & self._friends)

    def user_ids(self, members: bytes) -> list[bytes]:
        """The LINE user ids of these residents.no; one whose row is gone is left out."""
        numbers = memoryview(members).cast("I")
        with self._lock:
            found = self._look_up(numbers)
            if len(found) < len(numbers):  # frozen by a process that knew newer residents than this one
                self.refresh()
                found = self._look_up(numbers)
        return found

    def _look_up(self, numbers: Sequence[int]) -> list[bytes]:
        ids, size = self._ids, USER_ID_BYTES
        places = (number * size for number in numbers)
        return [bytes(ids[place : place + size]) for place in places if place < len(ids) and ids[place]]

    # --- keeping up ---

    def refresh(self) -> None:
        """Read what changed since the last time; everything, the first time."""
        with self._lock, self._database.read() as connection:
            newest = current_number(connection, STREAM)
            if newest == self._seen:
                return
            if self._seen == 0 or newest < self._seen or newest - self._seen > _REBUILD_FROM:
                self._clear()
                self._add(connection, changed=None)
            else:
                self._add(connection, changed=self._seen)
            self._seen = newest

    def _add(self, connection: Connection, changed: int | None) -> None:
        # Residents first, answers second: an answer read is then at least as new as its resident's number,
        # and one that is newer will be read again under its next number.
        numbers = self._add_residents(connection, changed or 0)
        only = None if changed is None else numbers
        if only is not None:
            self._forget_answers(BitMap(only))
        choices: dict[tuple[str, str], list[int]] = {}
        years: dict[tuple[str, int], list[int]] = {}
        answered: dict[str, list[int]] = {}
        for number, item, choice in iter_choices(connection, only):
            choices.setdefault((item, choice), []).append(number)
            answered.setdefault(item, []).append(number)
        for number, item, year in iter_years(connection, only):
            years.setdefault((item, year), []).append(number)
            answered.setdefault(item, []).append(number)
        _merge(self._choices, choices)
        _merge(self._years, years)
        _merge(self._answered, answered)

    def _add_residents(self, connection: Connection, after: int) -> list[int]:
        cipher, size = self._database.cipher, USER_ID_BYTES
        numbers: list[int] = []
        friends: list[int] = []
        days: dict[int, list[int]] = {}
        for number, id, state, followed_at, sealed in iter_residents(connection, after=after):
            numbers.append(number)
            if state == FRIEND:
                friends.append(number)
            days.setdefault((followed_at + _JAPAN_OFFSET) // _DAY, []).append(number)
            end = (number + 1) * size
            if len(self._ids) < end:
                self._ids.extend(bytes(max(end - len(self._ids), len(self._ids) // 4)))
            user_id = open_line_user_id(cipher, id, sealed).encode("ascii", "replace")
            # An id of another form is never put into a call; one bad row must not stop every count.
            self._ids[end - size : end] = user_id if len(user_id) == size else bytes(size)
        changed = BitMap(numbers)
        for bitmap in self._followed.values():
            bitmap -= changed
        _merge(self._followed, {date.fromordinal(_EPOCH + day): found for day, found in days.items()})
        self._known |= changed
        self._friends -= changed
        self._friends |= BitMap(friends)
        return numbers

    def _forget_answers(self, changed: BitMap) -> None:
        for group in (self._choices, self._years, self._answered):
            for bitmap in group.values():
                bitmap -= changed

    # --- evaluation ---

    def _members(self, segment: Segment) -> BitMap:
        # Only within the lock: the result may be one of the bitmaps that `refresh` changes.
        self.refresh()
        return self._evaluate(segment, self._clock())

    def _evaluate(self, segment: Segment, now: datetime) -> BitMap:
        """Always a subset of the friends, so that 「ではない人」 means friends too."""
        match segment:
            case Everyone():
                return self._friends
            case ChoiceIs():
                return self._any(self._choices.get((segment.item, choice)) for choice in segment.any_of)
            case HasAnswered():
                return self._any([self._answered.get(segment.item)])
            case AgeIs():
                return self._any(self._years_of(segment, japan_year(now)))
            case FollowedBetween():
                first, last = segment.first or date.min, segment.last or date.max
                return self._any(found for day, found in self._followed.items() if first <= day <= last)
            case AllOf():
                parts = [self._evaluate(part, now) for part in segment.parts]
                return BitMap.intersection(self._friends, *parts)
            case AnyOf():
                return self._any(self._evaluate(part, now) for part in segment.parts)
            case Except():
                return self._friends - self._evaluate(segment.part, now)
        raise AssertionError(segment)

    def _years_of(self, node: AgeIs, this_year: int) -> Iterable[BitMap]:
        for (item, year), found in self._years.items():
            age = this_year - year
            is_old_enough = node.lowest is None or age >= node.lowest
            is_young_enough = node.highest is None or age <= node.highest
            if item == node.item and is_old_enough and is_young_enough:
                yield found

    def _any(self, parts: Iterable[BitMap | None]) -> BitMap:
        found = [part for part in parts if part is not None]
        if len(found) == 1:
            return found[0] & self._friends
        return BitMap.union(BitMap(), *found) & self._friends

    def followed_between(self, first: date, last: date) -> int:
        """Friends who came between the two days in Japan, both included."""
        return self.count(FollowedBetween(first=first, last=last))


def japan_day(now: datetime) -> date:
    """The calendar day in Japan at this moment."""
    return now.astimezone(_JAPAN).date()


def _merge(into: dict[_Key, BitMap], new: dict[_Key, list[int]]) -> None:
    for key, numbers in new.items():
        if key in into:
            into[key] |= BitMap(numbers)
        else:
            into[key] = BitMap(numbers)
