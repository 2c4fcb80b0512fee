"""Codes claim invited accounts, add devices, give lost accounts new keys; none gives more. SEC-1, ADM-2."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from protocol.audit import AuditQuery
from protocol.certificates import DIRECTORY
from protocol.changes import (
    DepartmentSave,
    DeviceRevoke,
    ItemSave,
    KeyPublish,
    MemberConfirm,
    MemberLeave,
    MemberSave,
    RightsSave,
    TrustPublish,
)
from protocol.ids import new_id
from protocol.rights import RightsGrid
from protocol.signin import CodeAnswer, CodeKind, CodeWish, EnrolAnswer
from protocol.staff import Department, MemberState, Role, StaffMember
from protocol.sync import SyncRequest
from relay.serve import RunningRelay
from relay.store.audit import search_entries
from relay.store.second_factors import put_second_factor
from relay.store.staff import find_account
from tests.conftest import Clock
from tests.relay.desk import PASSPHRASE, Desk, reason
from tests.relay.features.office import district_item
from tests.relay.town_keys import TownKeys

NewDesk = Callable[[str], Desk]


@pytest.fixture
def new_desk(relay: RunningRelay, clock: Clock) -> Iterator[NewDesk]:
    """Machines nobody enrolled yet, each with somebody before it."""
    desks: list[Desk] = []

    def make(login_name: str) -> Desk:
        desks.append(Desk(relay.url, relay.certificate, clock, login_name))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


def invite(admin: Desk, login_name: str, role: Role = "editor", departments: tuple[str, ...] = ()) -> str:
    id = new_id(admin.clock())
    wish = MemberSave(
        staff=id, login_name=login_name, display_name="山田 花", role=role, departments=departments
    )
    admin.do("member.save", wish)
    return id


def code_for(admin: Desk, staff: str, kind: CodeKind) -> str:
    answer = admin.call("/staff/codes", CodeWish(staff=staff, kind=kind))
    assert answer.status_code == 200, answer.text
    return CodeAnswer.parse(answer.content).code


def refused(who: Desk, staff: str, kind: CodeKind) -> str:
    return reason(who.call("/staff/codes", CodeWish(staff=staff, kind=kind)))


def claimed(admin: Desk, desk: Desk, role: Role = "editor", departments: tuple[str, ...] = ()) -> Desk:
    """Somebody invited who took the account over and signed in."""
    desk.enrol(code_for(admin, invite(admin, desk.login_name, role, departments), "enrol"))
    assert desk.sign_in().status_code == 200
    return desk


def shown(desk: Desk, staff: str) -> StaffMember:
    return StaffMember.parse(desk.records()[("staff", staff)].body)


def state(relay: RunningRelay, staff: str) -> str:
    database = relay.relay.database
    with database.read() as connection:
        account = find_account(connection, database.cipher, staff)
    assert account is not None
    return account.state


def set_up(admin: Desk) -> TownKeys:
    """The town has keys, and its first administrator is confirmed."""
    town = TownKeys()
    member = shown(admin, admin.staff)
    wrap = town.wrap(DIRECTORY, member, member, admin.clock())
    admin.do("trust.publish", TrustPublish(trust=town.trust(admin.clock()), wraps=(wrap,)))
    admin.do("member.confirm", MemberConfirm(certificate=town.certificate(member, admin.clock())))
    return town


def confirm(admin: Desk, town: TownKeys, staff: str) -> StaffMember:
    certificate = town.certificate(shown(admin, staff), admin.clock())
    admin.do("member.confirm", MemberConfirm(certificate=certificate))
    return shown(admin, staff)


# --- claiming an invited account ---


def test_an_invited_person_claims_the_account_and_waits_to_be_compared(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk
) -> None:
    staff = invite(desk, "hanako")
    hanako = new_desk("hanako")
    request = hanako.enrol_request(code_for(desk, staff, "enrol"))
    enrolled = EnrolAnswer.parse(hanako.call("/staff/enrol", request).content)
    assert (enrolled.staff.id, enrolled.staff.state) == (staff, "unconfirmed")
    assert enrolled.staff.display_name == "山田 花"  # as invited, whatever the request says
    assert (enrolled.staff.sign_key, enrolled.staff.seal_key) == (request.sign_key, request.seal_key)
    hanako.take(enrolled)
    assert hanako.sign_in().status_code == 200
    assert shown(desk, staff).state == "unconfirmed"


def test_somebody_unconfirmed_gets_what_everybody_gets_and_does_own_things_only(
    desk: Desk, new_desk: NewDesk
) -> None:
    hanako = claimed(desk, new_desk("hanako"), role="section_admin")
    assert set(hanako.sync().cursor) == {"town", f"staff:{hanako.staff}"}
    item = hanako.change("item.save", ItemSave(item=district_item()))
    assert hanako.sync(item).results[0].reason == "not_allowed"
    assert reason(hanako.call("/staff/ask/quota")) == "not_allowed"
    hanako.do("device.revoke", DeviceRevoke(device=hanako.device))


def test_an_invited_account_is_claimed_once(desk: Desk, new_desk: NewDesk) -> None:
    staff = invite(desk, "hanako")
    first, second = code_for(desk, staff, "enrol"), code_for(desk, staff, "enrol")
    new_desk("hanako").enrol(first)
    thief = new_desk("hanako")
    assert reason(thief.call("/staff/enrol", thief.enrol_request(second))) == "code_used"
    assert refused(desk, staff, "enrol") == "version_conflict"


def test_a_code_for_an_invited_account_claims_no_other(desk: Desk, new_desk: NewDesk) -> None:
    code = code_for(desk, invite(desk, "hanako"), "enrol")
    invite(desk, "jiro")
    for name in ("jiro", "sato", "nobody"):
        thief = new_desk(name)
        assert reason(thief.call("/staff/enrol", thief.enrol_request(code))) == "code_wrong"
    new_desk("hanako").enrol(code)


def test_a_refused_claim_leaves_the_code_and_the_account_as_they_were(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk
) -> None:
    staff = invite(desk, "hanako")
    hanako = new_desk("hanako")
    request = hanako.enrol_request(code_for(desk, staff, "enrol"))
    for update in ({"seal_key": "B" + "A" * 86}, {"sign_key": ""}, {"wrapped_keys": ""}, {"cost": None}):
        answer = hanako.call("/staff/enrol", request.model_copy(update=update))
        assert (answer.status_code, reason(answer)) == (400, "malformed")
    assert state(relay, staff) == "invited"
    assert hanako.call("/staff/enrol", request).status_code == 200


# --- who may make which code ---


def test_everyone_makes_a_code_for_a_further_device_of_their_own_and_no_other(
    desk: Desk, new_desk: NewDesk
) -> None:
    hanako = claimed(desk, new_desk("hanako"))
    further = new_desk("hanako")
    request = further.enrol_request(code_for(hanako, hanako.staff, "device"), further_device=True)
    further.take(EnrolAnswer.parse(further.call("/staff/enrol", request).content))
    assert further.sign_in().status_code == 200
    for staff, kind in ((desk.staff, "device"), (desk.staff, "reset"), (hanako.staff, "enrol")):
        assert refused(hanako, staff, kind) == "not_allowed"  # type: ignore[arg-type]
    assert refused(hanako, hanako.staff, "reset") == "own_account"


def test_codes_are_refused_with_the_reason_people_need(desk: Desk, new_desk: NewDesk) -> None:
    invited = invite(desk, "invited")
    gone = invite(desk, "gone")
    desk.do("member.leave", MemberLeave(staff=gone))
    assert refused(desk, invited, "device") == refused(desk, invited, "reset") == "version_conflict"
    assert refused(desk, gone, "reset") == refused(desk, gone, "enrol") == "member_left"
    assert refused(desk, "nobody", "reset") == refused(desk, "\0", "reset") == "member_unknown"
    assert refused(desk, desk.staff, "reset") == "own_account"
    assert reason(desk.call("/staff/codes", body=b"{}")) == "malformed"


def test_who_keeps_the_staff_list_by_the_grid_makes_no_code_for_an_administrator(
    desk: Desk, new_desk: NewDesk
) -> None:
    town = set_up(desk)
    hanako = claimed(desk, new_desk("hanako"), role="section_admin")
    confirm(desk, town, hanako.staff)
    desk.do("rights.save", RightsSave(grid=RightsGrid(cells={"section_admin": {"staff": "edit"}})))
    for kind in ("device", "reset"):
        assert refused(hanako, desk.staff, kind) == "not_allowed"
    assert code_for(hanako, invite(hanako, "jiro"), "enrol")


def test_every_code_leaves_an_entry_in_the_audit_log(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk
) -> None:
    staff = invite(desk, "hanako")
    new_desk("hanako").enrol(code_for(desk, staff, "enrol"))
    with relay.relay.database.read() as connection:
        made = search_entries(connection, AuditQuery(kinds=("code_made", "device_enrolled")), 2)
    assert [(entry.kind, entry.staff) for entry in made] == [
        ("device_enrolled", staff),
        ("code_made", desk.staff),
    ]


# --- a lost passphrase ---


def test_a_reset_gives_new_keys_and_leaves_nothing_of_the_old(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk, clock: Clock
) -> None:
    town = set_up(desk)
    desk.do("department.save", DepartmentSave(department=Department(id="welfare", name="福祉課")))
    hanako = claimed(desk, new_desk("hanako"), departments=("welfare",))
    member = confirm(desk, town, hanako.staff)
    key = town.department_key("welfare", clock())
    wrap = town.wrap(key.id, member, shown(desk, desk.staff), clock())
    desk.do("key.publish", KeyPublish(key=key, wraps=(wrap,)))
    assert ("wrap", f"{key.id}/{hanako.staff}") in hanako.records()
    left_over = code_for(hanako, hanako.staff, "device")
    with relay.relay.database.write() as connection:
        put_second_factor(connection, relay.relay.database.cipher, hanako.staff, "JBSWY3DPEHPK3PXP")
    assert reason(hanako.sign_in()) == "second_code_needed"

    fresh = new_desk("hanako")
    fresh.enrol(code_for(desk, hanako.staff, "reset"))
    assert fresh.sign_in().status_code == 200
    after = shown(desk, hanako.staff)
    assert (after.state, after.certificate, after.role) == ("unconfirmed", None, "editor")
    assert not after.second_factor
    assert after.departments == ("welfare",)
    assert after.sign_key != member.sign_key and after.seal_key != member.seal_key
    assert not any(kind == "wrap" for kind, _ in fresh.records())
    assert desk.records()[("key", key.id)].body["holders"] == []
    assert set(fresh.sync().cursor) == {"town", f"staff:{hanako.staff}"}
    # The old machine, its session and the code made before open nothing.
    assert reason(hanako.call("/staff/sync", SyncRequest(protocol=1))) == "device_revoked"
    other = new_desk("hanako")
    late = other.enrol_request(left_over, further_device=True)
    assert reason(other.call("/staff/enrol", late)) == "code_used"
    # The old certificate is about keys the account no longer has.
    old = desk.change("member.confirm", MemberConfirm(certificate=town.certificate(member, clock())))
    assert desk.sync(old).results[0].reason == "not_certified"


def test_a_change_signed_before_the_reset_is_nobodys(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk
) -> None:
    hanako = claimed(desk, new_desk("hanako"))
    waiting = hanako.change("device.revoke", DeviceRevoke(device=hanako.device))
    fresh = new_desk("hanako")
    fresh.enrol(code_for(desk, hanako.staff, "reset"))
    assert fresh.sign_in().status_code == 200
    assert fresh.sync(waiting).results[0].reason == "bad_signature"


def test_the_last_administrator_comes_back_by_the_host_and_the_directory_key(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk, clock: Clock
) -> None:
    town = set_up(desk)
    clock.forward(seconds=1)
    back = new_desk("sato")
    back.enrol(relay.new_code("sato", reset=True))
    assert back.sign_in().status_code == 200
    assert state(relay, back.staff) == "unconfirmed"
    # Only a certificate of the directory key opens the way; the shell of the relay alone does not.
    grid = back.change("rights.save", RightsSave(grid=RightsGrid()))
    stranger = TownKeys().certificate(shown(back, back.staff), back.clock())
    forged = back.change("member.confirm", MemberConfirm(certificate=stranger))
    assert [r.reason for r in back.sync(grid, forged).results] == ["not_allowed", "not_certified"]
    own = MemberConfirm(certificate=town.certificate(shown(back, back.staff), back.clock()))
    back.do("member.confirm", own)
    assert state(relay, back.staff) == "active"
    back.do("rights.save", RightsSave(grid=RightsGrid()))


def test_before_the_town_has_keys_the_only_administrator_goes_on_after_a_reset(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk
) -> None:
    back = new_desk("sato")
    back.enrol(relay.new_code("sato", reset=True))
    assert state(relay, back.staff) == "active"
    assert reason(desk.sign_in(PASSPHRASE)) == "device_revoked"


@pytest.mark.parametrize(("has_keys", "expected"), [(False, "active"), (True, "unconfirmed")])
def test_a_further_administrator_from_the_host_waits_once_the_town_has_keys(
    relay: RunningRelay, desk: Desk, new_desk: NewDesk, has_keys: bool, expected: MemberState
) -> None:
    if has_keys:
        set_up(desk)
    second = new_desk("suzuki")
    second.enrol(relay.new_code())
    assert state(relay, second.staff) == expected


def test_the_host_makes_the_code_an_account_needs(relay: RunningRelay, desk: Desk, new_desk: NewDesk) -> None:
    staff = invite(desk, "hanako")
    new_desk("hanako").enrol(relay.new_code("hanako"))
    assert state(relay, staff) == "unconfirmed"
