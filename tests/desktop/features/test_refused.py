"""SEC-9, SEC-2: what the relay refuses stays in sight with its reason until it is let go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.features.key_tasks import KeyTask
from desktop.features.office import Office
from desktop.features.wording import words_for, words_of_reason
from protocol.certificates import DepartmentKey, KeyWrap
from protocol.changes import (
    PAYLOADS,
    ContactFormRemove,
    ContactFormSave,
    DepartmentRemove,
    DepartmentSave,
    DeviceRevoke,
    KeyPublish,
    MemberLeave,
    MemberSave,
    RightsSave,
    SubmissionUpdate,
    TrustPractised,
    WrapAdd,
)
from protocol.ids import new_id
from protocol.rights import RightsGrid
from protocol.staff import Department
from protocol.submissions import ContactForm
from protocol.wire import Wire
from tests.conftest import Clock
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.town import Machine, Town, running_town

AT = datetime(2026, 11, 20, tzinfo=UTC)
KEY = DepartmentKey(
    id="k2", department="d1", year=2026, public="", recovery_wrap="", issued_at=AT, directory=""
)
CHANGES: dict[str, tuple[Wire, str]] = {
    "department.save": (DepartmentSave(department=Department(id="d1", name="土木課")), "土木課"),
    "department.remove": (DepartmentRemove(department="d1"), ""),
    "member.save": (MemberSave(staff="s1", login_name="kato", display_name="加藤", role="editor"), "加藤"),
    "member.leave": (MemberLeave(staff="s1"), ""),
    "rights.save": (RightsSave(grid=RightsGrid()), ""),
    "trust.practised": (TrustPractised(), ""),
    "key.publish": (KeyPublish(key=KEY, wraps=()), ""),
    "wrap.add": (WrapAdd(wraps=(KeyWrap(key="k1", staff="s1", sealed="", by="s2", made_at=AT),)), ""),
    "device.revoke": (DeviceRevoke(device="x"), ""),
    "contact_form.save": (ContactFormSave(form=ContactForm(id="f1", title="道路")), "「道路」"),
    "contact_form.remove": (ContactFormRemove(form="f1"), ""),
    "submission.update": (SubmissionUpdate(submission="m1", state="done"), ""),
}


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_a_refused_change_is_seen_with_its_reason_and_let_go(
    office: Office, relay: FakeRelay, kind: str
) -> None:
    payload, about = CHANGES[kind]
    office.home._replica.outbox.put(kind, payload, based_on=0)
    relay.refuse_next("not_allowed")
    office.sync()
    (entry,) = office.home.refused()
    assert (entry.kind, entry.reason, office.home.about(entry)) == (kind, "not_allowed", about)
    assert office.home.today().refused == [entry]
    assert words_of_reason(entry.reason).what and office.home.may_let_go(entry)
    office.home.dismiss(entry.id)
    assert office.home.refused() == []


def test_every_change_has_a_name_on_the_screen() -> None:
    assert set(PAYLOADS) <= set(words_for("change"))


def test_another_change_of_the_same_thing_hides_no_refusal(office: Office, relay: FakeRelay) -> None:
    outbox = office.home._replica.outbox
    for staff in ("s1", "s2"):
        wrap = KeyWrap(key="k1", staff=staff, sealed="", by="s3", made_at=AT)
        outbox.put("wrap.add", WrapAdd(wraps=(wrap,)), based_on=0)
        relay.refuse_next("not_allowed")
        office.sync()
    outbox.put("member.save", CHANGES["member.save"][0], based_on=0)
    relay.refuse_next("version_conflict")
    office.sync()
    outbox.put("member.leave", MemberLeave(staff="s1"), based_on=0)
    office.sync()
    assert [entry.kind for entry in office.home.refused()] == ["wrap.add", "wrap.add", "member.save"]


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


def refused_rotation(town: Town, admin: Machine, department: str, leaver: str) -> None:
    """The relay takes the leaving, and refuses the new key."""
    people, outbox = admin.office.people, admin.office.home._replica.outbox
    current = admin.office.ring().current_key(department)
    assert current is not None
    town.clock.forward(minutes=1)
    people._put_leave(leaver, "")
    spoilt = {"id": new_id(town.clock()), "issued_at": town.clock(), "signature": "x", "holders": ()}
    key = current.model_copy(update=spoilt)
    outbox.put("key.publish", KeyPublish(key=key, wraps=(), replaces=(current.id,)), based_on=0)
    admin.office.sync()


def test_a_refused_rotation_stays_a_task_until_there_is_a_newer_key(town: Town) -> None:
    admin = town.begin()
    town.make_keys(admin)
    welfare = town.department(admin, "福祉課")
    suzuki, kato = town.invite(admin, "suzuki", welfare), town.invite(admin, "kato", welfare)
    town.confirm(admin, suzuki)
    town.confirm(admin, kato)
    suzuki.office.sync()
    suzuki.office.town_keys.hand_on(kato.office.me.id, welfare)
    town.sync(suzuki, admin)
    refused_rotation(town, admin, welfare, suzuki.office.me.id)
    office = admin.office
    (entry,) = office.home.refused()
    current = office.ring().current_key(welfare)
    assert current is not None and suzuki.office.me.id not in current.holders
    assert entry.kind == "key.publish" and office.home.about(entry) == "福祉課"
    assert office.people.key_tasks() == [KeyTask("rotate", department=welfare)]
    office.home.dismiss(entry.id)
    assert office.home.refused() == [entry] and not office.home.may_let_go(entry)
    assert office.people.key_tasks() == [KeyTask("rotate", department=welfare)]
    town.clock.forward(minutes=1)
    office.town_keys.rotate(welfare)
    office.sync()
    assert office.people.key_tasks() == []
    assert office.home.may_let_go(entry)
    office.home.dismiss(entry.id)
    assert office.home.refused() == []
