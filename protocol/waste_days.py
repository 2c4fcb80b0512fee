"""Which waste is collected in a district on which day, and what is wrong with a calendar.

Rules say the usual days, exceptions change single ones. Every exception looks at the days of the rules and
none at another exception, so their order says nothing: moving the 1st to the 2nd and the 2nd to the 3rd
loses nothing. Requirement: SEG-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from protocol.counting import grapheme_count
from protocol.holidays import SEARCH_LIMIT, holiday_name, is_closed, nearest_working_day
from protocol.items import SegmentItem
from protocol.moments import clock_time, days_of
from protocol.problems import Problem
from protocol.schedules import Holidays, Recurrence
from protocol.waste import KINDS_LIMIT, RULES_LIMIT, WasteCalendar, WasteException, WasteKind, WasteRule

NAME_LIMIT = 20
MARK_LIMIT = 2
NOTE_LIMIT = 60
TEXT_LIMIT = 500
EXCEPTIONS_LIMIT = 2000
WEEKDAYS = "月火水木金土日"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, order=True)
class Collection:
    """One kind is collected on `day`. `moved_from`: the day it would have been, where an exception or a
    holiday moved it. `note`: why, in the town's words or the name of the holiday.
    """

    day: date
    kind: str
    moved_from: date | None = None
    note: str = ""


def collections(
    calendar: WasteCalendar, district: str, first: date, last: date, holidays: Holidays
) -> list[Collection]:
    """What is collected in the district from `first` to `last`, both included, by day and by kind.

    A kind is collected once a day, however many rules and exceptions bring it there.
    """
    exceptions = _applicable(calendar.exceptions, district)
    moved_in = [e.day for e in exceptions.values() if e.moved_to and first <= e.moved_to <= last]
    usual = _usual_days(calendar, district, min([first, *moved_in]), max([last, *moved_in]), holidays)
    found = {key: item for key, item in usual.items() if key not in exceptions}
    for (day, kind), exception in sorted(exceptions.items()):
        if exception.added:
            found.setdefault((day, kind), Collection(day, kind, None, exception.note))
        elif exception.moved_to is not None and (day, kind) in usual:
            found[(exception.moved_to, kind)] = Collection(exception.moved_to, kind, day, exception.note)
    order = {kind.id: place for place, kind in enumerate(ordered_kinds(calendar))}
    inside = [item for item in found.values() if first <= item.day <= last and item.kind in order]
    return sorted(inside, key=lambda item: (item.day, order[item.kind]))


def on_day(calendar: WasteCalendar, district: str, day: date, holidays: Holidays) -> list[Collection]:
    """What is collected in the district on this one day."""
    return collections(calendar, district, day, day, holidays)


def ordered_kinds(calendar: WasteCalendar) -> list[WasteKind]:
    """The kinds in the order staff gave them."""
    return sorted(calendar.kinds, key=lambda kind: (kind.position, kind.id))


def kind_marks(calendar: WasteCalendar) -> dict[str, str]:
    """Kind → one or two signs that no other kind has: its own mark, or the first of its name still free."""
    marks: dict[str, str] = {kind.id: kind.mark for kind in calendar.kinds if kind.mark}
    for number, kind in enumerate(ordered_kinds(calendar), 1):
        if kind.id not in marks:
            free = (sign for sign in kind.name if sign.strip() and sign not in marks.values())
            marks[kind.id] = next(free, str(number))
    return marks


def readable_on(colour: str) -> str:
    """Black or white, whichever stands out more on `#rrggbb` (WCAG relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def kind_named(calendar: WasteCalendar, kind: str) -> WasteKind | None:
    return next((known for known in calendar.kinds if known.id == kind), None)


def served_districts(calendar: WasteCalendar) -> set[str]:
    """The districts for which anything is said at all."""
    return {district for rule in calendar.rules for district in rule.districts}


def with_living_districts(calendar: WasteCalendar, item: SegmentItem | None) -> WasteCalendar:
    """The calendar with every district that was merged into another under the name of the other."""
    if item is None or not any(choice.merged_into for choice in item.choices):
        return calendar

    def living(districts: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.living_choice(district) for district in districts))

    return calendar.model_copy(
        update={
            name: tuple(part.model_copy(update={"districts": living(part.districts)}) for part in parts)
            for name, parts in (("rules", calendar.rules), ("exceptions", calendar.exceptions))
        }
    )


def day_words(day: date) -> str:
    """「11月24日（火）」."""
    return f"{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"


def waste_values(
    calendar: WasteCalendar, day: date, district: str, holidays: Holidays, *, district_label: str = ""
) -> dict[str, str]:
    """What the placeholders of the daily message stand for in this district; empty when nothing is collected.

    `day` is the day of collection, also in the message of the evening before.
    """
    found = on_day(calendar, district, day, holidays)
    if not found:
        return {}
    return {
        "地区": district_label,
        "ごみの種類": "・".join(kind_words(calendar, item) for item in found),
        "収集日": day_words(day),
    }


def kind_words(calendar: WasteCalendar, item: Collection) -> str:
    kind = kind_named(calendar, item.kind)
    return kind.name if kind else ""


def find_calendar_problems(calendar: WasteCalendar, items: Mapping[str, SegmentItem]) -> tuple[Problem, ...]:
    """Why a calendar cannot be saved; empty when it can. `at` names the part: `rules.3.kind`."""
    problems = [*_kind_problems(calendar.kinds), *_settings_problems(calendar, items)]
    kinds = {kind.id for kind in calendar.kinds}
    item = items.get(calendar.district_item)
    districts = {choice.id for choice in item.choices} if item else set()
    for name, parts, limit in (
        ("rules", calendar.rules, RULES_LIMIT),
        ("exceptions", calendar.exceptions, EXCEPTIONS_LIMIT),
    ):
        problems += _parts_problems(name, parts, limit, kinds, districts)
    for index, rule in enumerate(calendar.rules):
        problems += _rule_problems(rule, f"rules.{index}")
    for index, exception in enumerate(calendar.exceptions):
        problems += _exception_problems(exception, f"exceptions.{index}")
    return tuple(problems)


def find_calendar_warnings(
    calendar: WasteCalendar, districts: Sequence[str], holidays: Holidays
) -> tuple[Problem, ...]:
    """What is probably not meant, though it may be saved: an exception that changes nothing, one moved onto
    the same kind's own day, two for one day, a district where nothing is ever collected.
    """
    problems: list[Problem] = []
    for index, exception in enumerate(calendar.exceptions):
        named = exception.districts or districts
        for code in _exception_warnings(calendar, exception, named, holidays):
            problems.append(Problem(code=code, at=f"exceptions.{index}"))
    if calendar.rules:
        served = served_districts(calendar)
        unserved = sum(district not in served for district in districts)
        if unserved:
            problems.append(Problem(code="waste_district_empty", at="rules", actual=unserved))
    return tuple(problems)


# --- the days of the rules ---


def _usual_days(
    calendar: WasteCalendar, district: str, first: date, last: date, holidays: Holidays
) -> dict[tuple[date, str], Collection]:
    found: dict[tuple[date, str], Collection] = {}
    for rule in calendar.rules:
        if district not in rule.districts:
            continue
        origins = _moved_by_holidays(rule.rule, first, last, holidays)
        for day in _days_between(rule.rule, first, last, holidays):
            origin = origins.get(day)
            note = f"{holiday_name(origin, holidays)}のため" if origin else ""
            found.setdefault((day, rule.kind), Collection(day, rule.kind, origin, note))
    return found


def _days_between(rule: Recurrence, first: date, last: date, holidays: Holidays) -> Iterable[date]:
    for day in days_of(rule, first - timedelta(days=1), holidays):
        if day > last:
            return
        yield day


def _moved_by_holidays(rule: Recurrence, first: date, last: date, holidays: Holidays) -> dict[date, date]:
    """Days that are none of the pattern's own, and the holiday each was moved from."""
    if rule.on_holiday not in ("before", "after"):
        return {}
    around = timedelta(days=SEARCH_LIMIT)
    kept = rule.model_copy(update={"on_holiday": "keep"})
    own = set(_days_between(kept, first - around, last + around, holidays))
    moved = {  # where two holidays lead to the same day, the earlier one is named
        nearest_working_day(day, holidays, rule.on_holiday): day
        for day in sorted(own, reverse=True)
        if is_closed(day, holidays)
    }
    return {to: day for to, day in moved.items() if to is not None and to not in own}


def _applicable(
    exceptions: Iterable[WasteException], district: str
) -> dict[tuple[date, str], WasteException]:
    """The exception of each day and kind that holds here: one that names the district beats one for
    everywhere, then the later in the list beats the earlier.
    """
    found: dict[tuple[date, str], WasteException] = {}
    for everywhere in (True, False):
        for exception in exceptions:
            if (not exception.districts) is everywhere and (everywhere or district in exception.districts):
                found[(exception.day, exception.kind)] = exception
    return found


# --- what is wrong ---


def _kind_problems(kinds: Sequence[WasteKind]) -> list[Problem]:
    problems: list[Problem] = []
    if len(kinds) > KINDS_LIMIT:
        problems.append(Problem(code="too_large", at="kinds", limit=KINDS_LIMIT))
    if len({kind.id for kind in kinds}) != len(kinds):
        problems.append(Problem(code="duplicate_id", at="kinds"))
    seen: set[str] = set()
    for index, kind in enumerate(kinds):
        problems += _text_problems(kind.name, f"kinds.{index}.name", NAME_LIMIT, required=True)
        problems += _text_problems(kind.mark, f"kinds.{index}.mark", MARK_LIMIT)
        problems += _text_problems(kind.how, f"kinds.{index}.how", TEXT_LIMIT)
        if not _COLOUR.fullmatch(kind.colour):
            problems.append(Problem(code="malformed", at=f"kinds.{index}.colour"))
        if kind.name.strip() in seen:
            problems.append(Problem(code="duplicate_label", at=f"kinds.{index}.name"))
        seen.add(kind.name.strip())
    return problems


def _settings_problems(calendar: WasteCalendar, items: Mapping[str, SegmentItem]) -> list[Problem]:
    problems: list[Problem] = []
    for at in ("morning_time", "eve_time"):
        if clock_time(getattr(calendar, at)) is None:
            problems.append(Problem(code="time_malformed", at=at))
    for at in ("morning_text", "eve_text"):
        problems += _text_problems(getattr(calendar, at), at, TEXT_LIMIT, required=True)
    problems += _text_problems(calendar.put_out_by, "put_out_by", NAME_LIMIT)
    for at in ("district_item", "notice_item"):
        named = getattr(calendar, at)
        needed = calendar.sends or (at == "district_item" and bool(calendar.rules))
        if (named and named not in items) or (needed and not named):
            problems.append(Problem(code="item_unknown", at=at))
    notice = items.get(calendar.notice_item)
    if notice is None:
        return problems
    offered = {choice.id for choice in notice.offered_choices}
    for at in ("morning_choice", "eve_choice"):
        if (choice := getattr(calendar, at)) and choice not in offered:
            problems.append(Problem(code="choice_unknown", at=at))
    if calendar.sends and not (calendar.morning_choice or calendar.eve_choice):
        problems.append(Problem(code="choice_unknown", at="morning_choice"))
    if calendar.morning_choice and calendar.morning_choice == calendar.eve_choice:
        problems.append(Problem(code="same_choice", at="eve_choice"))
    return problems


def _parts_problems(
    name: str,
    parts: Sequence[WasteRule | WasteException],
    limit: int,
    kinds: set[str],
    districts: set[str],
) -> list[Problem]:
    problems: list[Problem] = []
    if len(parts) > limit:
        problems.append(Problem(code="too_large", at=name, limit=limit))
    if len({part.id for part in parts}) != len(parts):
        problems.append(Problem(code="duplicate_id", at=name))
    for index, part in enumerate(parts):
        if part.kind not in kinds:
            problems.append(Problem(code="waste_kind_unknown", at=f"{name}.{index}.kind"))
        if not set(part.districts) <= districts:
            problems.append(Problem(code="choice_unknown", at=f"{name}.{index}.districts"))
    return problems


def _rule_problems(rule: WasteRule, at: str) -> list[Problem]:
    pattern = rule.rule
    needs_weekdays = pattern.pattern in ("weekly", "nth_weekday")
    if not rule.districts or (needs_weekdays and not pattern.weekdays):
        return [Problem(code="waste_rule_empty", at=at)]
    if pattern.pattern == "nth_weekday" and not pattern.nths:
        return [Problem(code="waste_rule_empty", at=at)]
    well_formed = (
        all(0 <= weekday <= 6 for weekday in pattern.weekdays)
        and all(nth == -1 or 1 <= nth <= 5 for nth in pattern.nths)
        and (pattern.day == -1 or 1 <= pattern.day <= 31)
        and 1 <= pattern.month <= 12
    )
    if not well_formed:
        return [Problem(code="rule_malformed", at=at)]
    if pattern.until is not None and pattern.until < pattern.first:
        return [Problem(code="dates_reversed", at=at)]
    return []


def _exception_problems(exception: WasteException, at: str) -> list[Problem]:
    problems = _text_problems(exception.note, f"{at}.note", NOTE_LIMIT)
    if exception.moved_to is not None and (exception.added or exception.moved_to == exception.day):
        problems.append(Problem(code="rule_malformed", at=at))
    return problems


def _exception_warnings(
    calendar: WasteCalendar, exception: WasteException, districts: Sequence[str], holidays: Holidays
) -> list[str]:
    codes: set[str] = set()
    effective = False
    twins = 0
    for district in districts:
        twins += (
            sum(
                other.day == exception.day
                and other.kind == exception.kind
                and (district in other.districts or (not other.districts and not exception.districts))
                for other in calendar.exceptions
            )
            > 1
        )
        day, kind = exception.day, exception.kind
        is_usual = (day, kind) in _usual_days(calendar, district, day, day, holidays)
        effective = effective or is_usual is not exception.added
        if exception.moved_to is not None and is_usual:
            usual = _usual_days(calendar, district, exception.moved_to, exception.moved_to, holidays)
            others = _applicable(calendar.exceptions, district)
            there = (exception.moved_to, kind)
            if there in usual and there not in others:
                codes.add("waste_collision")
    if not effective:
        codes.add("waste_no_effect")
    if twins:
        codes.add("waste_two_exceptions")
    return sorted(codes)


def _text_problems(text: str, at: str, limit: int, *, required: bool = False) -> list[Problem]:
    if required and not text.strip():
        return [Problem(code="text_missing", at=at)]
    if grapheme_count(text) > limit:
        return [Problem(code="text_too_long", at=at, limit=limit)]
    return []
