"""One-time codes: they make an account, claim an invited one, add a device, or give an account new keys.

Made by administrators, by anyone for a further device of their own, and on the relay's own host. A code lives
an hour and opens once; whoever guesses is stopped by address. Requirements: SEC-1, ADM-2, ADM-7.
"""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from protocol.enrolment import EnrolmentCodeDamaged, format_code, new_enrolment_code, parse_code
from protocol.ids import new_id
from protocol.keys import point
from protocol.rights import Need
from protocol.signin import CodeAnswer, CodeKind, CodeWish, EnrolAnswer, EnrolRequest
from protocol.staff import MemberState, StaffMember
from relay.errors import Refused
from relay.features.audit import append
from relay.features.credentials import checked_blob, checked_cost, checked_key
from relay.features.devices import enrol_device, revoke_all_devices
from relay.features.ids import check_id
from relay.features.keys import Lost, drop_wraps, find_trust
from relay.features.rights import find_grid, require
from relay.features.sign_in import hash_login_key, is_login_key
from relay.features.staff import find_member, find_signer, member_of, publish_account, publish_member
from relay.features.throttles import ENROL_BY_ADDRESS, SIGN_IN_BY_LOGIN
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.enrolment_codes import StoredCode, add_code, find_code, spoil_codes, use_code
from relay.store.staff import (
    StaffAccount,
    add_account,
    clear_second_factor,
    count_accounts,
    count_active_admins,
    find_account,
    find_account_by_login,
    update_account,
)

CODE_LIFE = timedelta(hours=1)
_NAME_LIMIT = 60
_STAFF_EDIT = Need("staff", "edit")


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

    def new_code(self, for_login: str | None = None, *, reset: bool = False) -> str:
        """A fresh code as people read it, for whoever may run commands on the relay's own host.

        Without a name it makes an administrator's account. With one it claims an account that was invited,
        adds a device to any other, or, with `reset`, gives it a new passphrase and new keys.
        Raises Refused `not_found` when no such account exists.
        """
        cipher, now = self._database.cipher, self._clock()
        with self._database.write() as connection:
            wait_for_turn(connection)
            if for_login is None:
                code, _ = self._add_code(connection, "first", None, now)
            else:
                account = find_account_by_login(connection, cipher, for_login)
                if account is None or account.state == "left":
                    raise Refused("not_found", status=404)
                kind: CodeKind = "reset" if reset else "device"
                if account.state == "invited":
                    kind = "enrol"
                code, _ = self._add_code(connection, kind, account.id, now)
            append(connection, cipher, kind="code_made", staff="", now=now)
        return code

    def new_code_for(self, wish: CodeWish, signer: StaffMember, *, device: str = "") -> CodeAnswer:
        """A code for a member. For oneself only one more device; for others by who may edit staff.

        Raises Refused; `version_conflict` when the account is not in the state the kind of code is for.
        """
        cipher, now = self._database.cipher, self._clock()
        with self._database.write() as connection:
            wait_for_turn(connection)
            signer = find_signer(connection, cipher, signer.id)
            if wish.staff != signer.id or wish.kind == "enrol":
                require(signer, _STAFF_EDIT, find_grid(connection, cipher))
            account = find_account(connection, cipher, check_id(wish.staff, "member_unknown"))
            if account is None:
                raise Refused("member_unknown")
            if account.role == "admin" and signer.role != "admin":
                raise Refused("not_allowed", status=403)
            if account.state == "left":
                raise Refused("member_left")
            if wish.kind == "reset" and account.id == signer.id:
                raise Refused("own_account")
            if (account.state == "invited") != (wish.kind == "enrol"):
                raise Refused("version_conflict")
            code, expires_at = self._add_code(connection, wish.kind, account.id, now)
            append(
                connection,
                cipher,
                kind="code_made",
                staff=signer.id,
                now=now,
                object=account.id,
                device=device,
            )
        return CodeAnswer(code=code, expires_at=expires_at)

    def _add_code(
        self, connection: Connection, kind: str, staff: str | None, now: datetime
    ) -> tuple[str, datetime]:
        code, expires_at = new_enrolment_code(self._pin_hash), now + CODE_LIFE
        add_code(
            connection,
            id=new_id(now),
            secret_hash=_hash_secret(code.secret),
            kind=kind,
            for_staff=staff,
            now=now,
            expires_at=expires_at,
        )
        return format_code(code), expires_at

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
        if not use_code(connection, code.id, now):  # taken back with everything else when it is refused
            raise Refused("code_used", status=403)
        account = self._account_of(connection, code, request, now)
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
        append(
            connection,
            cipher,
            kind="device_enrolled",
            staff=account.id,
            now=now,
            object=device,
            device=device,
        )
        return EnrolAnswer(
            relay=self._database.relay_id,
            device=device,
            staff=find_member(connection, cipher, account.id) or member_of(account),
            cost=account.cost,
            wrapped_keys=account.wrapped_keys,
        )

    def _account_of(
        self, connection: Connection, code: StoredCode, request: EnrolRequest, now: datetime
    ) -> StaffAccount:
        """The account the code opens, made or changed as its kind says."""
        cipher = self._database.cipher
        if code.for_staff is None:
            return self._make_account(connection, request, now)
        account = find_account_by_login(connection, cipher, request.login_name)
        if account is None or account.id != code.for_staff:
            raise Refused("code_wrong", status=403)
        if code.kind != "device":
            if (account.state == "invited") != (code.kind == "enrol"):
                raise Refused("code_used", status=403)
            if code.kind == "reset":
                self._close_before_reset(connection, account, now)
            return self._give_keys(connection, account, request, now)
        SIGN_IN_BY_LOGIN.check(connection, cipher, request.login_name, now)
        if not is_login_key(account, request.login_key):
            raise Refused("wrong_passphrase", status=401)
        return account

    def _close_before_reset(self, connection: Connection, account: StaffAccount, now: datetime) -> None:
        """The old keys open and sign nothing more: wraps, sessions, devices, codes, second factor all end."""
        cipher = self._database.cipher
        drop_wraps(connection, cipher, account, Lost(entitled=True), now)
        spoil_codes(connection, account.id, now)
        revoke_all_devices(connection, cipher, account.id, now)
        clear_second_factor(connection, account.id)
        SIGN_IN_BY_LOGIN.forgive(connection, cipher, account.login_name)

    def _give_keys(
        self, connection: Connection, account: StaffAccount, request: EnrolRequest, now: datetime
    ) -> StaffAccount:
        """A new passphrase and new keys, which nobody has compared yet."""
        cipher = self._database.cipher
        account = dataclasses.replace(
            account,
            cost=checked_cost(request.cost, self._least_memory_kib),
            login_key_hash=hash_login_key(request.login_key),
            sign_key=checked_key(request.sign_key, 32),
            seal_key=_checked_point(request.seal_key),
            wrapped_keys=checked_blob(request.wrapped_keys),
            state=self._state_of_new_keys(connection, account),
            certificate="",
        )
        update_account(connection, cipher, account)
        publish_account(connection, cipher, account, now, second_factor=False)
        return account

    def _state_of_new_keys(self, connection: Connection, account: StaffAccount) -> MemberState:
        """`unconfirmed`, but for the only administrator of a town that has no keys yet: there is nobody and
        nothing to confirm that person with, and nothing sealed to lose.
        """
        if account.role != "admin" or find_trust(connection, self._database.cipher) is not None:
            return "unconfirmed"
        others = count_active_admins(connection) - (account.state == "active")
        return "unconfirmed" if others else "active"

    def _make_account(self, connection: Connection, request: EnrolRequest, now: datetime) -> StaffAccount:
        cipher = self._database.cipher
        if find_account_by_login(connection, cipher, request.login_name) is not None:
            raise Refused("login_name_taken")
        account = StaffAccount(
            id=new_id(now),
            login_name=request.login_name,
            display_name=request.display_name,
            role="admin",
            cost=checked_cost(request.cost, self._least_memory_kib),
            login_key_hash=hash_login_key(request.login_key),
            sign_key=checked_key(request.sign_key, 32),
            seal_key=_checked_point(request.seal_key),
            wrapped_keys=checked_blob(request.wrapped_keys),
            # Once the town has keys, even an account made on the relay's host waits to be compared.
            state="active" if find_trust(connection, cipher) is None else "unconfirmed",
        )
        add_account(connection, cipher, account, now=now)
        publish_member(connection, cipher, member_of(account), now)
        return account

    def _check_shape(self, request: EnrolRequest) -> None:
        checked_key(request.device_key, 32)
        checked_key(request.login_key, 32)
        names = (request.login_name, request.display_name)
        if not request.login_name.strip() or any(len(name) > _NAME_LIMIT for name in names):
            raise Refused("malformed", status=400)


def _hash_secret(secret: str) -> bytes:
    # 60 random bits that live an hour: a plain hash is enough to keep them out of backups.
    return hashlib.sha256(b"madoguchi enrolment\n" + secret.encode()).digest()


def _secret_of(code: str) -> str:
    """Desktops send the whole code or only its secret part; a damaged one is simply wrong."""
    try:
        return parse_code(code).secret
    except EnrolmentCodeDamaged:
        return code.strip().upper()


def _checked_point(text: str) -> str:
    """A key that others can wrap to."""
    try:
        point(checked_key(text, 65))
    except ValueError:
        raise Refused("malformed", status=400) from None
    return text
