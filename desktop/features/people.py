"""Staff accounts, departments and the grid of rights, as an administrator works with them. ADM-1, ADM-2.

Whatever takes a department away from somebody also begins a new key for it, in the same round.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from desktop.errors import KeysNotReady
from desktop.features.asking import Act
from desktop.features.key_tasks import KeyFacts, KeyTask, find_tasks, refused_replacement
from desktop.features.town_keys import TownKeys
from desktop.keys.keyring import KeyRing
from desktop.replica.replica import Replica
from protocol.certificates import DepartmentKey
from protocol.changes import DepartmentRemove, DepartmentSave, MemberLeave, MemberSave, RightsSave
from protocol.ids import new_id
from protocol.problems import Problem
from protocol.rights import RightsGrid
from protocol.signin import CodeAnswer, CodeKind, CodeWish
from protocol.staff import Department, Role, StaffMember
from protocol.submissions import ContactForm

_LOGIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,39}")
NAME_LIMIT = 60


@dataclass(frozen=True)
class Person:
    """A member as the list shows them. `waiting`: changes on their way; `refused`: why one was not taken."""

    member: StaffMember
    departments: tuple[str, ...]
    """Names, in the order of the list of departments."""
    certified: bool
    waiting: int = 0
    refused: str = ""


@dataclass(frozen=True)
class MemberWish:
    """What an administrator filled in. `id` empty: a new person."""

    login_name: str
    display_name: str
    role: Role = "viewer"
    departments: tuple[str, ...] = ()
    id: str = ""


class People:
    """`me` is the id of the person signed in."""

    def __init__(
        self,
        replica: Replica,
        keys: TownKeys,
        act: Act,
        *,
        me: str,
        ring: Callable[[], KeyRing],
        clock: Callable[[], datetime],
    ) -> None:
        self._replica, self._keys, self._act = replica, keys, act
        self._me, self._ring, self._clock = me, ring, clock

    # -- looking ----------------------------------------------------------------------------------------

    def search(self, words: str = "", *, left: bool = False) -> list[Person]:
        """By name; `left` shows those whose account is closed instead of the others."""
        ring, names = self._ring(), {each.id: each.name for each in self.departments(removed=True)}
        wanted = _folded(words).split()
        found = []
        for shown in self._replica.records.shown("staff", StaffMember):
            member = shown.body
            person = Person(
                member=member,
                departments=tuple(names.get(each, "") for each in member.departments),
                certified=ring.is_certified(member),
                waiting=shown.waiting,
                refused=shown.refused,
            )
            text = _folded(" ".join((member.display_name, member.login_name, *person.departments)))
            if (member.state == "left") is left and all(word in text for word in wanted):
                found.append(person)
        return found

    def everybody(self) -> list[StaffMember]:
        """By name, closed accounts too."""
        return self._replica.records.staff()

    def find(self, id: str) -> StaffMember | None:
        return next((member for member in self._replica.records.staff() if member.id == id), None)

    def departments(self, *, removed: bool = False) -> list[Department]:
        """In their order; closed ones only on request."""
        everything = self._replica.records.all("department", Department)
        return [each for each in everything if removed or not each.removed]

    def me(self) -> StaffMember | None:
        return self.find(self._me)

    def key_tasks(self) -> list[KeyTask]:
        """What this person should do about keys, the most urgent first."""
        me = self.me()
        if me is None:
            return []
        refused = self._replica.outbox.entries(state="refused")
        return find_tasks(
            KeyFacts(
                me=me,
                ring=self._ring(),
                staff=tuple(self._replica.records.staff()),
                departments=tuple(self.departments()),
                now=self._clock(),
                asked=self._asked(),
                refused=tuple(key for entry in refused if (key := refused_replacement(entry)) is not None),
            )
        )

    # -- people -----------------------------------------------------------------------------------------

    def find_problems(self, wish: MemberWish) -> list[Problem]:
        """What a person can mend before it is sent; `at` names the field."""
        problems = []
        known = self._replica.records.staff()
        if not _LOGIN_NAME.fullmatch(wish.login_name):
            problems.append(Problem(code="login_name_malformed", at="login_name"))
        taken = {member.login_name: member.id for member in known}
        if taken.get(wish.login_name, wish.id) != wish.id:
            problems.append(Problem(code="login_name_taken", at="login_name"))
        if not wish.display_name.strip():
            problems.append(Problem(code="text_missing", at="display_name"))
        elif len(wish.display_name) > NAME_LIMIT:
            problems.append(Problem(code="text_too_long", at="display_name", limit=NAME_LIMIT))
        if not set(wish.departments) <= {each.id for each in self.departments()}:
            problems.append(Problem(code="department_unknown", at="departments"))
        if wish.id and wish.role != "admin" and self._is_last_admin(wish.id):
            problems.append(Problem(code="last_admin", at="role"))
        return problems

    def save(self, wish: MemberWish) -> str:
        """Invite or change; returns the id. Call `find_problems` first.

        Departments lost get new keys, departments gained are handed over as far as this desktop can.
        Raises KeysNotReady where that needs the directory key and it is not here.
        """
        before = self.find(wish.id) if wish.id else None
        lost = set(before.departments) - set(wish.departments) if before is not None else set()
        self._need_directory_for(lost)
        id = self._put_member(wish, before)
        if before is not None:
            self._certify_again(before, wish)
            self._renew(lost)
            self._keys.equip(id, [each for each in wish.departments if each not in before.departments])
        return id

    def save_all(self, wishes: Iterable[MemberWish], leaving: Iterable[str]) -> None:
        """Many at once, as in April: every department that loses somebody gets one new key, at the end."""
        lost: set[str] = set()
        gained: list[tuple[str, list[str]]] = []
        for id in leaving:
            member = self.find(id)
            if member is not None:
                lost |= set(member.departments)
                self._put_leave(id, "")
        for wish in wishes:
            before = self.find(wish.id) if wish.id else None
            id = self._put_member(wish, before)
            if before is not None:
                lost |= set(before.departments) - set(wish.departments)
                new = [each for each in wish.departments if each not in before.departments]
                gained.append((id, new))
                self._certify_again(before, wish)
        self._renew(lost)
        for id, departments in gained:
            self._keys.equip(id, departments)

    def can_renew_keys(self) -> bool:
        """Whether departments may lose members here: either there are no keys yet, or this person keeps the
        directory.
        """
        keys = self._replica.records.all("key", DepartmentKey)
        return all(key.retired for key in keys) or self._keys.can_certify()

    def _put_member(self, wish: MemberWish, before: StaffMember | None) -> str:
        id = wish.id or new_id(self._clock())
        payload = MemberSave(
            staff=id,
            login_name=before.login_name if before is not None else wish.login_name,
            display_name=wish.display_name.strip(),
            role=wish.role,
            departments=wish.departments,
        )
        self._replica.outbox.put("member.save", payload, based_on=self._version("staff", id))
        return id

    def leave(self, id: str, heir: str = "") -> None:
        """Close an account; `heir` takes over drafts and open work. Raises KeysNotReady as `save`."""
        member = self.find(id)
        departments = set(member.departments) if member is not None else set()
        self._need_directory_for(departments)
        self._put_leave(id, heir)
        self._renew(departments)

    def alone_in(self, id: str) -> list[Department]:
        """Departments with contact forms in which this person is the last one: what residents send there
        could be read by nobody any more.
        """
        asked = self._asked()
        return [
            each
            for each in self.departments()
            if each.id in asked and [member.id for member in self.members_of(each.id)] == [id]
        ]

    def find_leave_problems(self, id: str) -> list[Problem]:
        if id == self._me:
            return [Problem(code="own_account")]
        return [Problem(code="last_admin")] if self._is_last_admin(id) else []

    def code(self, id: str, kind: CodeKind) -> CodeAnswer:
        """A one-time code for a member the relay knows; asks the relay. Raises a `Trouble`."""
        return self._act("codes", CodeWish(staff=id, kind=kind), CodeAnswer)

    # -- departments ------------------------------------------------------------------------------------

    def save_department(self, name: str, id: str = "") -> str:
        """Add or rename; returns the id."""
        known = self._replica.records.one("department", id, Department) if id else None
        if known is not None:
            department = known.body.model_copy(update={"name": name.strip()})
        else:
            position = max((each.position for each in self.departments(removed=True)), default=-1) + 1
            department = Department(id=id or new_id(self._clock()), name=name.strip(), position=position)
        self._put_department(department)
        return department.id

    def find_department_problems(self, name: str, id: str = "") -> list[Problem]:
        if not name.strip():
            return [Problem(code="text_missing", at="name")]
        if len(name.strip()) > NAME_LIMIT:
            return [Problem(code="text_too_long", at="name", limit=NAME_LIMIT)]
        same = (each for each in self.departments() if _folded(each.name) == _folded(name) and each.id != id)
        return [Problem(code="duplicate_label", at="name")] if any(same) else []

    def move_department(self, id: str, steps: int) -> None:
        """One up (-1) or down (1) in the list."""
        order = self.departments()
        place = next((n for n, each in enumerate(order) if each.id == id), None)
        if place is None or not 0 <= place + steps < len(order):
            return
        order.insert(place + steps, order.pop(place))
        for position, each in enumerate(order):
            if each.position != position:
                self._put_department(each.model_copy(update={"position": position}))

    def remove_department(self, id: str) -> None:
        """Refused `in_use` by the relay while it has members or open contact forms."""
        self._replica.outbox.put(
            "department.remove", DepartmentRemove(department=id), based_on=self._version("department", id)
        )

    def members_of(self, department: str) -> list[StaffMember]:
        everybody = self._replica.records.staff()
        return [each for each in everybody if department in each.departments and each.state != "left"]

    # -- rights -----------------------------------------------------------------------------------------

    def grid(self) -> RightsGrid:
        stored = self._replica.records.one("rights", "town", RightsGrid)
        return stored.body if stored is not None else RightsGrid()

    def save_grid(self, grid: RightsGrid) -> None:
        """The whole grid as it should be."""
        self._replica.outbox.put(
            "rights.save", RightsSave(grid=grid), based_on=self._version("rights", "town")
        )

    # -- inside -----------------------------------------------------------------------------------------

    def _asked(self) -> frozenset[str]:
        forms = self._replica.records.all("contact_form", ContactForm)
        return frozenset(id for form in forms for id, level in form.access.items() if level != "none")

    def _is_last_admin(self, id: str) -> bool:
        staff = self._replica.records.staff()
        admins = {each.id for each in staff if each.role == "admin" and each.state == "active"}
        return admins == {id}

    def _certify_again(self, before: StaffMember, wish: MemberWish) -> None:
        changed_role = (before.role == "admin") != (wish.role == "admin")
        if changed_role or set(before.departments) != set(wish.departments):
            self._keys.certify_again(before.id, wish.departments, wish.role)

    def _need_directory_for(self, departments: Iterable[str]) -> None:
        keys = self._replica.records.all("key", DepartmentKey)
        with_key = {key.department for key in keys if not key.retired}
        if with_key & set(departments) and not self._keys.can_certify():
            raise KeysNotReady

    def _put_leave(self, id: str, heir: str) -> None:
        self._replica.outbox.put(
            "member.leave", MemberLeave(staff=id, heir=heir), based_on=self._version("staff", id)
        )

    def _renew(self, departments: Iterable[str]) -> None:
        """New keys for those that had one; who lost the department is not among its members any more."""
        with_key = {key.department for key in self._keys.department_keys() if not key.retired}
        for department in sorted(with_key & set(departments)):
            self._keys.rotate(department)

    def _put_department(self, department: Department) -> None:
        self._replica.outbox.put(
            "department.save",
            DepartmentSave(department=department),
            based_on=self._version("department", department.id),
        )

    def _version(self, kind: str, id: str) -> int:
        return self._replica.records.version(kind, id)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().strip()
