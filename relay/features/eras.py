"""Japanese eras beside the years: many people know their year of birth only so."""

from __future__ import annotations

# The first year of each era; the year of a change is named after the newer one, with the older beside it.
_ERAS = ((2019, "令和"), (1989, "平成"), (1926, "昭和"), (1912, "大正"), (1868, "明治"))


def era_year(year: int) -> str:
    """`昭和30年`; a year of change gets both names, `昭和64・平成元年`."""
    for index, (first, name) in enumerate(_ERAS):
        if year < first:
            continue
        number = "元" if year == first else str(year - first + 1)
        if year == first and index + 1 < len(_ERAS):
            older_first, older = _ERAS[index + 1]
            return f"{older}{year - older_first + 1}・{name}{number}年"
        return f"{name}{number}年"
    return ""


def era_span(first: int, last: int) -> str:
    """`昭和25〜34`, or `昭和55〜平成元` where an era ends in between; no 年, to stay short on a button."""
    start, end = _short(first), _short(last)
    if start[:2] == end[:2]:
        return f"{start}〜{end[2:]}"
    return f"{start}〜{end}"


def _short(year: int) -> str:
    for first, name in _ERAS:
        if year >= first:
            return f"{name}{'元' if year == first else year - first + 1}"
    return ""
