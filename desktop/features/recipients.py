"""Recipients as a person edits them: a list of conditions, one level of groups, and back without loss.

Any expression can be shown as a sentence (`protocol.segments`); one that is deeper than the list can hold
is kept
as a whole until the person replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from protocol.items import SegmentItem
from protocol.segments import AllOf, AnyOf, Everyone, Except, Segment, segment_sentence

Joined = Literal["and", "or"]


@dataclass(frozen=True)
class Condition:
    """One line of the list: residents who meet `part`, or with `excluded` those who do not."""

    part: Segment
    excluded: bool = False

    def sentence(self, items: Mapping[str, SegmentItem]) -> str:
        words = segment_sentence(self.part, items)
        return f"{words} を除く" if self.excluded else words


@dataclass(frozen=True)
class Recipients:
    """`conditions` empty means everyone. `joined` says whether all or any of them must hold."""

    conditions: tuple[Condition, ...] = ()
    joined: Joined = "and"

    def with_condition(self, condition: Condition, at: int | None = None) -> Recipients:
        """Added at the end, or put in the place of number `at`."""
        conditions = list(self.conditions)
        if at is None:
            conditions.append(condition)
        else:
            conditions[at] = condition
        return replace(self, conditions=tuple(conditions))

    def without(self, at: int) -> Recipients:
        return replace(self, conditions=self.conditions[:at] + self.conditions[at + 1 :])

    def joined_by(self, joined: Joined) -> Recipients:
        return replace(self, joined=joined)

    def as_segment(self) -> Segment:
        parts = tuple(Except(part=c.part) if c.excluded else c.part for c in self.conditions)
        if not parts:
            return Everyone()
        if len(parts) == 1:
            return parts[0]
        return AllOf(parts=parts) if self.joined == "and" else AnyOf(parts=parts)


def recipients_of(segment: Segment) -> Recipients:
    """The list that gives this expression back. Groups within it become one line each."""
    if isinstance(segment, Everyone):
        return Recipients()
    if isinstance(segment, AllOf | AnyOf) and len(segment.parts) > 1:
        joined: Joined = "and" if isinstance(segment, AllOf) else "or"
        return Recipients(tuple(_condition(part) for part in segment.parts), joined)
    return Recipients((_condition(segment),))


def _condition(part: Segment) -> Condition:
    if isinstance(part, Except):
        return Condition(part.part, excluded=True)
    return Condition(part)
