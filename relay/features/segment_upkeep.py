"""The bitmaps of the segment index: read from the tables as a whole, and mended for who changed since.

Requirements: SEG-3, SEG-4. What they answer is in `segments.py`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import TypeVar

from pyroaring import BitMap

from relay.features.bit_slices import BitSlices
from relay.features.ordered_bitmaps import OrderedBitmaps
from relay.features.user_ids import UserIds
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.lists import list_numbers
from relay.store.residents import FRIEND
from relay.store.segment_rows import (
    ResidentRow,
    iter_birth_groups,
    iter_births,
    iter_choice_groups,
    iter_choices,
    iter_list_groups,
    iter_numbers,
    iter_residents,
    user_id_opener,
)

_Key = TypeVar("_Key", bound=Hashable)
_JAPAN_OFFSET = 9 * 3600 * 1_000_000
"""Microseconds; Japan has had no summer time since 1951."""
_DAY = 24 * 3600 * 1_000_000
_FEW = 8
_DAYS_TOGETHER = 64
_MONTHS_TOGETHER = 13
_TEXT_AT_ONCE = 500_000
"""Signs of a list of numbers that become numbers at a time: that of everybody needs no forty megabytes."""


def birth_key(year: int, month: int) -> int:
    """Births in order; month 0, not told, stands before January."""
    return year * _MONTHS_TOGETHER + month


class SegmentBitmaps:
    """What is known of residents, as bitmaps of residents.no. Not safe to use from several threads."""

    def __init__(self) -> None:
        self.known = BitMap()
        self.friends = BitMap()
        self.choices: dict[tuple[str, str], BitMap] = {}
        self.births: dict[tuple[str, int, int], BitMap] = {}
        """By item, year and month; month 0 where it was not told."""
        self.ages: dict[str, OrderedBitmaps] = {}
        """By item those who named one person, under `birth_key`."""
        self.several: dict[str, BitMap] = {}
        """By item those who named more than one, whom a range must not count by difference."""
        self.numbers: dict[str, BitSlices] = {}
        self.answered: dict[str, BitMap] = {}
        self.languages: dict[str, BitMap] = {}
        self.followed = OrderedBitmaps(_DAYS_TOGETHER)
        """Days since 1970 in Japan."""
        self.lists: dict[str, BitMap] = {}
        self.ids = UserIds()
        self._list_numbers: dict[str, int] = {}

    # --- everything ---

    @classmethod
    def read(cls, connection: Connection, cipher: ColumnCipher) -> SegmentBitmaps:
        """All residents and their answers, anew."""
        made = cls()
        # Residents first, answers second: an answer read is then at least as new as its resident's number,
        # and one that is newer will be read again under its next number.
        made._add_residents(connection, cipher, after=0)
        for item, choice, text in iter_choice_groups(connection):
            made.choices[item, choice] = members = _bitmap(text)
            _into(made.answered, item, members)
        made._add_births(
            ((item, year, month or 0), _bitmap(text))
            for item, year, month, text in iter_birth_groups(connection)
        )
        made._add_numbers(iter_numbers(connection))
        made.mend_lists(connection)
        return made

    # --- what changed ---

    def mend(self, connection: Connection, cipher: ColumnCipher, after: int) -> None:
        """Read again who changed since that number of the stream `residents`."""
        numbers = self._add_residents(connection, cipher, after=after)
        choices = list(iter_choices(connection, numbers))
        births = list(iter_births(connection, numbers))
        values = list(iter_numbers(connection, numbers))
        self._forget_answers(BitMap(numbers))
        for (item, choice), members in _grouped(((item, choice), no) for no, item, choice in choices):
            _into(self.choices, (item, choice), members)
            _into(self.answered, item, members)
        self._add_births(_grouped(((item, year, month or 0), no) for no, item, year, month in births))
        self._add_numbers(values)

    def mend_lists(self, connection: Connection) -> None:
        """Read the lists again that changed since the last time, each as a whole."""
        numbers = list_numbers(connection)
        changed = [id for id, number in numbers.items() if self._list_numbers.get(id) != number]
        found = {id: _bitmap(text) for id, text in (iter_list_groups(connection, changed) if changed else ())}
        for id in changed:
            self.lists[id] = found.get(id, BitMap())
        self._list_numbers = numbers

    def _add_residents(self, connection: Connection, cipher: ColumnCipher, after: int) -> list[int]:
        open_id = user_id_opener(cipher)
        numbers = array("I")
        days: dict[int, array[int]] = {}
        for rows in iter_residents(connection, after=after):
            self._add_rows(rows, open_id, days, is_new=not after)
            numbers.extend(row[0] for row in rows)
        for day, members in days.items():
            self.followed.put(day, BitMap(members))
        return numbers.tolist() if after else []

    def _add_rows(
        self,
        rows: Iterable[ResidentRow],
        open_id: Callable[[str, bytes], bytes],
        days: dict[int, array[int]],
        *,
        is_new: bool,
    ) -> None:
        """Everything but the days they came on; these are gathered, as all of one day at once is quicker."""
        numbers, ids, states, followed, languages, sealed = zip(*rows, strict=True)
        self.ids.put(list(zip(numbers, map(open_id, ids, sealed), strict=True)))
        changed = BitMap(numbers)
        if not is_new:
            self.friends -= changed
            self.followed.forget(changed)
            _forget(self.languages.values(), changed)
        self.known |= changed
        self.friends |= BitMap([no for no, state in zip(numbers, states, strict=True) if state == FRIEND])
        for at, number in zip(followed, numbers, strict=True):
            day = (at + _JAPAN_OFFSET) // _DAY
            if day in days:
                days[day].append(number)
            else:
                days[day] = array("I", (number,))
        for language, members in _grouped(zip(languages, numbers, strict=True)):
            _into(self.languages, language, members)

    def _add_numbers(self, values: Iterable[tuple[int, str, int]]) -> None:
        for part in _parts(values, 20_000):
            by_item: dict[str, list[tuple[int, int]]] = {}
            for no, item, value in part:
                by_item.setdefault(item, []).append((no, value))
            for item, pairs in by_item.items():
                self.numbers.setdefault(item, BitSlices()).add(pairs)
                _into(self.answered, item, BitMap([no for no, _ in pairs]))

    def _add_births(self, groups: Iterable[tuple[tuple[str, int, int], BitMap]]) -> None:
        """Everybody named by these residents, of whom none is in here yet."""
        found = dict(groups)
        named: dict[str, BitMap] = {}
        for (item, year, month), members in found.items():
            if item in named:
                _into(self.several, item, named[item] & members)
            _into(named, item, members)
            _into(self.births, (item, year, month), members)
        for (item, year, month), members in found.items():
            alone = members - self.several[item] if item in self.several else members
            ages = self.ages.setdefault(item, OrderedBitmaps(_MONTHS_TOGETHER))
            ages.put(birth_key(year, month), alone)
        for item, members in named.items():
            _into(self.answered, item, members)

    def _forget_answers(self, changed: BitMap) -> None:
        _forget(self.choices.values(), changed)
        _forget(self.births.values(), changed)
        _forget(self.answered.values(), changed)
        _forget(self.several.values(), changed)
        for ages in self.ages.values():
            ages.forget(changed)
        for slices in self.numbers.values():
            slices.forget(changed)


def _forget(bitmaps: Collection[BitMap], changed: BitMap) -> None:
    if len(changed) < _FEW:  # six times faster than the difference, and one tap is what happens most
        for number in changed:
            for bitmap in bitmaps:
                bitmap.discard(number)
        return
    for bitmap in bitmaps:
        bitmap -= changed


def _into(bitmaps: dict[_Key, BitMap], key: _Key, members: BitMap) -> None:
    if key in bitmaps:
        bitmaps[key] |= members
    else:
        bitmaps[key] = members.copy()


def _grouped(pairs: Iterable[tuple[_Key, int]]) -> Iterator[tuple[_Key, BitMap]]:
    found: dict[_Key, list[int]] = {}
    for key, number in pairs:
        found.setdefault(key, []).append(number)
    for key, numbers in found.items():
        yield key, BitMap(numbers)


def _parts(values: Iterable[tuple[int, str, int]], size: int) -> Iterator[list[tuple[int, str, int]]]:
    part: list[tuple[int, str, int]] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def _bitmap(text: str) -> BitMap:
    """The numbers of a text such as `1,2,17`."""
    found, start = BitMap(), 0
    while start < len(text):
        end = text.find(",", start + _TEXT_AT_ONCE)
        end = len(text) if end < 0 else end
        found |= BitMap(array("I", map(int, text[start:end].split(","))))
        start = end + 1
    return found
