"""How new the newest statement was that this desktop has believed: a relay put back to an older state, or one
that lies, cannot bring back a certificate, a key or a directory that was replaced since (design 4). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from protocol.certificates import (
    DepartmentKey,
    DirectoryCertificate,
    StaffCertificate,
    is_department_key_certified,
    is_staff_certified,
)
from protocol.wire import Wire


class KeyMark(Wire):
    """The newest key seen of a department and class."""

    year: int
    issued_at: datetime


class Marks(Wire):
    """`staff`: id → moment of the newest certificate. `keys`: `<department>/<class>` → the newest key."""

    staff: dict[str, datetime] = Field(default_factory=dict)
    keys: dict[str, KeyMark] = Field(default_factory=dict)
    directory: DirectoryCertificate | None = None

    def is_new_enough(self, certificate: StaffCertificate) -> bool:
        newest = self.staff.get(certificate.staff)
        return newest is None or certificate.issued_at >= newest

    def is_current(self, key: DepartmentKey) -> bool:
        newest = self.keys.get(_place(key))
        return newest is None or (key.year, key.issued_at) >= (newest.year, newest.issued_at)

    def is_replaced(self, directory: DirectoryCertificate) -> bool:
        """Whether the root has named another directory or recovery key since; the same may come again."""
        newest = self.directory
        return (
            newest is not None
            and directory.issued_at < newest.issued_at
            and (directory.key, directory.recovery) != (newest.key, newest.recovery)
        )


def raise_marks(
    marks: Marks,
    directory: DirectoryCertificate,
    certificates: Iterable[StaffCertificate],
    keys: Iterable[DepartmentKey],
) -> Marks:
    """The marks after these statements, of which only those count that the directory signed. `directory` is
    one that a compared root vouches for.
    """
    staff, newest = dict(marks.staff), dict(marks.keys)
    for certificate in certificates:
        known = staff.get(certificate.staff)
        is_newer = known is None or certificate.issued_at > known
        if is_newer and is_staff_certified(certificate, directory.key):
            staff[certificate.staff] = certificate.issued_at
    for key in keys:
        mark = newest.get(_place(key))
        is_newer = mark is None or (key.year, key.issued_at) > (mark.year, mark.issued_at)
        if is_newer and is_department_key_certified(key, directory.key):
            newest[_place(key)] = KeyMark(year=key.year, issued_at=key.issued_at)
    top = marks.directory
    if top is None or directory.issued_at > top.issued_at:
        top = directory
    return Marks(staff=staff, keys=newest, directory=top)


def _place(key: DepartmentKey) -> str:
    return f"{key.department}/{key.form_class}"
