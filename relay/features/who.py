"""Who meets a segment, in counts and never in names; fewer than five are not counted out loud. SEG-12."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from pyroaring import BitMap

from protocol.items import SegmentItem
from protocol.segments import Segment
from protocol.sync import PeopleAnswer
from relay.features.few import SMALLEST_TOLD, is_withheld
from relay.features.segment_upkeep import SegmentBitmaps
from relay.features.segments import SegmentIndex, japan_day

FEW = range(1, SMALLEST_TOLD)
_FIRST_MONTH = date(2011, 1, 1)  # before that there was no LINE to be a friend on
_EPOCH = date(1970, 1, 1).toordinal()
_Counts = dict[str, int]


def people_of(
    index: SegmentIndex, segment: Segment, items: Mapping[str, SegmentItem], now: datetime
) -> PeopleAnswer:
    """Friends who meet the segment by what they answered, read and when they came. Nobody's groups left out:
    choices and ages that nobody has do not come. `segment`: with its saved groups written out.
    """
    few: list[str] = []

    def told(at: str, counted: Iterable[tuple[str, int]]) -> _Counts:
        found = {key: count for key, count in counted if count}
        few.extend(f"{at}.{key}" for key, count in found.items() if count in FEW)
        return {key: 0 if count in FEW else count for key, count in found.items()}

    with index.looking_at(segment) as (members, kept):
        if len(members) < SMALLEST_TOLD:  # which keys there are would tell what they answered
            withheld = is_withheld(segment, len(members))
            count, told_few = (0, ("count",)) if withheld else (len(members), ())
            return PeopleAnswer(count=count, few=told_few, as_of=now)
        choices = {
            item.id: told(f"choices.{item.id}", _choices(members, kept, item))
            for item in items.values()
            if item.choices
        }
        ages = {
            item.id: told(f"ages.{item.id}", _ages(members, kept, item, japan_day(now).year))
            for item in items.values()
            if item.kind == "birth_year"
        }
        return PeopleAnswer(
            count=len(members),
            choices={item: counts for item, counts in choices.items() if counts},
            ages={item: counts for item, counts in ages.items() if counts},
            languages=told("languages", _of_each(members, kept.languages)),
            followed=told("followed", _months(members, kept, japan_day(now))),
            few=tuple(few),
            as_of=now,
        )


def _of_each(members: BitMap, groups: Mapping[str, BitMap]) -> Iterator[tuple[str, int]]:
    for key, found in groups.items():
        yield key, members.intersection_cardinality(found)


def _choices(members: BitMap, kept: SegmentBitmaps, item: SegmentItem) -> Iterator[tuple[str, int]]:
    found = {choice.id: kept.choices.get((item.id, choice.id)) for choice in item.choices}
    return _of_each(members, {id: bitmap for id, bitmap in found.items() if bitmap is not None})


def _ages(
    members: BitMap, kept: SegmentBitmaps, item: SegmentItem, this_year: int
) -> Iterator[tuple[str, int]]:
    """By the first age of a band of ten, the age reached this year. Somebody with two children in a band is
    one person in it.
    """
    bands: dict[int, list[BitMap]] = {}
    for (asked, year, _), found in kept.births.items():
        if asked == item.id:
            bands.setdefault((this_year - year) // 10 * 10, []).append(found)
    for band in sorted(bands):
        yield str(band), members.intersection_cardinality(BitMap.union(*bands[band]))


def _months(members: BitMap, kept: SegmentBitmaps, today: date) -> Iterator[tuple[str, int]]:
    """From this month back to the first; somebody no event ever came from is in none."""
    left, last = members.copy(), today
    while left and last >= _FIRST_MONTH:
        first = last.replace(day=1)
        came = kept.followed.between(first.toordinal() - _EPOCH, last.toordinal() - _EPOCH)
        count = left.intersection_cardinality(came)
        if count:
            left -= came
            yield f"{first:%Y-%m}", count
        last = first - timedelta(days=1)
