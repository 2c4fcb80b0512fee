"""When a delivery goes out: now, at a time, by a rule that repeats, or by residents' own dates.

Rules are told in Japan's calendar and clock; moments are UTC. Requirement: SEG-5.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from protocol.wire import Wire

JAPAN = ZoneInfo("Asia/Tokyo")
LAST = -1
"""As `nth` or `day`: the last one of the month."""
HORIZON = timedelta(days=366 * 5)
"""How far ahead the next day of a rule is looked for."""

YEARS = range(2000, 2101)
"""What a moment or a rule may name; far from where calendars end, so that no time zone leads beyond."""

Pattern = Literal["weekly", "nth_weekday", "monthly", "yearly"]
OnHoliday = Literal["keep", "skip", "before", "after"]
"""What becomes of a day that is a holiday: stay, fall out, move to the working day before or after."""
Late = Literal["send", "skip"]


class Recurrence(Wire):
    """Days in Japan's calendar. `weekdays`: 0 is Monday. `nths`: 1 to 5, or LAST. `day`: 1 to 31, or LAST;
    a month without that day has none.
    """

    pattern: Pattern
    weekdays: tuple[int, ...] = ()
    nths: tuple[int, ...] = ()
    day: int = 1
    month: int = 1
    first: date
    until: date | None = None
    on_holiday: OnHoliday = "keep"


class Now(Wire):
    """As soon as it is confirmed and the hold is over."""

    kind: Literal["now"] = "now"


class At(Wire):
    """Once, at this moment."""

    kind: Literal["at"] = "at"
    at: datetime

    @field_validator("at")
    @classmethod
    def _lies_in_the_calendar(cls, at: datetime) -> datetime:
        """Already here: every desktop reads a draft's moment aloud, whatever is wrong with the draft."""
        if at.year not in YEARS:
            raise ValueError("this year is out of range")
        return at


class Repeating(Wire):
    """At `time` (HH:MM in Japan) on every day of the rule."""

    kind: Literal["repeating"] = "repeating"
    rule: Recurrence
    time: str = "09:00"


class OnResidentDay(Wire):
    """To each resident whose answer to a `date` item lies `days_before` days ahead; negative: behind."""

    kind: Literal["resident_day"] = "resident_day"
    item: str
    days_before: int = 0
    every_year: bool = False
    time: str = "09:00"


class OnAge(Wire):
    """To residents in the month in which somebody of a `birth_year` item reaches this age, on that day of the
    month. Those who left the month out get nothing: the relay does not guess.
    """

    kind: Literal["age"] = "age"
    item: str
    years: int
    months: int = 0
    day: int = 1
    time: str = "09:00"


When = Annotated[Now | At | Repeating | OnResidentDay | OnAge, Field(discriminator="kind")]

REPEATING_KINDS = ("repeating", "resident_day", "age")


class Holidays(Wire):
    """What the town changed in the calendar of holidays. Record kind `holidays`, id `town`.

    `closed`: further days on which the town hall is closed, with their names; `open`: national holidays it
    works on.
    """

    closed: dict[date, str] = Field(default_factory=dict)
    open: tuple[date, ...] = ()
