"""People come, move, and leave; departments and the grid of rights change. Proves ADM-1, ADM-2, ADM-5."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.changes import (
    DepartmentRemove,
    DepartmentSave,
    MemberConfirm,
    MemberLeave,
    MemberSave,
    RightsSave,
    TrustPublish,
)
from protocol.deliveries import Delivery
from protocol.ids import new_id
from protocol.rights import DELIVERIES, RightsGrid
from protocol.staff import Department, Role, StaffMember
from protocol.submissions import ContactForm
from relay.store.devices import add_device, find_device
from relay.store.enrolment_codes import add_code, find_code
from relay.store.sessions import find_session, start_session
from relay.store.staff import find_account
from tests.relay.features.office import Office, district_item, new_draft, save_of
from tests.relay.town_keys import TownKeys

# --- departments ---


def test_a_department_is_added_renamed_and_seen_by_everybody(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    made = DepartmentSave(department=Department(id="tax", name="税務課", position=2))
    assert office.do(sato, "department.save", made).version == 1
    renamed = DepartmentSave(department=Department(id="tax", name="市民税課", position=2))
    assert office.reason(sato, "department.save", renamed) == "version_conflict"
    assert office.do(sato, "department.save", renamed, 1).version == 2
    assert Department.parse(office.seen(hanako, "department")["tax"].body).name == "市民税課"


@pytest.mark.parametrize(
    ("id", "name", "reason"),
    [
        ("", "税務課", "malformed"),
        ("a/b", "税務課", "malformed"),
        ("x" * 37, "税務課", "malformed"),
        ("tax", "  ", "text_missing"),
        ("tax", "課" * 61, "text_too_long"),
        ("tax", "税\0", "malformed"),
    ],
)
def test_a_department_without_a_name_or_a_proper_id_is_refused(
    office: Office, sato: StaffMember, id: str, name: str, reason: str
) -> None:
    made = DepartmentSave(department=Department(id=id, name=name))
    assert office.reason(sato, "department.save", made) == reason


def test_a_department_with_members_open_forms_or_questions_stays(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    remove = DepartmentRemove(department="welfare")
    assert office.reason(sato, "department.remove", remove, 1) == "in_use"
    assert office.reason(sato, "member.save", save_of(hanako, departments=()), 1) == ""
    form = ContactForm(id="form", title="ご相談", access={"welfare": "view"}, is_open=True)
    office.put("contact_form", "form", form.as_json())
    assert office.reason(sato, "department.remove", remove, 1) == "in_use"
    office.put("contact_form", "form", form.model_copy(update={"is_open": False}).as_json())
    asking = district_item().model_copy(update={"kind": "text", "access": {"welfare": "view"}, "choices": ()})
    office.put("item", asking.id, asking.as_json())
    assert office.reason(sato, "department.remove", remove, 1) == "in_use"
    office.put("item", asking.id, district_item().as_json())
    assert office.reason(sato, "department.remove", remove, 1) == ""


def test_a_removed_department_keeps_its_name_and_takes_nobody(office: Office, sato: StaffMember) -> None:
    office.add_department("tax", "税務課")
    assert office.reason(sato, "department.remove", DepartmentRemove(department="tax"), 1) == ""
    gone = Department.parse(office.seen(sato, "department")["tax"].body)
    assert (gone.name, gone.removed) == ("税務課", True)
    assert office.reason(sato, "member.save", save_of(sato, departments=("tax",)), 1) == "department_unknown"
    again = DepartmentSave(department=Department(id="tax", name="税務課"))
    assert office.reason(sato, "department.save", again, 2) == "not_found"
    for id in ("tax", "\0", "nowhere"):
        remove = DepartmentRemove(department=id)
        assert office.reason(sato, "department.remove", remove, 2) == "department_unknown"


# --- inviting and changing ---


def invitation(login_name: str = "yamada", role: Role = "editor", **more: object) -> MemberSave:
    values = {"departments": ("welfare",), "display_name": "山田 花", **more}
    return MemberSave(
        staff="0192f0c0-0000-7000-8000-000000000001",
        login_name=login_name,
        role=role,
        **values,
    )


def test_an_invited_person_has_an_account_and_no_keys(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    invited = invitation()
    assert office.do(sato, "member.save", invited).version == 1
    shown = StaffMember.parse(office.seen(hanako, "staff")[invited.staff].body)
    assert (shown.state, shown.sign_key, shown.seal_key, shown.certificate) == ("invited", "", "", None)
    assert (shown.login_name, shown.display_name, shown.role) == ("yamada", "山田 花", "editor")
    assert shown.departments == office.member(invited.staff).departments == ("welfare",)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (invitation("sato"), "login_name_taken"),
        (invitation(departments=("welfare", "nowhere")), "department_unknown"),
        (invitation(display_name=" "), "text_missing"),
        (invitation(login_name=""), "text_missing"),
        (invitation(display_name="花" * 61), "text_too_long"),
        (invitation(login_name="\0"), "malformed"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_with_its_reason(
    office: Office, sato: StaffMember, hanako: StaffMember, wish: MemberSave, reason: str
) -> None:
    assert office.reason(sato, "member.save", wish) == reason
    assert wish.staff not in office.records(sato, "staff")


def test_name_role_and_departments_change_and_the_login_name_never(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    office.add_department("tax")
    wish = save_of(hanako, display_name="鈴木 花子", role="approver", departments=("tax", "welfare"))
    assert office.do(sato, "member.save", wish, 1).version == 2
    changed = office.member(hanako.id)
    assert (changed.display_name, changed.role) == ("鈴木 花子", "approver")
    assert changed.departments == ("tax", "welfare")
    assert office.reason(sato, "member.save", save_of(hanako, login_name="other"), 2) == "malformed"
    assert office.reason(sato, "member.save", wish, 1) == "version_conflict"


def test_what_the_account_does_not_know_survives_a_change(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    office.put("staff", hanako.id, {**hanako.as_json(), "line_linked": True, "second_factor": True})
    assert office.reason(sato, "member.save", save_of(hanako, role="viewer"), 2) == ""
    shown = StaffMember.parse(office.seen(sato, "staff")[hanako.id].body)
    assert (shown.role, shown.line_linked, shown.second_factor) == ("viewer", True, True)


def test_nobody_changes_the_own_role_and_the_last_administrator_stays(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    assert office.reason(sato, "member.save", save_of(sato, role="editor"), 1) == "last_admin"
    office.add_person("tanaka", state="unconfirmed")  # counts for nothing yet
    assert office.reason(sato, "member.save", save_of(sato, role="editor"), 1) == "last_admin"
    suzuki = office.add_person("suzuki")
    assert office.reason(sato, "member.save", save_of(sato, role="editor"), 1) == "own_account"
    assert office.reason(sato, "member.save", save_of(sato, departments=("welfare",)), 1) == ""
    assert office.reason(sato, "member.save", save_of(suzuki, role="editor"), 1) == ""


def test_two_administrators_who_unmake_each_other_leave_one(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    first = office.reason(sato, "member.save", save_of(suzuki, role="editor"), 1)
    second = office.reason(suzuki, "member.save", save_of(sato, role="editor"), 1)
    assert (first, second) == ("", "not_allowed")


# --- confirming ---


def test_confirming_needs_the_directory_key_and_the_very_keys_of_the_account(
    office: Office, sato: StaffMember
) -> None:
    hanako = office.add_person("hanako", role="editor", state="unconfirmed")
    town, stranger = TownKeys(), TownKeys()
    now = office.clock()
    good = town.certificate(hanako, now)
    assert office.reason(sato, "member.confirm", MemberConfirm(certificate=good)) == "not_set_up"
    assert office.reason(sato, "trust.publish", TrustPublish(trust=town.trust(now))) == ""
    other_keys = hanako.model_copy(update={"seal_key": sato.seal_key})
    for wrong in (
        stranger.certificate(hanako, now),
        town.certificate(other_keys, now),
        good.model_copy(update={"staff": sato.id}),
        good.model_copy(update={"issued_at": now + timedelta(seconds=1)}),
        good.model_copy(update={"signature": ""}),
    ):
        assert office.reason(sato, "member.confirm", MemberConfirm(certificate=wrong)) == "not_certified"
    assert office.member(hanako.id).state == "unconfirmed"
    assert office.reason(sato, "member.confirm", MemberConfirm(certificate=good)) == ""
    confirmed = StaffMember.parse(office.seen(sato, "staff")[hanako.id].body)
    assert (confirmed.state, confirmed.certificate) == ("active", good)


def test_nobody_without_keys_or_account_is_confirmed(office: Office, sato: StaffMember) -> None:
    office.add_department("welfare")
    town, now = TownKeys(), office.clock()
    assert office.reason(sato, "trust.publish", TrustPublish(trust=town.trust(now))) == ""
    assert office.reason(sato, "member.save", invitation()) == ""
    invited = office.member(invitation().staff)
    for who, reason in (
        (invited, "not_certified"),
        (invited.model_copy(update={"id": new_id(now)}), "member_unknown"),
        (invited.model_copy(update={"id": "\0"}), "member_unknown"),
    ):
        certificate = town.certificate(who, now)
        assert office.reason(sato, "member.confirm", MemberConfirm(certificate=certificate)) == reason


@pytest.mark.parametrize(("role", "reason"), [("admin", ""), ("section_admin", "not_allowed")])
def test_an_unconfirmed_administrator_is_confirmed_by_the_directory_key_alone(
    office: Office, sato: StaffMember, role: Role, reason: str
) -> None:
    town, now = TownKeys(), office.clock()
    assert office.reason(sato, "trust.publish", TrustPublish(trust=town.trust(now))) == ""
    back = office.add_person("tanaka", role=role, state="unconfirmed")
    assert office.reason(back, "rights.save", RightsSave(grid=RightsGrid())) == "not_allowed"
    forged = TownKeys().certificate(back, now)
    refused = office.reason(back, "member.confirm", MemberConfirm(certificate=forged))
    assert refused == (reason or "not_certified")
    own = MemberConfirm(certificate=town.certificate(back, now))
    assert office.reason(back, "member.confirm", own) == reason
    assert office.member(back.id).state == ("unconfirmed" if reason else "active")


# --- leaving ---


def test_whoever_leaves_has_no_door_left(office: Office, sato: StaffMember, hanako: StaffMember) -> None:
    now, cipher = office.clock(), office.database.cipher
    with office.database.write() as connection:
        add_device(
            connection, cipher, id="device", staff=hanako.id, public_key="k", name="机", now=office.clock()
        )
        start_session(connection, token_hash=b"t", staff=hanako.id, device="device", now=now)
        code = {"id": "c", "secret_hash": b"h", "kind": "device", "for_staff": hanako.id}
        add_code(connection, **code, now=now, expires_at=now + timedelta(hours=1))  # type: ignore[arg-type]
    assert office.reason(sato, "member.leave", MemberLeave(staff=hanako.id)) == ""
    with office.database.read() as connection:
        session, device = find_session(connection, b"t"), find_device(connection, cipher, "device")
        spoilt = find_code(connection, b"h")
        account = find_account(connection, cipher, hanako.id)
    assert session is not None and session.ended
    assert device is not None and device.revoked
    assert spoilt is not None and spoilt.used
    assert account is not None and (account.state, account.departments) == ("left", ())
    assert (account.wrapped_keys, account.login_key_hash) == ("", b"")
    shown = StaffMember.parse(office.seen(sato, "staff")[hanako.id].body)
    assert (shown.state, shown.display_name, shown.sign_key) == ("left", "hanako", hanako.sign_key)
    assert office.reason(sato, "member.leave", MemberLeave(staff=hanako.id)) == "member_left"
    assert office.reason(sato, "member.save", save_of(hanako), 2) == "member_left"


def test_drafts_go_to_the_heir_and_what_was_sent_stays_where_it_was(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    for id in ("d1", "d2"):
        assert office.reason(hanako, "delivery.save", new_draft(id)) == ""
    assert office.reason(sato, "delivery.save", new_draft("d3")) == ""
    sent = office.delivery(sato, "d2").model_copy(update={"state": "sent"})
    office.put("delivery", "d2", sent.as_json(), (DELIVERIES,))
    heir = office.add_person("heir", role="editor")
    assert office.reason(sato, "member.leave", MemberLeave(staff=hanako.id, heir=heir.id)) == ""
    writers = {id: Delivery.parse(r.body).written_by for id, r in office.seen(sato, "delivery").items()}
    assert writers == {"d1": heir.id, "d2": hanako.id, "d3": sato.id}


def test_an_heir_must_be_somebody_who_stays(office: Office, sato: StaffMember, hanako: StaffMember) -> None:
    waiting = office.add_person("waiting", state="unconfirmed")
    for heir in (hanako.id, waiting.id, "nobody", "\0"):
        leave = MemberLeave(staff=hanako.id, heir=heir)
        assert office.reason(sato, "member.leave", leave) == "member_unknown"
    assert office.member(hanako.id).state == "active"


def test_nobody_closes_the_own_account_and_the_last_administrator_stays(
    office: Office, sato: StaffMember
) -> None:
    assert office.reason(sato, "member.leave", MemberLeave(staff=sato.id)) == "last_admin"
    suzuki = office.add_person("suzuki")
    assert office.reason(sato, "member.leave", MemberLeave(staff=sato.id)) == "own_account"
    assert office.reason(sato, "member.leave", MemberLeave(staff=suzuki.id)) == ""
    assert office.reason(sato, "member.leave", MemberLeave(staff="nobody")) == "member_unknown"
