"""Staff accounts: who may sign in, and the public and wrapped keys that belong to them. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from protocol.signin import PassphraseCost
from relay.store.cipher import ColumnCipher
from relay.store.staff_tables import staff, staff_departments


@dataclass(frozen=True)
class StaffAccount:
    """One person's account. `login_key_hash` is SHA-256 of the key the passphrase gives."""

    id: str
    login_name: str
    display_name: str
    role: str
    cost: PassphraseCost
    login_key_hash: bytes
    sign_key: str
    seal_key: str
    wrapped_keys: str
    state: str
    departments: tuple[str, ...] = ()
    certificate: str = ""
    """JSON of the StaffCertificate; empty until an administrator confirmed the keys."""
    certified_at: datetime | None = None
    """When the newest certificate the account ever had was issued, also after a reset took it."""

    def __repr__(self) -> str:
        return f"StaffAccount({self.id})"


def add_account(
    connection: Connection, cipher: ColumnCipher, account: StaffAccount, *, now: datetime
) -> None:
    connection.execute(
        insert(staff).values(
            id=account.id,
            login_index=login_index(cipher, account.login_name),
            login_sealed=cipher.seal_text("staff.login", account.id, account.login_name),
            created_at=now,
            **_person_columns(cipher, account),
            **_key_columns(account),
        )
    )
    _put_departments(connection, account)


def update_account(connection: Connection, cipher: ColumnCipher, account: StaffAccount) -> None:
    """Write everything but the login name, which never changes, and the second factor."""
    values = {**_person_columns(cipher, account), **_key_columns(account)}
    connection.execute(update(staff).where(staff.c.id == account.id).values(**values))
    connection.execute(delete(staff_departments).where(staff_departments.c.staff == account.id))
    _put_departments(connection, account)


def clear_second_factor(connection: Connection, staff_id: str) -> None:
    connection.execute(update(staff).where(staff.c.id == staff_id).values(totp_sealed=None, totp_step=0))


def login_index(cipher: ColumnCipher, login_name: str) -> bytes:
    """The keyed hash a login name is found by; the one form used in every table."""
    return cipher.index("staff.login", login_name)


def find_account_by_login(
    connection: Connection, cipher: ColumnCipher, login_name: str
) -> StaffAccount | None:
    row = connection.execute(
        select(staff).where(staff.c.login_index == login_index(cipher, login_name))
    ).one_or_none()
    return None if row is None else _account(connection, cipher, row)


def find_account(connection: Connection, cipher: ColumnCipher, id: str) -> StaffAccount | None:
    row = connection.execute(select(staff).where(staff.c.id == id)).one_or_none()
    return None if row is None else _account(connection, cipher, row)


def count_accounts(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(staff)).scalar_one()


def count_active_admins(connection: Connection) -> int:
    return connection.execute(
        select(func.count()).select_from(staff).where(staff.c.role == "admin", staff.c.state == "active")
    ).scalar_one()


def count_active_by_role(connection: Connection, *, without: str) -> dict[str, int]:
    """How many people of each role are active, one person left out."""
    rows = connection.execute(
        select(staff.c.role, func.count())
        .where(staff.c.state == "active", staff.c.id != without)
        .group_by(staff.c.role)
    )
    return {role: int(count) for role, count in rows}


def has_members(connection: Connection, department: str) -> bool:
    """Whether somebody who has not left belongs to the department."""
    found = connection.execute(
        select(staff.c.id)
        .join(staff_departments, staff_departments.c.staff == staff.c.id)
        .where(staff_departments.c.department == department, staff.c.state != "left")
        .limit(1)
    )
    return found.first() is not None


def _person_columns(cipher: ColumnCipher, account: StaffAccount) -> dict[str, object]:
    return {
        "name_sealed": cipher.seal_text("staff.name", account.id, account.display_name),
        "role": account.role,
        "state": account.state,
        "certificate": account.certificate,
        "certified_at": account.certified_at,
    }


def _key_columns(account: StaffAccount) -> dict[str, object]:
    return {
        "salt": account.cost.salt,
        "memory_kib": account.cost.memory_kib,
        "passes": account.cost.passes,
        "lanes": account.cost.lanes,
        "login_key_hash": account.login_key_hash,
        "sign_key": account.sign_key,
        "seal_key": account.seal_key,
        "wrapped_keys": account.wrapped_keys,
    }


def _put_departments(connection: Connection, account: StaffAccount) -> None:
    if account.departments:
        rows = [{"staff": account.id, "department": id} for id in sorted(set(account.departments))]
        connection.execute(insert(staff_departments), rows)


def _account(connection: Connection, cipher: ColumnCipher, row: Row[tuple[object, ...]]) -> StaffAccount:
    found = connection.execute(
        select(staff_departments.c.department)
        .where(staff_departments.c.staff == row.id)
        .order_by(staff_departments.c.department)
    )
    departments = tuple(found.scalars())
    cost = PassphraseCost(salt=row.salt, memory_kib=row.memory_kib, passes=row.passes, lanes=row.lanes)
    return StaffAccount(
        id=row.id,
        login_name=cipher.open_text("staff.login", row.id, row.login_sealed),
        display_name=cipher.open_text("staff.name", row.id, row.name_sealed),
        role=row.role,
        cost=cost,
        login_key_hash=row.login_key_hash,
        sign_key=row.sign_key,
        seal_key=row.seal_key,
        wrapped_keys=row.wrapped_keys,
        state=row.state,
        departments=departments,
        certificate=row.certificate,
        certified_at=row.certified_at,
    )
