"""Sessions of the resident pages: who holds which, and until when. Tokens are kept as hashes. SQL only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from relay.store.tables import page_sessions


def add_page_session(
    connection: Connection, token_hash: bytes, resident_no: int, now: datetime, expires_at: datetime
) -> None:
    connection.execute(
        insert(page_sessions).values(
            token_hash=token_hash, resident=resident_no, started_at=now, expires_at=expires_at
        )
    )


def find_page_session(connection: Connection, token_hash: bytes, now: datetime) -> int | None:
    """The resident's `no`, None when there is no such session or it has ended."""
    return connection.execute(
        select(page_sessions.c.resident).where(
            page_sessions.c.token_hash == token_hash, page_sessions.c.expires_at > now
        )
    ).scalar_one_or_none()


def end_page_session(connection: Connection, token_hash: bytes) -> None:
    connection.execute(delete(page_sessions).where(page_sessions.c.token_hash == token_hash))


def forget_page_sessions(connection: Connection, now: datetime) -> int:
    """Delete the ended ones; returns how many."""
    return connection.execute(delete(page_sessions).where(page_sessions.c.expires_at <= now)).rowcount
