"""When the two daily messages about waste are due. Requirement: SEG-11."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from protocol.moments import clock_time, japan_day
from protocol.schedules import JAPAN
from protocol.waste import WasteCalendar
from relay.features.rule_deliveries import skip_rule_day
from relay.store.database import Connection

LONGEST_OUTAGE = timedelta(days=31)
_DAY = timedelta(days=1)
_NONE: Mapping[str, date] = {}


@dataclass(frozen=True)
class DailyMessage:
    """One of the two messages of a day. `ahead`: days from its moment to the collection it is about."""

    rule: str
    ahead: int
    name: str

    def moment(self, calendar: WasteCalendar, collected: date) -> datetime | None:
        """When the message about this day of collection is due; None for a time that is none."""
        time = calendar.eve_time if self.ahead else calendar.morning_time
        at = clock_time(time)
        return None if at is None else datetime.combine(collected - self.ahead * _DAY, at, JAPAN)

    def choice(self, calendar: WasteCalendar) -> str:
        return calendar.eve_choice if self.ahead else calendar.morning_choice

    def text(self, calendar: WasteCalendar) -> str:
        return calendar.eve_text if self.ahead else calendar.morning_text


MORNING = DailyMessage("waste:morning", 0, "朝")
EVE = DailyMessage("waste:eve", 1, "前の晩")
MESSAGES = (MORNING, EVE)


def begin_sending(connection: Connection, calendar: WasteCalendar, now: datetime) -> None:
    """Staff switched the messages on: moments that have passed are nobody's, and no late worker's either."""
    for message, day in moments_before(calendar, now):
        skip_rule_day(connection, rule=message.rule, day=day, now=now)


def moments_before(
    calendar: WasteCalendar, now: datetime, had: Mapping[str, date] = _NONE
) -> list[tuple[DailyMessage, date]]:
    """The moments of today and yesterday that have come, and those since the last that each message `had`.

    So that after an outage every day shows as skipped; of one longer than `LONGEST_OUTAGE` the last days do.
    """
    today = japan_day(now)
    found = []
    for message in MESSAGES:
        last = had.get(message.rule, today) - message.ahead * _DAY
        first = max(min(last, today - _DAY), today - LONGEST_OUTAGE)
        days = [first + number * _DAY for number in range((today - first).days + 1)]
        found += [(message, day + message.ahead * _DAY) for day in days]
    return [
        (message, day)
        for message, day in sorted(found, key=lambda one: one[1])
        if (moment := message.moment(calendar, day)) is not None and moment <= now
    ]
