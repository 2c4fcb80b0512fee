"""Lists of residents (「リスト」): tags, people chosen here, people who enter a code. SEG-4.

The desktop knows how many are on a list, never who: a list holds random resident ids at the relay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from desktop.features.groups import Use, uses_of
from desktop.keys.keyring import KeyRing
from desktop.replica.lists import CodeQuery, HeldCode, Label
from desktop.replica.records import Shown
from desktop.replica.replica import Replica
from protocol.changes import ExportMade
from protocol.delivery_changes import CodesAdd, CodesRevoke, ListChange, ListFill, ListRemove, ListSave
from protocol.ids import is_id, new_id
from protocol.lists import (
    CODES_AT_ONCE,
    RESIDENTS_AT_ONCE,
    Code,
    ListKind,
    ResidentList,
    code_hash,
    find_name_problems,
    new_code,
)
from protocol.problems import Problem
from protocol.sealing import CannotOpen, SealedHeader, SealedRecord, open_sealed, seal
from protocol.segments import Segment
from protocol.staff import Department
from protocol.wire import Wire

T = TypeVar("T")


class ListInvalid(ValueError):
    """The list cannot be saved as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class CodePerson:
    """For whom a code is, as the town's own list says: a number, a name, a department or a duty."""

    number: str
    name: str
    department: str = ""

    def __repr__(self) -> str:
        return "CodePerson()"  # a name has no place in a log


@dataclass(frozen=True)
class MadeCode:
    """A code that is about to be handed out. It is kept nowhere: only its hash leaves this machine."""

    person: CodePerson
    code: str

    def __repr__(self) -> str:
        return "MadeCode()"


@dataclass
class Lists:
    """`town` is the relay's id; `ring` the keys this person holds."""

    replica: Replica
    ring: Callable[[], KeyRing]
    clock: Callable[[], datetime]
    town: str

    def all(self) -> list[Shown[ResidentList]]:
        """By name."""
        return self.replica.records.shown("list", ResidentList)

    def get(self, list_id: str) -> Shown[ResidentList] | None:
        return self.replica.records.one("list", list_id, ResidentList)

    def departments(self) -> list[Department]:
        departments = self.replica.records.all("department", Department)
        return [department for department in departments if not department.removed]

    def new(self, kind: ListKind, name: str = "") -> ResidentList:
        """Not kept anywhere yet."""
        return ResidentList(id=new_id(self.clock()), name=name, kind=kind)

    def problems(self, one: ResidentList) -> tuple[Problem, ...]:
        """Why it cannot be saved; empty when it can."""
        problems = find_name_problems(one.name)
        if one.kind == "codes" and not one.departments:
            problems += (Problem(code="department_missing", at="departments"),)
        elif one.kind == "codes" and len(self._readers(one)) < len(one.departments):
            problems += (Problem(code="no_department_key", at="departments"),)
        return problems

    def save(self, one: ResidentList) -> str:
        """Leave the change in the outbox; returns its id. Raises ListInvalid."""
        problems = self.problems(one)
        if problems:
            raise ListInvalid(problems)
        return self._put("list.save", ListSave(list=one), one.id)

    def remove(self, list_id: str) -> str:
        """The relay refuses it `in_use` while something names it; `uses` says what."""
        return self._put("list.remove", ListRemove(list=list_id), list_id)

    def uses(self, list_id: str) -> list[Use]:
        return uses_of(self.replica, "list", list_id)

    # -- who is on it ----------------------------------------------------------------------------------

    def fill(self, list_id: str, segment: Segment, *, instead: bool = False) -> str:
        """Everybody who meets the segment now; `instead` of those on the tag, or besides."""
        return self._put("list.fill", ListFill(list=list_id, segment=segment, instead=instead), list_id)

    def change(self, list_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> int:
        """Put residents on a list, or take them off; returns how many ids went into the outbox.

        What is no id of a resident is left out; a long list goes in portions.
        """
        added, removed = _ids(add), _ids(remove)
        for portion in _portions(added, RESIDENTS_AT_ONCE):
            self._put("list.change", ListChange(list=list_id, add=portion), list_id)
        for portion in _portions(removed, RESIDENTS_AT_ONCE):
            self._put("list.change", ListChange(list=list_id, remove=portion), list_id)
        return len(added) + len(removed)

    # -- codes -----------------------------------------------------------------------------------------

    def make_codes(self, people: Iterable[CodePerson]) -> list[MadeCode]:
        """A fresh code for each of them. Nothing is kept, nothing leaves this machine."""
        return [MadeCode(person, new_code()) for person in people]

    def add_codes(self, one: ResidentList, made: Sequence[MadeCode]) -> None:
        """Put hashes and sealed labels into the outbox. Raises ListInvalid where a department has no key."""
        problems = self.problems(one)
        if problems:
            raise ListInvalid(problems)
        readers = self._readers(one)
        codes = [self._code(one, each, readers) for each in made]
        for portion in _portions(codes, CODES_AT_ONCE):
            self._put("codes.add", CodesAdd(codes=portion), one.id)

    def revoke_codes(self, list_id: str, codes: Iterable[str]) -> int:
        """These codes are void and whoever entered them leaves the list; returns how many."""
        wanted = tuple(codes)
        for portion in _portions(wanted, CODES_AT_ONCE):
            self._put("codes.revoke", CodesRevoke(list=list_id, codes=portion), list_id)
        return len(wanted)

    def open_labels(self, list_id: str) -> None:
        """Open for whom the codes are, where a key for it is held; forget it where none is held any more."""
        keys = self.ring().private_keys
        if set(self.replica.codes.opened_with()) - set(keys):
            self.replica.codes.close_without(sorted(keys))
        shown = self.get(list_id)
        if shown is None or not self.can_read(shown.body):
            return
        sealed = self.replica.codes.sealed(list_id)
        self.replica.codes.keep(
            [
                self._label(list_id, code, record, keys)
                for code, record in sealed
                if not keys.keys().isdisjoint(record.wraps)
            ]
        )

    def page(self, query: CodeQuery) -> list[HeldCode]:
        return self.replica.codes.page(query)

    def count(self, query: CodeQuery) -> int:
        return self.replica.codes.count(query)

    def counts(self, list_id: str) -> dict[str, int]:
        """How many codes are in each state: unused, used, revoked."""
        return self.replica.codes.counts(list_id)

    def can_read(self, one: ResidentList) -> bool:
        """Whether this person holds a key of one of the list's departments."""
        ring = self.ring()
        return any(
            key.department in one.departments and key.id in ring.secrets
            for key in ring.department_keys.values()
        )

    def note_export(self, what: str, count: int) -> None:
        """Something left the program as a file: the audit log learns what and how many lines."""
        self.replica.outbox.put("export.made", ExportMade(what=what, count=count), based_on=0)

    # -- within ----------------------------------------------------------------------------------------

    def _put(self, kind: str, payload: Wire, list_id: str) -> str:
        version = self.replica.records.version("list", list_id)
        return self.replica.outbox.put(kind, payload, based_on=version)

    def _readers(self, one: ResidentList) -> dict[str, str]:
        return self.ring().readers(one.departments)

    def _code(self, one: ResidentList, made: MadeCode, readers: dict[str, str]) -> Code:
        now = self.clock()
        id = new_id(now)
        header = SealedHeader(
            town=self.town, part="staff", id=id, object=label_object(one.id), sealed_at=now,
            departments=one.departments,
        )  # fmt: skip
        person = made.person
        content = {"number": person.number, "name": person.name, "department": person.department}
        return Code(id=id, list=one.id, hash=code_hash(made.code), label=seal(header, content, readers))

    def _label(
        self, list_id: str, code: str, record: SealedRecord, keys: dict[str, EllipticCurvePrivateKey]
    ) -> Label:
        header = record.header
        if (header.part, header.id, header.object) != ("staff", code, label_object(list_id)):
            return Label(code, unopened="record_damaged")
        try:
            content = open_sealed(record, keys, town=self.town)
        except CannotOpen as error:
            return Label(code, unopened=error.reason)
        key = next(id for id in record.wraps if id in keys)
        return Label(code, key, *(str(content.get(name, "")) for name in ("number", "name", "department")))


def label_object(list_id: str) -> str:
    """What the sealed label of a code says it belongs to."""
    return f"list:{list_id}"


def _ids(residents: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id for id in residents if is_id(id)))


def _portions(things: Sequence[T], size: int) -> list[tuple[T, ...]]:
    return [tuple(things[start : start + size]) for start in range(0, len(things), size)]
