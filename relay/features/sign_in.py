"""Signing in and staying signed in. The relay knows a hash of the login key, and of the session's token.

Source: design "Who can read what". Requirements: SEC-1, ADM-7.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.encoding import from_base64, to_base64
from protocol.signin import PassphraseCost, SignInAnswer, SignInRequest
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.audit import append
from relay.features.notices import SIGN_IN_THROTTLED, raise_notice
from relay.features.second_factor import take_code
from relay.features.staff import find_member, member_of
from relay.features.throttles import SIGN_IN_BY_ADDRESS, SIGN_IN_BY_LOGIN, count_wrong_try
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.devices import Device
from relay.store.second_factors import find_second_factor
from relay.store.sessions import end_session, find_session, start_session, touch_session
from relay.store.staff import StaffAccount, find_account, find_account_by_login

_TOKEN_BYTES = 32
_SALT_BYTES = 16
LONGEST_SESSION = timedelta(hours=12)
_NOBODY = hashlib.sha256(b"no such account").digest()


@dataclass(frozen=True)
class SignedIn:
    """Who is behind a request, as the account says now, and the session."""

    member: StaffMember
    device: str
    token_hash: bytes
    used_at: datetime


class SignIn:
    """The two steps of signing in, and the check every later request goes through."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], *, idle: timedelta, usual_memory_kib: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self._usual_memory_kib = usual_memory_kib
        self._salt_key = database.cipher.derive("made-up salts")

    def start(self, login_name: str, address: str) -> PassphraseCost:
        """The cost for a login name. An unknown name gets one too, always the same, so names stay unknown."""
        cipher, now = self._database.cipher, self._clock()
        made_up = hmac.digest(self._salt_key, login_name.encode(), "sha256")[:_SALT_BYTES]
        with self._database.read() as connection:
            SIGN_IN_BY_ADDRESS.check(connection, cipher, address, now)
            account = find_account_by_login(connection, cipher, login_name)
        if account is None:
            return PassphraseCost(salt=to_base64(made_up), memory_kib=self._usual_memory_kib)
        return account.cost

    def sign_in(self, device: Device, request: SignInRequest, address: str) -> SignInAnswer:
        """A new session. Raises Refused `wrong_passphrase`, `second_code_…` or `throttled`."""
        token = to_base64(secrets.token_bytes(_TOKEN_BYTES))
        with self._database.write() as connection:
            wait_for_turn(connection)
            reason, account = self._decide(connection, device, request, address)
            if account is not None and not reason:
                member = self._begin(connection, device, account, token)
        if reason or account is None:
            # What was tried is counted and committed before it is refused.
            raise Refused(reason or "wrong_passphrase", status=401)
        return SignInAnswer(
            token=token,
            staff=member,
            cost=account.cost,
            wrapped_keys=account.wrapped_keys,
            relay=self._database.relay_id,
            idle_minutes=int(self._idle.total_seconds() // 60),
        )

    def _decide(
        self, connection: Connection, device: Device, request: SignInRequest, address: str
    ) -> tuple[str, StaffAccount | None]:
        """Why the person may not come in, or "" and the account. A wrong try is counted."""
        cipher, now = self._database.cipher, self._clock()
        SIGN_IN_BY_ADDRESS.check(connection, cipher, address, now)
        SIGN_IN_BY_LOGIN.check(connection, cipher, request.login_name, now)
        account = find_account_by_login(connection, cipher, request.login_name)
        is_key_right = is_login_key(account, request.login_key)
        reason = ""
        if account is None or not is_key_right or account.id != device.staff:
            reason = "wrong_passphrase"
        elif find_second_factor(connection, cipher, account.id) is not None:
            if not request.second_code:
                return "second_code_needed", account  # half of the way, and no failure
            if not take_code(connection, cipher, account.id, request.second_code, now):
                reason = "second_code_wrong"
        if reason:
            tried = "" if account is None else account.id
            if SIGN_IN_BY_ADDRESS.count_failure(connection, cipher, address, now):
                raise_notice(connection, cipher, SIGN_IN_THROTTLED, address, now)
            count_wrong_try(connection, cipher, request.login_name, tried or address, now)
            append(
                connection,
                cipher,
                kind="sign_in_failed",
                staff=tried,
                now=now,
                reason=reason,
                device=device.id,
            )
        return reason, account

    def _begin(
        self, connection: Connection, device: Device, account: StaffAccount, token: str
    ) -> StaffMember:
        cipher, now = self._database.cipher, self._clock()
        SIGN_IN_BY_LOGIN.forgive(connection, cipher, account.login_name)
        start_session(connection, token_hash=hash_token(token), staff=account.id, device=device.id, now=now)
        append(connection, cipher, kind="sign_in", staff=account.id, now=now, device=device.id)
        return find_member(connection, cipher, account.id) or member_of(account)

    def check(self, device: Device, token: str) -> SignedIn:
        """Who holds this token at this device. Raises Refused `not_signed_in` or `session_expired`."""
        cipher, now = self._database.cipher, self._clock()
        with self._database.read() as connection:
            session = find_session(connection, hash_token(token))
            if session is None or session.ended or session.device != device.id:
                raise Refused("not_signed_in", status=401)
            if now - session.used_at > self._idle or now - session.started_at > LONGEST_SESSION:
                raise Refused("session_expired", status=401)
            account = find_account(connection, cipher, session.staff)
            if account is None or account.state == "left":
                raise Refused("not_signed_in", status=401)
        return SignedIn(
            # Key, role and departments come from the account, not from the record desktops see.
            member=member_of(account),
            device=device.id,
            token_hash=session.token_hash,
            used_at=session.used_at,
        )

    def keep_awake(self, signed_in: SignedIn) -> None:
        """The person did something: the idle time starts anew. Written at most every ten seconds."""
        now = self._clock()
        if now - signed_in.used_at > timedelta(seconds=10):
            with self._database.write() as connection:
                touch_session(connection, signed_in.token_hash, now)

    def sign_out(self, signed_in: SignedIn) -> None:
        now = self._clock()
        with self._database.write() as connection:
            end_session(connection, signed_in.token_hash, now)
            append(
                connection,
                self._database.cipher,
                kind="sign_out",
                staff=signed_in.member.id,
                now=now,
                device=signed_in.device,
            )


def is_login_key(account: StaffAccount | None, login_key: str) -> bool:
    """Whether this base64 login key is the account's; takes as long for an account that does not exist."""
    try:
        offered = hash_login_key(login_key)
    except ValueError:
        raise Refused("malformed", status=400) from None
    known = account.login_key_hash if account is not None and account.state != "left" else _NOBODY
    return hmac.compare_digest(offered, known)


def hash_login_key(login_key: str) -> bytes:
    """SHA-256 is enough: the key is 256 bits out of Argon2id. Raises ValueError for another form."""
    key = from_base64(login_key)
    if len(key) != 32:
        raise ValueError("a login key has 32 bytes")
    return hashlib.sha256(b"madoguchi login key\n" + key).digest()


def hash_token(token: str) -> bytes:
    return hashlib.sha256(b"madoguchi session\n" + token.encode()).digest()
