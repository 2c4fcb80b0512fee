"""What the list of deliveries sorts, filters and searches by, taken out of a delivery's body."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from desktop.replica.folding import fold
from protocol.deliveries import Delivery, DeliveryState
from protocol.wire import Wire

_AHEAD: tuple[DeliveryState, ...] = ("held", "scheduled", "repeating")
_SAID = ("text", "title", "alt", "label", "description", "address")
"""Fields of messages that hold words for people."""


def delivery_columns(delivery: Delivery) -> dict[str, Any]:
    """The columns of `shown` that a delivery fills."""
    numbers = delivery.numbers
    due = delivery.due_at or delivery.started_at or delivery.confirmed_at
    moment = delivery.due_at if delivery.state in _AHEAD else None
    return {
        "title": delivery.draft.title,
        "state": delivery.state,
        "moment": _iso(moment or delivery.confirmed_at or delivery.written_at),
        "recipients": numbers.recipients,
        "accepted": numbers.accepted,
        "failed": numbers.refused + numbers.unknown,
        "person": delivery.sent_by or delivery.written_by,
        "archived": int(delivery.archived),
        "series": delivery.series,
        "due": _iso(due) if delivery.state not in ("draft", "asked") else "",
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
