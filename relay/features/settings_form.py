"""The settings as a form on a page: what it shows, and what a submitted one means. No HTML, no storage.

Requirements: SEG-2, SEG-3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from protocol.items import (
    OLDEST_BIRTH_YEAR,
    Answer,
    SegmentItem,
    find_answer_problems,
    japan_year,
)
from protocol.wire import canonical_bytes
from relay.features.eras import era_year
from relay.features.typed_fields import (
    BirthRow,
    birth_rows,
    day_parts,
    given_number,
    number_hint,
    read_typed,
    typed_values,
)

Control = Literal["radios", "checks", "select", "births", "number", "day"]
_TYPED = ("birth_year", "number", "date")


@dataclass(frozen=True)
class TextField:
    """One question in free words. `submission`: the id under which an answer is sent in; `keys`: who can
    read it, key id → public key, for the resident copy; `readers`: their names; `answered_at`: the last time.
    """

    item: str
    title: str
    question: str
    version: str
    submission: str
    keys: Mapping[str, str]
    readers: tuple[str, ...]
    answered_at: datetime | None = None
    typed: str = ""
    trouble: str = ""
    control: Literal["text"] = "text"


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class OptionGroup:
    """Options under one heading; an empty label means none is needed."""

    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Field:
    """One question of the form. `version` tells whether staff edited it since; `was` is the answer shown.

    `births`: rows of year (`groups`) and month; `typed`: what stands in a number's field; `day`: year, month
    and day of a date's three fields; `hint`: what may be typed.
    """

    item: str
    control: Control
    title: str
    question: str
    groups: tuple[OptionGroup, ...]
    version: str
    was: str
    trouble: str = ""
    births: tuple[BirthRow, ...] = ()
    asks_month: bool = False
    several: bool = False
    typed: str = ""
    day: tuple[str, str, str] = ("", "", "")
    unit: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Submitted:
    """What a form brought for one item."""

    values: tuple[str, ...]
    version: str
    was: str


@dataclass(frozen=True)
class Decision:
    """Either `changes` to store, or `troubles` to show by item; `gone` counts questions that ended."""

    changes: tuple[Answer, ...] = ()
    troubles: Mapping[str, str] | None = None
    gone: int = 0


def make_fields(
    items: Sequence[SegmentItem],
    answers: Mapping[str, Answer],
    now: datetime,
    *,
    submitted: Mapping[str, Submitted] | None = None,
    troubles: Mapping[str, str] | None = None,
) -> list[Field]:
    """The form. What was submitted is kept in view where it is still offered."""
    fields = []
    for item in items:
        stored = answers.get(item.id, Answer(item=item.id))
        given = (submitted or {}).get(item.id)
        shown = _values(stored) if given is None else given.values
        fields.append(
            Field(
                item=item.id,
                control=_control(item),
                title=item.title,
                question=item.question,
                groups=tuple(_groups(item, set(shown), now)),
                version=item_version(item),
                was=_as_text(_values(stored)),
                trouble=(troubles or {}).get(item.id, ""),
                births=birth_rows(item, shown) if item.kind == "birth_year" else (),
                asks_month=item.ask_month,
                several=item.several,
                typed=shown[0] if item.kind == "number" and shown else "",
                day=day_parts(shown) if item.kind == "date" else ("", "", ""),
                unit=item.unit,
                hint=number_hint(item) if item.kind == "number" else "",
            )
        )
    return fields


def decide_changes(
    items: Sequence[SegmentItem],
    answers: Mapping[str, Answer],
    submitted: Mapping[str, Submitted],
    now: datetime,
) -> Decision:
    """What to store. An answer left as it was shown is not written: the talk may have changed it since."""
    troubles: dict[str, str] = {}
    changes: list[Answer] = []
    for item in items:
        given = submitted.get(item.id)
        if given is None:
            continue  # asked since the page was opened; it is shown the next time
        if given.version != item_version(item):
            troubles[item.id] = "changed"
            continue
        if _as_text(given.values) == given.was:
            continue
        answer = _answer(item, given.values)
        problems = find_answer_problems(item, answer, now) if isinstance(answer, Answer) else ()
        if not isinstance(answer, Answer) or problems:
            troubles[item.id] = problems[0].code if problems else str(answer)
        elif answer != answers.get(item.id, Answer(item=item.id)):
            changes.append(answer)
    known = {item.id for item in items}
    gone = sum(item not in known for item in submitted)
    if troubles:
        return Decision(troubles=troubles, gone=gone)
    return Decision(changes=tuple(changes), gone=gone)


def item_version(item: SegmentItem) -> str:
    """Changes with everything a resident sees of the item, and with nothing else."""
    seen: list[str | int | None] = [item.kind, item.title, item.question]
    seen += [part for choice in item.offered_choices for part in (choice.id, choice.label, choice.group)]
    seen += item.departments  # who reads it is part of what a resident agreed to
    seen += [item.ask_month, item.several, item.unit, item.lowest, item.highest]
    return hashlib.sha256(canonical_bytes(seen)).hexdigest()[:16]


def _control(item: SegmentItem) -> Control:
    match item.kind:
        case "multiple":
            return "checks"
        case "single":
            return "radios"
        case "birth_year" if item.ask_month or item.several:
            return "births"
        case "district" | "birth_year":
            return "select"
        case "number":
            return "number"
        case "date":
            return "day"
        case "text":
            raise AssertionError("free words have a field of their own")


def _groups(item: SegmentItem, shown: set[str], now: datetime) -> list[OptionGroup]:
    if item.kind == "birth_year":
        return _year_groups(shown, japan_year(now))
    groups: dict[str, list[Option]] = {}
    for choice in item.offered_choices:
        option = Option(choice.id, choice.label, choice.id in shown)
        groups.setdefault(choice.group, []).append(option)
    return [OptionGroup(name, tuple(options)) for name, options in groups.items()]


def _year_groups(shown: set[str], this_year: int) -> list[OptionGroup]:
    label: Callable[[int], str] = lambda year: f"{year}年（{era_year(year)}）"  # noqa: E731
    groups = []
    for decade in range(this_year // 10 * 10, OLDEST_BIRTH_YEAR - 1, -10):
        years = range(min(decade + 9, this_year), decade - 1, -1)
        options = tuple(Option(str(year), label(year), str(year) in shown) for year in years)
        groups.append(OptionGroup(f"{decade}年代", options))
    return groups


def _values(answer: Answer) -> tuple[str, ...]:
    return typed_values(answer) or tuple(answer.choices)


def _as_text(values: Sequence[str]) -> str:
    return " ".join(sorted(value for value in values if value))


def _answer(item: SegmentItem, values: Sequence[str]) -> Answer | str:
    """The answer, or the reason code of what cannot be one."""
    if item.kind == "number":
        return read_typed(item, given_number(values[0], item.unit) if values else ())
    if item.kind in _TYPED:
        return read_typed(item, values)
    given = [value for value in dict.fromkeys(values) if value]
    return Answer(item=item.id, choices=tuple(sorted(given)))
