"""Segments (「宛先」): which residents a delivery goes to, as an expression and as a Japanese sentence.

Meaning only; `relay/features/segments.py` evaluates. Requirements: SEG-3, SEG-4, SEG-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from protocol.items import NUMBER_RANGE, SegmentItem
from protocol.languages import LANGUAGES
from protocol.problems import Problem
from protocol.segment_nodes import (
    ASKS_ITEM,
    AgeIs,
    AllOf,
    AnyOf,
    ChoiceIs,
    DayIs,
    Everyone,
    Except,
    FollowedBetween,
    HasAnswered,
    InGroup,
    LanguageIs,
    NumberIs,
    OnList,
    Received,
    Segment,
    SegmentHolder,
    iter_nodes,
)
from protocol.segment_words import sentence_of

if TYPE_CHECKING:  # a saved group holds a segment
    from protocol.lists import ResidentList, SegmentGroup

__all__ = [
    "ASKS_ITEM",
    "NOTHING",
    "AgeIs",
    "AllOf",
    "AnyOf",
    "ChoiceIs",
    "DayIs",
    "Everyone",
    "Except",
    "FollowedBetween",
    "GroupCircle",
    "HasAnswered",
    "InGroup",
    "LanguageIs",
    "Named",
    "NumberIs",
    "OnList",
    "Received",
    "Segment",
    "SegmentHolder",
    "expanded",
    "find_segment_problems",
    "groups_used",
    "items_used",
    "iter_nodes",
    "lists_used",
    "segment_sentence",
]

DEPTH_LIMIT = 6
NODES_LIMIT = 200
EXPANDED_LIMIT = 2000
"""Parts of an expression with the saved groups it names written out."""
AGE_RANGE = (0, 150)
DAYS_FROM_TODAY = (-40_000, 40_000)
YEAR_RANGE = (1900, 2100)
"""Of the days a condition may name; as of answers."""


@dataclass(frozen=True)
class Named:
    """What an expression may name by id: saved groups, lists, and titles of deliveries."""

    groups: Mapping[str, SegmentGroup] = field(default_factory=dict)
    lists: Mapping[str, ResidentList] = field(default_factory=dict)
    deliveries: Mapping[str, str] = field(default_factory=dict)


NOTHING = Named()


class GroupCircle(ValueError):
    """A saved group names itself, if by way of others."""


def items_used(segment: Segment) -> frozenset[str]:
    """The ids of the items the expression asks about."""
    return frozenset(node.item for node in iter_nodes(segment) if isinstance(node, ASKS_ITEM))


def groups_used(segment: Segment) -> frozenset[str]:
    """The ids of the saved groups the expression names itself."""
    return frozenset(node.group for node in iter_nodes(segment) if isinstance(node, InGroup))


def lists_used(segment: Segment) -> frozenset[str]:
    """The ids of the lists the expression names itself."""
    return frozenset(node.list for node in iter_nodes(segment) if isinstance(node, OnList))


def expanded(segment: Segment, groups: Mapping[str, SegmentGroup]) -> Segment:
    """The expression with every saved group it names in place of its name; one that is unknown stays a name,
    which nobody meets. Raises GroupCircle. Only for expressions without problems: it may grow large.
    """
    return _expanded(segment, groups, ())


def find_segment_problems(
    segment: Segment, items: Mapping[str, SegmentItem], named: Named = NOTHING
) -> tuple[Problem, ...]:
    """Why this expression cannot be used; empty when it can. `at` is the id of what is concerned.

    A saved group counts as what it is made of: where it cannot be used, neither can who names it.
    """
    if _depth(segment) > DEPTH_LIMIT:
        return (Problem(code="segment_too_deep", at="segment", limit=DEPTH_LIMIT),)
    if sum(1 for _ in iter_nodes(segment)) > NODES_LIMIT:
        return (Problem(code="segment_too_large", at="segment", limit=NODES_LIMIT),)
    sizes: dict[str, int] = {}
    try:
        size = _size(segment, named.groups, sizes, ())
    except GroupCircle as circle:
        return (Problem(code="group_circle", at=str(circle)),)
    if size > EXPANDED_LIMIT:
        return (Problem(code="segment_too_large", at="segment", limit=EXPANDED_LIMIT),)
    problems: dict[Problem, None] = {}  # a group named twice has its problems once
    for part in (segment, *(named.groups[group].segment for group in sizes)):
        for node in iter_nodes(part):
            problems |= dict.fromkeys(_node_problems(node, items, named))
    return tuple(problems)


def segment_sentence(segment: Segment, items: Mapping[str, SegmentItem], named: Named = NOTHING) -> str:
    """The expression as staff read it, e.g. 「地区」が「川北」 かつ 「知りたい情報」に「防災」を含む."""
    return sentence_of(
        segment,
        items,
        groups={id: group.name for id, group in named.groups.items()},
        lists={id: list.name for id, list in named.lists.items()},
        deliveries=named.deliveries,
    )


def _expanded(segment: Segment, groups: Mapping[str, SegmentGroup], within: tuple[str, ...]) -> Segment:
    match segment:
        case InGroup() if segment.group in groups:
            if segment.group in within:
                raise GroupCircle(segment.group)
            return _expanded(groups[segment.group].segment, groups, (*within, segment.group))
        case AllOf() | AnyOf():
            parts = tuple(_expanded(part, groups, within) for part in segment.parts)
            return segment.model_copy(update={"parts": parts})
        case Except():
            return Except(part=_expanded(segment.part, groups, within))
    return segment


def _size(
    segment: Segment, groups: Mapping[str, SegmentGroup], known: dict[str, int], within: tuple[str, ...]
) -> int:
    """Parts of the expression with its groups written out; notes that of each group met. Each is looked into
    once, so that groups of groups of groups take no time to refuse.
    """
    size = 0
    for node in iter_nodes(segment):
        size += 1
        if not isinstance(node, InGroup) or node.group not in groups:
            continue
        if node.group in within:
            raise GroupCircle(node.group)
        if node.group not in known:
            known[node.group] = _size(groups[node.group].segment, groups, known, (*within, node.group))
        size += known[node.group]
    return size


def _depth(segment: Segment) -> int:
    if isinstance(segment, AllOf | AnyOf):
        return 1 + max((_depth(part) for part in segment.parts), default=0)
    if isinstance(segment, Except):
        return 1 + _depth(segment.part)
    return 1


def _node_problems(node: Segment, items: Mapping[str, SegmentItem], named: Named) -> list[Problem]:
    if isinstance(node, ASKS_ITEM):
        return _item_problems(node, items)
    code, at = "", "segment"
    match node:
        case AllOf() | AnyOf() if not node.parts:
            code = "segment_empty"
        case FollowedBetween() if not _are_near(node.first, node.last):
            code = "date_out_of_range"
        case FollowedBetween() if node.first and node.last and node.first > node.last:
            code = "dates_reversed"
        case LanguageIs() if not node.any_of:
            code = "segment_empty"
        case LanguageIs() if not set(node.any_of) <= set(LANGUAGES):
            code = "language_unknown"
        case OnList() if node.list not in named.lists:
            code, at = "list_unknown", node.list
        case InGroup() if node.group not in named.groups:
            code, at = "group_unknown", node.group
        case Received() if node.delivery not in named.deliveries:
            code, at = "delivery_unknown", node.delivery
    return [Problem(code=code, at=at)] if code else []


_KIND_OF: dict[type, str] = {AgeIs: "birth_year", NumberIs: "number", DayIs: "date"}


def _item_problems(
    node: ChoiceIs | AgeIs | NumberIs | DayIs | HasAnswered, items: Mapping[str, SegmentItem]
) -> list[Problem]:
    item = items.get(node.item)
    # Free words are sealed: nobody can count who wrote what.
    if item is None or item.kind == "text" or item.kind != _KIND_OF.get(type(node), item.kind):
        return [Problem(code="item_unknown", at=node.item)]
    match node:
        case AgeIs() if not _are_within(AGE_RANGE, node.lowest, node.highest):
            return [Problem(code="number_out_of_range", at=node.item)]
        case NumberIs() if not _are_within(NUMBER_RANGE, node.lowest, node.highest):
            return [Problem(code="number_out_of_range", at=node.item)]
        case DayIs() if not (
            _are_within(DAYS_FROM_TODAY, node.from_today, node.to_today) and _are_near(node.first, node.last)
        ):
            return [Problem(code="date_out_of_range", at=node.item)]
        case AgeIs() if _reversed(node.lowest, node.highest):
            return [Problem(code="ages_reversed", at=node.item)]
        case NumberIs() if _reversed(node.lowest, node.highest):
            return [Problem(code="numbers_reversed", at=node.item)]
        case DayIs() if _days_reversed(node):
            return [Problem(code="dates_reversed", at=node.item)]
        case ChoiceIs() if not node.any_of:
            return [Problem(code="segment_empty", at=node.item)]
        case ChoiceIs() if any(item.choice(choice) is None for choice in node.any_of):
            return [Problem(code="choice_unknown", at=node.item)]
    return []


def _are_within(limits: tuple[int, int], *numbers: int | None) -> bool:
    return all(number is None or limits[0] <= number <= limits[1] for number in numbers)


def _are_near(*days: date | None) -> bool:
    return _are_within(YEAR_RANGE, *(day.year for day in days if day is not None))


def _reversed(lowest: int | None, highest: int | None) -> bool:
    return lowest is not None and highest is not None and lowest > highest


def _days_reversed(node: DayIs) -> bool:
    """A day of the calendar and one told from today turn round with time; that is nobody's mistake."""
    if node.from_today is not None or node.to_today is not None:
        return _reversed(node.from_today, node.to_today)
    return node.first is not None and node.last is not None and node.first > node.last
