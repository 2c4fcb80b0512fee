"""The relay takes only keys the directory signed, and hands wraps only to those entitled: SEC-2, SEC-8."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.certificates import (
    DIRECTORY,
    KeyWrap,
    certify_department_key,
    certify_directory,
    public_text,
)
from protocol.changes import (
    DepartmentRemove,
    KeyPublish,
    MemberConfirm,
    MemberLeave,
    TrustPractised,
    TrustPublish,
    WrapAdd,
)
from protocol.ids import new_id
from protocol.keys import CannotUnwrap, new_secret, unwrap
from protocol.staff import StaffMember
from relay.errors import Refused
from tests.conftest import Clock
from tests.relay.features.key_office import Town
from tests.relay.features.office import Office, save_of
from tests.relay.town_keys import TownKeys


@pytest.fixture
def town(office: Office, sato: StaffMember) -> Town:
    return Town(office, sato)


# --- the town root and the directory ---


def test_the_first_administrator_holds_the_directory_key_and_opens_the_own_wrap(
    office: Office, town: Town
) -> None:
    trust = town.trust()
    assert trust.directory_holders == (town.admin.id,)
    wrap = KeyWrap.parse(office.seen(town.admin, "wrap")[f"{DIRECTORY}/{town.admin.id}"].body)
    opened = unwrap(wrap.sealed, office.keys_of(town.admin).seal, key=DIRECTORY, reader=town.admin.id)
    assert opened == town.keys.directory.private_bytes_raw()


def test_another_root_never_takes_the_place_of_the_first(office: Office, town: Town, clock: Clock) -> None:
    clock.forward(hours=1)
    other = TrustPublish(trust=TownKeys().trust(clock()))
    for based_on in (0, town.office.records(town.admin, "trust")["town"].version):
        assert office.reason(town.admin, "trust.publish", other, based_on) == "trust_exists"
    assert town.trust().root == public_text(town.keys.root)


def test_a_directory_that_its_root_did_not_sign_is_refused(office: Office, sato: StaffMember) -> None:
    keys, stranger, now = TownKeys(), TownKeys(), office.clock()
    good = keys.trust(now)
    directory = good.directory
    for wrong in (
        good.model_copy(update={"root": public_text(stranger.root)}),
        good.model_copy(update={"directory": stranger.trust(now).directory}),
        good.model_copy(update={"directory": directory.model_copy(update={"key": good.root})}),
        good.model_copy(update={"directory": directory.model_copy(update={"signature": ""})}),
    ):
        assert office.reason(sato, "trust.publish", TrustPublish(trust=wrong)) == "not_certified"
    no_point = good.model_copy(update={"recovery": good.root})
    assert office.reason(sato, "trust.publish", TrustPublish(trust=no_point)) == "malformed"
    ahead = keys.trust(now + timedelta(hours=1))
    assert office.reason(sato, "trust.publish", TrustPublish(trust=ahead)) == "clock_skew"
    assert office.reason(sato, "trust.practised", TrustPractised()) == "not_set_up"
    assert not office.records(sato, "trust")


def test_a_new_directory_by_the_same_root_ends_the_old_one(office: Office, town: Town, clock: Clock) -> None:
    town.done("trust.practised", TrustPractised())
    assert town.trust().practised_at == clock()
    old = town.keys.trust(clock())
    version = office.records(town.admin, "trust")["town"].version
    clock.forward(hours=1)
    fresh = TownKeys()
    fresh.root = town.keys.root
    wraps = (fresh.wrap(DIRECTORY, town.admin, town.admin, clock()),)
    renewed = TrustPublish(trust=fresh.trust(clock()), wraps=wraps)
    assert office.reason(town.admin, "trust.publish", renewed) == "version_conflict"
    assert office.reason(town.admin, "trust.publish", renewed, version) == ""
    assert town.trust().practised_at is None  # new shares, which nobody practised yet
    # Nothing the old directory signs counts any more, and it does not come back.
    certificate = town.keys.certificate(town.admin, clock())
    confirm = MemberConfirm(certificate=certificate)
    assert office.reason(town.admin, "member.confirm", confirm) == "not_certified"
    handed = WrapAdd(wraps=(town.wrap(DIRECTORY, town.admin),))
    assert office.reason(town.admin, "wrap.add", handed) == "not_entitled"
    back = TrustPublish(trust=old)
    assert office.reason(town.admin, "trust.publish", back, version + 1) == "trust_exists"


def test_the_directory_key_goes_to_confirmed_administrators_only(office: Office, town: Town) -> None:
    editor = town.person("editor", "welfare")
    waiting = town.person("waiting", role="admin", confirm=False)
    second = town.person("second", role="admin")
    for who in (editor, waiting):
        add = WrapAdd(wraps=(town.wrap(DIRECTORY, who),))
        assert office.reason(town.admin, "wrap.add", add) == "not_entitled"
    own = WrapAdd(wraps=(town.wrap(DIRECTORY, second, editor),))
    assert office.reason(editor, "wrap.add", own) == "key_missing"
    town.done("wrap.add", WrapAdd(wraps=(town.wrap(DIRECTORY, second),)))
    assert town.trust().directory_holders == tuple(sorted((town.admin.id, second.id)))
    town.done(
        "member.save", save_of(second, role="viewer"), office.records(second, "staff")[second.id].version
    )
    assert town.trust().directory_holders == (town.admin.id,)
    assert town.wraps_of(second) == set()


# --- department keys ---


def test_a_published_key_is_what_is_sealed_to_and_its_members_open_it(office: Office, town: Town) -> None:
    hanako = town.person("hanako", "welfare")
    with pytest.raises(Refused, match="no_department_key"):
        town.readers("welfare")
    key = town.key("welfare", hanako)
    assert town.readers("welfare") == {key.id: key.public}
    assert town.shown(key).holders == (hanako.id,)
    wrap = KeyWrap.parse(office.seen(hanako, "wrap")[f"{key.id}/{hanako.id}"].body)
    raw = unwrap(wrap.sealed, office.keys_of(hanako).seal, key=key.id, reader=hanako.id)
    assert raw == town.keys.secrets[key.id].raw
    with pytest.raises(CannotUnwrap):
        unwrap(wrap.sealed, office.keys_of(town.admin).seal, key=key.id, reader=hanako.id)


def test_a_wrap_comes_down_to_its_person_alone(office: Office, town: Town) -> None:
    hanako, jiro = town.person("hanako", "welfare"), town.person("jiro", "welfare")
    key = town.key("welfare", hanako)
    assert set(office.records(hanako, "wrap")) == {f"{key.id}/{hanako.id}"}
    assert not office.records(jiro, "wrap")
    assert set(office.records(town.admin, "wrap")) == {f"{DIRECTORY}/{town.admin.id}"}


def test_a_key_the_directory_did_not_sign_is_refused(office: Office, town: Town, clock: Clock) -> None:
    key = town.keys.department_key("welfare", clock())
    signed_by_stranger = certify_department_key(TownKeys().directory, key)
    for wrong in (
        signed_by_stranger,
        key.model_copy(update={"signature": ""}),
        key.model_copy(update={"department": "tax"}),
        key.model_copy(update={"public": new_secret().public}),
        key.model_copy(update={"year": 2027}),
        key.model_copy(update={"recovery_wrap": "AAAA"}),
        key.model_copy(update={"form_class": "health"}),
    ):
        publish = KeyPublish(key=wrong, wraps=())
        assert office.reason(town.admin, "key.publish", publish) == "not_certified"
    for update, reason in (
        ({"id": "../x"}, "malformed"),
        ({"public": key.directory}, "malformed"),
        ({"department": "nowhere"}, "department_unknown"),
        ({"issued_at": clock() + timedelta(hours=1)}, "clock_skew"),
        ({"year": 9999}, "malformed"),
    ):
        signed = certify_department_key(town.keys.directory, key.model_copy(update=update))
        assert office.reason(town.admin, "key.publish", KeyPublish(key=signed, wraps=())) == reason
    assert not office.records(town.admin, "key")


def test_a_key_goes_only_to_confirmed_members_of_its_department(office: Office, town: Town) -> None:
    outsider = town.person("outsider", "tax")
    waiting = town.person("waiting", "welfare", confirm=False)
    gone = town.person("gone", "welfare")
    town.done("member.leave", MemberLeave(staff=gone.id))
    unseen = office.add_person("unseen", role="editor", departments=("welfare",))  # active, never compared
    stranger = town.admin.model_copy(update={"id": new_id(office.clock())})
    key = town.keys.department_key("welfare", office.clock())
    for who, reason in (
        (outsider, "not_entitled"),
        (waiting, "not_entitled"),
        (gone, "not_entitled"),
        (unseen, "not_entitled"),
        (town.admin, "not_entitled"),
        (stranger, "member_unknown"),
    ):
        publish = KeyPublish(key=key, wraps=(town.wrap(key.id, who),))
        assert office.reason(town.admin, "key.publish", publish) == reason
    assert not office.records(town.admin, "key")  # nothing of a refused change is left
    assert not office.records(outsider, "wrap")


def test_wraps_that_are_not_what_they_say_are_refused(office: Office, town: Town) -> None:
    hanako = town.person("hanako", "welfare")
    key = town.keys.department_key("welfare", office.clock())
    good = town.wrap(key.id, hanako)
    for update in ({"by": hanako.id}, {"sealed": "="}, {"sealed": ""}, {"sealed": "A" * 4000}, {"key": "x"}):
        publish = KeyPublish(key=key, wraps=(good.model_copy(update=update),))
        assert office.reason(town.admin, "key.publish", publish) == "malformed"
    unknown = WrapAdd(wraps=(good,))
    assert office.reason(town.admin, "wrap.add", unknown) == "key_unknown"
    nul = WrapAdd(wraps=(good.model_copy(update={"key": "\0"}),))
    assert office.reason(town.admin, "wrap.add", nul) == "key_unknown"


def test_a_member_hands_a_key_on_and_nobody_spoils_what_is_there(office: Office, town: Town) -> None:
    hanako, jiro, kei = (town.person(name, "welfare") for name in ("hanako", "jiro", "kei"))
    key = town.key("welfare", hanako)
    early = WrapAdd(wraps=(town.wrap(key.id, kei, jiro),))
    assert office.reason(jiro, "wrap.add", early) == "key_missing"
    assert office.reason(hanako, "wrap.add", WrapAdd(wraps=(town.wrap(key.id, jiro, hanako),))) == ""
    assert town.shown(key).holders == tuple(sorted((hanako.id, jiro.id)))
    before = office.records(hanako, "wrap")[f"{key.id}/{hanako.id}"]
    rubbish = town.wrap(key.id, hanako, jiro).model_copy(update={"sealed": "AAAA"})
    assert office.reason(jiro, "wrap.add", WrapAdd(wraps=(rubbish,))) == ""
    assert office.records(hanako, "wrap")[f"{key.id}/{hanako.id}"] == before
    # An administrator who has it from the recovery shares may renew one.
    town.done("wrap.add", WrapAdd(wraps=(town.wrap(key.id, hanako),)))
    assert office.records(hanako, "wrap")[f"{key.id}/{hanako.id}"] != before


def test_a_new_key_retires_the_one_it_replaces(office: Office, town: Town, clock: Clock) -> None:
    hanako = town.person("hanako", "welfare")
    old = town.key("welfare", hanako)
    foreign = town.key("tax")
    clock.forward(minutes=1)
    key = town.keys.department_key("welfare", clock())
    for replaces in ((foreign.id,), (new_id(clock()),), ("\0",)):
        publish = KeyPublish(key=key, wraps=(), replaces=replaces)
        assert office.reason(town.admin, "key.publish", publish) == "key_unknown"
    town.done("key.publish", KeyPublish(key=key, wraps=(town.wrap(key.id, hanako),), replaces=(old.id,)))
    assert (town.shown(old).retired, town.shown(key).retired) == (True, False)
    assert town.readers("welfare", "tax") == {key.id: key.public, foreign.id: foreign.public}
    assert town.wraps_of(hanako) == {old.id, key.id}  # the past stays readable


def test_an_older_key_does_not_slip_in_front_of_a_newer_one(office: Office, town: Town, clock: Clock) -> None:
    hanako = town.person("hanako", "welfare")
    older = town.keys.department_key("welfare", clock())
    clock.forward(minutes=1)
    newer = town.key("welfare", hanako).id
    for replaces in ((), (newer,)):
        late = KeyPublish(key=older, wraps=(), replaces=replaces)
        assert office.reason(town.admin, "key.publish", late) == "version_conflict"
    key = town.keys.department_key("welfare", clock())
    beside = KeyPublish(key=key, wraps=(town.wrap(key.id, hanako),))
    assert office.reason(town.admin, "key.publish", beside) == "version_conflict"
    instead = beside.model_copy(update={"replaces": (newer,)})
    assert office.reason(town.admin, "key.publish", instead) == ""


def test_the_same_key_is_certified_again_and_never_changed(office: Office, town: Town, clock: Clock) -> None:
    hanako = town.person("hanako", "welfare")
    key = town.key("welfare", hanako)
    clock.forward(minutes=1)
    again = certify_department_key(town.keys.directory, key.model_copy(update={"issued_at": clock()}))
    town.done("key.publish", KeyPublish(key=again, wraps=()))
    assert town.shown(key).issued_at == clock()
    assert town.shown(key).holders == (hanako.id,)
    other = key.model_copy(update={"public": new_secret().public})
    swapped = certify_department_key(town.keys.directory, other)
    reason = office.reason(town.admin, "key.publish", KeyPublish(key=swapped, wraps=()))
    assert reason == "version_conflict"


# --- losing keys ---


def test_whoever_changes_department_loses_the_wraps_of_the_old_one(office: Office, town: Town) -> None:
    hanako = town.person("hanako", "welfare", "tax")
    welfare, tax = town.key("welfare", hanako), town.key("tax", hanako)
    version = office.records(hanako, "staff")[hanako.id].version
    town.done("member.save", save_of(hanako, departments=("tax",)), version)
    assert town.wraps_of(hanako) == {tax.id}
    assert (town.shown(welfare).holders, town.shown(tax).holders) == ((), (hanako.id,))
    # and cannot hand on what is no longer held
    jiro = town.person("jiro", "welfare")
    add = WrapAdd(wraps=(town.wrap(welfare.id, jiro, hanako),))
    assert office.reason(hanako, "wrap.add", add) == "key_missing"


def test_whoever_leaves_loses_every_wrap(office: Office, town: Town) -> None:
    second = town.person("second", "welfare", role="admin")
    key = town.key("welfare", second)
    town.done("wrap.add", WrapAdd(wraps=(town.wrap(DIRECTORY, second),)))
    town.done("member.leave", MemberLeave(staff=second.id))
    assert town.wraps_of(second) == set()
    assert (town.shown(key).holders, town.trust().directory_holders) == ((), (town.admin.id,))


def test_nothing_more_is_sealed_to_a_removed_department(office: Office, town: Town) -> None:
    hanako = town.person("hanako", "tax")
    key = town.key("tax", hanako)
    town.done("member.leave", MemberLeave(staff=hanako.id))
    town.done("department.remove", DepartmentRemove(department="tax"), 1)
    assert town.shown(key).retired
    with pytest.raises(Refused, match="no_department_key"):
        town.readers("tax")


def test_an_administrator_back_from_the_shares_renews_keys_after_confirming_the_own(
    office: Office, town: Town, clock: Clock
) -> None:
    hanako = town.person("hanako", "welfare")
    town.key("welfare", hanako)
    back = town.person("back", "welfare", role="admin", confirm=False)
    clock.forward(minutes=1)
    key = town.keys.department_key("welfare", clock())
    forged = certify_department_key(TownKeys().directory, key)
    assert office.reason(back, "key.publish", KeyPublish(key=forged, wraps=())) == "not_certified"
    handed = KeyPublish(key=key, wraps=(town.wrap(key.id, hanako, back),))
    assert office.reason(back, "key.publish", handed) == ""
    own = WrapAdd(wraps=(town.wrap(key.id, back, back),))
    assert office.reason(back, "wrap.add", own) == "key_missing"  # not before the keys are confirmed
    confirm = MemberConfirm(certificate=town.keys.certificate(back, clock()))
    assert office.reason(back, "member.confirm", confirm) == ""
    assert office.reason(back, "wrap.add", own) == ""
    directory = certify_directory(
        town.keys.root,
        public_text(town.keys.directory),
        clock(),
        recovery=town.keys.recovery.public,
    )
    assert town.trust().directory.key == directory.key
