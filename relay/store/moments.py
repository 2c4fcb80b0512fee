"""When confirmed deliveries are due, and which days of a rule have happened. SQL only.

Whoever takes a moment takes the row away in the transaction that does what is due, so of two workers one
finds nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, and_, delete, func, insert, select

from relay.store.delivery_tables import moments, rule_runs

MomentKind = Literal["hold", "at", "repeating", "resident_day", "age"]


@dataclass(frozen=True)
class Moment:
    """The next moment of one confirmed delivery."""

    delivery: str
    due_at: datetime
    kind: MomentKind


def put_moment(connection: Connection, moment: Moment) -> None:
    """Set the delivery's next moment in place of any other."""
    drop_moment(connection, moment.delivery)
    connection.execute(
        insert(moments).values(delivery=moment.delivery, due_at=moment.due_at, kind=moment.kind)
    )


def drop_moment(connection: Connection, delivery: str) -> bool:
    """It is due no more; whether it was."""
    done = connection.execute(delete(moments).where(moments.c.delivery == delivery))
    return done.rowcount == 1


def take_moment(connection: Connection, moment: Moment) -> bool:
    """Whether the moment was still there as it was seen; it is gone now."""
    done = connection.execute(
        delete(moments).where(
            moments.c.delivery == moment.delivery,
            moments.c.due_at == moment.due_at,
            moments.c.kind == moment.kind,
        )
    )
    return done.rowcount == 1


def list_due(
    connection: Connection, now: datetime, limit: int, *, besides: Collection[str] = ()
) -> list[Moment]:
    """The moments that have come, the earliest first, but those of the deliveries `besides`."""
    is_due = and_(moments.c.due_at <= now, moments.c.delivery.not_in(besides))
    query = select(moments).where(is_due).order_by(moments.c.due_at, moments.c.delivery)
    return [Moment(**row._mapping) for row in connection.execute(query.limit(limit))]


def list_moments(connection: Connection, kind: MomentKind, *, after: datetime) -> list[Moment]:
    """The moments of this kind that have not come yet."""
    query = select(moments).where(moments.c.kind == kind, moments.c.due_at > after)
    return [Moment(**row._mapping) for row in connection.execute(query.order_by(moments.c.delivery))]


def list_promised(connection: Connection, until: datetime) -> list[str]:
    """The deliveries that go out once, by this moment, and have no run yet."""
    query = select(moments.c.delivery).where(moments.c.kind.in_(("hold", "at")), moments.c.due_at < until)
    return list(connection.execute(query).scalars())


def has_rule_run(connection: Connection, rule: str, day: date) -> bool:
    """Whether this day of the rule has happened."""
    query = select(rule_runs.c.rule).where(rule_runs.c.rule == rule, rule_runs.c.day == day.isoformat())
    return connection.execute(query).first() is not None


def find_rule_day(connection: Connection, delivery: str, rules: Sequence[str]) -> date | None:
    """The day for which one of these rules made the delivery; None when none of them did."""
    query = select(rule_runs.c.day).where(rule_runs.c.delivery == delivery, rule_runs.c.rule.in_(rules))
    day = connection.execute(query).scalar_one_or_none()
    return None if day is None else date.fromisoformat(day)


def find_last_rule_day(connection: Connection, rule: str) -> date | None:
    """The latest day of the rule that has happened; None when none has."""
    query = select(func.max(rule_runs.c.day)).where(rule_runs.c.rule == rule)
    day = connection.execute(query).scalar_one_or_none()
    return None if day is None else date.fromisoformat(day)


def add_rule_run(connection: Connection, rule: str, day: date, *, delivery: str, now: datetime) -> None:
    """This day of the rule has happened; `delivery`: what was made of it, empty when nothing was."""
    connection.execute(
        insert(rule_runs).values(rule=rule, day=day.isoformat(), delivery=delivery, made_at=now)
    )
