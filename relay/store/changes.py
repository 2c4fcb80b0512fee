"""Changes taken: each id with its result, so that a second copy of a change does nothing. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from protocol.changes import ChangeResult
from relay.store.counters import next_number
from relay.store.tables import changes_done


@dataclass(frozen=True)
class DoneChange:
    """A change taken earlier, and whose it was."""

    staff: str
    result: ChangeResult


def wait_for_turn(connection: Connection) -> None:
    """Let changes pass one at a time: what is read after this call stays true until the transaction ends.

    Staff do few changes a second, so one queue is simpler and safer than locks on each record.
    """
    next_number(connection, "changes")


def find_done_change(connection: Connection, id: str) -> DoneChange | None:
    row = connection.execute(select(changes_done).where(changes_done.c.id == id)).one_or_none()
    if row is None:
        return None
    result = ChangeResult(id=row.id, outcome=row.outcome, reason=row.reason, version=row.version)
    return DoneChange(staff=row.staff, result=result)


def remember_change(
    connection: Connection, result: ChangeResult, *, staff: str, kind: str, now: datetime
) -> None:
    connection.execute(
        insert(changes_done).values(
            id=result.id,
            staff=staff,
            kind=kind,
            outcome=result.outcome,
            reason=result.reason,
            version=result.version,
            done_at=now,
        )
    )
