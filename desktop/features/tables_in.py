"""Excel lists read with care: sizes are looked at before anything is unpacked, columns found by their names.

security.md I7.
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from desktop.errors import ListTooLarge, ListUnreadable

FILE_LIMIT = 20 * 1024 * 1024
UNPACKED_LIMIT = 100 * 1024 * 1024
RATIO_LIMIT = 100
ROWS_LIMIT = 20_000
_PARTS_LIMIT = 1000
_HEADER_ROWS = 10


@dataclass(frozen=True)
class Line:
    """A line as read, by the property its column stands for. `line` is the number Excel shows."""

    line: int
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Line({self.line})"  # lists hold names


def read_table(path: Path, aliases: Mapping[str, str], needed: Collection[str]) -> list[Line]:
    """The lines of the first sheet below its header, empty ones left out.

    `aliases`: name of a column, folded and without spaces → property; `needed`: properties the header must
    have. Raises ListTooLarge, ListUnreadable.
    """
    check_size(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError):
        raise ListUnreadable from None
    try:
        return list(_lines(book.worksheets[0], aliases, frozenset(needed)))
    except (KeyError, ValueError, IndexError, TypeError, zipfile.BadZipFile, SyntaxError):
        raise ListUnreadable from None
    finally:
        book.close()


def folded(text: str) -> str:
    """Width, case and outer spaces do not matter."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def check_size(path: Path) -> None:
    """Before anything is unpacked. Raises ListTooLarge, ListUnreadable."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise ListTooLarge
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError):
        raise ListUnreadable from None
    total = sum(part.file_size for part in parts)
    if total > UNPACKED_LIMIT or len(parts) > _PARTS_LIMIT:
        raise ListTooLarge
    if any(part.file_size > RATIO_LIMIT * max(part.compress_size, 1024) for part in parts):
        raise ListTooLarge


def _lines(sheet: Any, aliases: Mapping[str, str], needed: frozenset[str]) -> Iterator[Line]:
    columns: dict[int, str] = {}
    for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if line > ROWS_LIMIT:
            raise ListTooLarge
        texts = [cell_text(cell) for cell in cells]
        if not columns:
            columns = _columns(texts, aliases, needed)
            if not columns and line >= _HEADER_ROWS:
                raise ListUnreadable
            continue
        values = {name: texts[place] for place, name in columns.items() if place < len(texts)}
        if any(values.values()):
            yield Line(line, values)
    if not columns:
        raise ListUnreadable


def _columns(texts: Sequence[str], aliases: Mapping[str, str], needed: frozenset[str]) -> dict[int, str]:
    """Place → property, where this line is the header."""
    found: dict[int, str] = {}
    for place, text in enumerate(texts):
        name = aliases.get(folded(text).replace(" ", ""))
        if name is not None and name not in found.values():
            found[place] = name
    return found if needed <= set(found.values()) else {}


def cell_text(cell: object) -> str:
    """What a person sees in the cell."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # Excel keeps every number as a fraction
    text = str(cell)
    # Control and direction signs have no place in a name; nothing else is changed.
    return "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cf") or char == "\n"
    ).strip()
