"""One look at the bitmaps of the segment index: which residents an expression matches at this moment.

Meaning of the expressions: `protocol/segments.py`. Requirements: SEG-3, SEG-4.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from protocol.lists import SegmentGroup
from protocol.segments import (
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    DayIs,
    Everyone,
    Except,
    FollowedBetween,
    HasAnswered,
    InGroup,
    LanguageIs,
    NumberIs,
    OnList,
    Received,
    Segment,
)
from relay.errors import Refused
from relay.features.bit_slices import BitSlices
from relay.features.packed import unpacked
from relay.features.segment_upkeep import SegmentBitmaps, birth_key
from relay.store.database import Connection
from relay.store.segment_rows import iter_received

EPOCH = date(1970, 1, 1).toordinal()
_JAPAN = ZoneInfo("Asia/Tokyo")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_ANY_MONTH = 12
_SPARSE = 200
"""One in so many friends is few enough to go through one by one."""
_NOBODY = BitMap()
_NO_NUMBERS = BitSlices()


class Evaluation:
    """Answers while the bitmaps stand still. `groups` and `living` are asked for only where needed.

    What is found inside may be a bitmap of the index and may hold people who are no friends; only `members`
    and the like give what may be kept, and friends alone.
    """

    def __init__(
        self,
        bitmaps: SegmentBitmaps,
        connection: Connection,
        *,
        groups: Callable[[], Mapping[str, SegmentGroup]],
        living: Callable[[], Mapping[tuple[str, str], str]],
        now: datetime,
    ) -> None:
        self._kept = bitmaps
        self._connection = connection
        self._groups = groups
        self._living = living
        self._today = now.astimezone(_JAPAN).date()
        self._known_groups: dict[str, BitMap | None] = {}

    def count(self, segment: Segment) -> int:
        if isinstance(segment, Everyone):
            return len(self._kept.friends)
        if isinstance(segment, AllOf):
            return self._count_all(segment)
        return self._find(segment).intersection_cardinality(self._kept.friends)

    def members(self, segment: Segment) -> BitMap:
        return self._find(segment) & self._kept.friends

    def on_day(self, item: str, day: date, *, every_year: bool) -> BitMap:
        slices = self._kept.numbers.get(item, _NO_NUMBERS)
        days = [day.toordinal()]
        if every_year:
            days = [same.toordinal() for same in _same_days(day)]
        return _union(slices.between(number, number) for number in days) & self._kept.friends

    def born(self, item: str, year: int, month: int) -> BitMap:
        return self._kept.births.get((item, year, month), _NOBODY) & self._kept.friends

    def _find(self, segment: Segment) -> BitMap:
        kept = self._kept
        match segment:
            case Everyone():
                return kept.friends
            case AllOf():
                return self._all(segment)
            case AnyOf():
                return _union(self._find(part) for part in segment.parts)
            case Except():
                return kept.friends - self._find(segment.part)
            case ChoiceIs():
                merged = self._living()
                chosen = {merged.get((segment.item, choice), choice) for choice in segment.any_of}
                return _union(kept.choices.get((segment.item, choice), _NOBODY) for choice in chosen)
            case HasAnswered():
                return kept.answered.get(segment.item, _NOBODY)
            case AgeIs():
                return self._of_age(segment)
            case NumberIs():
                return self._between(segment.item, segment.lowest, segment.highest)
            case DayIs():
                return self._of_days(segment)
            case LanguageIs():
                return _union(kept.languages.get(language, _NOBODY) for language in segment.any_of)
            case FollowedBetween():
                first = segment.first.toordinal() - EPOCH if segment.first else None
                last = segment.last.toordinal() - EPOCH if segment.last else None
                return kept.followed.between(first, last)
            case OnList():
                return kept.lists.get(segment.list, _NOBODY)
            case InGroup():
                return self._in_group(segment.group)
            case Received():
                return self._received(segment.delivery)
        raise AssertionError(segment)

    def _all(self, segment: AllOf) -> BitMap:
        """Those left out are taken away at the end instead of being looked for among everybody."""
        wanted = [self._find(part) for part in segment.parts if not isinstance(part, Except)]
        unwanted = [self._find(part.part) for part in segment.parts if isinstance(part, Except)]
        wanted.sort(key=len)
        found = wanted[0] & (wanted[1] if len(wanted) > 1 else self._kept.friends) if wanted else None
        found = self._kept.friends.copy() if found is None else found
        for other in wanted[2:]:
            found &= other
        for other in unwanted:
            found -= other
        return found

    def _count_all(self, segment: AllOf) -> int:
        """Without making the bitmap of those found. The fewest come last: the many are dense and quick."""
        wanted = [self._find(part) for part in segment.parts if not isinstance(part, Except)]
        unwanted = [self._find(part.part) for part in segment.parts if isinstance(part, Except)]
        found = self._kept.friends
        wanted.sort(key=len)
        if wanted and len(wanted[0]) * _SPARSE < len(found):
            found = wanted.pop(0) & found
            wanted.reverse()
        while len(wanted) > 1:
            found = found & wanted.pop()
        for other in unwanted:
            found = found - other
        return found.intersection_cardinality(wanted[0]) if wanted else len(found)

    def _of_age(self, node: AgeIs) -> BitMap:
        """A range of births: the youngest have the latest, and who did not tell the month counts as having
        had the birthday.
        """
        month = self._today.month if node.basis == "month" else _ANY_MONTH
        year = self._today.year
        latest = None if node.lowest is None else birth_key(year - node.lowest, month)
        earliest = None if node.highest is None else birth_key(year - node.highest - 1, month) + 1
        ages, several = self._kept.ages.get(node.item), self._kept.several.get(node.item)
        found = ages.between(earliest, latest) if ages is not None else BitMap()
        if several:
            found |= several & _union(
                members
                for (item, born, in_month), members in self._kept.births.items()
                if item == node.item and _lies_between(birth_key(born, in_month), earliest, latest)
            )
        return found

    def _between(self, item: str, lowest: int | None, highest: int | None) -> BitMap:
        return self._kept.numbers.get(item, _NO_NUMBERS).between(lowest, highest)

    def _of_days(self, node: DayIs) -> BitMap:
        first, last = node.first, node.last
        if node.from_today is not None:
            first = self._today + timedelta(days=node.from_today)
        if node.to_today is not None:
            last = self._today + timedelta(days=node.to_today)
        lowest = first.toordinal() if first else None
        highest = last.toordinal() if last else None
        if lowest is not None and highest is not None and lowest > highest:
            return _NOBODY
        return self._between(node.item, lowest, highest)

    def _in_group(self, group: str) -> BitMap:
        if group not in self._known_groups:
            groups = self._groups()
            if group not in groups:  # leaving it out would reach people whom it was to leave out
                raise Refused("group_unknown")
            self._known_groups[group] = None
            self._known_groups[group] = self._find(groups[group].segment)
        found = self._known_groups[group]
        if found is None:  # while it is being looked for
            raise Refused("group_circle")
        return found

    def _received(self, delivery: str) -> BitMap:
        found = BitMap()
        for members in iter_received(self._connection, delivery):
            found |= unpacked(members)
        return found


def _union(parts: Iterator[BitMap]) -> BitMap:
    found = list(parts)
    if len(found) == 1:
        return found[0]
    if len(found) == 2:
        return found[0] | found[1]
    if len(found) == 3:  # two steps are half of what the way for many takes
        return found[0] | found[1] | found[2]
    return BitMap.union(*found) if found else BitMap()


def _lies_between(number: int, lowest: int | None, highest: int | None) -> bool:
    return (lowest is None or number >= lowest) and (highest is None or number <= highest)


def _same_days(day: date) -> Iterator[date]:
    for year in range(_FIRST_YEAR, _LAST_YEAR + 1):
        if (day.month, day.day) == (2, 29) and not isleap(year):
            continue
        yield date(year, day.month, day.day)
        if (day.month, day.day) == (2, 28) and isleap(year) and not isleap(day.year):
            yield date(year, 2, 29)
