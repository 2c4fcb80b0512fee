"""Leases: who may do what only one process may do at a time. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, text

from relay.store.tables import leases
from relay.store.types import Instant

# One statement on both engines: whoever holds the lease renews it, anybody takes one that ran out.
_TAKE = text(
    "INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until) "
    "ON CONFLICT (name) DO UPDATE SET owner = :owner, until = :until "
    "WHERE leases.owner = :owner OR leases.until < :now"
).bindparams(bindparam("until", type_=Instant), bindparam("now", type_=Instant))


@dataclass(frozen=True)
class Lease:
    """`is_mine`: held until the time asked for. `was_elsewhere`: somebody else held it before."""

    is_mine: bool
    was_elsewhere: bool


def take_lease(connection: Connection, name: str, *, owner: str, now: datetime, until: datetime) -> Lease:
    """Take or renew a lease, unless another owner's has not run out."""
    before = connection.execute(select(leases.c.owner).where(leases.c.name == name)).scalar_one_or_none()
    done = connection.execute(_TAKE, {"name": name, "owner": owner, "now": now, "until": until})
    return Lease(is_mine=done.rowcount == 1, was_elsewhere=before not in (None, owner))


def drop_lease(connection: Connection, name: str) -> None:
    """End a lease whoever holds it; only where no other process can be alive."""
    connection.execute(text("DELETE FROM leases WHERE name = :name"), {"name": name})
