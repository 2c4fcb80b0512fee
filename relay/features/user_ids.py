"""LINE user ids by residents.no, packed: 33 bytes each, in pages, so that 500 of them take microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

USER_ID_BYTES = 33
_PAGE_BITS = 12
_PAGE = 1 << _PAGE_BITS
_BLANK = bytes(USER_ID_BYTES)


class UserIds:
    """Not safe to use from several threads."""

    def __init__(self) -> None:
        self._pages: list[bytes] = []

    def put(self, ids: Iterable[tuple[int, bytes]]) -> None:
        """(residents.no, user id). An id of another form is never given out; one bad row must not stop every
        count.
        """
        for number, rows in groupby(sorted(ids), lambda row: row[0] >> _PAGE_BITS):
            while len(self._pages) <= number:
                self._pages.append(bytes(_PAGE * USER_ID_BYTES))
            page = bytearray(self._pages[number])
            for no, user_id in rows:
                place = (no & (_PAGE - 1)) * USER_ID_BYTES
                page[place : place + USER_ID_BYTES] = user_id if len(user_id) == USER_ID_BYTES else _BLANK
            self._pages[number] = bytes(page)

    def find(self, numbers: Sequence[int]) -> list[bytes]:
        """The ids of these residents; one that is not known is left out."""
        pages, size, mask = self._pages, USER_ID_BYTES, _PAGE - 1
        if numbers and max(numbers) >= len(pages) << _PAGE_BITS:
            numbers = [no for no in numbers if no < len(pages) << _PAGE_BITS]
        found = [pages[no >> _PAGE_BITS][(at := (no & mask) * size) : at + size] for no in numbers]
        return [id for id in found if id != _BLANK] if _BLANK in found else found
