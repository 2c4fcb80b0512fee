"""Births, numbers and days on the settings page: the form's words for them, and what they mean. No HTML.

What is typed is read kindly: full-width digits, a unit behind the number, commas. Requirements: SEG-1, SEG-3.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from protocol.items import BIRTHS_LIMIT, NUMBER_RANGE, Answer, BirthMonth, SegmentItem

_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_BIRTH = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,2}))?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_SPARE_ROWS = 2


@dataclass(frozen=True)
class BirthRow:
    """One person of a question about births: what is chosen in its two lists, empty where nothing is."""

    year: str = ""
    month: str = ""


def birth_rows(item: SegmentItem, values: Sequence[str]) -> tuple[BirthRow, ...]:
    """A row for everybody named, and with several two more to fill in, up to the limit."""
    rows = [BirthRow(*value.partition("-")[::2]) for value in values if value]
    wanted = min(len(rows) + _SPARE_ROWS, BIRTHS_LIMIT) if item.several else 1
    return tuple(rows + [BirthRow()] * (wanted - len(rows)))


def day_parts(values: Sequence[str]) -> tuple[str, str, str]:
    """Year, month and day as they stand in their three fields."""
    parts = (values[0] if values else "").split("-")
    year, month, day = (*parts, "", "", "")[:3]
    return year, month.lstrip("0"), day.lstrip("0")


def number_hint(item: SegmentItem) -> str:
    """What may be typed, where staff said so."""
    lowest = "" if item.lowest is None else f"{item.lowest}{item.unit}から"
    highest = "" if item.highest is None else f"{item.highest}{item.unit}まで"
    return f"{lowest}{highest}" and f"{lowest}{highest}の数字で書いてください。"


def given_births(years: Sequence[str], months: Sequence[str]) -> tuple[str, ...]:
    """What the two lists of each row brought, `2020-04` or `2020`; an empty row is nobody."""
    padded = (*months, *[""] * len(years))
    pairs = zip(years, padded, strict=False)
    return tuple(f"{year}-{month}" if month else year for year, month in pairs if year or month)


def given_day(year: str, month: str, day: str) -> tuple[str, ...]:
    parts = [_digits(part) for part in (year, month, day)]
    if not any(parts):
        return ()
    return ("-".join(part.zfill(2) if part else "" for part in parts),)


def given_number(typed: str, unit: str = "") -> tuple[str, ...]:
    plain = _digits(typed).removesuffix(_digits(unit)) if unit else _digits(typed)
    return (plain,) if plain else ()


def typed_values(answer: Answer) -> tuple[str, ...]:
    """An answer in the form's words."""
    if answer.number is not None:
        return (str(answer.number),)
    if answer.day is not None:
        return (answer.day.isoformat(),)
    return tuple(
        f"{birth.year}" if birth.month is None else f"{birth.year}-{birth.month:02}"
        for birth in answer.births
    )


def read_typed(item: SegmentItem, values: Sequence[str]) -> Answer | str:
    """The answer, or a reason code."""
    given = [value for value in values if value]
    if not given:
        return Answer(item=item.id)
    match item.kind:
        case "number":
            if not _WHOLE.fullmatch(given[0]) or not NUMBER_RANGE[0] <= int(given[0]) <= NUMBER_RANGE[1]:
                return "number_out_of_range"
            return Answer(item=item.id, number=int(given[0]))
        case "date":
            return _read_day(item, given[0])
        case _:
            return _read_births(item, given)


def _read_day(item: SegmentItem, value: str) -> Answer | str:
    found = _DAY.fullmatch(value)
    try:
        return Answer(item=item.id, day=date(*map(int, found.groups()))) if found else "date_out_of_range"
    except ValueError:
        return "date_out_of_range"


def _read_births(item: SegmentItem, given: Sequence[str]) -> Answer | str:
    births = []
    for value in given:
        found = _BIRTH.fullmatch(value)
        if found is None:  # a month without its year
            return "year_out_of_range"
        births.append(BirthMonth(year=int(found[1]), month=int(found[2]) if found[2] else None))
    return Answer(item=item.id, births=tuple(births))


def _digits(typed: str) -> str:
    folded = unicodedata.normalize("NFKC", typed).strip()
    return folded.replace(",", "").replace("−", "-").replace("ー", "-").replace(" ", "")
