"""A relay with somebody of every role, inside and outside of the department things belong to, signed in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocol.encoding import to_base64
from protocol.ids import new_id
from protocol.keys import new_secret
from protocol.rights import ADMINS, department_audience, inbox_audience
from protocol.sealing import SealedHeader, seal
from protocol.signin import PassphraseCost
from protocol.staff import ROLES, Department, MemberState, Role
from protocol.submissions import ContactForm, Submission
from relay.config import RelaySettings
from relay.features.sign_in import hash_token
from relay.features.staff import member_of, publish_member
from relay.serve import RunningRelay, running_relay
from relay.store.database import Database
from relay.store.devices import add_device
from relay.store.records import put_record
from relay.store.sessions import start_session
from relay.store.staff import StaffAccount, add_account
from tests.relay.desk import Desk

INSIDE, OUTSIDE = "welfare", "tax"


@dataclass
class Person:
    """One row of the matrix: who it is, the own desk, and a form and two submissions of the department."""

    label: str
    role: Role
    state: MemberState
    inside: bool
    desk: Desk
    things: dict[str, str] = field(default_factory=dict)


class World:
    """Everybody of the matrix at one relay."""

    def __init__(self, relay: RunningRelay, clock: Callable[[], datetime]) -> None:
        self.relay = relay
        self.clock = clock
        self.people: dict[str, Person] = {}
        for id in (INSIDE, OUTSIDE):
            self.put("department", id, Department(id=id, name=id).as_json())
        for role in ROLES:
            self._add(f"{role} inside", role, "active", inside=True)
            self._add(f"{role} outside", role, "active", inside=False)
        self._add("unconfirmed admin", "admin", "unconfirmed", inside=True)
        self._add("unconfirmed editor", "editor", "unconfirmed", inside=True)

    @property
    def database(self) -> Database:
        return self.relay.relay.database

    def put(self, kind: str, id: str, body: dict[str, Any], *audiences: str) -> None:
        with self.database.write() as connection:
            put_record(
                connection,
                self.database.cipher,
                kind=kind,
                id=id,
                body=body,
                now=self.clock(),
                audiences=audiences or ("town",),
            )

    def sign_in(self, person: Person) -> None:
        """A fresh session, as if the passphrase had been typed again."""
        desk = person.desk
        desk.token = uuid.uuid4().hex
        with self.database.write() as connection:
            start_session(
                connection,
                token_hash=hash_token(desk.token),
                staff=desk.staff,
                device=desk.device,
                now=self.clock(),
            )

    def close(self) -> None:
        for person in self.people.values():
            person.desk.close()

    def _add(self, label: str, role: Role, state: MemberState, *, inside: bool) -> None:
        desk = Desk(self.relay.url, self.relay.certificate, self.clock, label)
        desk.staff, desk.device, desk.relay = (
            new_id(self.clock()),
            str(uuid.uuid4()),
            self.database.relay_id,
        )
        account = StaffAccount(
            id=desk.staff,
            login_name=label,
            display_name=label,
            role=role,
            cost=PassphraseCost(salt="x"),
            login_key_hash=b"",
            sign_key=to_base64(desk.keys.sign_public),
            seal_key=to_base64(desk.keys.seal_public),
            wrapped_keys="",
            state=state,
            departments=(INSIDE if inside else OUTSIDE,),
        )
        cipher, now = self.database.cipher, self.clock()
        with self.database.write() as connection:
            add_account(connection, cipher, account, now=now)
            publish_member(connection, cipher, member_of(account), now)
            key = to_base64(desk.device_key.public_key().public_bytes_raw())
            add_device(connection, cipher, id=desk.device, staff=desk.staff, public_key=key, name="", now=now)
        person = Person(label=label, role=role, state=state, inside=inside, desk=desk)
        self._give_things(person)
        self.people[label] = person
        self.sign_in(person)

    def _give_things(self, person: Person) -> None:
        """Objects of the department for this row alone, so that what one row does changes no other cell."""
        for use in ("save", "remove"):
            form = ContactForm(id=str(uuid.uuid4()), title="ご相談", access={INSIDE: "edit"})
            person.things[f"form to {use}"] = form.id
            audiences = (ADMINS, department_audience(INSIDE))
            self.put("contact_form", form.id, form.as_json(), *audiences)
        for use in ("update", "open"):
            submission = a_submission(self.database.relay_id, person.things["form to save"], self.clock())
            person.things[f"submission to {use}"] = submission.id
            self.put("submission", submission.id, submission.as_json(), inbox_audience(INSIDE))


def a_submission(town: str, form: str, now: datetime, department: str = INSIDE) -> Submission:
    """Something a resident sent, sealed to a key that nobody here has."""
    id = new_id(now)
    header = SealedHeader(town=town, part="answer", id=id, object=f"contact:{form}", sealed_at=now)
    sealed = seal(header, {"text": "秘密"}, {"key": new_secret().public})
    return Submission(
        id=id,
        number=f"2026-{id[-6:]}",
        object=f"contact:{form}",
        departments=(department,),
        received_at=now,
        sealed=sealed,
    )


@contextmanager
def running_world(settings: RelaySettings, clock: Callable[[], datetime]) -> Iterator[World]:
    with running_relay(settings, clock=clock) as relay:
        world = World(relay, clock)
        yield world
        world.close()
