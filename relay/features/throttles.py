"""Doors that slow down whoever fails too often: per account and per address, in windows.

An address is kept as a keyed hash only. Requirement: SEC-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.encoding import to_base64
from relay.errors import Refused
from relay.features.notices import SIGN_IN_THROTTLED, raise_notice
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.throttles import Tries, find_tries, forget_tries, put_tries

_HASH_BYTES = 18


@dataclass(frozen=True)
class Throttle:
    """`limit` failures within `window` close the door for the rest of the window."""

    door: str
    limit: int
    window: timedelta

    def check(self, connection: Connection, cipher: ColumnCipher, who: str, now: datetime) -> None:
        """Raises Refused `throttled` with the seconds to wait."""
        tries = find_tries(connection, self._name(cipher, who))
        if tries is None or tries.count < self.limit:
            return
        left = tries.window_start + self.window - now
        if left > timedelta(0):
            raise Refused("throttled", status=429, retry_after=int(left.total_seconds()) + 1)

    def count_failure(self, connection: Connection, cipher: ColumnCipher, who: str, now: datetime) -> bool:
        """Count one more; whether it was the one that closes the door."""
        name = self._name(cipher, who)
        tries = find_tries(connection, name)
        if tries is None or now - tries.window_start >= self.window:
            tries = Tries(count=0, window_start=now)
        put_tries(connection, name, Tries(count=tries.count + 1, window_start=tries.window_start))
        return tries.count + 1 == self.limit

    def forgive(self, connection: Connection, cipher: ColumnCipher, who: str) -> None:
        forget_tries(connection, self._name(cipher, who))

    def _name(self, cipher: ColumnCipher, who: str) -> str:
        return f"{self.door} {to_base64(cipher.index('throttles.name', who)[:_HASH_BYTES])}"


SIGN_IN_BY_LOGIN = Throttle("sign-in login", limit=5, window=timedelta(minutes=5))
SIGN_IN_BY_ADDRESS = Throttle("sign-in address", limit=50, window=timedelta(minutes=5))
"""A whole town hall may come from one address, so it takes more failures than a person's own mistakes."""
ENROL_BY_ADDRESS = Throttle("enrol address", limit=10, window=timedelta(minutes=10))


def count_wrong_try(
    connection: Connection, cipher: ColumnCipher, login_name: str, subject: str, now: datetime
) -> None:
    """A wrong passphrase or second code for an account. When it closes the door, administrators are told.

    `subject`: the person's id, or the caller's address where the login name is nobody's.
    """
    if SIGN_IN_BY_LOGIN.count_failure(connection, cipher, login_name, now):
        raise_notice(connection, cipher, SIGN_IN_THROTTLED, subject, now)
