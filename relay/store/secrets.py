"""Secrets entered by staff, sealed: the LINE channel. SQL only; never in a record, a log or an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from relay.store.cipher import ColumnCipher
from relay.store.sealed_tables import secrets

_VALUE = "secrets.value"


def put_secrets(
    connection: Connection, cipher: ColumnCipher, values: Mapping[str, str], now: datetime
) -> None:
    """Write these by name; others stay."""
    if not values:
        return
    connection.execute(delete(secrets).where(secrets.c.name.in_(list(values))))
    rows = [
        {"name": name, "value_sealed": cipher.seal_text(_VALUE, name, value), "saved_at": now}
        for name, value in values.items()
    ]
    connection.execute(insert(secrets), rows)


def find_secrets(connection: Connection, cipher: ColumnCipher, names: Iterable[str]) -> dict[str, str]:
    """Those of these names that were saved."""
    rows = connection.execute(
        select(secrets.c.name, secrets.c.value_sealed).where(secrets.c.name.in_(list(names)))
    )
    return {row.name: cipher.open_text(_VALUE, row.name, row.value_sealed) for row in rows}
