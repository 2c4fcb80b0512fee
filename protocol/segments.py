"""Segments (「宛先」): which residents a delivery goes to, as an expression and as a Japanese sentence.

Meaning only; `relay/features/segments.py` evaluates. Requirements: SEG-3, SEG-4, SEG-12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from protocol.items import SegmentItem
from protocol.problems import Problem
from protocol.wire import Wire

DEPTH_LIMIT = 6
NODES_LIMIT = 200


class Everyone(Wire):
    """All residents who are friends of the account (「友だち全員」)."""

    op: Literal["everyone"] = "everyone"


class ChoiceIs(Wire):
    """Residents who chose at least one of these choices of the item."""

    op: Literal["choice"] = "choice"
    item: str
    any_of: tuple[str, ...]


class AgeIs(Wire):
    """Residents whose age lies between the bounds, both included; None is open. Of an item that asks about
    several people, one of them is enough.

    `basis` `year`: the age reached this calendar year; `month`: by the end of this month, where the month is
    known (`protocol.items.age_this_month`).
    """

    op: Literal["age"] = "age"
    item: str
    lowest: int | None = None
    highest: int | None = None
    basis: Literal["year", "month"] = "year"


class NumberIs(Wire):
    """Residents whose number lies between the bounds, both included; None is open."""

    op: Literal["number"] = "number"
    item: str
    lowest: int | None = None
    highest: int | None = None


class DayIs(Wire):
    """Residents whose `date` answer lies between two days, both included; None is open. `from_today` and
    `to_today` count days from the day in Japan on which it is asked, and stand in place of `first` and
    `last`.
    """

    op: Literal["day"] = "day"
    item: str
    first: date | None = None
    last: date | None = None
    from_today: int | None = None
    to_today: int | None = None


class LanguageIs(Wire):
    """Residents who read one of these languages (`protocol.languages.LANGUAGES`)."""

    op: Literal["language"] = "language"
    any_of: tuple[str, ...]


class OnList(Wire):
    """Residents on a list: a tag, people chosen on a desktop, or people who entered a code."""

    op: Literal["list"] = "list"
    list: str


class InGroup(Wire):
    """Residents of a saved group, as it is defined when it is asked."""

    op: Literal["group"] = "group"
    group: str


class Received(Wire):
    """Friends to whom LINE accepted this delivery, or may have: for a correction to exactly those."""

    op: Literal["received"] = "received"
    delivery: str


class HasAnswered(Wire):
    """Residents who answered the item at all."""

    op: Literal["answered"] = "answered"
    item: str


class FollowedBetween(Wire):
    """Residents who became friends between the two days in Japan, both included; None is open."""

    op: Literal["followed"] = "followed"
    first: date | None = None
    last: date | None = None


class AllOf(Wire):
    """Residents who meet every part (「すべてに当てはまる」)."""

    op: Literal["and"] = "and"
    parts: tuple[Segment, ...]


class AnyOf(Wire):
    """Residents who meet at least one part (「どれかに当てはまる」)."""

    op: Literal["or"] = "or"
    parts: tuple[Segment, ...]


class Except(Wire):
    """Friends who do not meet the part (「を除く」)."""

    op: Literal["not"] = "not"
    part: Segment


Segment = Annotated[
    Everyone
    | ChoiceIs
    | AgeIs
    | NumberIs
    | DayIs
    | HasAnswered
    | FollowedBetween
    | LanguageIs
    | OnList
    | InGroup
    | Received
    | AllOf
    | AnyOf
    | Except,
    Field(discriminator="op"),
]

AllOf.model_rebuild()
AnyOf.model_rebuild()
Except.model_rebuild()


ASKS_ITEM = (ChoiceIs, AgeIs, NumberIs, DayIs, HasAnswered)


class SegmentHolder(Wire):
    """A segment on its own, so that it can be parsed and asked about."""

    segment: Segment


def iter_nodes(segment: Segment) -> Iterator[Segment]:
    """The expression and everything within it, parents first."""
    yield segment
    if isinstance(segment, AllOf | AnyOf):
        for part in segment.parts:
            yield from iter_nodes(part)
    elif isinstance(segment, Except):
        yield from iter_nodes(segment.part)


def items_used(segment: Segment) -> frozenset[str]:
    """The ids of the items the expression asks about."""
    return frozenset(node.item for node in iter_nodes(segment) if isinstance(node, ASKS_ITEM))


def find_segment_problems(segment: Segment, items: Mapping[str, SegmentItem]) -> tuple[Problem, ...]:
    """Why this expression cannot be used; empty when it can. `at` is the id of the item concerned."""
    if _depth(segment) > DEPTH_LIMIT:
        return (Problem(code="segment_too_deep", at="segment", limit=DEPTH_LIMIT),)
    nodes = list(iter_nodes(segment))
    if len(nodes) > NODES_LIMIT:
        return (Problem(code="segment_too_large", at="segment", limit=NODES_LIMIT),)
    problems: list[Problem] = []
    for node in nodes:
        problems += _node_problems(node, items)
    return tuple(problems)


def segment_sentence(segment: Segment, items: Mapping[str, SegmentItem]) -> str:
    """The expression as staff read it, e.g. 「地区」が「川北」 かつ 「知りたい情報」に「防災」を含む."""
    return _sentence(segment, items, inside=False)


def _depth(segment: Segment) -> int:
    if isinstance(segment, AllOf | AnyOf):
        return 1 + max((_depth(part) for part in segment.parts), default=0)
    if isinstance(segment, Except):
        return 1 + _depth(segment.part)
    return 1


def _node_problems(node: Segment, items: Mapping[str, SegmentItem]) -> list[Problem]:
    if isinstance(node, AllOf | AnyOf) and not node.parts:
        return [Problem(code="segment_empty", at="segment")]
    if isinstance(node, FollowedBetween) and node.first and node.last and node.first > node.last:
        return [Problem(code="dates_reversed", at="segment")]
    if not isinstance(node, ASKS_ITEM):
        return []
    item = items.get(node.item)
    if item is None:
        return [Problem(code="item_unknown", at=node.item)]
    if item.kind == "text":  # sealed: nobody can count who wrote what
        return [Problem(code="item_unknown", at=node.item)]
    if isinstance(node, AgeIs):
        if item.kind != "birth_year":
            return [Problem(code="item_unknown", at=node.item)]
        if node.lowest is not None and node.highest is not None and node.lowest > node.highest:
            return [Problem(code="ages_reversed", at=node.item)]
    if isinstance(node, ChoiceIs):
        if not node.any_of:
            return [Problem(code="segment_empty", at=node.item)]
        if any(item.choice(choice) is None for choice in node.any_of):
            return [Problem(code="choice_unknown", at=node.item)]
    return []


def _sentence(segment: Segment, items: Mapping[str, SegmentItem], *, inside: bool) -> str:
    match segment:
        case Everyone():
            return "友だち全員"
        case ChoiceIs():
            return _choice_sentence(segment, items)
        case AgeIs():
            return f"{_age_words(segment)}の人"
        case HasAnswered():
            return f"「{_title(segment.item, items)}」に答えた人"
        case FollowedBetween():
            return f"{_day_words(segment)}友だちになった人"
        case Except():
            return f"〈{_sentence(segment.part, items, inside=False)}〉ではない人"
        case AllOf() | AnyOf():
            word = " かつ " if isinstance(segment, AllOf) else " または "
            joined = word.join(_sentence(part, items, inside=True) for part in segment.parts)
            return f"（{joined}）" if inside and len(segment.parts) > 1 else joined
    raise AssertionError(segment)


def _choice_sentence(node: ChoiceIs, items: Mapping[str, SegmentItem]) -> str:
    item = items.get(node.item)
    labels = [_label(item, choice) for choice in node.any_of]
    joined = "".join(f"「{label}」" for label in labels)
    if item is not None and item.kind == "multiple":
        ending = "を選んだ人" if len(labels) == 1 else "のどれかを選んだ人"
        return f"「{item.title}」で{joined}{ending}"
    ending = "の人" if len(labels) == 1 else "のどれかの人"
    return f"「{_title(node.item, items)}」が{joined}{ending}"


def _age_words(node: AgeIs) -> str:
    if node.lowest is not None and node.highest is not None:
        return f"今年{node.lowest}歳から{node.highest}歳になる年齢"
    if node.lowest is not None:
        return f"今年{node.lowest}歳以上になる年齢"
    if node.highest is not None:
        return f"今年{node.highest}歳以下になる年齢"
    return "生まれた年を答えた"


def _day_words(node: FollowedBetween) -> str:
    first = f"{node.first.year}年{node.first.month}月{node.first.day}日から" if node.first else ""
    last = f"{node.last.year}年{node.last.month}月{node.last.day}日までに" if node.last else ""
    return first + last


def _title(item_id: str, items: Mapping[str, SegmentItem]) -> str:
    item = items.get(item_id)
    return item.title if item is not None else "削除された項目"


def _label(item: SegmentItem | None, choice_id: str) -> str:
    choice = item.choice(choice_id) if item is not None else None
    return choice.label if choice is not None else "削除された選択肢"
