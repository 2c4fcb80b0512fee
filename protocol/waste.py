"""Waste collection (「ごみ」): what is collected where and when, and how to throw a thing away (SEG-11).

One calendar for the town; a district is a choice of the item `district_item`. How days are reckoned is in
`waste_days.py`, how a word is found in `waste_search.py`.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from protocol.counting import grapheme_count
from protocol.problems import Problem
from protocol.schedules import Recurrence
from protocol.wire import Wire

KINDS_LIMIT = 30
RULES_LIMIT = 2000
WORDS_LIMIT = 5000
WORDS_AT_ONCE = 500
WORD_LIMIT = 40
SYNONYMS_LIMIT = 20
HOW_LIMIT = 400
FEE_LIMIT = 60
LINKS_LIMIT = 3


class WasteKind(Wire):
    """燃えるごみ and the like. `colour` is #rrggbb for calendars; `how` says how to put it out. `mark`: one
    or two signs that stand for it where there is little room; empty: taken from the name.
    """

    id: str
    name: str
    colour: str = "#4979f5"
    how: str = ""
    position: int = 0
    mark: str = ""


class WasteRule(Wire):
    """This kind is collected in these districts on the days of the rule."""

    id: str
    kind: str
    districts: tuple[str, ...]
    rule: Recurrence


class WasteException(Wire):
    """One day that is different. `kind` is collected not on `day` but on `moved_to`; None: not at all. With
    `added`, it is collected on `day` besides the rules. `districts` empty: everywhere.
    """

    id: str
    day: date
    kind: str
    districts: tuple[str, ...] = ()
    moved_to: date | None = None
    added: bool = False
    note: str = ""


class WasteCalendar(Wire):
    """Record kind `waste`, id `town`. Messages go to those who chose `morning_choice` or `eve_choice` of
    `notice_item` and a district of `district_item`, at these times, when something is collected.
    """

    district_item: str = ""
    notice_item: str = ""
    morning_choice: str = ""
    eve_choice: str = ""
    morning_time: str = "06:30"
    eve_time: str = "19:00"
    sends: bool = False
    """Whether the daily messages go out; off until staff switch it on."""
    morning_text: str = "おはようございます。今日 ｛収集日｝の｛地区｝の収集は「｛ごみの種類｝」です。"
    eve_text: str = "明日 ｛収集日｝の｛地区｝の収集は「｛ごみの種類｝」です。"
    put_out_by: str = "朝8時30分"
    kinds: tuple[WasteKind, ...] = ()
    rules: tuple[WasteRule, ...] = ()
    exceptions: tuple[WasteException, ...] = ()


_OF_MESSAGES = (
    "sends",
    "district_item",
    "notice_item",
    "morning_choice",
    "eve_choice",
    "morning_time",
    "eve_time",
    "morning_text",
    "eve_text",
)


def changes_messages(before: WasteCalendar, after: WasteCalendar) -> bool:
    """Whether saving `after` decides what is sent to whom and when: then it is as good as sending it.

    Switching the messages off is everybody's, and so is writing them while they are off.
    """
    return after.sends and any(getattr(before, name) != getattr(after, name) for name in _OF_MESSAGES)


class WasteWord(Wire):
    """How to throw one thing away. Record kind `waste_word`. `kind` may be empty: not collected."""

    id: str
    name: str
    reading: str = ""
    synonyms: tuple[str, ...] = ()
    kind: str = ""
    how: str = ""
    fee: str = ""
    links: dict[str, str] = Field(default_factory=dict)


def find_word_problems(word: WasteWord, kinds: frozenset[str]) -> tuple[Problem, ...]:
    """Why a word cannot be saved; empty when it can. `kinds`: ids of the kinds the town collects."""
    problems: list[Problem] = []
    texts = [("name", word.name, WORD_LIMIT), ("reading", word.reading, WORD_LIMIT)]
    texts += [(f"synonyms.{index}", other, WORD_LIMIT) for index, other in enumerate(word.synonyms)]
    texts += [("how", word.how, HOW_LIMIT), ("fee", word.fee, FEE_LIMIT)]
    if not word.name.strip():
        problems.append(Problem(code="text_missing", at="name"))
    for at, text, limit in texts:
        if grapheme_count(text) > limit:
            problems.append(Problem(code="text_too_long", at=at, limit=limit))
    if len(word.synonyms) > SYNONYMS_LIMIT:
        problems.append(Problem(code="too_large", at="synonyms", limit=SYNONYMS_LIMIT))
    if word.kind and word.kind not in kinds:
        problems.append(Problem(code="waste_kind_unknown", at="kind"))
    if len(word.links) > LINKS_LIMIT or not all(url.startswith("https://") for url in word.links.values()):
        problems.append(Problem(code="link_malformed", at="links"))
    return tuple(problems)
