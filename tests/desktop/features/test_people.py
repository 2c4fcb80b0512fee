"""ADM-1: accounts, departments and the grid of rights, against the real relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.errors import RelayRefused
from desktop.features.people import MemberWish
from protocol.rights import RightsGrid
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    machine = town.begin()
    town.make_keys(machine)
    return machine


def codes(problems: list[object]) -> list[str]:
    return [problem.code for problem in problems]  # type: ignore[attr-defined]


def test_a_person_is_invited_found_and_comes_in_with_the_code(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    people = admin.office.people
    id = people.save(MemberWish("takasaki", "髙﨑 さくら", "editor", (welfare,)))
    (waiting,) = people.search("さくら")
    assert (waiting.member.state, waiting.waiting, waiting.departments) == ("invited", 1, ("福祉課",))
    admin.office.sync()
    machine = town.machine("takasaki")
    machine.enrol(town.relay.url, people.code(id, "enrol").code)
    assert machine.office.me.display_name == "髙﨑 さくら"
    assert machine.office.me.departments == (welfare,)
    admin.office.sync()
    assert [person.member.state for person in people.search("福祉 TAKASAKI")] == ["unconfirmed"]
    assert people.search("佐藤 福祉") == []


def test_what_can_be_mended_is_said_before_anything_is_sent(town: Town, admin: Machine) -> None:
    people, me = admin.office.people, admin.office.me.id
    assert codes(people.find_problems(MemberWish("あ", " "))) == ["login_name_malformed", "text_missing"]
    assert codes(people.find_problems(MemberWish("sato", "別の佐藤"))) == ["login_name_taken"]
    assert codes(people.find_problems(MemberWish("kato", "加" * 61))) == ["text_too_long"]
    assert codes(people.find_problems(MemberWish("kato", "加藤", departments=("x",)))) == [
        "department_unknown"
    ]
    assert codes(people.find_problems(MemberWish("sato", "佐藤", "viewer", id=me))) == ["last_admin"]
    assert codes(people.find_leave_problems(me)) == ["own_account"]


def test_a_code_for_the_own_reset_is_refused_with_its_reason(town: Town, admin: Machine) -> None:
    with pytest.raises(RelayRefused) as caught:
        admin.office.people.code(admin.office.me.id, "reset")
    assert caught.value.reason == "own_account"


def test_departments_are_added_renamed_moved_and_closed(town: Town, admin: Machine) -> None:
    people = admin.office.people
    for name in ("総務課", "福祉課", "水道課"):
        assert people.find_department_problems(name) == []
        people.save_department(name)
    assert codes(people.find_department_problems("総務課 ")) == ["duplicate_label"]
    assert codes(people.find_department_problems(" ")) == ["text_missing"]
    admin.office.sync()
    first, _, third = people.departments()
    people.move_department(third.id, -1)
    people.save_department("総務企画課", first.id)
    people.move_department(first.id, -1)
    admin.office.sync()
    assert [each.name for each in people.departments()] == ["総務企画課", "水道課", "福祉課"]
    people.remove_department(third.id)
    admin.office.sync()
    assert [each.name for each in people.departments()] == ["総務企画課", "福祉課"]
    assert admin.office.home.refused() == []


def test_a_department_with_members_stays(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    town.invite(admin, "suzuki", welfare)
    assert [member.login_name for member in admin.office.people.members_of(welfare)] == ["suzuki"]
    admin.office.people.remove_department(welfare)
    admin.office.sync()
    (refused,) = admin.office.home.refused()
    assert refused.reason == "in_use"
    admin.office.home.dismiss(refused.id)
    assert [each.name for each in admin.office.people.departments()] == ["福祉課"]


def test_the_grid_is_kept_as_it_was_set(town: Town, admin: Machine) -> None:
    people = admin.office.people
    assert people.grid() == RightsGrid()
    people.save_grid(RightsGrid(cells={"viewer": {"audit": "none"}, "editor": {"items": "edit"}}))
    admin.office.sync()
    assert people.grid().cells["editor"] == {"items": "edit"}
    people.save_grid(RightsGrid(cells={"viewer": {"audit": "view"}}))
    admin.office.sync()
    assert people.grid().cells == {"viewer": {"audit": "view"}}
    assert admin.office.home.refused() == []


def test_who_left_is_on_the_other_list(town: Town, admin: Machine) -> None:
    suzuki = town.invite(admin, "suzuki")
    admin.office.people.leave(suzuki.office.me.id)
    admin.office.sync()
    assert [person.member.login_name for person in admin.office.people.search()] == ["sato"]
    assert [person.member.login_name for person in admin.office.people.search(left=True)] == ["suzuki"]
    with pytest.raises(RelayRefused):
        suzuki.office.sync()


def test_two_administrators_change_one_person_and_the_second_is_told(town: Town, admin: Machine) -> None:
    second = town.invite(admin, "ito", role="admin")
    town.confirm(admin, second)
    suzuki = town.invite(admin, "suzuki")
    town.sync(admin, second)
    wish = MemberWish("suzuki", "鈴木 一", "editor", id=suzuki.office.me.id)
    admin.office.people.save(wish)
    second.office.people.save(MemberWish("suzuki", "鈴木 壱", "editor", id=suzuki.office.me.id))
    admin.office.sync()
    second.office.sync()
    (refused,) = second.office.home.refused()
    assert refused.reason == "version_conflict"
