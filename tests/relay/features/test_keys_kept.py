"""What was taken does not come back with old statements, and no key is left to nobody. SEC-2, SEC-8.

What the directory once signed is known to everybody and stays signed: the relay must not take it twice.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from protocol.certificates import DIRECTORY, DepartmentKey, certify_department_key
from protocol.changes import KeyPublish, MemberConfirm, MemberLeave, WrapAdd
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.keys import Lost, drop_wraps
from relay.store.staff import find_account, update_account
from tests.conftest import Clock
from tests.relay.features.key_office import Town
from tests.relay.features.office import Office, save_of


@pytest.fixture
def town(office: Office, sato: StaffMember) -> Town:
    return Town(office, sato)


def move(office: Office, by: StaffMember, who: StaffMember, *departments: str) -> str:
    version = office.records(by, "staff")[who.id].version
    return office.reason(by, "member.save", save_of(office.member(who.id), departments=departments), version)


def reset(office: Office, who: StaffMember) -> None:
    """As if the person had taken a reset code."""
    with office.database.write() as connection:
        account = find_account(connection, office.database.cipher, who.id)
        assert account is not None
        drop_wraps(connection, office.database.cipher, account, Lost(entitled=True), office.clock())
        fresh = dataclasses.replace(account, state="unconfirmed", certificate="")
        update_account(connection, office.database.cipher, fresh)


# --- keys sent again ---


def test_a_known_key_sent_again_spoils_no_wrap_and_retires_nothing(
    office: Office, town: Town, clock: Clock
) -> None:
    hanako, jiro = town.person("hanako", "welfare"), town.person("jiro", "welfare")
    office.set_grid({"section_admin": {"staff": "edit"}})
    old = town.key("welfare", hanako)
    clock.forward(minutes=1)
    new = town.key("welfare", hanako, replaces=(old.id,))
    waiting = office.add_person("waiting", role="admin", state="unconfirmed")
    clerk = office.add_person("clerk", role="section_admin")
    before = office.records(hanako, "wrap")[f"{old.id}/{hanako.id}"]
    for sender in (waiting, clerk):
        wraps = tuple(
            town.wrap(old.id, who, sender).model_copy(update={"sealed": "AAAA"}) for who in (hanako, jiro)
        )
        again = KeyPublish(key=town.shown(old), wraps=wraps, replaces=(new.id,))
        assert office.reason(sender, "key.publish", again) == ""
    assert office.records(hanako, "wrap")[f"{old.id}/{hanako.id}"] == before
    assert not office.seen(jiro, "wrap")
    assert (town.shown(old).holders, town.shown(old).retired) == ((hanako.id,), True)
    assert town.readers("welfare") == {new.id: new.public}


def test_an_older_certificate_of_a_key_does_not_come_back(office: Office, town: Town, clock: Clock) -> None:
    key = town.key("welfare", town.person("hanako", "welfare"))
    clock.forward(minutes=1)
    renewed = certify_department_key(town.keys.directory, key.model_copy(update={"issued_at": clock()}))
    town.done("key.publish", KeyPublish(key=renewed, wraps=()))
    assert office.reason(town.admin, "key.publish", KeyPublish(key=key, wraps=())) == "version_conflict"
    assert town.shown(key).issued_at == clock()


# --- certificates sent again ---


def test_an_old_certificate_brings_nobody_back(office: Office, town: Town, clock: Clock) -> None:
    hanako = town.person("hanako", "welfare", "tax")
    old = hanako.certificate
    assert old is not None
    again = MemberConfirm(certificate=old)
    assert move(office, town.admin, hanako, "tax") == ""
    assert office.reason(town.admin, "member.confirm", again) == "not_certified", "it says otherwise"
    clock.forward(minutes=1)
    town.confirm(office.member(hanako.id))
    assert move(office, town.admin, hanako, "tax", "welfare") == ""
    assert office.reason(town.admin, "member.confirm", again) == "not_certified"
    reset(office, hanako)
    assert office.reason(town.admin, "member.confirm", again) == "not_certified", "forgotten with a reset"
    assert office.member(hanako.id).state == "unconfirmed"
    clock.forward(minutes=1)
    town.confirm(office.member(hanako.id))


def test_a_certificate_says_what_the_account_says(office: Office, town: Town, clock: Clock) -> None:
    hanako = town.person("hanako", "welfare")
    clock.forward(minutes=1)
    for update in ({"departments": ("tax", "welfare")}, {"departments": ()}, {"role": "admin"}):
        certificate = town.keys.certificate(hanako.model_copy(update=update), clock())
        confirm = MemberConfirm(certificate=certificate)
        assert office.reason(town.admin, "member.confirm", confirm) == "not_certified"
    ahead = town.keys.certificate(hanako, clock() + timedelta(hours=1))
    assert office.reason(town.admin, "member.confirm", MemberConfirm(certificate=ahead)) == "clock_skew"
    assert office.member(hanako.id) == hanako


def test_a_role_alone_makes_nobody_keeper_of_the_directory(office: Office, town: Town, clock: Clock) -> None:
    hanako = town.person("hanako", "tax")
    version = office.records(town.admin, "staff")[hanako.id].version
    town.done("member.save", save_of(hanako, role="admin"), version)
    add = WrapAdd(wraps=(town.wrap(DIRECTORY, hanako),))
    assert office.reason(town.admin, "wrap.add", add) == "not_entitled", "the certificate does not say so yet"
    clock.forward(minutes=1)
    town.confirm(office.member(hanako.id))
    assert office.reason(town.admin, "wrap.add", add) == ""


def test_nobody_but_an_administrator_moves_to_another_department_by_the_own_hand(
    office: Office, town: Town
) -> None:
    office.set_grid({"section_admin": {"staff": "edit"}})
    clerk = town.person("clerk", "tax", role="section_admin")
    hanako = town.person("hanako", "tax")
    assert move(office, clerk, clerk, "tax", "welfare") == "own_account"
    assert move(office, clerk, hanako, "tax", "welfare") == ""
    assert move(office, town.admin, town.admin, "welfare") == ""


# --- somebody leaves ---


def test_a_new_key_comes_although_one_of_its_members_lost_a_right_meanwhile(
    office: Office, town: Town, clock: Clock
) -> None:
    hanako, jiro, kei = (town.person(name, "welfare") for name in ("hanako", "jiro", "kei"))
    old = town.key("welfare", hanako, jiro, kei)
    town.done("member.leave", MemberLeave(staff=kei.id))
    reset(office, jiro)
    clock.forward(minutes=1)
    new = town.key("welfare", hanako, jiro, kei, replaces=(old.id,))
    assert town.shown(new).holders == (hanako.id,)
    assert town.readers("welfare") == {new.id: new.public}
    assert not office.seen(jiro, "wrap")


@pytest.mark.parametrize("how", ["leaves", "moves", "leaves after a reset"])
def test_a_key_somebody_took_along_is_marked_until_a_newer_one_comes(
    office: Office, town: Town, clock: Clock, how: str
) -> None:
    hanako, kei = town.person("hanako", "welfare"), town.person("kei", "welfare", "tax")
    key, other = town.key("welfare", hanako, kei), town.key("tax", kei)
    if how == "leaves after a reset":
        reset(office, kei)
        assert not town.shown(key).stale, "the same person comes back"
    if how == "moves":
        assert move(office, town.admin, kei, "tax") == ""
    else:
        town.done("member.leave", MemberLeave(staff=kei.id))
    assert town.shown(key).stale and town.shown(other).stale == (how != "moves")
    again = KeyPublish(key=town.shown(key), wraps=(town.wrap(key.id, hanako),))
    town.done("key.publish", again)
    town.done("wrap.add", WrapAdd(wraps=(town.wrap(key.id, hanako),)))
    assert town.shown(key).stale
    clock.forward(minutes=1)
    claimed = town.keys.department_key("welfare", clock()).model_copy(update={"stale": True})
    town.done("key.publish", KeyPublish(key=claimed, wraps=(town.wrap(claimed.id, hanako),)))
    assert not town.shown(claimed).stale


def test_the_mark_of_the_relay_is_not_part_of_what_the_directory_signed(town: Town, clock: Clock) -> None:
    key: DepartmentKey = town.keys.department_key("tax", clock())
    signed = certify_department_key(town.keys.directory, key.model_copy(update={"stale": True}))
    assert signed.signature == certify_department_key(town.keys.directory, key).signature


# --- nobody is left ---


def test_a_key_for_nobody_is_refused(office: Office, town: Town) -> None:
    key = town.keys.department_key("welfare", office.clock())
    assert office.reason(town.admin, "key.publish", KeyPublish(key=key, wraps=())) == "not_entitled"
    assert not office.records(town.admin, "key")


def test_nothing_is_sealed_to_a_key_whose_last_holder_left(office: Office, town: Town) -> None:
    hanako = town.person("hanako", "welfare")
    key = town.key("welfare", hanako)
    assert set(town.readers("welfare")) == {key.id}
    town.done("member.leave", MemberLeave(staff=hanako.id))
    with pytest.raises(Refused, match="no_department_key"):
        town.readers("welfare")
