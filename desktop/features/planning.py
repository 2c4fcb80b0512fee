"""What goes out when: the next moments of a rule as people check them, and the month. Requirement: SEG-5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from desktop.replica.delivery_columns import moment_of
from desktop.replica.replica import Replica
from protocol.deliveries import Delivery, DeliveryState
from protocol.holidays import holiday_name, is_closed
from protocol.items import SegmentItem
from protocol.moments import is_quiet, japan_day, moment_on, next_moments
from protocol.schedules import (
    JAPAN,
    At,
    Holidays,
    Now,
    OnAge,
    OnResidentDay,
    Recurrence,
    Repeating,
    When,
)
from protocol.sending_rules import SendingRules

SHOWN = 10


@dataclass(frozen=True)
class Upcoming:
    """A moment a rule comes to. `note`: what a holiday does to it. `falls_out`: nothing is sent then."""

    moment: datetime
    note: str = ""
    falls_out: bool = False


@dataclass(frozen=True)
class Calendar:
    """What a panel about moments needs to know; small, read once."""

    items: dict[str, SegmentItem]
    holidays: Holidays
    rules: SendingRules


@dataclass(frozen=True)
class Planned:
    """A delivery on the calendar. `expected`: a moment a rule will come to, not yet a delivery."""

    moment: datetime
    delivery: str
    title: str
    state: DeliveryState
    expected: bool = False


class Planning:
    def __init__(self, replica: Replica, clock: Callable[[], datetime]) -> None:
        self._replica, self._clock = replica, clock

    def calendar(self) -> Calendar:
        records = self._replica.records
        holidays = records.one("holidays", "town", Holidays)
        rules = records.one("sending_rules", "town", SendingRules)
        return Calendar(
            items={shown.id: shown.body for shown in records.items()},
            holidays=holidays.body if holidays is not None else Holidays(),
            rules=rules.body if rules is not None else SendingRules(),
        )

    def month(self, year: int, month: int) -> list[Planned]:
        """Everything that went or will go out in this month of Japan, in order."""
        first = datetime(year, month, 1, tzinfo=JAPAN)
        last = (first + timedelta(days=32)).replace(day=1)
        holidays = self.calendar().holidays
        found: list[Planned] = []
        for shown in self._replica.records.deliveries_due(first.astimezone(UTC), last.astimezone(UTC)):
            delivery = shown.body
            if delivery.state == "repeating":
                found += self._expected(delivery, first, last, holidays)
                continue
            moment = moment_of(delivery)
            if moment is not None:
                found.append(Planned(moment, shown.id, delivery.draft.title, delivery.state))
        return sorted(found, key=lambda planned: (planned.moment, planned.delivery))

    def _expected(
        self, delivery: Delivery, first: datetime, last: datetime, holidays: Holidays
    ) -> list[Planned]:
        after = max(self._clock(), first - timedelta(microseconds=1))
        moments = next_moments(delivery.draft.when, after, holidays, 31)
        draft = delivery.draft
        return [
            Planned(moment, draft.id, draft.title, delivery.state, expected=True)
            for moment in moments
            if moment < last
        ]


def upcoming(when: When, now: datetime, holidays: Holidays, count: int = SHOWN) -> list[Upcoming]:
    """The next moments, in order, with what holidays do to them; days that fall out stand among them."""
    moments = next_moments(when, now, holidays, count)
    if not isinstance(when, Repeating):
        return [Upcoming(moment) for moment in moments]
    as_written = when.model_copy(update={"rule": when.rule.model_copy(update={"on_holiday": "keep"})})
    originals = {japan_day(one) for one in next_moments(as_written, now - timedelta(days=40), holidays, 100)}
    found = [Upcoming(moment, _note(moment, originals, when, holidays)) for moment in moments]
    if when.rule.on_holiday == "skip" and moments:
        for day in sorted(originals):
            if is_closed(day, holidays) and now < moment_on(when, day) < moments[-1]:
                name = holiday_name(day, holidays)
                found.append(Upcoming(moment_on(when, day), f"{name}のため休み", falls_out=True))
    return sorted(found, key=lambda one: one.moment)


def _note(moment: datetime, originals: set[date], when: Repeating, holidays: Holidays) -> str:
    day = japan_day(moment)
    if day in originals:
        name = holiday_name(day, holidays) if is_closed(day, holidays) else ""
        return f"{name}も送る" if name else ""
    # Where it came from: the nearest closed day of the pattern on the side it was moved from.
    if when.rule.on_holiday == "before":
        source = min((one for one in originals if one > day and is_closed(one, holidays)), default=None)
        side = "前へ"
    else:
        source = max((one for one in originals if one < day and is_closed(one, holidays)), default=None)
        side = "後へ"
    if source is None:
        return ""
    return f"{source.month}月{source.day}日（{holiday_name(source, holidays)}）から{side}"


def default_when(kind: str, now: datetime, items: Mapping[str, SegmentItem]) -> When:
    """What a person begins from who has chosen this kind: tomorrow at nine, or the first item that fits."""
    tomorrow = japan_day(now) + timedelta(days=1)
    match kind:
        case "at":
            return At(at=datetime.combine(tomorrow, time(9), JAPAN).astimezone(UTC))
        case "repeating":
            rule = Recurrence(pattern="weekly", weekdays=(tomorrow.weekday(),), first=tomorrow)
            return Repeating(rule=rule, time="09:00")
        case "resident_day":
            dates = (one.id for one in items.values() if one.kind == "date" and not one.retired)
            return OnResidentDay(item=next(dates, ""), days_before=7)
        case "age":
            births = (one.id for one in items.values() if one.kind == "birth_year" and one.ask_month)
            return OnAge(item=next(births, ""), years=1)
    return Now()


def quiet_moment(when: When, now: datetime, calendar: Calendar) -> datetime | None:
    """The first moment of a rule where it lies in the quiet hours; None where phones may ring."""
    first = [now] if when.kind == "now" else next_moments(when, now, calendar.holidays, 1)
    return first[0] if first and is_quiet(first[0], calendar.rules) else None
