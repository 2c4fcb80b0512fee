"""Which days are holidays (「祝日・閉庁日」): those of the law, with what the town changed in them.

Source: 国民の祝日に関する法律 (祝日, 振替休日, 国民の休日) by the package `jpholiday`, and the town's record
`holidays`. Requirements: SEG-5, SEG-11.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import jpholiday

from protocol.schedules import Holidays

_SATURDAY = 5
SEARCH_LIMIT = 31
"""Days within which a working day is looked for."""


def holiday_name(day: date, changed: Holidays) -> str:
    """What the day is called when it is closed; empty on every other day, weekends included.

    The town's word goes first: a national holiday it works on is none, and a day it closes has its own name.
    """
    if day in changed.closed:
        return changed.closed[day] or "閉庁日"
    if day in changed.open:
        return ""
    return jpholiday.is_holiday_name(day) or ""


def is_closed(day: date, changed: Holidays) -> bool:
    """Whether the day is a holiday. A weekend is none by itself."""
    return bool(holiday_name(day, changed))


def is_working_day(day: date, changed: Holidays) -> bool:
    """Monday to Friday, and no holiday."""
    return day.weekday() < _SATURDAY and not is_closed(day, changed)


def nearest_working_day(day: date, changed: Holidays, direction: Literal["before", "after"]) -> date | None:
    """The working day nearest to this day on one side, the day itself included; None when a whole month is
    closed, or the calendar ends.
    """
    step = timedelta(days=-1 if direction == "before" else 1)
    for _ in range(SEARCH_LIMIT + 1):
        if is_working_day(day, changed):
            return day
        if day in (date.min, date.max):
            return None
        day += step
    return None
