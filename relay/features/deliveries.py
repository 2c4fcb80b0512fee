"""Deliveries as staff write them: drafts saved, thrown away, and the `delivery` record desktops see.

Sending is in `sending.py`. Requirements: SEG-5 (now), SEG-7.
"""

from __future__ import annotations

from datetime import datetime

from protocol.deliveries import Delivery, DeliveryState
from protocol.delivery_changes import DeliveryRemove, DeliverySave
from protocol.rights import DELIVERIES
from relay.errors import Refused
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import StoredRecord, find_record, put_record
from relay.store.runs import find_run

DELIVERY = "delivery"


def find_delivery(
    connection: Connection, cipher: ColumnCipher, id: str
) -> tuple[StoredRecord, Delivery] | None:
    """The record and what it holds; None when there is none or it was thrown away."""
    record = find_record(connection, cipher, DELIVERY, id)
    if record is None or record.removed:
        return None
    return record, Delivery.parse(record.body)


def find_in_state(
    connection: Connection,
    cipher: ColumnCipher,
    id: str,
    *states: DeliveryState,
    otherwise: str,
    based_on: int | None = None,
) -> Delivery:
    """The delivery in one of these states, and in this version where one is given.

    Raises Refused `not_found`, `version_conflict`, or `otherwise` for another state.
    """
    found = find_delivery(connection, cipher, id) if "\0" not in id else None
    if found is None:
        raise Refused("not_found")
    record, delivery = found
    if delivery.state not in states:
        raise Refused(otherwise)
    if based_on is not None and record.version != based_on:
        raise Refused("version_conflict")
    return delivery


def as_draft(delivery: Delivery) -> Delivery:
    """The delivery as a draft again: who wrote it stays, its confirmation and the rule it is of do not.

    What people make of it and confirm goes to whom they chose, and no more to whom a rule would have.
    """
    kept = ("draft", "written_by", "written_at", "archived")
    return Delivery(**{field: getattr(delivery, field) for field in kept})


def put_delivery(connection: Connection, cipher: ColumnCipher, delivery: Delivery, now: datetime) -> int:
    """Publish a new state of the delivery; returns its version."""
    return put_record(
        connection,
        cipher,
        kind=DELIVERY,
        id=delivery.draft.id,
        body=delivery.as_json(),
        now=now,
        audiences=(DELIVERIES,),
    )


def save_draft(
    connection: Connection,
    cipher: ColumnCipher,
    change: DeliverySave,
    based_on: int,
    now: datetime,
    *,
    staff: str,
) -> int:
    """Write a draft or a new version of it; drafts may be incomplete. Returns the version."""
    draft = change.draft
    if not 0 < len(draft.id) <= 36 or "\0" in draft.id:
        raise Refused("malformed")
    record = find_record(connection, cipher, DELIVERY, draft.id)
    if record is None and find_run(connection, draft.id) is not None:
        raise Refused("duplicate_id")  # of a test: what has a run of that id could never be sent
    known = Delivery(draft=draft)
    if record is not None and not record.removed:
        known = Delivery.parse(record.body)
        _check_is_draft(known)
    check_version(record, based_on)
    written = {"draft": draft, "written_by": staff, "written_at": now}
    return put_delivery(connection, cipher, known.model_copy(update=written), now)


def remove_draft(
    connection: Connection, cipher: ColumnCipher, change: DeliveryRemove, based_on: int, now: datetime
) -> int:
    """Throw a draft away; what was confirmed stays in the history."""
    record = find_record(connection, cipher, DELIVERY, change.delivery)
    if record is not None and not record.removed:
        _check_is_draft(Delivery.parse(record.body))
    check_version(record, based_on)
    return put_record(connection, cipher, kind=DELIVERY, id=change.delivery, body={}, now=now, removed=True)


def _check_is_draft(delivery: Delivery) -> None:
    if delivery.state != "draft":
        raise Refused("not_a_draft")
