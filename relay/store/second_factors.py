"""The second factor of staff: the secret, sealed, and the last time step a code was taken for. SQL only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from relay.store.cipher import ColumnCipher
from relay.store.staff_tables import staff

_COLUMN = "staff.totp"


@dataclass(frozen=True)
class SecondFactor:
    """`secret` in base32; codes of `step` (RFC 6238) and earlier ones are used up."""

    secret: str
    step: int

    def __repr__(self) -> str:
        return "SecondFactor(…)"


def find_second_factor(connection: Connection, cipher: ColumnCipher, staff_id: str) -> SecondFactor | None:
    row = connection.execute(
        select(staff.c.totp_sealed, staff.c.totp_step).where(staff.c.id == staff_id)
    ).one_or_none()
    if row is None or row.totp_sealed is None:
        return None
    return SecondFactor(secret=cipher.open_text(_COLUMN, staff_id, row.totp_sealed), step=row.totp_step)


def put_second_factor(connection: Connection, cipher: ColumnCipher, staff_id: str, secret: str) -> None:
    sealed = cipher.seal_text(_COLUMN, staff_id, secret)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(totp_sealed=sealed, totp_step=0))


def use_step(connection: Connection, staff_id: str, step: int) -> bool:
    """Whether this time step was still free; from now on it is not, and none before it."""
    changed = connection.execute(
        update(staff).where(staff.c.id == staff_id, staff.c.totp_step < step).values(totp_step=step)
    )
    return changed.rowcount == 1
