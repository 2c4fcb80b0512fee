"""One-time codes that open the door once; only the hash of the secret is kept. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from relay.store.staff_tables import enrolment_codes


@dataclass(frozen=True)
class StoredCode:
    """`kind`: `first` makes an account, `enrol` and `reset` give one new keys, `device` adds a machine."""

    id: str
    kind: str
    for_staff: str | None
    expires_at: datetime
    used: bool


def add_code(
    connection: Connection,
    *,
    id: str,
    secret_hash: bytes,
    kind: str,
    for_staff: str | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    connection.execute(
        insert(enrolment_codes).values(
            id=id,
            secret_hash=secret_hash,
            kind=kind,
            for_staff=for_staff,
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
        kind=row.kind,
        for_staff=row.for_staff,
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


def spoil_codes(connection: Connection, staff: str, now: datetime) -> None:
    """No code made for this account opens anything any more."""
    connection.execute(
        update(enrolment_codes)
        .where(enrolment_codes.c.for_staff == staff, enrolment_codes.c.used_at.is_(None))
        .values(used_at=now)
    )
