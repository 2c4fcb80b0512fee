"""Staff as everyone on a desktop sees them: the `staff` record and what changes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from protocol.staff import StaffMember
from relay.store.cipher import ColumnCipher
from relay.store.records import find_record, put_record
from relay.store.staff import StaffAccount

STAFF = "staff"


def member_of(account: StaffAccount, *, line_linked: bool = False) -> StaffMember:
    """The public side of an account."""
    return StaffMember(
        id=account.id,
        login_name=account.login_name,
        display_name=account.display_name,
        sign_key=account.sign_key,
        seal_key=account.seal_key,
        line_linked=line_linked,
    )


def publish_member(connection: Connection, cipher: ColumnCipher, member: StaffMember, now: datetime) -> int:
    """Tell the desktops; returns the version of the record."""
    return put_record(connection, cipher, kind=STAFF, id=member.id, body=member.as_json(), now=now)


def find_member(connection: Connection, cipher: ColumnCipher, id: str) -> StaffMember | None:
    record = find_record(connection, cipher, STAFF, id)
    return None if record is None or record.removed else StaffMember.parse(record.body)


def set_line_linked(
    connection: Connection, cipher: ColumnCipher, id: str, *, linked: bool, now: datetime
) -> int:
    """Show on the `staff` record whether the LINE account is tied; returns its version, 0 for a stranger."""
    member = find_member(connection, cipher, id)
    if member is None:
        return 0
    return publish_member(connection, cipher, member.model_copy(update={"line_linked": linked}), now)
