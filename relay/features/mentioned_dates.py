"""Dates a text mentions, as Japanese writes them: what has passed when it goes out is asked about. SEG-12.

The right moment to notice last year's date is before it is sent: a notice of 2024 that goes out in 2026 has
happened (ux 8).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from protocol.messages import Message

_ERAS = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}
_ERA = r"(?P<era>令和|平成|[RH])\s?(?P<era_year>元|\d{1,2})"
_FULL = re.compile(
    rf"(?:(?P<year>\d{{4}})|{_ERA})\s?[年./-]\s?(?P<month>\d{{1,2}})\s?[月./-]\s?(?P<day>\d{{1,2}})(?!\d)日?"
)
_SHORT = re.compile(
    r"(?<![\d年/.])(?P<month>\d{1,2})(?:月(?P<day>\d{1,2})日|/(?P<slash>\d{1,2}))(?![\d/年月])"
)
_WEB = re.compile(r"https?://\S+")
_WEEKDAY = re.compile(r"\s*[(][^)]{1,6}[)]")
_LASTS = re.compile(r"\s*(?:\d{1,2}[:時]\d{0,2}分?\s*)?(?:[~〜～–—―-]|から|より)")
"""What follows the first day of a span: it may have begun."""
_SHOWN = frozenset({"text", "title", "alt", "label", "rows", "address"})


def past_dates(messages: Sequence[Message], today: date) -> tuple[date, ...]:
    """The days before `today` that the messages mention, each once, in order; first days of spans do not
    count. A date without a year is the one nearest to today.
    """
    found = {day for text in shown_texts(messages) for day in mentioned_dates(text, today) if day < today}
    return tuple(sorted(found))


def mentioned_dates(text: str, today: date) -> Iterator[date]:
    """Every day the text names, but for those from which on something lasts."""
    plain = _WEB.sub(" ", unicodedata.normalize("NFKC", text))
    for match in _FULL.finditer(plain):
        day = _full_date(match)
        if day is not None and not _begins_span(plain, match.end()):
            yield day
    without = _FULL.sub(lambda match: "年" * len(match.group()), plain)
    for match in _SHORT.finditer(without):
        day = _nearest(int(match["month"]), int(match["day"] or match["slash"]), today)
        if day is not None and not _begins_span(without, match.end()):
            yield day


def shown_texts(messages: Sequence[Message]) -> Iterator[str]:
    """Everything of the messages that residents read; addresses of files and links are none of it."""
    for message in messages:
        yield from _texts(message.as_json(), shown=False)


def _texts(value: Any, *, shown: bool) -> Iterator[str]:
    if isinstance(value, str):
        if shown:
            yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, shown=shown)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, shown=key in _SHOWN)


def _full_date(match: re.Match[str]) -> date | None:
    if match["year"]:
        year = int(match["year"])
    else:
        since = match["era_year"]
        year = _ERAS[match["era"]] + (1 if since == "元" else int(since))
    return _date(year, int(match["month"]), int(match["day"]))


def _nearest(month: int, day: int, today: date) -> date | None:
    candidates = [_date(today.year + step, month, day) for step in (-1, 0, 1)]
    known = [candidate for candidate in candidates if candidate is not None]
    return min(known, key=lambda candidate: abs(candidate - today), default=None)


def _begins_span(text: str, end: int) -> bool:
    weekday = _WEEKDAY.match(text, end)
    return _LASTS.match(text, weekday.end() if weekday else end) is not None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
