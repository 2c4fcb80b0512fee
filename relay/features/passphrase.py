"""Choosing a new passphrase: proved by the old one; every other session ends. Requirements: SEC-1, ADM-7."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime

from protocol.signin import PassphraseChange
from relay.errors import Refused
from relay.features.audit import append
from relay.features.credentials import checked_blob, checked_cost
from relay.features.sign_in import SignedIn, hash_login_key, is_login_key
from relay.features.throttles import SIGN_IN_BY_LOGIN, count_wrong_try
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.sessions import end_staff_sessions
from relay.store.staff import StaffAccount, find_account, update_account


class Passphrases:
    """`/staff/passphrase`. The keys stay the same; only what they are wrapped with changes."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, least_memory_kib: int) -> None:
        self._database = database
        self._clock = clock
        self._least_memory_kib = least_memory_kib

    def change(self, signed_in: SignedIn, message: PassphraseChange) -> None:
        """Raises Refused `wrong_passphrase`, `throttled` or `malformed`."""
        cipher, now = self._database.cipher, self._clock()
        checked_cost(message.new_cost, self._least_memory_kib)
        checked_blob(message.wrapped_keys)
        try:
            new_hash = hash_login_key(message.new_login_key)
        except ValueError:
            raise Refused("malformed", status=400) from None
        with self._database.write() as connection:
            wait_for_turn(connection)
            account = find_account(connection, cipher, signed_in.member.id)
            login_name = signed_in.member.login_name
            SIGN_IN_BY_LOGIN.check(connection, cipher, login_name, now)
            if account is None or not is_login_key(account, message.login_key):
                count_wrong_try(connection, cipher, login_name, signed_in.member.id, now)
                account = None
            else:
                changed = dataclasses.replace(
                    account,
                    cost=message.new_cost,
                    login_key_hash=new_hash,
                    wrapped_keys=message.wrapped_keys,
                )
                self._write(connection, signed_in, changed, now)
        if account is None:  # counted and committed first
            raise Refused("wrong_passphrase", status=401)

    def _write(
        self, connection: Connection, signed_in: SignedIn, account: StaffAccount, now: datetime
    ) -> None:
        cipher = self._database.cipher
        update_account(connection, cipher, account)
        end_staff_sessions(connection, account.id, now, but=signed_in.token_hash)
        append(
            connection,
            cipher,
            kind="passphrase_changed",
            staff=account.id,
            now=now,
            object=account.id,
            device=signed_in.device,
        )
