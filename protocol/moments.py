"""The days and moments a rule means, what is wrong with one, and how it reads in Japanese.

Both sides work them out by this file, so the ten dates a person saw are the ten on which it goes out.

A *closed* day is a holiday of the law or of the town (`protocol/holidays.py`); a *working day* is Monday to
Friday and not closed. The holiday rule touches closed days only: whoever chose Saturdays means Saturdays. A
closed day moves to the nearest working day on its side. It falls out when that would lie before `first`,
after `until`, or beyond a month, and a day that two days of the rule come to happens once.

Requirements: SEG-5, SEG-11.
"""

from __future__ import annotations

import heapq
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from dateutil import rrule

from protocol.holidays import SEARCH_LIMIT, is_closed, nearest_working_day
from protocol.items import SegmentItem
from protocol.problems import Problem
from protocol.schedules import (
    HORIZON,
    JAPAN,
    LAST,
    YEARS,
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

DAYS_BEFORE_LIMIT = 366
OLDEST_AGE = 120
_NTHS_LIMIT = 6  # the first to the fifth, and the last
_WEEKDAY_SIGNS = "月火水木金土日"
_ON_HOLIDAY = {
    "keep": "祝日も送る",
    "skip": "祝日は送らない",
    "before": "祝日は前の平日に",
    "after": "祝日は次の平日に",
}
_SHIFT = timedelta(days=SEARCH_LIMIT)
_DAY = timedelta(days=1)
_WEEKDAYS = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)


def days_of(rule: Recurrence, after: date, changed: Holidays) -> Iterator[date]:
    """The rule's days strictly after `after`, in order, each once, as far as `HORIZON` reaches.

    Whatever `after` is, the days are the same ones. A malformed rule has none.
    """
    previous = after
    for day in _shifted(rule, after, changed):
        if previous < day:
            previous = day
            yield day


def next_moments(when: When, after: datetime, changed: Holidays, count: int) -> list[datetime]:
    """The next moments strictly after `after`, in UTC, at most `count`; none for `Now` and malformed rules.

    For residents' own days these are the moments at which it is looked for residents, whether any are found
    or not.
    """
    if count < 1 or (not isinstance(when, At) and clock_time(getattr(when, "time", "")) is None):
        return []
    if isinstance(when, At):
        return [when.at.astimezone(UTC)] if when.at > after else []
    found: list[datetime] = []
    for day in _days_of_moments(when, japan_day(after) - _DAY, changed):
        moment = moment_on(when, day)
        if moment > after:
            found.append(moment)
        if len(found) == count:
            break
    return found


def moment_anew(
    when: Repeating, due_at: datetime, now: datetime, before: Holidays, changed: Holidays
) -> datetime | None:
    """The rule's next moment after `now` by the changed calendar, where it was `due_at` by the one before.

    A day of the pattern that had its moment by the calendar before has none again, and one that would now lie
    in the past keeps the moment it had. None: the rule has come to its end.
    """
    due, best = japan_day(due_at), None
    for day in _pattern_days(when.rule, japan_day(now) - _DAY):
        if best is not None and best < _earlier(day):
            break
        was, moved = _after_holidays(when.rule, day, before), _after_holidays(when.rule, day, changed)
        if moved is None or (was is not None and was < due):
            continue
        if moment_on(when, moved) <= now:
            if was is None:
                continue
            moved = was
        best = moved if best is None else min(best, moved)
    return None if best is None else moment_on(when, best)


def moment_on(when: When, day: date) -> datetime:
    """The moment of a repeating rule on this day in Japan, in UTC. Its time must be well formed."""
    at = clock_time(getattr(when, "time", ""))
    if at is None:
        raise ValueError("this rule has no time of day")
    return datetime.combine(day, at, JAPAN).astimezone(UTC)


def japan_day(moment: datetime) -> date:
    """The calendar day in Japan at this moment."""
    return moment.astimezone(JAPAN).date()


def clock_time(text: str) -> time | None:
    """HH:MM as a time of day; None for anything else."""
    hours, colon, minutes = text.partition(":")
    if len(hours) != 2 or len(minutes) != 2 or not colon or not (hours + minutes).isascii():
        return None
    if not (hours + minutes).isdigit() or int(hours) > 23 or int(minutes) > 59:
        return None
    return time(int(hours), int(minutes))


def is_quiet(moment: datetime, rules: SendingRules) -> bool:
    """Whether the moment lies in the hours in which phones should stay quiet; they may pass midnight.

    The end does not belong to them. Equal ends, or ends that are no times, mean that there are none.
    """
    first, last = clock_time(rules.quiet_from), clock_time(rules.quiet_until)
    if first is None or last is None or first == last:
        return False
    at = moment.astimezone(JAPAN).time()
    return first <= at < last if first < last else at >= first or at < last


def age_month(day: date, years: int, months: int) -> tuple[int, int]:
    """Year and month of birth of whoever reaches this age in the month of `day`."""
    month = day.year * 12 + day.month - 1 - years * 12 - months
    return month // 12, month % 12 + 1


def find_when_problems(when: When, items: Mapping[str, SegmentItem], now: datetime) -> tuple[Problem, ...]:
    """Why it cannot go out by this moment or rule; empty when it can. `at` is the field concerned."""
    if isinstance(when, Now):
        return ()
    if isinstance(when, At):
        return _at_problems(when, now)
    if clock_time(when.time) is None:
        return (Problem(code="time_malformed", at="time"),)
    if isinstance(when, Repeating):
        return _rule_problems(when, now)
    if isinstance(when, OnResidentDay):
        item = items.get(when.item)
        if item is None or item.kind != "date":
            return (Problem(code="item_unknown", at=when.item),)
        if abs(when.days_before) > DAYS_BEFORE_LIMIT:
            return (Problem(code="rule_malformed", at="days_before", limit=DAYS_BEFORE_LIMIT),)
        return ()
    item = items.get(when.item)
    if item is None or item.kind != "birth_year" or not item.ask_month:
        return (Problem(code="item_unknown", at=when.item),)
    ages = 0 <= when.years <= OLDEST_AGE and 0 <= when.months <= 11
    if not ages or not (when.day == LAST or 1 <= when.day <= 31):
        return (Problem(code="rule_malformed", at="age"),)
    return ()


def when_sentence(when: When, items: Mapping[str, SegmentItem]) -> str:
    """The rule as staff read it: 「毎週火曜・金曜 9時00分、祝日は前の平日に（2026年4月1日から）」."""
    match when:
        case Now():
            return "確認が済みしだい"
        case At():
            return moment_words(when.at)
        case Repeating():
            rule = when.rule
            return (
                f"{_pattern_words(rule)} {time_words(when.time)}、{_ON_HOLIDAY[rule.on_holiday]}"
                f"（{_bounds_words(rule)}）"
            )
        case OnResidentDay():
            every = "毎年、" if when.every_year else ""
            title = _title(when.item, items)
            return f"{every}「{title}」の{_distance_words(when.days_before)} {time_words(when.time)}"
        case OnAge():
            day = "末日" if when.day == LAST else f"{when.day}日"
            age = f"{when.years}歳" + (f"{when.months}か月" if when.months else "")
            return f"「{_title(when.item, items)}」で{age}になる月の{day} {time_words(when.time)}"


def moment_words(moment: datetime) -> str:
    """A moment in Japan: 「2026年7月10日（金）9時00分」."""
    local = moment.astimezone(JAPAN)
    return f"{day_words(local.date())}{local.hour}時{local.minute:02}分"


def day_words(day: date) -> str:
    """A day with its weekday: 「2026年7月10日（金）」."""
    return f"{_plain_day(day)}（{_WEEKDAY_SIGNS[day.weekday()]}）"


def time_words(text: str) -> str:
    """HH:MM as it is read aloud: 「9時00分」; what is no time is given back as it is."""
    at = clock_time(text)
    return text if at is None else f"{at.hour}時{at.minute:02}分"


def _days_of_moments(when: When, after: date, changed: Holidays) -> Iterator[date]:
    if isinstance(when, Repeating):
        yield from days_of(when.rule, after, changed)
    elif isinstance(when, OnResidentDay):
        day = after
        while day < after + HORIZON:
            day += _DAY
            yield day
    elif isinstance(when, OnAge):
        yield from _monthly(when.day, after)


def _monthly(number: int, after: date) -> Iterator[date]:
    """That day of every month; the last one where a month is shorter, so that no month is left out."""
    year, month = after.year, after.month
    while (year, month) <= ((after + HORIZON).year, (after + HORIZON).month):
        length = monthrange(year, month)[1]
        day = date(year, month, length if number == LAST else min(number, length))
        if day > after:
            yield day
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _shifted(rule: Recurrence, after: date, changed: Holidays) -> Iterator[date]:
    """The days of the pattern with the holiday rule applied, in order, perhaps some twice.

    A shift may carry a day past its neighbours, so a day is let go only when no later one of the pattern can
    come before it any more.
    """
    waiting: list[date] = []
    for day in _pattern_days(rule, after):
        while waiting and waiting[0] < _earlier(day):
            yield heapq.heappop(waiting)
        moved = _after_holidays(rule, day, changed)
        if moved is not None:
            heapq.heappush(waiting, moved)
    while waiting:
        yield heapq.heappop(waiting)


def _after_holidays(rule: Recurrence, day: date, changed: Holidays) -> date | None:
    """Where this day of the pattern comes to lie; None when it falls out."""
    if rule.on_holiday == "keep" or not is_closed(day, changed):
        return day
    if rule.on_holiday == "skip":
        return None
    moved = nearest_working_day(day, changed, rule.on_holiday)
    if moved is None or moved < rule.first or (rule.until is not None and moved > rule.until):
        return None
    return moved


def _earlier(day: date) -> date:
    return day - _SHIFT if day - date.min > _SHIFT else date.min


def _pattern_days(rule: Recurrence, after: date) -> Iterator[date]:
    """The days before any shift, from so early that one moved past `after` is among them."""
    start = max(rule.first, _earlier(after))
    end = after + HORIZON + _SHIFT if date.max - after > HORIZON + _SHIFT else date.max
    if rule.until is not None:
        end = min(end, rule.until)
    try:
        pattern = _pattern(rule, datetime.combine(start, time()), datetime.combine(end, time()))
    except ValueError:  # what `find_when_problems` tells in words
        return
    for moment in pattern:
        yield moment.date()


def _pattern(rule: Recurrence, start: datetime, end: datetime) -> rrule.rrule | tuple[datetime, ...]:
    days = [_WEEKDAYS[weekday] for weekday in set(rule.weekdays) if 0 <= weekday < len(_WEEKDAYS)]
    nths = [nth for nth in set(rule.nths) if nth == LAST or 1 <= nth <= 5]
    if rule.pattern in ("weekly", "nth_weekday") and not days:
        return ()  # without days the library would take the start's own
    if rule.pattern == "weekly":
        return rrule.rrule(rrule.WEEKLY, dtstart=start, until=end, byweekday=days)
    if rule.pattern == "nth_weekday":
        if not nths:
            return ()
        chosen = [day(nth) for day in days for nth in nths]
        return rrule.rrule(rrule.MONTHLY, dtstart=start, until=end, byweekday=chosen)
    if rule.day != LAST and not 1 <= rule.day <= 31:
        return ()
    if rule.pattern == "monthly":
        return rrule.rrule(rrule.MONTHLY, dtstart=start, until=end, bymonthday=rule.day)
    if not 1 <= rule.month <= 12:
        return ()
    return rrule.rrule(rrule.YEARLY, dtstart=start, until=end, bymonth=rule.month, bymonthday=rule.day)


def _at_problems(when: At, now: datetime) -> tuple[Problem, ...]:
    if when.at.tzinfo is None:
        return (Problem(code="time_malformed", at="at"),)
    if when.at.astimezone(UTC) <= now:
        return (Problem(code="moment_past", at="at"),)
    if when.at - now > HORIZON:
        return (Problem(code="moment_too_far", at="at"),)
    return ()


def _rule_problems(when: Repeating, now: datetime) -> tuple[Problem, ...]:
    rule = when.rule
    for at, day in (("first", rule.first), ("until", rule.until)):
        if day is not None and day.year not in YEARS:
            return (Problem(code="date_out_of_range", at=at),)
    if rule.until is not None and rule.until < rule.first:
        return (Problem(code="dates_reversed", at="until"),)
    if not _is_well_formed(rule):
        return (Problem(code="rule_malformed", at="rule"),)
    if rule.first > japan_day(now) + HORIZON:
        return (Problem(code="moment_too_far", at="first"),)
    # With the holidays of the law: what the town changes later must not make a rule wrong that was right.
    if not next_moments(when, now, Holidays(), 1):
        return (Problem(code="rule_empty", at="rule"),)
    return ()


def _is_well_formed(rule: Recurrence) -> bool:
    """Also that it names no day twice: a list without an end would take as long to work out."""
    if len(set(rule.weekdays)) != len(rule.weekdays) or len(set(rule.nths)) != len(rule.nths):
        return False
    if len(rule.weekdays) > len(_WEEKDAYS) or len(rule.nths) > _NTHS_LIMIT:
        return False
    if rule.pattern in ("weekly", "nth_weekday") and not all(0 <= day <= 6 for day in rule.weekdays):
        return False
    if rule.pattern == "nth_weekday" and not all(nth == LAST or 1 <= nth <= 5 for nth in rule.nths):
        return False
    if rule.pattern in ("monthly", "yearly") and not (rule.day == LAST or 1 <= rule.day <= 31):
        return False
    return rule.pattern != "yearly" or 1 <= rule.month <= 12


def _pattern_words(rule: Recurrence) -> str:
    days = "・".join(f"{_WEEKDAY_SIGNS[day]}曜" for day in sorted(set(rule.weekdays)) if 0 <= day <= 6)
    match rule.pattern:
        case "weekly":
            return "毎日" if len(set(rule.weekdays)) == 7 else f"毎週{days}"
        case "nth_weekday":
            numbers = sorted({nth for nth in rule.nths if nth != LAST})
            nths = [f"第{nth}" for nth in numbers] + (["最終"] if LAST in rule.nths else [])
            return f"毎月{'・'.join(nths)} {days}"
        case "monthly":
            if rule.day == LAST:
                return "毎月末日"
            return f"毎月{rule.day}日" + ("（その日のある月だけ）" if rule.day > 28 else "")
        case "yearly":
            if rule.day == LAST:
                return f"毎年{rule.month}月末日"
            leap = "（うるう年だけ）" if (rule.month, rule.day) == (2, 29) else ""
            return f"毎年{rule.month}月{rule.day}日{leap}"


def _bounds_words(rule: Recurrence) -> str:
    until = f"{_plain_day(rule.until)}まで" if rule.until else ""
    return f"{_plain_day(rule.first)}から{until}"


def _distance_words(days_before: int) -> str:
    if days_before == 0:
        return "当日"
    return f"{days_before}日前" if days_before > 0 else f"{-days_before}日後"


def _plain_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _title(item: str, items: Mapping[str, SegmentItem]) -> str:
    found = items.get(item)
    return found.title if found is not None else "削除された項目"
