"""What somebody must do about keys now, found by looking: nothing here is stored or asked of the relay. Pure.

Each task names the person or department it is about; whoever cannot do it does not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from desktop.features.town_keys import fiscal_year, is_certified, living_holders
from desktop.keys.keyring import KeyRing
from desktop.replica.outbox import OutboxEntry
from protocol.certificates import DIRECTORY, DepartmentKey
from protocol.changes import KeyPublish
from protocol.staff import Department, StaffMember

TaskKind = Literal[
    "compare_root",
    "root_changed",
    "read_out",
    "confirm",
    "hand_on",
    "make",
    "rotate",
    "renew",
    "lost",
    "nobody",
    "practise",
]
"""`compare_root`: this machine has not compared the town's root. `root_changed`: it is another one now.
`read_out`: the own fingerprint waits for an administrator. `lost`: only the sheets open a past. `nobody`: a
department with contact forms has nobody who could read what arrives."""

PRACTICE_INTERVAL = timedelta(days=92)


@dataclass(frozen=True)
class KeyTask:
    """`member` and `department` are ids, empty where the task is about nobody or none."""

    kind: TaskKind
    member: str = ""
    department: str = ""


@dataclass(frozen=True)
class KeyFacts:
    """One consistent look at everything keys depend on. `me` is as the relay last said."""

    me: StaffMember
    ring: KeyRing
    staff: tuple[StaffMember, ...]
    departments: tuple[Department, ...]
    now: datetime
    asked: frozenset[str] = frozenset()
    """Departments that contact forms belong to."""
    refused: tuple[DepartmentKey, ...] = ()
    """Keys of this person's making that were to replace others, and that the relay refused."""


def find_tasks(facts: KeyFacts) -> list[KeyTask]:
    """The most urgent first, each once."""
    found = (*_own_tasks(facts), *_directory_tasks(facts), *_hand_on_tasks(facts))
    return list(dict.fromkeys(found))


def _own_tasks(facts: KeyFacts) -> Iterator[KeyTask]:
    if facts.ring.root == "unknown":
        yield KeyTask("compare_root")
    elif facts.ring.root in ("changed", "forged"):
        yield KeyTask("root_changed")
    if facts.ring.root != "none" and waits_for_comparing(facts.ring, facts.me):
        yield KeyTask("read_out", member=facts.me.id)
    standing = {department.id for department in facts.departments if not department.removed}
    wanted = {key.department for key in facts.refused if not is_made_up_for(facts.ring, key)}
    for department in sorted(wanted & standing):
        yield KeyTask("rotate", department=department)


def is_made_up_for(ring: KeyRing, refused: DepartmentKey) -> bool:
    """Whether the department has got a newer key since one was refused. Until then whoever was to be shut
    out still has the key in use, although the relay does not list that person as a holder any more.
    """
    current = ring.current_key(refused.department, refused.form_class)
    return current is not None and current.issued_at > refused.issued_at


def refused_replacement(entry: OutboxEntry) -> DepartmentKey | None:
    """The key of a change in the outbox that was to replace another and was refused."""
    payload = entry.payload
    if entry.state == "refused" and isinstance(payload, KeyPublish) and payload.replaces:
        return payload.key
    return None


def _directory_tasks(facts: KeyFacts) -> Iterator[KeyTask]:
    ring = facts.ring
    if ring.directory is None or ring.trust is None:
        return
    for member in facts.staff:
        if member.id != facts.me.id and waits_for_comparing(ring, member):
            yield KeyTask("confirm", member=member.id)
    for department in facts.departments:
        if not department.removed:
            yield from _department_tasks(facts, department.id)
    practised = ring.trust.practised_at
    if practised is None or facts.now - practised > PRACTICE_INTERVAL:
        yield KeyTask("practise")


def waits_for_comparing(ring: KeyRing, member: StaffMember) -> bool:
    """Somebody with keys of the own that no administrator has compared."""
    if not member.sign_key or member.state not in ("unconfirmed", "active"):
        return False
    if member.state == "unconfirmed":
        return True
    wanted = (*member.departments, DIRECTORY) if member.role == "admin" else member.departments
    entitled = all(ring.is_entitled(member, department) for department in wanted)
    return ring.root == "trusted" and not (ring.is_certified(member) and entitled)


def _department_tasks(facts: KeyFacts, department: str) -> Iterator[KeyTask]:
    ring = facts.ring
    current = ring.current_key(department)
    members = [m for m in facts.staff if ring.is_entitled(m, department)]
    if not members:
        # A new key would be held by nobody, and swallow what residents write.
        belongs = any(department in m.departments and m.state != "left" for m in facts.staff)
        if department in facts.asked and not belongs:
            yield KeyTask("nobody", department=department)
        return
    if current is None:
        yield KeyTask("make", department=department)
        return
    if _has_stranger(current, facts.staff) or current.stale:
        yield KeyTask("rotate", department=department)
    elif not living_holders(ring, current, facts.staff):
        yield KeyTask("make", department=department)
    elif current.year < fiscal_year(facts.now):
        yield KeyTask("renew", department=department)
    keys = [key for key in ring.department_keys.values() if key.department == department]
    if any(not living_holders(ring, key, facts.staff) for key in keys if key.id != current.id):
        yield KeyTask("lost", department=department)


def _has_stranger(key: DepartmentKey, staff: Iterable[StaffMember]) -> bool:
    """Whether somebody outside the department can still open its current key."""
    inside = {m.id for m in staff if key.department in m.departments and m.state != "left"}
    return bool(set(key.holders) - inside)


def _hand_on_tasks(facts: KeyFacts) -> Iterator[KeyTask]:
    ring = facts.ring
    held = {key.department for key in ring.department_keys.values() if key.id in ring.secrets}
    for member in facts.staff:
        if member.id == facts.me.id or not is_certified(ring, member):
            continue
        holders = ring.trust.directory_holders if ring.trust is not None else ()
        is_keeper = ring.is_entitled(member, DIRECTORY)
        if is_keeper and ring.directory is not None and member.id not in holders:
            yield KeyTask("hand_on", member=member.id, department=DIRECTORY)
        for department in member.departments:
            if not ring.is_entitled(member, department):
                continue
            if department in held and department in facts.me.departments and _lacks(ring, member, department):
                yield KeyTask("hand_on", member=member.id, department=department)


def _lacks(ring: KeyRing, member: StaffMember, department: str) -> bool:
    return any(
        key.department == department and key.id in ring.secrets and member.id not in key.holders
        for key in ring.department_keys.values()
    )
