"""Stopping a run and taking it up again, and whether it can be stopped at all. SQL only."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from relay.store.tables import batches, runs


def stop_run(connection: Connection, id: str, reason: str) -> bool:
    """Pause it, frozen or not; whether it was queued or sending until now."""
    done = connection.execute(
        update(runs)
        .where(runs.c.id == id, runs.c.state.in_(("queued", "sending")))
        .values(state="paused", reason=reason)
    )
    return done.rowcount == 1


def requeue_run(connection: Connection, id: str) -> bool:
    """Let a run that was paused before it was frozen wait for that again; whether it was such a one."""
    done = connection.execute(
        update(runs)
        .where(runs.c.id == id, runs.c.state == "paused", runs.c.started_at.is_(None))
        .values(state="queued", reason="")
    )
    return done.rowcount == 1


def has_broadcast(connection: Connection, run: str) -> bool:
    """Whether it goes to everybody by one call, of which no part can be held back."""
    found = connection.execute(
        select(batches.c.no).where(batches.c.run == run, batches.c.endpoint == "broadcast").limit(1)
    )
    return found.first() is not None
