"""One-time codes that open the door once; only the hash of the secret is kept. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from relay.store.tables import enrolment_codes


@dataclass(frozen=True)
class StoredCode:
    """`for_login_index` None: makes an account; set: adds a device to that account."""

    id: str
    for_login_index: bytes | None
    expires_at: datetime
    used: bool


def add_code(
    connection: Connection,
    *,
    id: str,
    secret_hash: bytes,
    for_login_index: bytes | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    connection.execute(
        insert(enrolment_codes).values(
            id=id,
            secret_hash=secret_hash,
            for_login_index=for_login_index,
            created_at=now,
            expires_at=expires_at,
        )
    )


def find_code(connection: Connection, secret_hash: bytes) -> StoredCode | None:
    row = connection.execute(
        select(enrolment_codes).where(enrolment_codes.c.secret_hash == secret_hash)
    ).one_or_none()
    if row is None:
        return None
    return StoredCode(
        id=row.id,
        for_login_index=row.for_login_index,
        expires_at=row.expires_at,
        used=row.used_at is not None,
    )


def use_code(connection: Connection, id: str, now: datetime) -> bool:
    """Whether the code was still unused; from now on it is not."""
    done = connection.execute(
        update(enrolment_codes)
        .where(enrolment_codes.c.id == id, enrolment_codes.c.used_at.is_(None))
        .values(used_at=now)
    )
    return done.rowcount == 1
