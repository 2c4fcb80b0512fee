"""The town's own rules: what keeps deliveries safe, and its closed days. Requirements: SEG-5, SEG-12."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from desktop.replica.replica import Replica
from protocol.delivery_changes import HolidaysSave, SendingRulesSave
from protocol.holidays import holiday_name, is_closed
from protocol.schedules import Holidays
from protocol.sending_rules import SendingRules


@dataclass(frozen=True)
class ClosedDay:
    """A line of the list of holidays. `by_town`: added by the town. `struck`: a holiday it works on."""

    day: date
    name: str
    by_town: bool = False
    struck: bool = False


class TownRules:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def sending(self) -> tuple[SendingRules, int]:
        """The rules in force and their version; what nobody changed is as it came."""
        stored = self._replica.records.one("sending_rules", "town", SendingRules)
        return (stored.body, stored.version) if stored is not None else (SendingRules(), 0)

    def save_sending(self, rules: SendingRules, seen: int) -> str:
        """`seen`: the version the person began from."""
        return self._replica.outbox.put("sending_rules.save", SendingRulesSave(rules=rules), based_on=seen)

    def holidays(self) -> tuple[Holidays, int]:
        """What the town changed in the calendar, and the version."""
        stored = self._replica.records.one("holidays", "town", Holidays)
        return (stored.body, stored.version) if stored is not None else (Holidays(), 0)

    def save_holidays(self, holidays: Holidays, seen: int) -> str:
        return self._replica.outbox.put("holidays.save", HolidaysSave(holidays=holidays), based_on=seen)


def closed_days(year: int, changed: Holidays) -> list[ClosedDay]:
    """Every holiday and closed day of a year, those struck out included, in order."""
    found: list[ClosedDay] = []
    day, end = date(year, 1, 1), date(year, 12, 31)
    while day <= end:
        if is_closed(day, changed):
            found.append(ClosedDay(day, holiday_name(day, changed), by_town=day in changed.closed))
        elif day in changed.open:
            found.append(ClosedDay(day, holiday_name(day, Holidays()), struck=True))
        day = date.fromordinal(day.toordinal() + 1)
    return found


def with_closed(changed: Holidays, day: date, name: str) -> Holidays:
    """The day closed besides, by this name."""
    rest = tuple(one for one in changed.open if one != day)
    return Holidays(closed=changed.closed | {day: name}, open=rest)


def without_closed(changed: Holidays, day: date) -> Holidays:
    """A day the town added taken out; a holiday of the law struck out; a struck one back in."""
    if day in changed.closed:
        return changed.model_copy(
            update={"closed": {one: name for one, name in changed.closed.items() if one != day}}
        )
    if day in changed.open:
        return changed.model_copy(update={"open": tuple(one for one in changed.open if one != day)})
    return changed.model_copy(update={"open": tuple(sorted((*changed.open, day)))})
