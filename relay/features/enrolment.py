"""One-time codes: they make an account, or add a device to one. Made on the relay's own host only.

A code lives an hour and opens once; whoever guesses is stopped by address. Requirements: SEC-1, ADM-7.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from protocol.encoding import from_base64
from protocol.enrolment import EnrolmentCodeDamaged, format_code, new_enrolment_code, parse_code
from protocol.ids import new_id
from protocol.signin import EnrolAnswer, EnrolRequest, PassphraseCost
from relay.errors import Refused
from relay.features.devices import enrol_device
from relay.features.sign_in import hash_login_key, is_login_key
from relay.features.staff import find_member, member_of, publish_member
from relay.features.throttles import ENROL_BY_ADDRESS, SIGN_IN_BY_LOGIN
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.enrolment_codes import add_code, find_code, use_code
from relay.store.staff import (
    StaffAccount,
    add_account,
    count_accounts,
    find_account_by_login,
)

CODE_LIFE = timedelta(hours=1)
_NAME_LIMIT = 60
_WRAPPED_LIMIT = 2000
_HIGHEST_MEMORY_KIB = 4 * 1024 * 1024


class Enrolment:
    """Makes codes and redeems them. `pin_hash` is SHA-256 of the certificate's SubjectPublicKeyInfo."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        pin_hash: bytes,
        least_memory_kib: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pin_hash = pin_hash
        self._least_memory_kib = least_memory_kib

    def new_code(self, for_login: str | None = None) -> str:
        """A fresh code as people read it. Raises Refused `not_found` when no such account exists."""
        cipher, now = self._database.cipher, self._clock()
        code = new_enrolment_code(self._pin_hash)
        with self._database.write() as connection:
            account = find_account_by_login(connection, cipher, for_login) if for_login is not None else None
            if for_login is not None and account is None:
                raise Refused("not_found", status=404)
            add_code(
                connection,
                id=new_id(now),
                secret_hash=_hash_secret(code.secret),
                kind="first" if account is None else "device",
                for_staff=None if account is None else account.id,
                now=now,
                expires_at=now + CODE_LIFE,
            )
        return format_code(code)

    def is_first_run(self) -> bool:
        """Whether nobody has an account yet."""
        with self._database.read() as connection:
            return count_accounts(connection) == 0

    def check(self, request: EnrolRequest, address: str) -> None:
        """What can be told without writing anything. Raises Refused `malformed` or `throttled`."""
        self._check_shape(request)
        with self._database.read() as connection:
            ENROL_BY_ADDRESS.check(connection, self._database.cipher, address, self._clock())

    def enrol(self, request: EnrolRequest, address: str) -> EnrolAnswer:
        """Redeem a code. Raises Refused; a wrong try is counted even though the request is refused."""
        self.check(request, address)
        cipher, now = self._database.cipher, self._clock()
        try:
            with self._database.write() as connection:
                return self._redeem(connection, request, now)
        except Refused as refused:
            if refused.reason in ("code_wrong", "wrong_passphrase"):
                with self._database.write() as connection:
                    ENROL_BY_ADDRESS.count_failure(connection, cipher, address, now)
                    if refused.reason == "wrong_passphrase":  # whoever has a code may not guess on from afar
                        SIGN_IN_BY_LOGIN.count_failure(connection, cipher, request.login_name, now)
            raise

    def _redeem(self, connection: Connection, request: EnrolRequest, now: datetime) -> EnrolAnswer:
        cipher = self._database.cipher
        wait_for_turn(connection)
        code = find_code(connection, _hash_secret(_secret_of(request.code)))
        if code is None:
            raise Refused("code_wrong", status=403)
        if code.used:
            raise Refused("code_used", status=403)
        if code.expires_at <= now:
            raise Refused("code_expired", status=403)
        if code.for_staff is None:
            account = self._make_account(connection, request, now)
        else:
            known = find_account_by_login(connection, cipher, request.login_name)
            if known is None or known.id != code.for_staff:
                raise Refused("code_wrong", status=403)
            SIGN_IN_BY_LOGIN.check(connection, cipher, request.login_name, now)
            if not is_login_key(known, request.login_key):
                raise Refused("wrong_passphrase", status=401)
            account = known
        if not use_code(connection, code.id, now):
            raise Refused("code_used", status=403)
        device = str(uuid.uuid4())
        enrol_device(
            connection,
            cipher,
            id=device,
            staff=account.id,
            public_key=request.device_key,
            name=request.device_name[:_NAME_LIMIT],
            now=now,
        )
        return EnrolAnswer(
            relay=self._database.relay_id,
            device=device,
            staff=find_member(connection, cipher, account.id) or member_of(account),
            cost=account.cost,
            wrapped_keys=account.wrapped_keys,
        )

    def _make_account(self, connection: Connection, request: EnrolRequest, now: datetime) -> StaffAccount:
        cipher = self._database.cipher
        if find_account_by_login(connection, cipher, request.login_name) is not None:
            raise Refused("login_name_taken")
        account = StaffAccount(
            id=new_id(now),
            login_name=request.login_name,
            display_name=request.display_name,
            role="admin",
            cost=self._checked_cost(request.cost),
            login_key_hash=hash_login_key(request.login_key),
            sign_key=_checked_key(request.sign_key, 32),
            seal_key=_checked_key(request.seal_key, 65),
            wrapped_keys=_checked_blob(request.wrapped_keys),
            state="active",
        )
        add_account(connection, cipher, account, now=now)
        publish_member(connection, cipher, member_of(account), now)
        return account

    def _check_shape(self, request: EnrolRequest) -> None:
        _checked_key(request.device_key, 32)
        _checked_key(request.login_key, 32)
        names = (request.login_name, request.display_name)
        if not request.login_name.strip() or any(len(name) > _NAME_LIMIT for name in names):
            raise Refused("malformed", status=400)

    def _checked_cost(self, cost: PassphraseCost | None) -> PassphraseCost:
        if (
            cost is None
            or not self._least_memory_kib <= cost.memory_kib <= _HIGHEST_MEMORY_KIB
            or not 1 <= cost.passes <= 20
            or not 1 <= cost.lanes <= 16
        ):
            raise Refused("malformed", status=400)
        _checked_key(cost.salt, 16)
        return cost


def _hash_secret(secret: str) -> bytes:
    # 60 random bits that live an hour: a plain hash is enough to keep them out of backups.
    return hashlib.sha256(b"madoguchi enrolment\n" + secret.encode()).digest()


def _secret_of(code: str) -> str:
    """Desktops send the whole code or only its secret part; a damaged one is simply wrong."""
    try:
        return parse_code(code).secret
    except EnrolmentCodeDamaged:
        return code.strip().upper()


def _checked_key(text: str, size: int) -> str:
    try:
        if len(from_base64(text)) == size:
            return text
    except ValueError:
        pass
    raise Refused("malformed", status=400)


def _checked_blob(text: str) -> str:
    try:
        if 0 < len(from_base64(text)) <= _WRAPPED_LIMIT:
            return text
    except ValueError:
        pass
    raise Refused("malformed", status=400)
