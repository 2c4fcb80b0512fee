"""People and departments as administrators change them: invited, moved, confirmed, gone; and the rights.

The account is the authority, the `staff` record what desktops see of it. Requirements: ADM-1, ADM-2, ADM-5.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

from protocol.certificates import StaffCertificate
from protocol.changes import (
    DepartmentRemove,
    DepartmentSave,
    MemberConfirm,
    MemberLeave,
    MemberSave,
    RightsSave,
)
from protocol.deliveries import Delivery
from protocol.items import SegmentItem
from protocol.rights import HIGHEST, reaches
from protocol.signin import new_cost
from protocol.staff import StaffMember
from protocol.submissions import ContactForm
from relay.errors import Refused
from relay.features.deliveries import DELIVERY, put_delivery
from relay.features.devices import revoke_all_devices
from relay.features.ids import check_id
from relay.features.items import ITEM
from relay.features.key_checks import AHEAD, vouches_for
from relay.features.keys import (
    DEPARTMENT,
    Lost,
    drop_wraps,
    find_department,
    find_trust,
    retire_keys_of,
)
from relay.features.rights import RIGHTS, TOWN_RIGHTS
from relay.features.staff import STAFF, publish_account
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.enrolment_codes import spoil_codes
from relay.store.records import find_record, list_bodies, put_record
from relay.store.staff import (
    StaffAccount,
    add_account,
    count_active_admins,
    find_account,
    find_account_by_login,
    has_members,
    update_account,
)
from relay.store.test_accounts import remove_link

NAME_LIMIT = 60
_CONTACT_FORM = "contact_form"


def save_department(
    connection: Connection,
    cipher: ColumnCipher,
    change: DepartmentSave,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Add a department, rename or move it; returns the version."""
    department = change.department
    check_id(department.id)
    _check_name(department.name)
    record = find_record(connection, cipher, DEPARTMENT, department.id)
    check_version(record, based_on)
    if record is not None and record.body.get("removed", False):
        raise Refused("not_found")
    body = department.model_copy(update={"removed": False}).as_json()
    return put_record(connection, cipher, kind=DEPARTMENT, id=department.id, body=body, now=now)


def remove_department(
    connection: Connection,
    cipher: ColumnCipher,
    change: DepartmentRemove,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Close a department that nobody and nothing belongs to any more; its name stays for the history."""
    department = find_department(connection, cipher, change.department)
    check_version(find_record(connection, cipher, DEPARTMENT, department.id), based_on)
    if has_members(connection, department.id) or _is_asked_for(connection, cipher, department.id):
        raise Refused("in_use")
    retire_keys_of(connection, cipher, department.id, now)
    body = department.model_copy(update={"removed": True}).as_json()
    return put_record(connection, cipher, kind=DEPARTMENT, id=department.id, body=body, now=now)


def save_member(
    connection: Connection,
    cipher: ColumnCipher,
    change: MemberSave,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Invite a person, or change name, role or departments; returns the version of the `staff` record."""
    check_id(change.staff)
    _check_name(change.display_name)
    _check_name(change.login_name)
    departments = tuple(sorted(set(change.departments)))
    for id in departments:
        find_department(connection, cipher, id)
    account = find_account(connection, cipher, change.staff)
    _protect_admins(signer, account, new_role=change.role)
    check_version(find_record(connection, cipher, STAFF, change.staff), based_on)
    if account is None:
        return _invite(connection, cipher, change, departments, now)
    if account.state == "left":
        raise Refused("member_left")
    if account.login_name != change.login_name:
        raise Refused("malformed")
    if account.role != change.role:
        _check_admin_remains(connection, account)
        if account.id == signer.id:
            raise Refused("own_account")
    if account.id == signer.id and signer.role != "admin" and account.departments != departments:
        raise Refused("own_account")
    lost = Lost(
        departments=frozenset(account.departments) - frozenset(departments), directory=change.role != "admin"
    )
    drop_wraps(connection, cipher, account, lost, now)
    changed = dataclasses.replace(
        account, display_name=change.display_name, role=change.role, departments=departments
    )
    update_account(connection, cipher, changed)
    return publish_account(connection, cipher, changed, now)


def confirm_member(
    connection: Connection, cipher: ColumnCipher, change: MemberConfirm, now: datetime, *, signer: StaffMember
) -> int:
    """The directory key vouches for the keys the account has now: from here on they count.

    Who sends it does not matter, its signature does: so an administrator whose passphrase was reset confirms
    the own new keys with the directory key from the recovery shares. So it must not be older than any the
    account ever had, and say what the account says: an old one must not bring back what was taken.
    """
    certificate = change.certificate
    trust = find_trust(connection, cipher)
    if trust is None:
        raise Refused("not_set_up")
    account = _known_account(connection, cipher, certificate.staff)
    if not vouches_for(certificate, account, trust) or not _is_of_now(certificate, account):
        raise Refused("not_certified")
    if certificate.issued_at > now + AHEAD:
        raise Refused("clock_skew")
    confirmed = dataclasses.replace(
        account,
        state="active",
        certificate=json.dumps(certificate.as_json(), separators=(",", ":")),
        certified_at=certificate.issued_at,
    )
    update_account(connection, cipher, confirmed)
    return publish_account(connection, cipher, confirmed, now)


def close_member(
    connection: Connection, cipher: ColumnCipher, change: MemberLeave, now: datetime, *, signer: StaffMember
) -> int:
    """The account ends with everything it could open; its drafts go to the heir, if one is named.

    The public keys stay, so that what the person signed can be verified for as long as the log is kept.
    """
    account = _known_account(connection, cipher, change.staff)
    _protect_admins(signer, account, new_role=account.role)
    _check_admin_remains(connection, account)
    if account.id == signer.id:
        raise Refused("own_account")
    if change.heir:
        heir = find_account(connection, cipher, check_id(change.heir, "member_unknown"))
        if heir is None or heir.state != "active" or heir.id == account.id:
            raise Refused("member_unknown")
    drop_wraps(connection, cipher, account, Lost(), now)
    spoil_codes(connection, account.id, now)
    revoke_all_devices(connection, cipher, account.id, now)
    remove_link(connection, staff=account.id)
    if change.heir:
        _hand_over_drafts(connection, cipher, account.id, change.heir, now)
    left = dataclasses.replace(account, state="left", departments=(), wrapped_keys="", login_key_hash=b"")
    update_account(connection, cipher, left)
    return publish_account(connection, cipher, left, now)


def save_rights(
    connection: Connection,
    cipher: ColumnCipher,
    change: RightsSave,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """The whole grid. By administrators only: whoever else may edit staff could take every right this way."""
    if signer.role != "admin":
        raise Refused("not_allowed", status=403)
    for role, cells in change.grid.cells.items():
        if role == "admin" or any(not reaches(HIGHEST[name], level) for name, level in cells.items()):
            raise Refused("malformed")
    check_version(find_record(connection, cipher, RIGHTS, TOWN_RIGHTS), based_on)
    return put_record(connection, cipher, kind=RIGHTS, id=TOWN_RIGHTS, body=change.grid.as_json(), now=now)


def _is_of_now(certificate: StaffCertificate, account: StaffAccount) -> bool:
    """Whether it says of departments and role what the account says, and is no older than any before."""
    says = tuple(sorted(certificate.departments)), certificate.admin
    if says != (tuple(sorted(account.departments)), account.role == "admin"):
        return False
    if certificate.issued_at.tzinfo is None:
        return False
    return account.certified_at is None or certificate.issued_at >= account.certified_at


def _invite(
    connection: Connection,
    cipher: ColumnCipher,
    change: MemberSave,
    departments: tuple[str, ...],
    now: datetime,
) -> int:
    if find_account_by_login(connection, cipher, change.login_name) is not None:
        raise Refused("login_name_taken")
    account = StaffAccount(
        id=change.staff,
        login_name=change.login_name,
        display_name=change.display_name,
        role=change.role,
        cost=new_cost(),  # a salt nobody uses: the name must look like any other to a stranger
        login_key_hash=b"",
        sign_key="",
        seal_key="",
        wrapped_keys="",
        state="invited",
        departments=departments,
    )
    add_account(connection, cipher, account, now=now)
    return publish_account(connection, cipher, account, now)


def _known_account(connection: Connection, cipher: ColumnCipher, id: str) -> StaffAccount:
    account = find_account(connection, cipher, check_id(id, "member_unknown"))
    if account is None:
        raise Refused("member_unknown")
    if account.state == "left":
        raise Refused("member_left")
    return account


def _protect_admins(signer: StaffMember, account: StaffAccount | None, *, new_role: str) -> None:
    """The grid may let others keep the staff list, but nobody makes or unmakes an administrator with it."""
    touches_admin = new_role == "admin" or (account is not None and account.role == "admin")
    if touches_admin and signer.role != "admin":
        raise Refused("not_allowed", status=403)


def _check_admin_remains(connection: Connection, account: StaffAccount) -> None:
    if account.role == "admin" and account.state == "active" and count_active_admins(connection) == 1:
        raise Refused("last_admin")


def _check_name(name: str) -> None:
    if not name.strip():
        raise Refused("text_missing")
    if len(name) > NAME_LIMIT:
        raise Refused("text_too_long")
    if "\0" in name:
        raise Refused("malformed")


def _is_asked_for(connection: Connection, cipher: ColumnCipher, department: str) -> bool:
    """Whether residents may still write to it: an open contact form or a free-text question names it."""
    forms = (ContactForm.parse(body) for body in list_bodies(connection, cipher, _CONTACT_FORM))
    if any(form.is_open and form.access.get(department, "none") != "none" for form in forms):
        return True
    items = (SegmentItem.parse(body) for body in list_bodies(connection, cipher, ITEM))
    return any(department in item.departments for item in items)


def _hand_over_drafts(
    connection: Connection, cipher: ColumnCipher, staff: str, heir: str, now: datetime
) -> None:
    """`written_by` says who keeps a draft, and every save rewrites it; the audit log knows who wrote what."""
    for body in list_bodies(connection, cipher, DELIVERY):
        delivery = Delivery.parse(body)
        if delivery.state == "draft" and delivery.written_by == staff:
            put_delivery(connection, cipher, delivery.model_copy(update={"written_by": heir}), now)
