"""Waste collection (「ごみ収集」) for those who keep it: the calendar, the year as a plan, the dictionary.

Requirement: SEG-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from desktop.features.asking import Ask
from desktop.replica.replica import Replica
from protocol.delivery_changes import WasteSave, WasteWordsPut
from protocol.holidays import holiday_name
from protocol.ids import new_id
from protocol.items import Choice, SegmentItem
from protocol.moments import japan_day
from protocol.problems import Problem
from protocol.schedules import LAST, Holidays, Recurrence
from protocol.segments import AllOf, ChoiceIs
from protocol.sync import CountAnswer, CountRequest
from protocol.waste import WORDS_AT_ONCE, WasteCalendar, WasteException, WasteWord, find_word_problems
from protocol.waste_days import (
    WEEKDAYS,
    collections,
    find_calendar_problems,
    kind_marks,
    kind_named,
    ordered_kinds,
    readable_on,
    waste_values,
)
from protocol.waste_search import WasteSearch, folded

MONTHS = 12
FIRST_MONTH = 4
"""A town's year begins in April."""


class WasteInvalid(ValueError):
    """The calendar or a word cannot be saved as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class TownWaste:
    """What the screen shows: the calendar as stored + pending, and what it speaks of."""

    calendar: WasteCalendar = field(default_factory=WasteCalendar)
    version: int = 0
    refused: str = ""
    items: Mapping[str, SegmentItem] = field(default_factory=dict)
    holidays: Holidays = field(default_factory=Holidays)
    town_name: str = ""
    telephone: str = ""

    def districts_of(self, calendar: WasteCalendar) -> tuple[Choice, ...]:
        """Those a resident can choose, in their order."""
        item = self.items.get(calendar.district_item)
        return item.offered_choices if item else ()


@dataclass(frozen=True)
class DayMark:
    """One collection as a calendar shows it."""

    sign: str
    colour: str
    ink: str
    name: str
    note: str = ""
    moved: bool = False


@dataclass(frozen=True)
class YearPlan:
    """Twelve months of one district."""

    district: str
    months: tuple[date, ...]
    days: Mapping[date, tuple[DayMark, ...]]
    holidays: Mapping[date, str]

    def words(self, day: date) -> str:
        """The day as it is read aloud."""
        said = [f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"]
        if day in self.holidays:
            said.append(self.holidays[day])
        marks = self.days.get(day, ())
        said += [f"{mark.name}（{mark.note}）" if mark.note else mark.name for mark in marks]
        return "、".join(said) if marks else "、".join([*said, "収集なし"])


@dataclass(frozen=True)
class Foreseen:
    """Who would get what about one day of collection. `people` None: the relay could not be asked."""

    day: date
    when: str
    texts: tuple[str, ...]
    districts: int
    people: int | None = None


class Waste:
    """`ask`: to the relay, for how many people a message would reach."""

    def __init__(self, replica: Replica, ask: Ask, clock: Callable[[], datetime]) -> None:
        self._replica, self._ask, self._clock = replica, ask, clock

    def town(self) -> TownWaste:
        records = self._replica.records
        stored = records.one("waste", "town", WasteCalendar)
        holidays, settings = records.one("holidays", "town", Holidays), records.settings()
        return TownWaste(
            calendar=stored.body if stored else WasteCalendar(),
            version=stored.version if stored else 0,
            refused=stored.refused if stored else "",
            items={shown.id: shown.body for shown in records.items() if not shown.body.retired},
            holidays=holidays.body if holidays else Holidays(),
            town_name=settings.body.town_name if settings else "",
            telephone=settings.body.telephone if settings else "",
        )

    def new_id(self) -> str:
        return new_id(self._clock())

    def today(self) -> date:
        return japan_day(self._clock())

    def save(self, calendar: WasteCalendar, seen: int) -> str:
        """Leave the calendar in the outbox. `seen`: the version it began from. Raises WasteInvalid."""
        problems = find_calendar_problems(calendar, self.town().items)
        if problems:
            raise WasteInvalid(problems)
        return self._replica.outbox.put("waste.save", WasteSave(calendar=calendar), based_on=seen)

    def foresee(self, town: TownWaste, calendar: WasteCalendar, day: date) -> list[Foreseen]:
        """The dry run: what would go out about this day of collection. Asks the relay; blocks."""
        districts = town.districts_of(calendar)
        texts: dict[str, list[str]] = {"朝": [], "前の晩": []}
        reached: list[str] = []
        for district in districts:
            values = waste_values(calendar, day, district.id, town.holidays, district_label=district.label)
            if not values:
                continue
            reached.append(district.id)
            for when, text in (("前の晩", calendar.eve_text), ("朝", calendar.morning_text)):
                texts[when].append(_filled(text, values))
        return [
            Foreseen(
                day=day,
                when=f"{when}（{time}）",
                texts=tuple(texts[when]) if choice else (),
                districts=len(reached),
                people=self._count(calendar, choice, reached),
            )
            for when, time, choice in (
                ("前の晩", calendar.eve_time, calendar.eve_choice),
                ("朝", calendar.morning_time, calendar.morning_choice),
            )
        ]

    def _count(self, calendar: WasteCalendar, choice: str, districts: list[str]) -> int | None:
        if not choice or not districts:
            return 0
        segment = AllOf(
            parts=(
                ChoiceIs(item=calendar.notice_item, any_of=(choice,)),
                ChoiceIs(item=calendar.district_item, any_of=tuple(districts)),
            )
        )
        return self._ask("segment-count", CountRequest(segment=segment), CountAnswer).count

    # --- the dictionary ---

    def words(self) -> list[WasteWord]:
        """Stored + pending, in the order of the kana."""
        known = {word.id: word for word in self._replica.records.all("waste_word", WasteWord)}
        for entry in self._replica.outbox.entries(record=("waste_word", "")):
            if entry.state == "refused" or not isinstance(entry.payload, WasteWordsPut):
                continue
            for id in entry.payload.remove:
                known.pop(id, None)
            known |= {word.id: word for word in entry.payload.words}
        return sorted(known.values(), key=lambda word: (folded(word.reading or word.name), word.id))

    def find_words(self, words: Sequence[WasteWord], typed: str) -> list[WasteWord]:
        """As residents would find them, the best first; all of them while nothing is typed."""
        if not typed.strip():
            return list(words)
        return [hit.word for hit in WasteSearch(words).find(typed, limit=100)]

    def put_words(self, words: Sequence[WasteWord], remove: Sequence[str] = ()) -> int:
        """Leave words in the outbox, as many changes as it takes; returns how many. Raises WasteInvalid."""
        kinds = frozenset(kind.id for kind in self.town().calendar.kinds)
        for word in words:
            if problems := find_word_problems(word, kinds):
                raise WasteInvalid(problems)
        parts = [
            WasteWordsPut(words=tuple(words[start : start + WORDS_AT_ONCE]))
            for start in range(0, len(words), WORDS_AT_ONCE)
        ]
        parts += [
            WasteWordsPut(remove=tuple(remove[start : start + WORDS_AT_ONCE]))
            for start in range(0, len(remove), WORDS_AT_ONCE)
        ]
        for part in parts:
            self._replica.outbox.put("waste_words.put", part, based_on=0)
        return len(parts)


def year_plan(town: TownWaste, calendar: WasteCalendar, district: str, first: date) -> YearPlan:
    """Twelve months from the month of `first`."""
    start = first.replace(day=1)
    months = tuple(_months_later(start, number) for number in range(MONTHS))
    end = _months_later(start, MONTHS) - timedelta(days=1)
    marks = kind_marks(calendar)
    days: dict[date, list[DayMark]] = {}
    for item in collections(calendar, district, start, end, town.holidays):
        kind = kind_named(calendar, item.kind)
        if kind is not None:
            days.setdefault(item.day, []).append(
                DayMark(
                    sign=marks[kind.id],
                    colour=kind.colour,
                    ink=readable_on(kind.colour),
                    name=kind.name,
                    note=item.note,
                    moved=item.moved_from is not None,
                )
            )
    holidays = {}
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        if name := holiday_name(day, town.holidays):
            holidays[day] = name
    label = next((one.label for one in town.districts_of(calendar) if one.id == district), "")
    return YearPlan(label, months, {day: tuple(found) for day, found in days.items()}, holidays)


def first_of_year(today: date) -> date:
    """The April in which the town's year of this day began."""
    return date(today.year - (today.month < FIRST_MONTH), FIRST_MONTH, 1)


def rule_words(rule: Recurrence) -> str:
    """「毎週 月・木曜日（祝日は次の平日）」."""
    weekdays = "・".join(WEEKDAYS[number] for number in sorted(rule.weekdays))
    match rule.pattern:
        case "weekly":
            said = f"毎週 {weekdays}曜日"
        case "nth_weekday":
            nths = "・".join("最終" if nth == LAST else f"第{nth}" for nth in rule.nths)
            said = f"{nths} {weekdays}曜日"
        case "monthly":
            said = "毎月 末日" if rule.day == LAST else f"毎月 {rule.day}日"
        case _:
            said = f"毎年 {rule.month}月{'末日' if rule.day == LAST else f'{rule.day}日'}"
    end = f"、{rule.until.year}年{rule.until.month}月{rule.until.day}日まで" if rule.until else ""
    return said + HOLIDAY_WORDS[rule.on_holiday] + end


HOLIDAY_WORDS = {
    "keep": "（祝日も）",
    "skip": "（祝日は休み）",
    "before": "（祝日は前の平日）",
    "after": "（祝日は次の平日）",
}


def exception_words(calendar: WasteCalendar, exception: WasteException) -> str:
    """「12月31日 燃えるごみ：休み」."""
    kind = kind_named(calendar, exception.kind)
    name = kind.name if kind else "？"
    day = f"{exception.day.year}年{exception.day.month}月{exception.day.day}日"
    if exception.added:
        what = "臨時の収集"
    elif exception.moved_to is not None:
        what = f"{exception.moved_to.month}月{exception.moved_to.day}日へ振り替え"
    else:
        what = "休み"
    return f"{day}　{name}：{what}" + (f"（{exception.note}）" if exception.note else "")


def legend(calendar: WasteCalendar) -> list[tuple[DayMark, str]]:
    """Every kind with how to put it out."""
    marks = kind_marks(calendar)
    return [
        (DayMark(marks[kind.id], kind.colour, readable_on(kind.colour), kind.name), kind.how)
        for kind in ordered_kinds(calendar)
    ]


def _months_later(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"｛{name}｝", value)
    return text
