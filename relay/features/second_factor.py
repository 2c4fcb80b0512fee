"""A second factor beside the passphrase: codes of six digits (RFC 6238), taken once each. Requirement: SEC-1.

Off unless the person sets it. The secret is sealed in the person's row and leaves it for nobody.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import datetime

import pyotp

from protocol.signin import SecondFactorChange
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.audit import append
from relay.features.staff import find_member, publish_member
from relay.features.throttles import SIGN_IN_BY_LOGIN, count_wrong_try
from relay.store.changes import wait_for_turn
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.second_factors import find_second_factor, put_second_factor, use_step
from relay.store.staff import clear_second_factor

STEP_SECONDS = 30
_STEPS_AROUND = 1
_LEAST_BYTES = 16
_MOST_BYTES = 64


def take_code(connection: Connection, cipher: ColumnCipher, staff: str, code: str, now: datetime) -> bool:
    """Whether this is a code of now, or of half a minute around, that nobody has used. It is used up then."""
    factor = find_second_factor(connection, cipher, staff)
    if factor is None:
        return False
    step = _step_of(factor.secret, code, now)
    return step is not None and use_step(connection, staff, step)


class SecondFactors:
    """`/staff/second-factor`: set with a code made with the new secret, taken away with a code."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def change(self, member: StaffMember, device: str, message: SecondFactorChange) -> None:
        """Raises Refused `second_code_wrong`, `throttled`, `second_code_needed` or `malformed`.

        Whoever has one must take it away before setting another: a code of the old one is needed for that.
        """
        cipher, now = self._database.cipher, self._clock()
        with self._database.write() as connection:
            wait_for_turn(connection)
            SIGN_IN_BY_LOGIN.check(connection, cipher, member.login_name, now)
            if message.secret:
                done = self._set(connection, member.id, message, now)
            else:
                done = take_code(connection, cipher, member.id, message.code, now)
                if done:
                    clear_second_factor(connection, member.id)
            if done:
                self._tell(connection, member.id, device, is_set=bool(message.secret), now=now)
            else:
                count_wrong_try(connection, cipher, member.login_name, member.id, now)
        if not done:  # counted and committed first
            raise Refused("second_code_wrong", status=401)

    def _set(self, connection: Connection, staff: str, message: SecondFactorChange, now: datetime) -> bool:
        cipher = self._database.cipher
        secret = _checked_secret(message.secret)
        if find_second_factor(connection, cipher, staff) is not None:
            raise Refused("second_code_needed")
        step = _step_of(secret, message.code, now)
        if step is None:
            return False
        put_second_factor(connection, cipher, staff, secret)
        return use_step(connection, staff, step)

    def _tell(self, connection: Connection, staff: str, device: str, *, is_set: bool, now: datetime) -> None:
        cipher = self._database.cipher
        member = find_member(connection, cipher, staff)
        if member is not None:
            shown = member.model_copy(update={"second_factor": is_set})
            publish_member(connection, cipher, shown, now)
        append(
            connection,
            cipher,
            kind="second_factor_changed",
            staff=staff,
            now=now,
            object=staff,
            device=device,
        )


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step this is the code of; every step is compared, so that the time taken tells nothing."""
    current, made = int(now.timestamp()) // STEP_SECONDS, pyotp.HOTP(secret)
    found = None
    for step in range(current - _STEPS_AROUND, current + _STEPS_AROUND + 1):
        if hmac.compare_digest(made.at(step).encode(), code.encode("utf-8", "replace")):
            found = step
    return found


def _checked_secret(text: str) -> str:
    """In the form pyotp takes. Raises Refused `malformed` for less than 128 bits (RFC 4226, R6)."""
    text = text.replace(" ", "").rstrip("=").upper()
    try:
        size = len(base64.b32decode(text + "=" * (-len(text) % 8)))
    except (binascii.Error, ValueError):
        raise Refused("malformed", status=400) from None
    if not _LEAST_BYTES <= size <= _MOST_BYTES:
        raise Refused("malformed", status=400)
    return text
