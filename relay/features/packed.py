"""Members as they are kept and handed on: residents.no in order, four bytes each, little endian."""

from __future__ import annotations

import sys
from array import array

from pyroaring import BitMap


def packed(found: BitMap) -> bytes:
    numbers = found.to_array()
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpacked(members: bytes) -> BitMap:
    return BitMap(numbers_of(members))


def numbers_of(members: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(members)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
