"""Devices that may call the staff API, and the signed requests already taken from them. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from relay.store.cipher import ColumnCipher
from relay.store.staff_tables import devices, nonces


@dataclass(frozen=True)
class Device:
    """One enrolled device; `public_key` is base64 of an Ed25519 key."""

    id: str
    staff: str
    public_key: str
    revoked: bool
    name: str
    added_at: datetime
    seen_at: datetime | None

    def __repr__(self) -> str:
        return f"Device({self.id})"


def add_device(
    connection: Connection,
    cipher: ColumnCipher,
    *,
    id: str,
    staff: str,
    public_key: str,
    name: str,
    now: datetime,
) -> None:
    connection.execute(
        insert(devices).values(
            id=id,
            staff=staff,
            public_key=public_key,
            name_sealed=cipher.seal_text("devices.name", id, name),
            added_at=now,
        )
    )


def find_device(connection: Connection, cipher: ColumnCipher, id: str) -> Device | None:
    row = connection.execute(select(devices).where(devices.c.id == id)).one_or_none()
    return None if row is None else _device(cipher, row)


def list_devices(connection: Connection, cipher: ColumnCipher, staff: str) -> list[Device]:
    """All of one person, revoked ones too, the oldest first."""
    rows = connection.execute(
        select(devices).where(devices.c.staff == staff).order_by(devices.c.added_at, devices.c.id)
    )
    return [_device(cipher, row) for row in rows]


def note_device_seen(connection: Connection, id: str, now: datetime) -> None:
    connection.execute(update(devices).where(devices.c.id == id).values(seen_at=now))


def close_device(connection: Connection, id: str, now: datetime) -> None:
    """It gets no answer any more. The first time counts."""
    connection.execute(
        update(devices).where(devices.c.id == id, devices.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def take_nonce(connection: Connection, *, device: str, nonce: str, now: datetime) -> bool:
    """Whether this request is the first with its nonce; from now on it is not."""
    try:
        with connection.begin_nested():
            connection.execute(insert(nonces).values(device=device, nonce=nonce, seen_at=now))
    except IntegrityError:
        return False
    return True


def forget_nonces(connection: Connection, *, before: datetime) -> int:
    """Drop what is too old to be taken anyway; returns how many."""
    return connection.execute(delete(nonces).where(nonces.c.seen_at < before)).rowcount


def _device(cipher: ColumnCipher, row: Row[tuple[object, ...]]) -> Device:
    return Device(
        id=row.id,
        staff=row.staff,
        public_key=row.public_key,
        revoked=row.revoked_at is not None,
        name=cipher.open_text("devices.name", row.id, row.name_sealed),
        added_at=row.added_at,
        seen_at=row.seen_at,
    )
