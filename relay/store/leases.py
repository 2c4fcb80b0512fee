"""Leases: who may do what only one process may do at a time. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, bindparam, or_, select, text

from relay.store.tables import leases
from relay.store.types import Instant

# One statement on both engines: whoever holds the lease renews it, anybody takes one that ran out.
_TAKE = text(
    "INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until) "
    "ON CONFLICT (name) DO UPDATE SET owner = :owner, until = :until "
    "WHERE leases.owner = :owner OR leases.until < :now OR leases.until > :latest"
).bindparams(*(bindparam(name, type_=Instant) for name in ("until", "now", "latest")))

_LONGEST_CLAIM = timedelta(minutes=10)
"""No batch or job is claimed for longer; clocks of workers differ by less than what is left."""


@dataclass(frozen=True)
class Lease:
    """`is_mine`: held until the time asked for. `was_elsewhere`: somebody else held it before."""

    is_mine: bool
    was_elsewhere: bool


def take_lease(connection: Connection, name: str, *, owner: str, now: datetime, until: datetime) -> Lease:
    """Take or renew a lease, unless another owner's has not run out.

    One further ahead than twice its life was taken by a clock that was wrong, and counts as run out.
    """
    latest = until + (until - now)
    before = connection.execute(select(leases.c.owner).where(leases.c.name == name)).scalar_one_or_none()
    done = connection.execute(
        _TAKE, {"name": name, "owner": owner, "now": now, "until": until, "latest": latest}
    )
    return Lease(is_mine=done.rowcount == 1, was_elsewhere=before not in (None, owner))


def drop_lease(connection: Connection, name: str) -> None:
    """End a lease whoever holds it; only where no other process can be alive."""
    connection.execute(text("DELETE FROM leases WHERE name = :name"), {"name": name})


def has_run_out(until: Column[datetime], now: datetime) -> ColumnElement[bool]:
    """Whether a claim holds no more: its time has passed, or the clock was wrong when it was made."""
    return or_(until < now, until > now + _LONGEST_CLAIM)
