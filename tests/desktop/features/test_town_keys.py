"""SEC-2, ADM-2, F15: keys made, handed on, renewed and brought back, against the real relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.errors import KeysNotReady, MemberChanged, MemberWithoutKeys, OneSheetOnly, SheetsOfAnotherTown
from desktop.features.key_tasks import KeyTask
from desktop.features.people import MemberWish
from desktop.features.town_keys import fiscal_year
from desktop.keys.recovery import new_recovery_secret, split_secret
from protocol.certificates import DIRECTORY
from protocol.ids import new_id
from protocol.sealing import CannotOpen, SealedHeader, SealedRecord, open_sealed, seal
from protocol.submissions import ContactForm
from protocol.sync import Record
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    """佐藤, with the town's keys made."""
    machine = town.begin()
    town.make_keys(machine)
    return machine


def tasks(machine: Machine) -> list[KeyTask]:
    machine.office.sync()
    return machine.office.people.key_tasks()


def letter(machine: Machine, department: str) -> SealedRecord:
    """Something a resident wrote to the department, sealed as the relay would."""
    office = machine.office
    header = SealedHeader(
        town="town", part="answer", id=new_id(office.clock()), object="contact:x", sealed_at=office.clock()
    )
    return seal(header, {"text": "相談"}, office.ring().readers([department]))


def opens(machine: Machine, record: SealedRecord) -> bool:
    try:
        return open_sealed(record, machine.office.ring().private_keys, town="town") == {"text": "相談"}
    except CannotOpen:
        return False


def test_set_up_makes_the_root_known_and_the_administrator_certified(town: Town, admin: Machine) -> None:
    ring = admin.office.ring()
    assert ring.root == "trusted"
    assert ring.directory is not None
    me = admin.office.people.me()
    assert me is not None and ring.is_certified(me)
    assert ring.trust is not None and ring.trust.practised_at == town.clock()
    assert tasks(admin) == []


def test_a_town_is_not_made_before_two_sheets_were_read_back(town: Town) -> None:
    admin = town.begin()
    keys = admin.office.town_keys
    new = keys.prepare_town()
    with pytest.raises(OneSheetOnly):
        keys.make_town(new, [new.sheets[0], new.sheets[0]])
    with pytest.raises(SheetsOfAnotherTown):
        keys.make_town(new, keys.prepare_town().sheets[1:])
    admin.office.sync()
    assert admin.office.ring().root == "none"


def test_a_confirmed_member_reads_the_own_department_and_nobody_else_does(town: Town, admin: Machine) -> None:
    welfare, water = town.department(admin, "福祉課"), town.department(admin, "水道課")
    suzuki, tanaka = town.invite(admin, "suzuki", welfare), town.invite(admin, "tanaka", water)
    assert suzuki.office.ring().root == "unknown"
    assert KeyTask("compare_root") in tasks(suzuki)
    assert [task.kind for task in tasks(admin)] == ["confirm", "confirm"]
    town.confirm(admin, suzuki)
    town.confirm(admin, tanaka)
    town.sync(admin, suzuki, tanaka)
    record = letter(admin, welfare)
    assert opens(suzuki, record)
    # Not even with every check of the server away: they hold no key that fits.
    assert not opens(tanaka, record)
    assert not opens(admin, record)
    assert tasks(admin) == tasks(suzuki) == tasks(tanaka) == []


def test_keys_the_relay_swapped_are_not_confirmed(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    admin.office.sync()
    shown = admin.office.people.find(suzuki.office.me.id)
    assert shown is not None
    swapped = shown.model_copy(update={"seal_key": admin.office.me.seal_key})
    assert admin.office.town_keys.words_of(swapped) != suzuki.office.town_keys.own_words()
    for other in (swapped, shown.model_copy(update={"role": "admin"}),
                  shown.model_copy(update={"departments": ()})):  # fmt: skip
        with pytest.raises(MemberChanged):
            admin.office.town_keys.confirm(other)
    invited = admin.office.people.save(MemberWish("kato", "加藤", "viewer", (welfare,)))
    with pytest.raises(MemberWithoutKeys):
        admin.office.town_keys.words_of(admin.office.people.find(invited))  # type: ignore[arg-type]


def test_a_colleague_hands_the_key_on_and_the_past_comes_with_it(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    old = letter(admin, welfare)
    kato = town.invite(admin, "kato", welfare)
    town.confirm(admin, kato)
    assert not opens(kato, old), "the administrator holds no department key, so cannot hand one on"
    assert tasks(admin) == []
    assert tasks(suzuki) == [KeyTask("hand_on", member=kato.office.me.id, department=welfare)]
    suzuki.office.town_keys.hand_on(kato.office.me.id, welfare)
    town.sync(suzuki, kato)
    assert opens(kato, old)
    assert tasks(suzuki) == []


def test_who_changes_department_loses_what_comes_and_gains_the_other(town: Town, admin: Machine) -> None:
    welfare, water = town.department(admin, "福祉課"), town.department(admin, "水道課")
    suzuki, kato = town.invite(admin, "suzuki", welfare), town.invite(admin, "kato", welfare)
    town.confirm(admin, suzuki)
    town.confirm(admin, kato)
    suzuki.office.sync()
    suzuki.office.town_keys.hand_on(kato.office.me.id, welfare)
    town.sync(suzuki, kato, admin)
    before = letter(admin, welfare)
    town.clock.forward(minutes=5)
    admin.office.people.save(MemberWish("suzuki", "鈴木", "editor", (water,), id=suzuki.office.me.id))
    town.sync(admin, suzuki, kato)
    assert admin.office.home.refused() == []
    after, water_letter = letter(admin, welfare), letter(admin, water)
    assert not opens(suzuki, after)
    assert opens(kato, before) and opens(kato, after)
    assert opens(suzuki, water_letter), "nobody held a key of the water department, so one was made"
    assert not opens(kato, water_letter)


def test_who_leaves_opens_nothing_new_and_may_not_sign_in(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki, kato = town.invite(admin, "suzuki", welfare), town.invite(admin, "kato", welfare)
    town.confirm(admin, suzuki)
    town.confirm(admin, kato)
    suzuki.office.sync()
    kept = dict(suzuki.office.ring().private_keys)
    suzuki.office.town_keys.hand_on(kato.office.me.id, welfare)
    town.sync(suzuki, admin, kato)
    town.clock.forward(minutes=5)
    admin.office.people.leave(suzuki.office.me.id, heir=kato.office.me.id)
    town.sync(admin, kato)
    record = letter(admin, welfare)
    assert opens(kato, record)
    with pytest.raises(CannotOpen):
        open_sealed(record, kept, town="town")
    assert admin.office.home.refused() == []


def test_without_the_directory_key_nobody_takes_a_department_away(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    second = town.invite(admin, "ito", role="admin")
    assert not second.office.people.can_renew_keys()
    with pytest.raises(KeysNotReady):
        second.office.people.leave(suzuki.office.me.id)
    with pytest.raises(KeysNotReady):
        second.office.town_keys.rotate(welfare)


def test_a_second_administrator_gets_the_directory_and_can_confirm(town: Town, admin: Machine) -> None:
    second = town.invite(admin, "ito", role="admin")
    town.confirm(admin, second)
    assert second.office.ring().directory is not None
    kato = town.invite(second, "kato", town.department(second, "福祉課"))
    town.confirm(second, kato)
    assert len(kato.office.ring().secrets) == 1


def test_an_administrator_resets_a_passphrase_and_reads_nothing(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki, kato = town.invite(admin, "suzuki", welfare), town.invite(admin, "kato", welfare)
    town.confirm(admin, suzuki)
    town.confirm(admin, kato)
    suzuki.office.sync()
    suzuki.office.town_keys.hand_on(kato.office.me.id, welfare)
    town.sync(suzuki, kato, admin)
    record = letter(admin, welfare)
    again = town.reset(admin, suzuki)
    assert not opens(again, record)
    assert {task.kind for task in tasks(again)} == {"compare_root", "read_out"}
    assert tasks(kato) == [], "nothing is handed to keys nobody has compared"
    town.confirm(admin, again)
    assert tasks(kato) == [KeyTask("hand_on", member=again.office.me.id, department=welfare)]
    kato.office.town_keys.hand_on(again.office.me.id, welfare)
    town.sync(kato, again)
    assert opens(again, record)
    assert not opens(admin, record)


def test_two_sheets_bring_back_what_the_last_holder_closed(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    record = letter(admin, welfare)
    again = town.reset(admin, suzuki)
    town.confirm(admin, again)
    assert not opens(again, record)
    assert KeyTask("lost", department=welfare) in tasks(admin)
    assert town.keys is not None
    keys = admin.office.town_keys
    restored = keys.restore([town.keys.sheets[2], town.keys.sheets[0]])
    keys.give_restored(restored, welfare, again.office.me.id)
    town.sync(admin, again)
    assert admin.office.home.refused() == []
    assert opens(again, record)
    assert not opens(admin, record), "what the sheets opened is not kept"
    assert tasks(admin) == []


def test_the_last_administrators_lost_passphrase_is_mended_by_two_sheets(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    record = letter(admin, welfare)
    admin.close()
    again = town.machine("sato")
    again.enrol(town.relay.url, town.relay.new_code("sato", reset=True))
    assert again.office.ring().directory is None
    with pytest.raises(KeysNotReady):
        again.office.town_keys.rotate(welfare)
    assert town.keys is not None
    town.clock.forward(minutes=1)
    again.office.town_keys.restore(town.keys.sheets[1:])
    town.sync(again)
    assert again.office.home.refused() == []
    assert again.office.ring().directory is not None
    assert again.office.ring().root == "trusted"
    kato = town.invite(again, "kato", welfare)
    town.confirm(again, kato)
    assert opens(suzuki, record), "nobody else noticed anything"


def test_sheets_of_another_town_restore_nothing(town: Town, admin: Machine) -> None:
    strangers = split_secret(new_recovery_secret())
    for call in (admin.office.town_keys.practise, admin.office.town_keys.restore):
        with pytest.raises(SheetsOfAnotherTown):
            call(strangers[:2])


def test_practice_is_due_every_quarter(town: Town, admin: Machine) -> None:
    town.clock.forward(days=93)
    assert tasks(admin) == [KeyTask("practise")]
    assert town.keys is not None
    admin.office.town_keys.practise(town.keys.sheets[:2])
    assert tasks(admin) == []
    assert admin.office.home.refused() == []


def test_in_april_every_department_wants_a_new_key(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    assert town.keys is not None
    town.clock.forward(days=140)  # 9 April
    admin.office.town_keys.practise(town.keys.sheets[:2])
    assert tasks(admin) == [KeyTask("renew", department=welfare)]
    admin.office.town_keys.rotate(welfare)
    assert tasks(admin) == []
    town.sync(suzuki)
    assert sorted(key.year for key in suzuki.office.town_keys.department_keys()) == [2026, 2027]
    assert len(suzuki.office.ring().secrets) == 2


def test_the_fiscal_year_turns_at_midnight_in_japan(clock: Clock) -> None:
    edge = clock().replace(year=2027, month=3, day=31, hour=14, minute=59)
    assert (fiscal_year(edge), fiscal_year(edge.replace(hour=15, minute=0))) == (2026, 2027)


def test_another_administrator_is_asked_to_get_the_directory(town: Town, admin: Machine) -> None:
    suzuki = town.invite(admin, "suzuki", role="viewer")
    town.confirm(admin, suzuki)
    town.clock.forward(seconds=1)
    admin.office.people.save(MemberWish("suzuki", "鈴木", "admin", (), id=suzuki.office.me.id))
    assert tasks(admin) == [KeyTask("hand_on", member=suzuki.office.me.id, department=DIRECTORY)]
    shown = admin.office.people.find(suzuki.office.me.id)
    assert shown is not None and shown.certificate is not None and shown.certificate.admin
    admin.office.town_keys.hand_on(suzuki.office.me.id, DIRECTORY)
    town.sync(admin, suzuki)
    assert suzuki.office.town_keys.can_certify()
    assert admin.office.home.refused() == []


def test_the_relays_word_alone_makes_nobody_keeper_of_the_directory(town: Town, admin: Machine) -> None:
    suzuki = town.invite(admin, "suzuki", role="viewer")
    town.confirm(admin, suzuki)
    id = suzuki.office.me.id
    shown = admin.office.people.find(id)
    assert shown is not None
    lie = Record(
        kind="staff", id=id, audience="all",
        seq=10**6, version=10**6, body=shown.model_copy(update={"role": "admin"}).as_json(),
    )  # fmt: skip
    replica = admin.office.submissions.replica
    with replica.store.writing() as connection:
        replica.records.apply(connection, (lie,))
    found = admin.office.people.key_tasks()
    assert found == [KeyTask("confirm", member=id)], "a person must compare and see the role"
    with pytest.raises(MemberWithoutKeys):
        admin.office.town_keys.hand_on(id, DIRECTORY)


def test_a_department_gets_no_key_that_nobody_holds(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    form = ContactForm(id=new_id(town.clock()), title="相談", access={welfare: "edit"})
    admin.office.contact_forms.save(form)
    admin.office.sync()
    people, id = admin.office.people, suzuki.office.me.id
    assert [each.id for each in people.alone_in(id)] == [welfare]
    before = [key.id for key in admin.office.town_keys.department_keys()]
    town.clock.forward(minutes=5)
    people.leave(id)
    admin.office.sync()
    assert admin.office.home.refused() == []
    assert [key.id for key in admin.office.town_keys.department_keys()] == before
    assert KeyTask("nobody", department=welfare) in tasks(admin)
