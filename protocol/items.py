"""Segment items (「受信設定の項目」): what residents are asked, and the choices they have.

Meaning of the questionnaire only. How it is asked in the talk is the relay's, how it is edited the desktop's.
Requirements: SEG-1, SEG-3, SEG-5 (dates that trigger).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from protocol.counting import grapheme_count, utf16_length
from protocol.problems import Problem
from protocol.rights import Level
from protocol.wire import Wire

ItemKind = Literal["single", "multiple", "district", "birth_year", "number", "date", "text"]
WITHOUT_CHOICES: tuple[ItemKind, ...] = ("birth_year", "number", "date", "text")

TITLE_LIMIT = 20
QUESTION_LIMIT = 160
LABEL_LIMIT = 20  # LINE: label of a quick reply or template button, in grapheme clusters
GROUP_LIMIT = 20
CHOICE_LIMIT = 120  # 12 Flex bubbles of 10 buttons: what one card can offer to a tapping thumb
OLDEST_BIRTH_YEAR = 1900
BIRTHS_LIMIT = 8
"""People one resident can name to an item that asks about several, such as children."""
NUMBER_RANGE = (-1_000_000, 1_000_000)
UNIT_LIMIT = 10
_JAPAN = ZoneInfo("Asia/Tokyo")


class Choice(Wire):
    """One answer a resident can give. A retired choice is no longer offered; answers given with it stay.

    `merged_into`: the choice that took its answers over (`item.merge`). It is retired for good then, and a
    segment that still names it means the other one.
    """

    id: str
    label: str
    group: str = ""
    retired: bool = False
    merged_into: str = ""


class BirthMonth(Wire):
    """When somebody was born, as far as the relay may know: the year, the month if the resident agrees, never
    the day (design 4).
    """

    year: int
    month: int | None = None


class SegmentItem(Wire):
    """One question. `single` and `district` take one choice, `multiple` any number, `birth_year` a year.

    `birth_year` also asks for the month where `ask_month` (the resident may leave it out), and about up to
    `BIRTHS_LIMIT` people where `several`, such as children. `number` takes a whole number between `lowest`
    and `highest` and shows `unit`. `date` takes a day of the calendar, never a day of birth.

    `district` differs from `single` in how it is offered: its choices are shown by `group` (area).
    A retired item is no longer asked and no longer offered for new segments; its answers stay.

    `text` takes free words. They may hold anything personal, so they are asked on the page and never in the
    talk (government guideline of 2021-04-30), sealed on receipt to the departments of `access` (department →
    `view` or `edit`), and are no condition of a segment: the relay does not know them.
    """

    id: str
    kind: ItemKind
    title: str
    question: str
    choices: tuple[Choice, ...] = ()
    position: int = 0
    retired: bool = False
    access: dict[str, Level] = Field(default_factory=dict)
    ask_month: bool = False
    several: bool = False
    unit: str = ""
    lowest: int | None = None
    highest: int | None = None

    @property
    def departments(self) -> tuple[str, ...]:
        """Those that read what is written to a `text` item."""
        return tuple(sorted(id for id, level in self.access.items() if level != "none"))

    @property
    def offered_choices(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in self.choices if not choice.retired)

    def choice(self, choice_id: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.id == choice_id), None)

    def living_choice(self, choice_id: str) -> str:
        """The choice this one was merged into, or itself; chains of merges are followed."""
        seen: set[str] = set()
        while (found := self.choice(choice_id)) and found.merged_into and choice_id not in seen:
            seen.add(choice_id)
            choice_id = found.merged_into
        return choice_id


class Answer(Wire):
    """What one resident answered to one item: choices, births, a number or a day, by the item's kind.

    All empty means the answer was removed.
    """

    item: str
    choices: tuple[str, ...] = ()
    births: tuple[BirthMonth, ...] = ()
    number: int | None = None
    day: date | None = None


def japan_year(now: datetime) -> int:
    """The calendar year in Japan at the moment `now`."""
    return now.astimezone(_JAPAN).year


def age_this_month(birth: BirthMonth, now: datetime) -> int:
    """The age reached by the end of the current month in Japan; without a known month, during this year."""
    local = now.astimezone(_JAPAN)
    had_birthday = birth.month is None or local.month >= birth.month
    return local.year - birth.year - (0 if had_birthday else 1)


def find_item_problems(item: SegmentItem) -> tuple[Problem, ...]:
    """Why an item cannot be saved; empty when it can. `at` names the field, `choices.N.label` a choice."""
    problems: list[Problem] = []
    problems += _text_problems(item.title, "title", TITLE_LIMIT, required=True)
    if not item.question.strip():
        problems.append(Problem(code="text_missing", at="question"))
    elif utf16_length(item.question) > QUESTION_LIMIT:
        problems.append(Problem(code="text_too_long", at="question", limit=QUESTION_LIMIT))
    if item.kind in WITHOUT_CHOICES:
        if item.choices:
            problems.append(Problem(code="choices_not_allowed", at="choices"))
        if item.kind == "text" and not item.departments:
            problems.append(Problem(code="department_missing", at="access"))
        if item.kind == "number":
            problems += _number_problems(item)
        return tuple(problems)
    offered = item.offered_choices
    if len(offered) < 2 and not item.retired:
        problems.append(Problem(code="too_few_choices", at="choices", limit=2))
    if len(offered) > CHOICE_LIMIT:
        problems.append(Problem(code="too_many_choices", at="choices", limit=CHOICE_LIMIT))
    if len({choice.id for choice in item.choices}) != len(item.choices):
        problems.append(Problem(code="duplicate_id", at="choices"))
    return tuple(problems + _choice_problems(item))


def find_answer_problems(item: SegmentItem, answer: Answer, now: datetime) -> tuple[Problem, ...]:
    """Why an answer cannot be taken: not offered, two where one is asked, an impossible year, free words."""
    if item.kind == "text":  # such an answer is sealed, and no `Answer`
        return (Problem(code="choices_not_allowed", at="choices"),)
    if not _fits_kind(item, answer):
        return (Problem(code=_WRONG_KIND[item.kind], at="choices"),)
    if item.kind == "birth_year":
        return _births_problems(item, answer, now)
    if item.kind == "number":
        lowest, highest = _range(item)
        if answer.number is not None and not lowest <= answer.number <= highest:
            return (Problem(code="number_out_of_range", at="number"),)
        return ()
    if item.kind == "date":
        if answer.day is not None and not OLDEST_BIRTH_YEAR <= answer.day.year <= _LATEST_YEAR:
            return (Problem(code="date_out_of_range", at="day"),)
        return ()
    offered = {choice.id for choice in item.offered_choices}
    if not set(answer.choices) <= offered:
        return (Problem(code="choice_not_offered", at="choices"),)
    if len(answer.choices) > 1 and item.kind != "multiple":
        return (Problem(code="one_choice_only", at="choices", limit=1),)
    return ()


_LATEST_YEAR = 2100  # LINE's date picker ends there
_WRONG_KIND: dict[str, str] = {
    "birth_year": "choices_not_allowed",
    "number": "choices_not_allowed",
    "date": "choices_not_allowed",
    "single": "year_not_allowed",
    "district": "year_not_allowed",
    "multiple": "year_not_allowed",
}


def _fits_kind(item: SegmentItem, answer: Answer) -> bool:
    """Whether only the part of the answer is filled that this kind of item has."""
    given = {
        "birth_year": bool(answer.births),
        "number": answer.number is not None,
        "date": answer.day is not None,
        "choices": bool(answer.choices),
    }
    own = item.kind if item.kind in given else "choices"
    return not any(is_given for name, is_given in given.items() if name != own)


def _births_problems(item: SegmentItem, answer: Answer, now: datetime) -> tuple[Problem, ...]:
    if len(answer.births) > (BIRTHS_LIMIT if item.several else 1):
        return (Problem(code="too_many_births", at="births", limit=BIRTHS_LIMIT if item.several else 1),)
    for birth in answer.births:
        if not OLDEST_BIRTH_YEAR <= birth.year <= japan_year(now):
            return (Problem(code="year_out_of_range", at="births"),)
        if birth.month is not None and (not item.ask_month or not 1 <= birth.month <= 12):
            return (Problem(code="month_out_of_range", at="births"),)
    return ()


def _range(item: SegmentItem) -> tuple[int, int]:
    lowest = NUMBER_RANGE[0] if item.lowest is None else item.lowest
    return lowest, NUMBER_RANGE[1] if item.highest is None else item.highest


def _number_problems(item: SegmentItem) -> list[Problem]:
    lowest, highest = _range(item)
    problems = _text_problems(item.unit, "unit", UNIT_LIMIT, required=False)
    if not NUMBER_RANGE[0] <= lowest <= highest <= NUMBER_RANGE[1]:
        problems.append(Problem(code="numbers_reversed", at="lowest"))
    return problems


def _choice_problems(item: SegmentItem) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, choice in enumerate(item.choices):
        problems += _text_problems(choice.label, f"choices.{index}.label", LABEL_LIMIT, required=True)
        problems += _text_problems(choice.group, f"choices.{index}.group", GROUP_LIMIT, required=False)
        if not choice.retired and choice.label.strip() in seen:
            problems.append(Problem(code="duplicate_label", at=f"choices.{index}.label"))
        if not choice.retired:
            seen.add(choice.label.strip())
    return problems


def _text_problems(text: str, at: str, limit: int, *, required: bool) -> list[Problem]:
    if required and not text.strip():
        return [Problem(code="text_missing", at=at)]
    if grapheme_count(text) > limit:
        return [Problem(code="text_too_long", at=at, limit=limit)]
    return []
