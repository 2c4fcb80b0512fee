"""The town's keys as the relay keeps them: certificates it can check and wraps it cannot open.

Only what the directory key signed is taken: no right of an account replaces that. Requirements: SEC-2, SEC-8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from protocol.certificates import (
    DIRECTORY,
    GENERAL,
    DepartmentKey,
    KeyWrap,
    Trust,
)
from protocol.changes import KeyPublish, TrustPractised, TrustPublish, WrapAdd
from protocol.staff import Department, StaffMember
from relay.errors import Refused
from relay.features.ids import check_id
from relay.features.key_checks import check_entitled, check_key, check_trust, check_wrap
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
from relay.store.staff import StaffAccount

TRUST = "trust"
KEY = "key"
WRAP = "wrap"
DEPARTMENT = "department"


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

    Raises Refused `no_department_key` when one of them has none, or one that nobody holds: what is sealed to
    it nobody could read.
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
        if not newest.holders:
            raise Refused("no_department_key")
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
    check_trust(trust, now)
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
        check_wrap(wrap, signer)
        if wrap.staff != signer.id:
            check_entitled(connection, cipher, wrap, trust, None)
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

    A wrap for somebody who is not entitled any more is left out, so that a new key comes although somebody
    lost a right meanwhile. The same key may come again certified by a newer directory; its bookkeeping stays.
    Raises Refused `version_conflict` when the department already has a newer key: what is sealed goes to the
    newest; `not_entitled` when nobody would hold it.
    """
    trust, key = _needed_trust(connection, cipher), change.key
    check_key(key, trust, now)
    find_department(connection, cipher, key.department)
    record = find_record(connection, cipher, KEY, key.id)
    if record is not None:
        return _certify_again(
            connection, cipher, change, DepartmentKey.parse(record.body), trust, now, signer
        )
    _check_newest(connection, cipher, key, change.replaces)
    wraps = _entitled_wraps(connection, cipher, change, trust, signer)
    for id in change.replaces:
        _retire(connection, cipher, id, key, now)
    if not wraps:
        raise Refused("not_entitled")
    for wrap in wraps:
        _put_wrap(connection, cipher, wrap, now)
    kept = {"holders": _with((), wraps), "retired": False, "stale": False}
    return _put_key(connection, cipher, key.model_copy(update=kept), now)


def _certify_again(
    connection: Connection,
    cipher: ColumnCipher,
    change: KeyPublish,
    known: DepartmentKey,
    trust: Trust,
    now: datetime,
    signer: StaffMember,
) -> int:
    """Anybody can send a key that is known: it replaces nothing, and wraps count as in `add_wraps`."""
    if _core(known) != _core(change.key) or change.key.issued_at < known.issued_at:
        raise Refused("version_conflict")
    wraps = [
        wrap
        for wrap in _entitled_wraps(connection, cipher, change, trust, signer)
        if _is_active_admin(signer) or (signer.id in known.holders and wrap.staff not in known.holders)
    ]
    for wrap in wraps:
        _put_wrap(connection, cipher, wrap, now)
    kept = {"holders": _with(known.holders, wraps), "retired": known.retired, "stale": known.stale}
    return _put_key(connection, cipher, change.key.model_copy(update=kept), now)


def _entitled_wraps(
    connection: Connection, cipher: ColumnCipher, change: KeyPublish, trust: Trust, signer: StaffMember
) -> list[KeyWrap]:
    """Raises Refused `malformed`; why the last one is left out, where none remains."""
    taken: list[KeyWrap] = []
    refusal: Refused | None = None
    for wrap in change.wraps:
        if wrap.key != change.key.id:
            raise Refused("malformed")
        check_wrap(wrap, signer)
        try:
            check_entitled(connection, cipher, wrap, trust, change.key)
        except Refused as why:
            refusal = why
        else:
            taken.append(wrap)
    if refusal is not None and not taken:
        raise refusal
    return taken


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
        is_admin = _is_active_admin(signer)
        if not is_admin and (key is None or signer.id not in holders):
            raise Refused("key_missing")
        for wrap in wraps:
            check_wrap(wrap, signer)
            check_entitled(connection, cipher, wrap, trust, key)
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
    """What a person may hold no longer. `departments` None: every department's keys. `entitled`: only the own
    keys are new, and the person gets the same again.
    """

    departments: frozenset[str] | None = None
    directory: bool = True
    entitled: bool = False


def drop_wraps(
    connection: Connection, cipher: ColumnCipher, account: StaffAccount, lost: Lost, now: datetime
) -> None:
    """Take wraps from a person. What was opened before stays known, so the key in use is marked `stale` until
    a newer one takes its place, also where a reset took the wrap before.
    """
    staff = account.id
    left = frozenset(account.departments) if lost.departments is None else lost.departments
    for key in list_keys(connection, cipher):
        held = staff in key.holders and (lost.departments is None or key.department in left)
        knows = held or (key.department in left and bool(account.sign_key))
        stale = key.stale or (knows and not lost.entitled and not key.retired)
        if held:
            _remove_wrap(connection, cipher, key.id, staff, now)
        if held or stale != key.stale:
            holders = _without(key.holders, staff) if held else key.holders
            changed = key.model_copy(update={"holders": holders, "stale": stale})
            _put_key(connection, cipher, changed, now)
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


def _needed_trust(connection: Connection, cipher: ColumnCipher) -> Trust:
    trust = find_trust(connection, cipher)
    if trust is None:
        raise Refused("not_set_up")
    return trust


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


def _is_active_admin(signer: StaffMember) -> bool:
    return signer.role == "admin" and signer.state == "active"


def _core(key: DepartmentKey) -> tuple[str, str, int, str]:
    return key.department, key.form_class, key.year, key.public


def _with(holders: Iterable[str], wraps: Iterable[KeyWrap]) -> tuple[str, ...]:
    return tuple(sorted({*holders, *(wrap.staff for wrap in wraps)}))


def _without(holders: Iterable[str], staff: str) -> tuple[str, ...]:
    return tuple(holder for holder in holders if holder != staff)


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
