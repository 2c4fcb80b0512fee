"""The ledger of sending: batches frozen before the first call, claimed, and closed with an outcome. SQL only.

A batch keeps its retry key and its members for all tries (design "Events in, messages out").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, insert, or_, select, update

from relay.store.leases import has_run_out
from relay.store.tables import batches, runs

BatchState = Literal["waiting", "accepted", "refused", "unknown", "cancelled"]


@dataclass(frozen=True)
class NewBatch:
    """`members` are residents.no, four bytes each, little endian."""

    no: int
    endpoint: str
    retry_key: str
    members: bytes
    text: int = 0
    """Which text of the run these people get."""


@dataclass(frozen=True)
class Claim:
    """A batch in the hands of one worker. `first_try_at` is the first try that may have been accepted."""

    run: str
    no: int
    endpoint: str
    retry_key: str
    members: bytes
    attempts: int
    first_try_at: datetime
    is_first_try: bool
    """Whether no earlier try may have been accepted."""
    text: int = 0


@dataclass(frozen=True)
class Outcome:
    """What one try came to. `waiting` with `next_try_at` means the same again later.

    `certainly_not` tells that LINE said nobody got it, so the time of the first try need not be kept.
    """

    run: str
    no: int
    state: BatchState
    http_status: int | None = None
    request_id: str = ""
    next_try_at: datetime | None = None
    certainly_not: bool = False
    pauses: str = ""
    """A reason for which the whole run has to stop."""


def add_batches(connection: Connection, run: str, new: Sequence[NewBatch]) -> None:
    if new:
        connection.execute(
            insert(batches),
            [
                {
                    "run": run,
                    "no": batch.no,
                    "text": batch.text,
                    "endpoint": batch.endpoint,
                    "retry_key": batch.retry_key,
                    "members": batch.members,
                    "count": len(batch.members) // 4,
                    "state": "waiting",
                    "attempts": 0,
                }
                for batch in new
            ],
        )


def claim_batches(
    connection: Connection, *, owner: str, now: datetime, lease_until: datetime, limit: int
) -> list[Claim]:
    """Take up to `limit` batches that are due, or whose claim ran out because its worker died."""
    if limit <= 0:
        return []
    rows = connection.execute(
        select(
            batches.c.run,
            batches.c.no,
            batches.c.text,
            batches.c.endpoint,
            batches.c.retry_key,
            batches.c.members,
            batches.c.attempts,
            batches.c.first_try_at,
        )
        .join(runs, runs.c.id == batches.c.run)
        .where(runs.c.state == "sending", batches.c.state.in_(("waiting", "claimed")), _is_due(now))
        .order_by(batches.c.run, batches.c.no)
        .limit(limit)
        .with_for_update(skip_locked=True, of=batches)
    ).all()
    claims = [
        Claim(
            run=row.run,
            no=row.no,
            endpoint=row.endpoint,
            retry_key=row.retry_key,
            members=row.members,
            attempts=row.attempts + 1,
            first_try_at=row.first_try_at or now,
            is_first_try=row.first_try_at is None,
            text=row.text,
        )
        for row in rows
    ]
    if claims:
        connection.execute(
            update(batches)
            .where(batches.c.run == bindparam("of_run"), batches.c.no == bindparam("of_no"))
            .values(
                state="claimed",
                owner=owner,
                lease_until=lease_until,
                attempts=bindparam("tries"),
                first_try_at=bindparam("first"),
            ),
            [
                {"of_run": claim.run, "of_no": claim.no, "tries": claim.attempts, "first": claim.first_try_at}
                for claim in claims
            ],
        )
    return claims


def keep_members(connection: Connection, claims: Sequence[Claim]) -> None:
    """Write down who is left of batches about to be tried first: every later try has the same body."""
    if claims:
        connection.execute(
            update(batches)
            .where(batches.c.run == bindparam("of_run"), batches.c.no == bindparam("of_no"))
            .values(members=bindparam("left")),
            [{"of_run": claim.run, "of_no": claim.no, "left": claim.members} for claim in claims],
        )


def write_outcomes(connection: Connection, outcomes: Sequence[Outcome], *, owner: str, now: datetime) -> None:
    """Close claims. What LINE accepted is true whoever holds the claim now; the rest only for its holder."""
    accepted = [outcome for outcome in outcomes if outcome.state == "accepted"]
    others = [outcome for outcome in outcomes if outcome.state != "accepted"]
    matches = and_(batches.c.run == bindparam("of_run"), batches.c.no == bindparam("of_no"))
    facts: dict[str, Any] = {
        "state": bindparam("new_state"),
        "http_status": bindparam("status"),
        "request_id": bindparam("line_request"),
        "next_try_at": bindparam("next"),
        "finished_at": bindparam("finished"),
        "lease_until": None,
        "owner": None,
    }
    if accepted:
        connection.execute(
            update(batches).where(matches, batches.c.state != "accepted").values(**facts),
            [_values(outcome, now) for outcome in accepted],
        )
    for forget in (False, True):
        chosen = [outcome for outcome in others if outcome.certainly_not == forget]
        if chosen:
            kept = {**facts, "first_try_at": None} if forget else facts
            connection.execute(
                update(batches)
                .where(matches, batches.c.state == "claimed", batches.c.owner == owner)
                .values(**kept),
                [_values(outcome, now) for outcome in chosen],
            )


def release_claims(connection: Connection) -> int:
    """Give back what a worker that is certainly dead had claimed; returns how many batches."""
    done = connection.execute(
        update(batches)
        .where(batches.c.state == "claimed")
        .values(state="waiting", owner=None, lease_until=None)
    )
    return done.rowcount


def has_due_batches(connection: Connection, now: datetime) -> bool:
    """Whether `claim_batches` would find anything."""
    found = connection.execute(
        select(batches.c.no)
        .join(runs, runs.c.id == batches.c.run)
        .where(runs.c.state == "sending", batches.c.state.in_(("waiting", "claimed")), _is_due(now))
        .limit(1)
    ).first()
    return found is not None


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(
            batches.c.state == "waiting",
            or_(batches.c.next_try_at.is_(None), batches.c.next_try_at <= now),
        ),
        and_(batches.c.state == "claimed", has_run_out(batches.c.lease_until, now)),
    )


def count_open(connection: Connection, run: str) -> int:
    """Batches of the run that have no outcome yet."""
    return connection.execute(
        select(func.count())
        .select_from(batches)
        .where(batches.c.run == run, batches.c.state.in_(("waiting", "claimed")))
    ).scalar_one()


def waits_for_line(connection: Connection, run: str) -> bool:
    """Whether a batch of the run was tried and will be again, because LINE gave no answer that counts."""
    status = batches.c.http_status
    found = connection.execute(
        select(batches.c.no)
        .where(
            batches.c.run == run,
            batches.c.state.in_(("waiting", "claimed")),
            batches.c.next_try_at.is_not(None),
            or_(status.is_(None), status == 408, status >= 500),
        )
        .limit(1)
    ).first()
    return found is not None


def give_up_waiting(
    connection: Connection, run: str, now: datetime, *, untouched: BatchState = "refused"
) -> None:
    """Close what will not be tried again, the claims of dead workers too: `untouched` where certainly nobody
    got it, else unknown.
    """
    state = case((batches.c.first_try_at.is_(None), untouched), else_="unknown")
    is_dead = and_(batches.c.state == "claimed", has_run_out(batches.c.lease_until, now))
    connection.execute(
        update(batches)
        .where(batches.c.run == run, or_(batches.c.state == "waiting", is_dead))
        .values(state=state, finished_at=now, owner=None, lease_until=None)
    )


def _values(outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {
        "of_run": outcome.run,
        "of_no": outcome.no,
        "new_state": outcome.state,
        "status": outcome.http_status,
        "line_request": outcome.request_id[:60],
        "next": outcome.next_try_at,
        "finished": None if outcome.state == "waiting" else now,
    }
