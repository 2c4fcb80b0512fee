"""Jobs: what is to be done later, once, by whichever process comes first. SQL only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from relay.store.leases import has_run_out
from relay.store.tables import jobs


@dataclass(frozen=True)
class Job:
    id: str
    kind: str
    subject: str
    attempts: int


def add_job(connection: Connection, *, id: str, kind: str, subject: str, run_at: datetime) -> None:
    connection.execute(
        insert(jobs).values(id=id, kind=kind, subject=subject, run_at=run_at, state="waiting", attempts=0)
    )


def claim_job(
    connection: Connection, kinds: Sequence[str], *, owner: str, now: datetime, lease_until: datetime
) -> Job | None:
    """The next job that is due, or whose worker died; None when there is none."""
    row = connection.execute(
        select(jobs.c.id, jobs.c.kind, jobs.c.subject, jobs.c.attempts)
        .where(_is_due(kinds, now))
        .order_by(jobs.c.run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    job = Job(id=row.id, kind=row.kind, subject=row.subject, attempts=row.attempts + 1)
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id)
        .values(owner=owner, lease_until=lease_until, attempts=job.attempts)
    )
    return job


def has_due_job(connection: Connection, kinds: Sequence[str], now: datetime) -> bool:
    """Whether `claim_job` would find one."""
    found = connection.execute(select(jobs.c.id).where(_is_due(kinds, now)).limit(1)).first()
    return found is not None


def _is_due(kinds: Sequence[str], now: datetime) -> ColumnElement[bool]:
    return and_(
        jobs.c.state == "waiting",
        jobs.c.run_at <= now,
        jobs.c.kind.in_(kinds),
        or_(jobs.c.lease_until.is_(None), has_run_out(jobs.c.lease_until, now)),
    )


def finish_job(connection: Connection, id: str, *, owner: str) -> None:
    connection.execute(
        update(jobs)
        .where(jobs.c.id == id, jobs.c.owner == owner)
        .values(state="done", owner=None, lease_until=None)
    )


def put_off_job(connection: Connection, id: str, *, owner: str, run_at: datetime, reason: str) -> None:
    """It failed; it comes again then."""
    connection.execute(
        update(jobs)
        .where(jobs.c.id == id, jobs.c.owner == owner)
        .values(run_at=run_at, reason=reason, owner=None, lease_until=None)
    )


def give_up_job(connection: Connection, id: str, *, owner: str, reason: str) -> None:
    connection.execute(
        update(jobs)
        .where(jobs.c.id == id, jobs.c.owner == owner)
        .values(state="failed", reason=reason, owner=None, lease_until=None)
    )


def release_jobs(connection: Connection, kinds: Sequence[str]) -> None:
    """Give back what a process that is certainly dead had claimed of these kinds."""
    connection.execute(
        update(jobs)
        .where(jobs.c.state == "waiting", jobs.c.kind.in_(kinds))
        .values(owner=None, lease_until=None)
    )


def forget_done_jobs(connection: Connection, *, before: datetime) -> int:
    return connection.execute(delete(jobs).where(jobs.c.state == "done", jobs.c.run_at < before)).rowcount
