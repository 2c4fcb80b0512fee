"""The town's keys as the relay keeps them: certificates it can check and wraps it cannot open.

Only what the directory key signed is taken: no right of an account replaces that. Requirements: SEC-2, SEC-8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.certificates import (
    DIRECTORY,
    GENERAL,
    DepartmentKey,
    KeyWrap,
    StaffCertificate,
    Trust,
    is_department_key_certified,
    is_directory_certified,
    is_staff_certified,
)
from protocol.changes import KeyPublish, TrustPractised, TrustPublish, WrapAdd
from protocol.encoding import from_base64
from protocol.ids import is_id
from protocol.keys import point
from protocol.staff import Department, StaffMember
from relay.errors import Refused
from relay.features.ids import check_id
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import (
    TOWN,
    find_record,
    list_bodies,
    put_record,
    staff_audience,
)
from relay.store.staff import StaffAccount, find_account

TRUST = "trust"
KEY = "key"
WRAP = "wrap"
DEPARTMENT = "department"
_AHEAD = timedelta(minutes=5)
_SEALED_LIMIT = 1000
_CLASS_LIMIT = 40


def find_trust(connection: Connection, cipher: ColumnCipher) -> Trust | None:
    """The top of the town's keys; None until the first administrator made them."""
    record = find_record(connection, cipher, TRUST, TOWN)
    return None if record is None else Trust.parse(record.body)


def find_department(connection: Connection, cipher: ColumnCipher, id: str) -> Department:
    """Raises Refused `department_unknown`, also for a removed one."""
    record = find_record(connection, cipher, DEPARTMENT, check_id(id, "department_unknown"))
    if record is None or record.body.get("removed", False):
        raise Refused("department_unknown")
    return Department.parse(record.body)


def find_key(connection: Connection, cipher: ColumnCipher, id: str) -> DepartmentKey:
    """Raises Refused `key_unknown`."""
    record = find_record(connection, cipher, KEY, check_id(id, "key_unknown"))
    if record is None:
        raise Refused("key_unknown")
    return DepartmentKey.parse(record.body)


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
        newest = max(own, key=_age)
        readers[newest.id] = newest.public
    return readers


def publish_trust(
    connection: Connection,
    cipher: ColumnCipher,
    change: TrustPublish,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """The town's root and directory: once, or again by the same root after a recovery.

    Whoever publishes holds the directory key, so the own wrap needs no certificate yet: at set-up nobody has
    one. A directory never gives way to an older one.
    """
    if signer.role != "admin":  # the grid may let others keep the staff list, but not the top of all keys
        raise Refused("not_allowed", status=403)
    trust, record = change.trust, find_record(connection, cipher, TRUST, TOWN)
    known = None if record is None else Trust.parse(record.body)
    _check_trust(trust, now)
    if known is not None:
        older = trust.directory.issued_at < known.directory.issued_at
        if known.root != trust.root or (older and known.directory.key != trust.directory.key):
            raise Refused("trust_exists")
    check_version(record, based_on)
    same_directory = known is not None and known.directory.key == trust.directory.key
    if known is not None and not same_directory:
        for staff in known.directory_holders:
            _remove_wrap(connection, cipher, DIRECTORY, staff, now)
    for wrap in change.wraps:
        if wrap.key != DIRECTORY:
            raise Refused("malformed")
        _check_wrap(wrap, signer)
        if wrap.staff != signer.id:
            _check_entitled(connection, cipher, wrap, trust, None)
        _put_wrap(connection, cipher, wrap, now)
    kept = known.directory_holders if known is not None and same_directory else ()
    same_box = known is not None and known.recovery_box == trust.recovery_box
    trust = trust.model_copy(
        update={
            "directory_holders": _with(kept, change.wraps),
            # New shares are practised only when somebody practised them.
            "practised_at": known.practised_at if known is not None and same_box else None,
        }
    )
    return _put_trust(connection, cipher, trust, now)


def note_practised(
    connection: Connection,
    cipher: ColumnCipher,
    change: TrustPractised,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Two shares opened the recovery box somewhere today."""
    trust = _needed_trust(connection, cipher)
    return _put_trust(connection, cipher, trust.model_copy(update={"practised_at": now}), now)


def publish_key(
    connection: Connection,
    cipher: ColumnCipher,
    change: KeyPublish,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """A new department key with its first wraps; those it replaces are retired.

    The same key may come again certified by a newer directory. Raises Refused `version_conflict` when the
    department already has a newer key: what is sealed goes to the newest.
    """
    trust, key = _needed_trust(connection, cipher), change.key
    _check_key(key, trust, now)
    find_department(connection, cipher, key.department)
    known = find_record(connection, cipher, KEY, key.id)
    if known is None:
        _check_newest(connection, cipher, key, change.replaces)
        holders: tuple[str, ...] = ()
        retired = False
    else:
        before = DepartmentKey.parse(known.body)
        if _core(before) != _core(key):
            raise Refused("version_conflict")
        holders, retired = before.holders, before.retired
    for wrap in change.wraps:
        if wrap.key != key.id:
            raise Refused("malformed")
        _check_wrap(wrap, signer)
        _check_entitled(connection, cipher, wrap, trust, key)
        _put_wrap(connection, cipher, wrap, now)
    for id in change.replaces:
        _retire(connection, cipher, id, key, now)
    key = key.model_copy(update={"holders": _with(holders, change.wraps), "retired": retired})
    return _put_key(connection, cipher, key, now)


def add_wraps(
    connection: Connection, cipher: ColumnCipher, change: WrapAdd, now: datetime, *, signer: StaffMember
) -> int:
    """Keys handed on by whoever holds them, or by an administrator, who may have them from the shares.

    A wrap somebody already has is left alone, so that no colleague can spoil it; administrators renew one.
    """
    trust = _needed_trust(connection, cipher)
    for id in sorted({wrap.key for wrap in change.wraps}):
        wraps = [wrap for wrap in change.wraps if wrap.key == id]
        key = None if id == DIRECTORY else find_key(connection, cipher, id)
        holders = trust.directory_holders if key is None else key.holders
        is_admin = signer.role == "admin" and signer.state == "active"
        if not is_admin and (key is None or signer.id not in holders):
            raise Refused("key_missing")
        for wrap in wraps:
            _check_wrap(wrap, signer)
            _check_entitled(connection, cipher, wrap, trust, key)
            if is_admin or wrap.staff not in holders:
                _put_wrap(connection, cipher, wrap, now)
        if key is None:
            trust = trust.model_copy(update={"directory_holders": _with(holders, wraps)})
            _put_trust(connection, cipher, trust, now)
        else:
            _put_key(connection, cipher, key.model_copy(update={"holders": _with(holders, wraps)}), now)
    return 0


@dataclass(frozen=True)
class Lost:
    """What a person may hold no longer. `departments` None: every department's keys."""

    departments: frozenset[str] | None = None
    directory: bool = True


def drop_wraps(connection: Connection, cipher: ColumnCipher, staff: str, lost: Lost, now: datetime) -> None:
    """Take wraps from a person. What was opened before stays known: publish new keys in the same round."""
    for key in list_keys(connection, cipher):
        if staff in key.holders and (lost.departments is None or key.department in lost.departments):
            _remove_wrap(connection, cipher, key.id, staff, now)
            _put_key(
                connection, cipher, key.model_copy(update={"holders": _without(key.holders, staff)}), now
            )
    trust = find_trust(connection, cipher)
    if lost.directory and trust is not None and staff in trust.directory_holders:
        _remove_wrap(connection, cipher, DIRECTORY, staff, now)
        holders = _without(trust.directory_holders, staff)
        _put_trust(connection, cipher, trust.model_copy(update={"directory_holders": holders}), now)


def retire_keys_of(connection: Connection, cipher: ColumnCipher, department: str, now: datetime) -> None:
    """Nothing more is sealed to a department that is removed."""
    for key in list_keys(connection, cipher):
        if key.department == department and not key.retired:
            _put_key(connection, cipher, key.model_copy(update={"retired": True}), now)


def is_certified(account: StaffAccount, trust: Trust) -> bool:
    """Whether the town's directory vouches for the very keys the account has now."""
    return bool(account.certificate) and vouches_for(
        StaffCertificate.parse(account.certificate), account, trust
    )


def vouches_for(certificate: StaffCertificate, account: StaffAccount, trust: Trust) -> bool:
    """Whether this certificate, by the town's directory, is about this account's keys as they are now."""
    return (
        certificate.staff == account.id
        and bool(account.sign_key)
        and certificate.sign_key == account.sign_key
        and certificate.seal_key == account.seal_key
        and is_staff_certified(certificate, trust.directory.key)
    )


def _needed_trust(connection: Connection, cipher: ColumnCipher) -> Trust:
    trust = find_trust(connection, cipher)
    if trust is None:
        raise Refused("not_set_up")
    return trust


def _check_trust(trust: Trust, now: datetime) -> None:
    if trust.directory.issued_at.tzinfo is None or not _is_point(trust.recovery):
        raise Refused("malformed")
    if not is_directory_certified(trust):
        raise Refused("not_certified")
    if trust.directory.issued_at > now + _AHEAD:
        raise Refused("clock_skew")


def _check_key(key: DepartmentKey, trust: Trust, now: datetime) -> None:
    if not is_id(key.id) or not _is_point(key.public) or len(key.form_class) > _CLASS_LIMIT:
        raise Refused("malformed")
    if key.issued_at.tzinfo is None or not 2000 < key.year <= now.year + 1:
        raise Refused("malformed")
    if not is_department_key_certified(key, trust.directory.key):
        raise Refused("not_certified")
    if key.issued_at > now + _AHEAD:
        raise Refused("clock_skew")


def _check_wrap(wrap: KeyWrap, signer: StaffMember) -> None:
    try:
        sealed = from_base64(wrap.sealed)
    except ValueError:
        raise Refused("malformed") from None
    if wrap.by != signer.id or not 0 < len(sealed) <= _SEALED_LIMIT:
        raise Refused("malformed")


def _check_entitled(
    connection: Connection, cipher: ColumnCipher, wrap: KeyWrap, trust: Trust, key: DepartmentKey | None
) -> None:
    """An active member whose keys were compared, of the key's department; for the directory, an admin."""
    account = find_account(connection, cipher, check_id(wrap.staff, "member_unknown"))
    if account is None:
        raise Refused("member_unknown")
    entitled = account.role == "admin" if key is None else key.department in account.departments
    if account.state != "active" or not entitled:
        raise Refused("not_entitled")
    if not is_certified(account, trust):
        raise Refused("not_entitled")


def _check_newest(
    connection: Connection, cipher: ColumnCipher, key: DepartmentKey, replaces: tuple[str, ...]
) -> None:
    for other in list_keys(connection, cipher):
        same = other.department == key.department and other.form_class == key.form_class
        if other.retired or not same:
            continue
        # One it replaces may be of the same moment, where a clock is coarse.
        newer = _age(other) > _age(key) if other.id in replaces else _age(other) >= _age(key)
        if newer:
            raise Refused("version_conflict")


def _retire(connection: Connection, cipher: ColumnCipher, id: str, by: DepartmentKey, now: datetime) -> None:
    key = find_key(connection, cipher, id)
    if (key.department, key.form_class) != (by.department, by.form_class) or key.id == by.id:
        raise Refused("key_unknown")
    _put_key(connection, cipher, key.model_copy(update={"retired": True}), now)


def _age(key: DepartmentKey) -> tuple[int, datetime]:
    """Which of two keys is the newer: what the directory signed, so that both sides say the same."""
    return key.year, key.issued_at


def _core(key: DepartmentKey) -> tuple[str, str, int, str]:
    return key.department, key.form_class, key.year, key.public


def _with(holders: Iterable[str], wraps: Iterable[KeyWrap]) -> tuple[str, ...]:
    return tuple(sorted({*holders, *(wrap.staff for wrap in wraps)}))


def _without(holders: Iterable[str], staff: str) -> tuple[str, ...]:
    return tuple(holder for holder in holders if holder != staff)


def _is_point(text: str) -> bool:
    try:
        point(text)
    except ValueError:
        return False
    return True


def _put_trust(connection: Connection, cipher: ColumnCipher, trust: Trust, now: datetime) -> int:
    return put_record(connection, cipher, kind=TRUST, id=TOWN, body=trust.as_json(), now=now)


def _put_key(connection: Connection, cipher: ColumnCipher, key: DepartmentKey, now: datetime) -> int:
    return put_record(connection, cipher, kind=KEY, id=key.id, body=key.as_json(), now=now)


def _put_wrap(connection: Connection, cipher: ColumnCipher, wrap: KeyWrap, now: datetime) -> int:
    return put_record(
        connection,
        cipher,
        kind=WRAP,
        id=f"{wrap.key}/{wrap.staff}",
        body=wrap.as_json(),
        now=now,
        audiences=(staff_audience(wrap.staff),),
    )


def _remove_wrap(connection: Connection, cipher: ColumnCipher, key: str, staff: str, now: datetime) -> None:
    put_record(connection, cipher, kind=WRAP, id=f"{key}/{staff}", body={}, now=now, removed=True)
