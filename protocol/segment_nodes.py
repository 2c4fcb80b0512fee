"""The parts a segment (「宛先」) is made of: an expression over what residents answered and where they stand.

Meaning of each part in its docstring; sentences and checks in `protocol/segments.py`, evaluation in
`relay/features/segments.py`. Requirements: SEG-3, SEG-4.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from protocol.wire import Wire


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
