"""What the relay proves of keys, wraps and certificates before it takes them. Requirements: SEC-2, SEC-8."""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.certificates import (
    DepartmentKey,
    KeyWrap,
    StaffCertificate,
    Trust,
    is_department_key_certified,
    is_directory_certified,
    is_staff_certified,
)
from protocol.encoding import from_base64
from protocol.ids import is_id
from protocol.keys import point
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.ids import check_id
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.staff import StaffAccount, find_account

AHEAD = timedelta(minutes=5)
"""How far a desktop's clock may be ahead of the relay's."""
_SEALED_LIMIT = 1000
_CLASS_LIMIT = 40


def vouches_for(certificate: StaffCertificate, account: StaffAccount, trust: Trust) -> bool:
    """Whether this certificate, by the town's directory, is about this account's keys as they are now."""
    return (
        certificate.staff == account.id
        and bool(account.sign_key)
        and certificate.sign_key == account.sign_key
        and certificate.seal_key == account.seal_key
        and is_staff_certified(certificate, trust.directory.key)
    )


def check_trust(trust: Trust, now: datetime) -> None:
    """Raises Refused `malformed`, `not_certified`, `clock_skew`."""
    if trust.directory.issued_at.tzinfo is None or not _is_point(trust.recovery):
        raise Refused("malformed")
    if not is_directory_certified(trust):
        raise Refused("not_certified")
    if trust.directory.issued_at > now + AHEAD:
        raise Refused("clock_skew")


def check_key(key: DepartmentKey, trust: Trust, now: datetime) -> None:
    """Raises Refused `malformed`, `not_certified`, `clock_skew`."""
    if not is_id(key.id) or not _is_point(key.public) or len(key.form_class) > _CLASS_LIMIT:
        raise Refused("malformed")
    if key.issued_at.tzinfo is None or not 2000 < key.year <= now.year + 1:
        raise Refused("malformed")
    if not is_department_key_certified(key, trust.directory.key):
        raise Refused("not_certified")
    if key.issued_at > now + AHEAD:
        raise Refused("clock_skew")


def check_wrap(wrap: KeyWrap, signer: StaffMember) -> None:
    """Its form alone; nobody can see what is in it. Raises Refused `malformed`."""
    try:
        sealed = from_base64(wrap.sealed)
    except ValueError:
        raise Refused("malformed") from None
    if wrap.by != signer.id or not 0 < len(sealed) <= _SEALED_LIMIT:
        raise Refused("malformed")


def check_entitled(
    connection: Connection, cipher: ColumnCipher, wrap: KeyWrap, trust: Trust, key: DepartmentKey | None
) -> None:
    """An active member whose keys were compared, of the key's department; for the directory, an admin by the
    certificate too.

    The certificate need not name a department yet: after a move it comes a round later than the keys. Whoever
    wraps has looked at it. Raises Refused `member_unknown`, `not_entitled`.
    """
    account = find_account(connection, cipher, check_id(wrap.staff, "member_unknown"))
    if account is None:
        raise Refused("member_unknown")
    certificate = StaffCertificate.parse(account.certificate) if account.certificate else None
    if account.state != "active" or certificate is None or not vouches_for(certificate, account, trust):
        raise Refused("not_entitled")
    if key is None:
        entitled = account.role == "admin" and certificate.admin
    else:
        entitled = key.department in account.departments
    if not entitled:
        raise Refused("not_entitled")


def _is_point(text: str) -> bool:
    try:
        point(text)
    except ValueError:
        return False
    return True
