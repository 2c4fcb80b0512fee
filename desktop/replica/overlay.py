"""How a pending change looks before the relay has settled it. Pure: bodies in, bodies out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desktop.replica.overlay_deliveries import KINDS as DELIVERY_KINDS
from desktop.replica.overlay_deliveries import delivery_body
from desktop.replica.overlay_people import KINDS, people_body
from protocol.changes import ContactFormSave, GreetingSave, ItemMerge, ItemRemove, ItemSave, ItemsReorder
from protocol.deliveries import Delivery
from protocol.delivery_changes import DeliverySave
from protocol.items import SegmentItem
from protocol.sync import TownSettings

ORDER = "order"
"""Record id of the order of all items, which belongs to no single one."""


@dataclass(frozen=True)
class Pending:
    """A change that is not settled, as the overlay needs it."""

    kind: str
    payload: dict[str, Any]
    made_at: datetime
    staff: str


def with_pending(
    kind: str, stored: dict[str, Any] | None, pending: Iterable[Pending]
) -> dict[str, Any] | None:
    """The body as the person expects it to become; None where the thing is, or will be, gone."""
    body = stored
    for change in pending:
        body = _one(kind, body, change)
    return body


def _one(kind: str, body: dict[str, Any] | None, change: Pending) -> dict[str, Any] | None:
    match change.kind:
        case "item.save":
            item = ItemSave.parse(change.payload).item
            if body is not None:
                item = item.model_copy(update={"position": SegmentItem.parse(body).position})
            return item.as_json()
        case "item.remove" if kind == "item":
            ItemRemove.parse(change.payload)
            return None
        case "item.merge" if body is not None:
            return _merged(SegmentItem.parse(body), ItemMerge.parse(change.payload)).as_json()
        case "delivery.save":
            return _saved_delivery(body, change).as_json()
        case "delivery.remove":
            return None
        case "greeting.save":
            settings = TownSettings.parse(body or {})
            return settings.model_copy(update={"greeting": GreetingSave.parse(change.payload).text}).as_json()
        case "contact_form.save":
            return ContactFormSave.parse(change.payload).form.as_json()
        case "contact_form.remove":
            return None
        case _ if change.kind in DELIVERY_KINDS:
            return delivery_body(body, change.kind, change.payload, change.made_at, change.staff)
        case _ if change.kind in KINDS:
            return people_body(body, change.kind, change.payload, change.made_at)
    return body


def _merged(item: SegmentItem, merge: ItemMerge) -> SegmentItem:
    gone = {"retired": True, "merged_into": merge.into}
    choices = tuple(
        choice.model_copy(update=gone) if choice.id == merge.choice else choice for choice in item.choices
    )
    return item.model_copy(update={"choices": choices})


def _saved_delivery(body: dict[str, Any] | None, change: Pending) -> Delivery:
    draft = DeliverySave.parse(change.payload).draft
    if body is not None:
        return Delivery.parse(body).model_copy(update={"draft": draft})
    return Delivery(draft=draft, written_by=change.staff, written_at=change.made_at)


def positions_after(reorder: ItemsReorder, current: dict[str, int]) -> dict[str, int]:
    """New positions: the named items first, in that order; the others keep theirs, after them."""
    named = [item for item in reorder.items if item in current]
    rest = sorted((item for item in current if item not in named), key=lambda item: current[item])
    return {item: position for position, item in enumerate(named + rest)}
