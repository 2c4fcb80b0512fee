"""Deliveries made by a rule of the relay and not by a person's hand: each day of a rule once.

Repeating deliveries, residents' own days and waste collection come through this door, and later mail that
comes in: a rule makes a draft, or a delivery somebody has approved once and for all. What was approved goes
the way of everything that waits for its moment (`moments.py`), late rule included.

Requirements: SEG-5, SEG-11.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from protocol.counting import graphemes
from protocol.deliveries import DELIVERY_TITLE_LIMIT, Delivery, DeliveryDraft
from protocol.ids import new_id
from relay.features.deliveries import DELIVERY, put_delivery
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.moments import Moment, add_rule_run, has_rule_run, put_moment
from relay.store.records import find_record
from relay.store.runs import find_run

_NAMES = uuid.UUID("6f1f3a52-8a0e-5d6c-9f0b-3c1d6f2a7b10")


def make_delivery_of_rule(
    connection: Connection,
    database: Database,
    *,
    rule: str,
    day: date,
    draft: DeliveryDraft,
    due_at: datetime,
    approved: bool,
    now: datetime,
    series: Delivery | None = None,
) -> str | None:
    """The id of the delivery made for this day in Japan; None when the rule's day happened before.

    Two workers and any number of tries make one. The draft's own id does not count. `approved`: it goes out
    at `due_at` by the draft's late rule; otherwise it waits for a person as a draft. `series`: the confirmed
    delivery it is a day of, whose people answer for it.
    """
    wait_for_turn(connection)
    if has_rule_run(connection, rule, day):
        return None
    id = id_of_rule_day(rule, day)
    known = find_record(connection, database.cipher, DELIVERY, id)
    if known is not None or find_run(connection, id) is not None:
        id = new_id(now)  # somebody wrote under this id: theirs stays, and the day goes out all the same
    add_rule_run(connection, rule, day, delivery=id, now=now)
    made = Delivery(
        draft=draft.model_copy(update={"id": id}),
        state="scheduled" if approved else "draft",
        written_at=now,
        due_at=due_at if approved else None,
        made_by_rule=rule if series is None else "",
    )
    if series is not None:
        made = made.model_copy(
            update={
                "series": series.draft.id,
                "written_by": series.written_by,
                "written_at": series.written_at,
                "asked_by": series.asked_by,
                "sent_by": series.sent_by,
                "confirmed_at": series.confirmed_at,
                "confirmed_for": series.confirmed_for,
                "confirmed_as_many": series.confirmed_as_many,
                "bypassed": series.bypassed,
            }
        )
    put_delivery(connection, database.cipher, made, now)
    if approved:
        put_moment(connection, Moment(delivery=id, due_at=due_at, kind="at"))
    return id


def skip_rule_day(connection: Connection, *, rule: str, day: date, now: datetime) -> None:
    """This day of the rule happened and nothing came of it, such as a day that is nobody's."""
    wait_for_turn(connection)
    if not has_rule_run(connection, rule, day):
        add_rule_run(connection, rule, day, delivery="", now=now)


def id_of_rule_day(rule: str, day: date) -> str:
    """The id a rule's delivery has on this day, whichever worker makes it, unless it is taken already."""
    return str(uuid.uuid5(_NAMES, f"{rule} {day.isoformat()}"))


def title_of_day(title: str, day: date) -> str:
    """The series' title with the day, within the limit: 「ごみの日（7月3日分）」."""
    ending = f"（{day.month}月{day.day}日分）"
    room = DELIVERY_TITLE_LIMIT - len(ending)
    return "".join(graphemes(title)[:room]) + ending
