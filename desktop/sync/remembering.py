"""What a round told of people and keys, remembered as the least that a later round may tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from desktop.keys.keyring import KeyRing
from desktop.keys.marks import Marks, raise_marks
from desktop.replica.memory import Memory
from desktop.replica.replica import Replica
from protocol.certificates import DepartmentKey
from protocol.staff import StaffMember
from protocol.sync import Record

MARKS = "keys.marks"
_KINDS = frozenset({"staff", "key", "trust"})


def known_marks(replica: Replica) -> Marks:
    return Memory(replica.store).get(MARKS, Marks) or Marks()


def remember(replica: Replica, ring: Callable[[], KeyRing], told: Iterable[Record]) -> None:
    """Raise the marks by what the relay told. The first time, with the root just compared, by all of it.

    Pending changes do not count: the relay may still refuse them.
    """
    before = Memory(replica.store).get(MARKS, Marks)
    fresh = [record for record in told if record.kind in _KINDS and not record.removed]
    if before is not None and not fresh:
        return
    held = ring()
    if held.root != "trusted" or held.trust is None:
        return
    if before is None:
        fresh = [record for kind in _KINDS for record in replica.records.told(kind)]
    staff = [StaffMember.parse(record.body) for record in fresh if record.kind == "staff"]
    keys = [DepartmentKey.parse(record.body) for record in fresh if record.kind == "key"]
    certificates = [member.certificate for member in staff if member.certificate is not None]
    after = raise_marks(before or Marks(), held.trust.directory, certificates, keys)
    if after != before:
        Memory(replica.store).put(MARKS, after)
