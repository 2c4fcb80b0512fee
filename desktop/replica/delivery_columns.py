"""What the list of deliveries sorts, filters and searches by, taken out of a delivery's body."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from desktop.replica.folding import fold
from protocol.deliveries import Delivery, DeliveryState
from protocol.wire import Wire

DeliveryKind = Literal["normal", "repeating", "automatic", "correction", "training", "emergency"]
_UNDECIDED: tuple[DeliveryState, ...] = ("draft", "asked")
_AHEAD: tuple[DeliveryState, ...] = ("held", "scheduled", "repeating")
_SAID = ("text", "title", "alt", "label", "description", "address")
"""Fields of messages that hold words for people."""


def moment_of(delivery: Delivery) -> datetime | None:
    """When it went out, or will; of what nobody has decided on yet, when it was written.

    Never when it was decided where the day it went out is known: booked on Monday for Friday is Friday's.
    """
    if delivery.state in _UNDECIDED:
        return delivery.written_at
    first = delivery.due_at if delivery.state in _AHEAD else delivery.started_at
    return first or delivery.due_at or delivery.confirmed_at or delivery.written_at


def kind_of(delivery: Delivery) -> DeliveryKind:
    """What kind it is in the history: the most telling one where several are true (SEG-7)."""
    draft = delivery.draft
    if draft.training:
        return "training"
    if delivery.bypassed:
        return "emergency"
    if draft.corrects:
        return "correction"
    if delivery.made_by_rule:
        return "automatic"
    if delivery.series or draft.when.kind not in ("now", "at"):
        return "repeating"
    return "normal"


def delivery_columns(delivery: Delivery) -> dict[str, Any]:
    """The columns of `shown` that a delivery fills."""
    numbers = delivery.numbers
    moment = _iso(moment_of(delivery))
    return {
        "title": delivery.draft.title,
        "nature": kind_of(delivery),
        "state": delivery.state,
        "moment": moment,
        "recipients": numbers.recipients,
        "accepted": numbers.accepted,
        "failed": numbers.refused + numbers.unknown,
        "person": delivery.sent_by or delivery.written_by,
        "archived": int(delivery.archived),
        "series": delivery.series,
        "due": moment if delivery.state not in _UNDECIDED else "",
        "words": fold("\n".join((delivery.draft.title, *words_of(delivery)))),
    }


def words_of(delivery: Delivery) -> Iterator[str]:
    """Everything residents read in it, in whatever type of message and language."""
    for message in delivery.draft.messages:
        yield from _words(message)
    for variant in delivery.draft.variants:
        for message in variant.messages:
            yield from _words(message)


def _words(part: object) -> Iterator[str]:
    if isinstance(part, Wire):
        for name in type(part).model_fields:
            value = getattr(part, name)
            if isinstance(value, str):
                if name in _SAID and value:
                    yield value
            else:
                yield from _words(value)
    elif isinstance(part, tuple):
        for one in part:
            if isinstance(one, str):  # a cell of a table
                yield one
            else:
                yield from _words(one)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
