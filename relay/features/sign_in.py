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
from relay.features.staff import find_member, member_of
from relay.features.throttles import SIGN_IN_BY_ADDRESS, SIGN_IN_BY_LOGIN
from relay.store.database import Database
from relay.store.devices import Device
from relay.store.sessions import end_session, find_session, start_session, touch_session
from relay.store.staff import StaffAccount, find_account, find_account_by_login

_TOKEN_BYTES = 32
_SALT_BYTES = 16
_LONGEST = timedelta(hours=12)
_NOBODY = hashlib.sha256(b"no such account").digest()


@dataclass(frozen=True)
class SignedIn:
    """Who is behind a request: the person with the key that signs the person's changes, and the session."""

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
        """A new session. Raises Refused `wrong_passphrase` or `throttled`."""
        cipher, now = self._database.cipher, self._clock()
        token = to_base64(secrets.token_bytes(_TOKEN_BYTES))
        member = StaffMember(id="", login_name="", display_name="")
        with self._database.write() as connection:
            SIGN_IN_BY_ADDRESS.check(connection, cipher, address, now)
            SIGN_IN_BY_LOGIN.check(connection, cipher, request.login_name, now)
            account = find_account_by_login(connection, cipher, request.login_name)
            if not is_login_key(account, request.login_key) or account is None or account.id != device.staff:
                # Counted and committed; the refusal follows when the transaction is on disk.
                SIGN_IN_BY_ADDRESS.count_failure(connection, cipher, address, now)
                SIGN_IN_BY_LOGIN.count_failure(connection, cipher, request.login_name, now)
                account = None
            else:
                SIGN_IN_BY_LOGIN.forgive(connection, cipher, request.login_name)
                start_session(
                    connection, token_hash=hash_token(token), staff=account.id, device=device.id, now=now
                )
                member = find_member(connection, cipher, account.id) or member_of(account)
        if account is None:
            raise Refused("wrong_passphrase", status=401)
        return SignInAnswer(
            token=token,
            staff=member,
            cost=account.cost,
            wrapped_keys=account.wrapped_keys,
            relay=self._database.relay_id,
            idle_minutes=int(self._idle.total_seconds() // 60),
        )

    def check(self, device: Device, token: str) -> SignedIn:
        """Who holds this token at this device. Raises Refused `not_signed_in` or `session_expired`."""
        cipher, now = self._database.cipher, self._clock()
        with self._database.read() as connection:
            session = find_session(connection, hash_token(token))
            if session is None or session.ended or session.device != device.id:
                raise Refused("not_signed_in", status=401)
            if now - session.used_at > self._idle or now - session.started_at > _LONGEST:
                raise Refused("session_expired", status=401)
            account = find_account(connection, cipher, session.staff)
            if account is None or account.state == "left":
                raise Refused("not_signed_in", status=401)
            member = find_member(connection, cipher, account.id) or member_of(account)
        return SignedIn(
            # The key comes from the account, not from the record desktops see.
            member=member.model_copy(update={"sign_key": account.sign_key}),
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
        with self._database.write() as connection:
            end_session(connection, signed_in.token_hash, self._clock())


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
