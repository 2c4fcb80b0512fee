"""The rows screens read: stored + pending, kept up to date in the transaction that changes either."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from desktop.replica.delivery_columns import delivery_columns
from desktop.replica.lists import show_codes
from desktop.replica.overlay import ORDER, Pending, positions_after, with_pending
from desktop.replica.submissions import show_pending
from protocol.changes import ItemsReorder
from protocol.deliveries import Delivery
from protocol.items import SegmentItem
from protocol.staff import Department, StaffMember
from protocol.submissions import ContactForm

_WRITE = text(
    "insert or replace into shown (kind, id, version, body, waiting, refused, title, state, place, moment,"
    " recipients, accepted, failed, person, archived, series, due, words, nature) values (:kind, :id,"
    " :version, :body, :waiting, :refused, :title, :state, :place, :moment, :recipients, :accepted, :failed,"
    " :person, :archived, :series, :due, :words, :nature)"
)


def refresh(connection: Connection, kind: str, ids: Iterable[str], staff: str) -> None:
    """Rewrite the rows of these things. `staff` is the id of the person signed in, the author of what is
    pending.
    """
    if kind == "submission":
        show_pending(connection, set(ids))
        return
    if kind == "code":
        show_codes(connection, set(ids))
        return
    for thing in set(ids):
        if kind == "item" and thing == ORDER:
            continue
        _refresh_one(connection, kind, thing, staff)
    if kind == "item":
        _reorder(connection)


def _refresh_one(connection: Connection, kind: str, thing: str, staff: str) -> None:
    stored = connection.execute(
        # A colleague's word counts only where the relay itself has told nothing yet.
        text(
            "select version, body from record where kind=:kind and id=:id"
            " order by from_chunk, version desc limit 1"
        ),
        {"kind": kind, "id": thing},
    ).first()
    changes = connection.execute(
        text(
            "select kind, payload, made_at, state, reason from outbox"
            " where record_kind=:kind and record_id=:id order by number"
        ),
        {"kind": kind, "id": thing},
    ).all()
    pending = [
        Pending(row.kind, json.loads(row.payload), datetime.fromisoformat(row.made_at), staff)
        for row in changes
        if row.state != "refused"
    ]
    refused = [row.reason for row in changes if row.state == "refused"]
    body = with_pending(kind, json.loads(stored.body) if stored else None, pending)
    if body is None and refused and not stored:
        body = _refused_body(kind, thing, changes, staff)
    if body is None:
        connection.execute(text("delete from shown where kind=:kind and id=:id"), {"kind": kind, "id": thing})
        return
    row = {
        "kind": kind,
        "id": thing,
        "version": stored.version if stored else 0,
        "body": json.dumps(body, ensure_ascii=False),
        "waiting": len(pending),
        "refused": refused[-1] if refused else "",
    }
    connection.execute(_WRITE, row | _columns(kind, body))


def _refused_body(kind: str, thing: str, changes: Any, staff: str) -> dict[str, Any] | None:
    """Something new that was refused is still shown, or the person's work would be out of sight."""
    everything = [
        Pending(row.kind, json.loads(row.payload), datetime.fromisoformat(row.made_at), staff)
        for row in changes
        if row.kind.endswith(".save")
    ]
    return with_pending(kind, None, everything)


def _columns(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "title": "", "state": "", "place": 0, "moment": "",
        "recipients": 0, "accepted": 0, "failed": 0, "person": "",
        "archived": 0, "series": "", "due": "", "words": "", "nature": "",
    }  # fmt: skip
    if kind == "delivery":
        columns |= delivery_columns(Delivery.parse(body))
    elif kind == "item":
        item = SegmentItem.parse(body)
        state = "retired" if item.retired else "asked"
        columns |= {"title": item.title, "place": item.position, "state": state}
    elif kind == "staff":
        member = StaffMember.parse(body)
        columns |= {"title": member.display_name, "state": member.state}
    elif kind == "contact_form":
        form = ContactForm.parse(body)
        columns |= {"title": form.title, "state": "open" if form.is_open else "closed"}
    elif kind in ("group", "list"):
        columns |= {"title": str(body.get("name", "")), "state": str(body.get("kind", ""))}
    elif kind == "department":
        department = Department.parse(body)
        state = "removed" if department.removed else "open"
        columns |= {"title": department.name, "place": department.position, "state": state}
    return columns


def _reorder(connection: Connection) -> None:
    """Apply the latest pending order of the items, if any, on top of the stored positions."""
    row = connection.execute(
        text(
            "select payload from outbox where kind='items.reorder' and state<>'refused'"
            " order by number desc limit 1"
        )
    ).first()
    if row is None:
        return
    places = connection.execute(text("select id, place from shown where kind='item'")).all()
    after = positions_after(ItemsReorder.parse(row.payload), {place.id: place.place for place in places})
    for thing, place in after.items():
        connection.execute(
            text("update shown set place=:place where kind='item' and id=:id"), {"place": place, "id": thing}
        )
