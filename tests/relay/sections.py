"""Departments with keys, contact forms and what residents send to them, straight in a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from protocol.certificates import DepartmentKey
from protocol.ids import new_id
from protocol.keys import SharedSecret
from protocol.rights import ADMINS, Level, department_audience
from protocol.sealing import SealedHeader, SealedRecord, open_sealed, seal
from protocol.staff import Department
from protocol.submissions import ContactForm, StaffContent, Submission, SubmittedContent
from relay.features.copies import GivenCopy
from relay.features.submissions import SUBMISSION, Arrived, receive
from relay.store.database import Database
from relay.store.records import find_record, put_record
from relay.store.residents import find_resident
from tests.relay.town_keys import TownKeys


class Sections:
    """The departments of one relay, with the secrets their members would hold."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock
        self.town = TownKeys()
        self.key_of: dict[str, str] = {}
        """Department → id of its key in use."""

    def add(self, id: str, name: str = "福祉課", *, with_key: bool = True) -> None:
        self.put("department", id, Department(id=id, name=name).as_json())
        if with_key:
            self.renew_key(id)

    def renew_key(self, department: str) -> str:
        """A new key; the one before is retired. Returns its id."""
        before = self.key_of.get(department)
        if before is not None:
            with self.database.read() as connection:
                record = find_record(connection, self.database.cipher, "key", before)
            assert record is not None
            self.put("key", before, {**record.body, "retired": True})
        key = self.town.department_key(department, self.clock())
        self.put("key", key.id, key.model_copy(update={"holders": ("somebody",)}).as_json())
        self.key_of[department] = key.id
        return key.id

    def shown_key(self, department: str) -> DepartmentKey:
        with self.database.read() as connection:
            record = find_record(connection, self.database.cipher, "key", self.key_of[department])
        assert record is not None
        return DepartmentKey.parse(record.body)

    def secret(self, department: str) -> SharedSecret:
        return self.town.secrets[self.key_of[department]]

    def readers(self, *departments: str) -> dict[str, str]:
        return {self.key_of[id]: self.secret(id).public for id in departments}

    def add_form(self, form: ContactForm) -> None:
        """A form without anybody's change."""
        named = [department_audience(id) for id, level in form.access.items() if level != "none"]
        self.put("contact_form", form.id, form.as_json(), (ADMINS, *named))

    def put(self, kind: str, id: str, body: dict[str, Any], audiences: tuple[str, ...] = ("town",)) -> None:
        with self.database.write() as connection:
            put_record(
                connection,
                self.database.cipher,
                kind=kind,
                id=id,
                body=body,
                now=self.clock(),
                audiences=audiences,
            )

    def arrive(
        self,
        user_id: str,
        departments: tuple[str, ...],
        text: str = "道路に穴があいています。",
        *,
        object: str = "contact:roads",
        id: str = "",
        copy: GivenCopy | None = None,
        address: str = "192.0.2.1",
    ) -> Submission:
        """As if a resident had sent it on a page."""
        arrived = Arrived(
            id=id or new_id(self.clock()),
            object=object,
            title="道路のこと",
            departments=departments,
            content=SubmittedContent(topic="道路", text=text),
            copy=copy,
        )
        with self.database.write() as connection:
            resident = find_resident(connection, self.database.cipher, user_id)
            assert resident is not None
            receive(connection, self.database, arrived, resident, self.clock(), address=address)
        return self.submission(arrived.id)

    def submission(self, id: str) -> Submission:
        with self.database.read() as connection:
            record = find_record(connection, self.database.cipher, SUBMISSION, id)
        assert record is not None
        return Submission.parse(record.body)

    def open(self, record: SealedRecord, department: str) -> dict[str, Any]:
        """What a member of the department reads."""
        keys = {id: secret.private for id, secret in self.town.secrets.items() if id in record.wraps}
        own = {id: key for id, key in keys.items() if id == self.key_of[department]}
        return open_sealed(record, own, town=self.database.relay_id)

    def staff_part(
        self, submission: Submission, note: str = "", reply: str = "", **header: Any
    ) -> SealedRecord:
        """What a desktop seals about a submission."""
        values: dict[str, Any] = {
            "town": self.database.relay_id,
            "part": "staff",
            "id": submission.id,
            "object": submission.object,
            "sealed_at": self.clock(),
            "departments": submission.departments,
        }
        content = StaffContent(note=note, reply=reply).as_json()
        return seal(SealedHeader(**{**values, **header}), content, self.readers(*submission.departments))


def open_form(id: str = "roads", *, photos: bool = False, **access: Level) -> ContactForm:
    """An open form of these departments."""
    return ContactForm(
        id=id,
        title="道路のこと",
        guide="こわれている所をお知らせください。",
        purpose="道路を直すため",
        access=dict(access),
        photos=photos,
        is_open=True,
    )
