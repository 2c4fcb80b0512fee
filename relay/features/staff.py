"""Staff as desktops see them: the `staff` record, and the LINE account a person tied (SEG-10)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import cast

from protocol.certificates import StaffCertificate
from protocol.changes import LineLinkStart
from protocol.staff import MemberState, Role, StaffMember
from relay.errors import Refused
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record, put_record
from relay.store.staff import StaffAccount, find_account
from relay.store.test_accounts import is_code_taken, remove_link, start_link

STAFF = "staff"
_CODE_LIFE = timedelta(hours=1)
_HASH = re.compile(r"[0-9a-f]{64}")


def member_of(account: StaffAccount, *, line_linked: bool = False) -> StaffMember:
    """The public side of an account."""
    return StaffMember(
        id=account.id,
        login_name=account.login_name,
        display_name=account.display_name,
        role=cast(Role, account.role),
        departments=account.departments,
        state=cast(MemberState, account.state),
        certificate=StaffCertificate.parse(account.certificate) if account.certificate else None,
        sign_key=account.sign_key,
        seal_key=account.seal_key,
        line_linked=line_linked,
    )


def publish_member(connection: Connection, cipher: ColumnCipher, member: StaffMember, now: datetime) -> int:
    """Tell the desktops; returns the version of the record."""
    return put_record(connection, cipher, kind=STAFF, id=member.id, body=member.as_json(), now=now)


def publish_account(
    connection: Connection,
    cipher: ColumnCipher,
    account: StaffAccount,
    now: datetime,
    *,
    second_factor: bool | None = None,
) -> int:
    """As `publish_member`; what the account does not know (LINE, second factor) stays as it was."""
    known = find_member(connection, cipher, account.id)
    member = member_of(account)
    if known is not None and account.state != "left":
        kept = known.second_factor if second_factor is None else second_factor
        member = member.model_copy(update={"line_linked": known.line_linked, "second_factor": kept})
    return publish_member(connection, cipher, member, now)


def find_member(connection: Connection, cipher: ColumnCipher, id: str) -> StaffMember | None:
    record = find_record(connection, cipher, STAFF, id)
    return None if record is None or record.removed else StaffMember.parse(record.body)


def find_signer(connection: Connection, cipher: ColumnCipher, id: str) -> StaffMember:
    """Who the account says the person is, with the rights that has now. Raises Refused `member_left`."""
    account = find_account(connection, cipher, id)
    if account is None or account.state == "left":
        raise Refused("member_left", status=403)
    return member_of(account)


def set_line_linked(
    connection: Connection, cipher: ColumnCipher, id: str, *, linked: bool, now: datetime
) -> int:
    """Show on the `staff` record whether the LINE account is tied; returns its version, 0 for a stranger."""
    member = find_member(connection, cipher, id)
    if member is None:
        return 0
    return publish_member(connection, cipher, member.model_copy(update={"line_linked": linked}), now)


def start_line_link(
    connection: Connection, cipher: ColumnCipher, staff: str, change: LineLinkStart, now: datetime
) -> int:
    """Wait for the code the person will type into the talk; `redeem_link_code` takes it there."""
    if _HASH.fullmatch(change.code_hash) is None or change.expires_at.tzinfo is None:
        raise Refused("malformed")
    if change.expires_at <= now:
        raise Refused("code_expired")
    if is_code_taken(connection, staff=staff, code_hash=change.code_hash):
        raise Refused("code_used")
    expires_at = min(change.expires_at, now + _CODE_LIFE)
    start_link(connection, staff=staff, code_hash=change.code_hash, expires_at=expires_at)
    return 0


def remove_line_link(connection: Connection, cipher: ColumnCipher, staff: str, now: datetime) -> int:
    """Untie the person's LINE account; returns the version of the `staff` record."""
    remove_link(connection, staff=staff)
    return set_line_linked(connection, cipher, staff, linked=False, now=now)
