"""How pending changes about deliveries, groups, lists and waste look before the relay has settled them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocol.deliveries import Delivery, DeliveryState
from protocol.delivery_changes import (
    DeliveryArchive,
    DeliveryReturn,
    GroupSave,
    HolidaysSave,
    ListSave,
    SendingRulesSave,
    WasteSave,
)
from protocol.lists import ResidentList

_MOVES: Mapping[str, tuple[tuple[DeliveryState, ...], DeliveryState]] = {
    "delivery.ask": (("draft",), "asked"),
    "delivery.return": (("asked",), "draft"),
    "delivery.send": (("draft", "asked"), "queued"),
    "delivery.resume": (("paused",), "sending"),
    "delivery.cancel": (("paused",), "cancelled"),
}
"""From which states a change moves a delivery, and where to. `delivery.stop` depends on where it is."""
_PLAIN = {"group.remove": None, "list.remove": None}

KINDS = frozenset(
    {
        *_MOVES,
        *_PLAIN,
        "delivery.stop",
        "delivery.archive",
        "group.save",
        "list.save",
        "sending_rules.save",
        "holidays.save",
        "waste.save",
    }
)


def delivery_body(
    body: dict[str, Any] | None, kind: str, payload: dict[str, Any], made_at: datetime, staff: str
) -> dict[str, Any] | None:
    """The body of the record after the change; None where it is gone."""
    match kind:
        case "group.save":
            return GroupSave.parse(payload).group.as_json()
        case "list.save":
            return _saved_list(body, ListSave.parse(payload).list)
        case "group.remove" | "list.remove":
            return None
        case "sending_rules.save":
            return SendingRulesSave.parse(payload).rules.as_json()
        case "holidays.save":
            return HolidaysSave.parse(payload).holidays.as_json()
        case "waste.save":
            return WasteSave.parse(payload).calendar.as_json()
    return _moved(body, kind, payload, made_at, staff) if body is not None else None


def _moved(
    body: dict[str, Any], kind: str, payload: dict[str, Any], made_at: datetime, staff: str
) -> dict[str, Any]:
    delivery = Delivery.parse(body)
    if kind == "delivery.archive":
        archived = DeliveryArchive.parse(payload).archived
        return delivery.model_copy(update={"archived": archived}).as_json()
    if kind == "delivery.stop":
        return delivery.model_copy(update={"state": _stopped(delivery.state)}).as_json()
    before, after = _MOVES[kind]
    if delivery.state not in before:
        return body
    facts: dict[str, object] = {"state": after}
    if kind == "delivery.ask":
        facts |= {"asked_by": staff, "returned": ""}
    elif kind == "delivery.return":
        facts |= {"returned": DeliveryReturn.parse(payload).reason}
    elif kind == "delivery.send":
        facts |= {"state": _confirmed(delivery), "confirmed_at": made_at, "sent_by": staff, "returned": ""}
    elif kind == "delivery.resume":
        facts |= {"reason": ""}
    return delivery.model_copy(update=facts).as_json()


def _stopped(state: DeliveryState) -> DeliveryState:
    """What the relay has stopped already stays as it says: its word may come before the change is settled."""
    if state in ("queued", "sending"):
        return "paused"
    return "draft" if state in ("asked", "held", "scheduled", "repeating") else state


def _confirmed(delivery: Delivery) -> DeliveryState:
    when = delivery.draft.when
    if when.kind == "now":
        return "queued"
    return "scheduled" if when.kind == "at" else "repeating"


def _saved_list(body: dict[str, Any] | None, saved: ResidentList) -> dict[str, Any]:
    if body is None:
        return saved.model_copy(update={"count": 0, "codes": 0}).as_json()
    known = ResidentList.parse(body)
    return saved.model_copy(update={"count": known.count, "codes": known.codes}).as_json()
