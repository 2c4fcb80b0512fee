"""Sessions of signed-in staff; only the hash of a token is kept. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from relay.store.staff_tables import sessions


@dataclass(frozen=True)
class Session:
    """One sign-in of one person at one device."""

    token_hash: bytes
    staff: str
    device: str
    started_at: datetime
    used_at: datetime
    ended: bool


def start_session(
    connection: Connection, *, token_hash: bytes, staff: str, device: str, now: datetime
) -> None:
    """Begin a session; every earlier one of this device ends, so an old token dies with each sign-in."""
    end_device_sessions(connection, device, now)
    connection.execute(
        insert(sessions).values(
            token_hash=token_hash, staff=staff, device=device, started_at=now, used_at=now
        )
    )


def find_session(connection: Connection, token_hash: bytes) -> Session | None:
    row = connection.execute(select(sessions).where(sessions.c.token_hash == token_hash)).one_or_none()
    if row is None:
        return None
    return Session(
        token_hash=row.token_hash,
        staff=row.staff,
        device=row.device,
        started_at=row.started_at,
        used_at=row.used_at,
        ended=row.ended_at is not None,
    )


def touch_session(connection: Connection, token_hash: bytes, now: datetime) -> None:
    connection.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(used_at=now))


def end_session(connection: Connection, token_hash: bytes, now: datetime) -> None:
    connection.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(ended_at=now))


def end_device_sessions(connection: Connection, device: str, now: datetime) -> None:
    """All of one device."""
    connection.execute(
        update(sessions)
        .where(sessions.c.device == device, sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_staff_sessions(connection: Connection, staff: str, now: datetime, *, but: bytes = b"") -> None:
    """All of one person, except the one whose token has this hash."""
    connection.execute(
        update(sessions)
        .where(sessions.c.staff == staff, sessions.c.ended_at.is_(None), sessions.c.token_hash != but)
        .values(ended_at=now)
    )


def forget_sessions(connection: Connection, *, before: datetime) -> int:
    """Drop sessions last used before then; returns how many."""
    return connection.execute(delete(sessions).where(sessions.c.used_at < before)).rowcount
