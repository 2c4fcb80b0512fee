"""An office with the town's keys: people the directory vouches for, and keys wrapped to them."""

from __future__ import annotations

from protocol.certificates import DIRECTORY, DepartmentKey, KeyWrap, Trust
from protocol.changes import KeyPublish, MemberConfirm, TrustPublish
from protocol.staff import Role, StaffMember
from relay.features.keys import readers_for
from tests.relay.features.office import Office
from tests.relay.town_keys import TownKeys


class Town:
    """An office whose first administrator has published the town's keys."""

    def __init__(self, office: Office, admin: StaffMember) -> None:
        self.office = office
        self.admin = admin
        self.keys = TownKeys()
        for department in ("welfare", "tax"):
            office.add_department(department)
        wraps = (self.wrap(DIRECTORY, admin),)
        self.done("trust.publish", TrustPublish(trust=self.keys.trust(office.clock()), wraps=wraps))
        self.confirm(admin)

    def done(self, kind: str, payload: object, based_on: int = 0) -> None:
        assert self.office.reason(self.admin, kind, payload, based_on) == ""  # type: ignore[arg-type]

    def person(
        self, name: str, *departments: str, role: Role = "editor", confirm: bool = True
    ) -> StaffMember:
        who = self.office.add_person(name, role=role, departments=departments, state="unconfirmed")
        if confirm:
            self.confirm(who)
        return self.office.member(who.id)

    def confirm(self, who: StaffMember) -> None:
        certificate = self.keys.certificate(who, self.office.clock())
        self.done("member.confirm", MemberConfirm(certificate=certificate))

    def wrap(self, key: str, to: StaffMember, by: StaffMember | None = None) -> KeyWrap:
        return self.keys.wrap(key, to, by or self.admin, self.office.clock())

    def key(self, department: str, *members: StaffMember, replaces: tuple[str, ...] = ()) -> DepartmentKey:
        members = members or (self.person(f"keeper of {department}", department),)
        key = self.keys.department_key(department, self.office.clock())
        wraps = tuple(self.wrap(key.id, member) for member in members)
        self.done("key.publish", KeyPublish(key=key, wraps=wraps, replaces=replaces))
        return key

    def trust(self) -> Trust:
        return Trust.parse(self.office.seen(self.admin, "trust")["town"].body)

    def shown(self, key: DepartmentKey) -> DepartmentKey:
        return DepartmentKey.parse(self.office.seen(self.admin, "key")[key.id].body)

    def readers(self, *departments: str) -> dict[str, str]:
        database = self.office.database
        with database.read() as connection:
            return readers_for(connection, database.cipher, departments)

    def wraps_of(self, who: StaffMember) -> set[str]:
        return {id.partition("/")[0] for id in self.office.seen(who, "wrap")}
