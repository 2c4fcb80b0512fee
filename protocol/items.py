"""Segment items (「受信設定の項目」): what residents are asked, and the choices they have.

Meaning of the questionnaire only. How it is asked in the talk is the relay's, how it is edited the desktop's.
Requirements: SEG-1, SEG-3.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from protocol.counting import grapheme_count, utf16_length
from protocol.problems import Problem
from protocol.rights import Level
from protocol.wire import Wire

ItemKind = Literal["single", "multiple", "district", "birth_year", "text"]

TITLE_LIMIT = 20
QUESTION_LIMIT = 160
LABEL_LIMIT = 20  # LINE: label of a quick reply or template button, in grapheme clusters
GROUP_LIMIT = 20
CHOICE_LIMIT = 120  # 12 Flex bubbles of 10 buttons: what one card can offer to a tapping thumb
OLDEST_BIRTH_YEAR = 1900
_JAPAN = ZoneInfo("Asia/Tokyo")


class Choice(Wire):
    """One answer a resident can give. A retired choice is no longer offered; answers given with it stay."""

    id: str
    label: str
    group: str = ""
    retired: bool = False


class SegmentItem(Wire):
    """One question. `single` and `district` take one choice, `multiple` any number, `birth_year` a year.

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

    @property
    def departments(self) -> tuple[str, ...]:
        """Those that read what is written to a `text` item."""
        return tuple(sorted(id for id, level in self.access.items() if level != "none"))

    @property
    def offered_choices(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in self.choices if not choice.retired)

    def choice(self, choice_id: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.id == choice_id), None)


class Answer(Wire):
    """What one resident answered to one item: choices, or a year. Both empty means the answer was removed."""

    item: str
    choices: tuple[str, ...] = ()
    year: int | None = None


def japan_year(now: datetime) -> int:
    """The calendar year in Japan at the moment `now`."""
    return now.astimezone(_JAPAN).year


def age_reached(birth_year: int, now: datetime) -> int:
    """The age a person born in that year reaches during the current calendar year in Japan.

    The relay keeps no day of birth (design: birth), so a whole year's children count alike.
    """
    return japan_year(now) - birth_year


def find_item_problems(item: SegmentItem) -> tuple[Problem, ...]:
    """Why an item cannot be saved; empty when it can. `at` names the field, `choices.N.label` a choice."""
    problems: list[Problem] = []
    problems += _text_problems(item.title, "title", TITLE_LIMIT, required=True)
    if not item.question.strip():
        problems.append(Problem(code="text_missing", at="question"))
    elif utf16_length(item.question) > QUESTION_LIMIT:
        problems.append(Problem(code="text_too_long", at="question", limit=QUESTION_LIMIT))
    if item.kind in ("birth_year", "text"):
        if item.choices:
            problems.append(Problem(code="choices_not_allowed", at="choices"))
        if item.kind == "text" and not item.departments:
            problems.append(Problem(code="department_missing", at="access"))
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
    if item.kind == "birth_year":
        if answer.choices:
            return (Problem(code="choices_not_allowed", at="choices"),)
        if answer.year is not None and not OLDEST_BIRTH_YEAR <= answer.year <= japan_year(now):
            return (Problem(code="year_out_of_range", at="year"),)
        return ()
    if answer.year is not None:
        return (Problem(code="year_not_allowed", at="year"),)
    offered = {choice.id for choice in item.offered_choices}
    if not set(answer.choices) <= offered:
        return (Problem(code="choice_not_offered", at="choices"),)
    if len(answer.choices) > 1 and item.kind != "multiple":
        return (Problem(code="one_choice_only", at="choices", limit=1),)
    return ()


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
