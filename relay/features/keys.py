"""The town's keys as the relay keeps them: certificates it can check and wraps it cannot open.

Only what the directory key signed is taken: no right of an account replaces that. Requirements: SEC-2, SEC-8.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocol.certificates import GENERAL, DepartmentKey
from relay.errors import Refused
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import list_bodies

KEY = "key"


def list_keys(connection: Connection, cipher: ColumnCipher) -> list[DepartmentKey]:
    """Every department key there ever was, retired ones too."""
    return [DepartmentKey.parse(body) for body in list_bodies(connection, cipher, KEY)]


def readers_for(
    connection: Connection, cipher: ColumnCipher, departments: Iterable[str], form_class: str = GENERAL
) -> dict[str, str]:
    """Who may read what is sealed now: key id → public key, the newest key in use of each department.

    Raises Refused `no_department_key` when one of them has none.
    """
    in_use = [
        key for key in list_keys(connection, cipher) if not key.retired and key.form_class == form_class
    ]
    readers: dict[str, str] = {}
    for department in sorted(set(departments)):
        own = [key for key in in_use if key.department == department]
        if not own:
            raise Refused("no_department_key")
        newest = max(own, key=lambda key: (key.year, key.issued_at, key.id))
        readers[newest.id] = newest.public
    return readers
