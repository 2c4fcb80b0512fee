"""Whole numbers of many residents, asked by range: one bitmap per binary digit (a bit-sliced index).

However many different numbers there are, memory and time stay those of some twenty bitmaps. Source of the
comparison: P. O'Neil, D. Quass, "Improved query performance with variant indexes", SIGMOD 1997.
"""

from __future__ import annotations

from pyroaring import BitMap


class BitSlices:
    """One number each of some residents, by residents.no. Not safe to use from several threads."""

    def __init__(self) -> None:
        self._positive = _Digits()
        self._negative = _Digits()  # keeps -1 as 0, -2 as 1 …: digits need numbers from 0

    def add(self, pairs: list[tuple[int, int]]) -> None:
        """(residents.no, number); those numbers must not be in here yet."""
        self._positive.add([(no, value) for no, value in pairs if value >= 0])
        self._negative.add([(no, -1 - value) for no, value in pairs if value < 0])

    def put(self, value: int, residents: BitMap) -> None:
        """The same number for all of these; they must not be in here yet."""
        if value >= 0:
            self._positive.put(value, residents)
        else:
            self._negative.put(-1 - value, residents)

    def forget(self, residents: BitMap) -> None:
        self._positive.forget(residents)
        self._negative.forget(residents)

    def between(self, lowest: int | None, highest: int | None) -> BitMap:
        """Whose number lies between the bounds, both included; None is open."""
        found = BitMap()
        if highest is None or highest >= 0:
            found |= self._positive.between(max(lowest or 0, 0), highest)
        if lowest is None or lowest < 0:
            above = None if lowest is None else -1 - lowest
            found |= self._negative.between(0 if highest is None else max(-1 - highest, 0), above)
        return found


class _Digits:
    def __init__(self) -> None:
        self._all = BitMap()
        self._digits: list[BitMap] = []
        """The lowest digit first."""

    def add(self, pairs: list[tuple[int, int]]) -> None:
        self._all |= BitMap([no for no, _ in pairs])
        length = max((value for _, value in pairs), default=0).bit_length()
        self._grow(length)
        for place in range(length):
            self._digits[place] |= BitMap([no for no, value in pairs if value >> place & 1])

    def put(self, value: int, residents: BitMap) -> None:
        self._all |= residents
        self._grow(value.bit_length())
        for place in range(value.bit_length()):
            if value >> place & 1:
                self._digits[place] |= residents

    def _grow(self, length: int) -> None:
        self._digits += [BitMap() for _ in range(length - len(self._digits))]

    def forget(self, residents: BitMap) -> None:
        for bitmap in (self._all, *self._digits):
            bitmap -= residents

    def between(self, lowest: int, highest: int | None) -> BitMap:
        found = self._at_least(lowest)
        if highest is not None:
            found -= self._at_least(highest + 1)
        return found

    def _at_least(self, bound: int) -> BitMap:
        """A bitmap of the caller's own."""
        if bound <= 0:
            return self._all.copy()
        if bound.bit_length() > len(self._digits):
            return BitMap()
        above, equal = BitMap(), self._all.copy()
        for place in range(len(self._digits) - 1, -1, -1):
            digit = self._digits[place]
            if bound >> place & 1:
                equal &= digit
            else:
                above |= equal & digit
                equal -= digit
        above |= equal
        return above
