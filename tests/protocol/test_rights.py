"""The grid of rights: who may what by default, what a town changes, and whom nothing helps. ADM-1, FORM-9."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.changes import PAYLOADS
from protocol.rights import (
    ACTION_NEEDS,
    ADMINS,
    ASK_NEEDS,
    CHANGE_NEEDS,
    DEFAULT_RIGHTS,
    DELIVERIES,
    FUNCTIONS,
    HIGHEST,
    LEVELS,
    OWN,
    TOWN,
    Function,
    Level,
    Need,
    RightsGrid,
    audiences_of,
    department_audience,
    inbox_audience,
    level_of,
    may,
    reaches,
)
from protocol.staff import ROLES, MemberState, Role, StaffMember

STATES: tuple[MemberState, ...] = get_args(MemberState)
grids = st.dictionaries(
    st.sampled_from(ROLES), st.dictionaries(st.sampled_from(FUNCTIONS), st.sampled_from(LEVELS))
).map(lambda cells: RightsGrid(cells=cells))
needs = st.builds(
    Need, function=st.sampled_from(FUNCTIONS), level=st.sampled_from(LEVELS), department=st.booleans()
)


def member(role: Role = "editor", state: MemberState = "active", *departments: str) -> StaffMember:
    return StaffMember(
        id="s", login_name="s", display_name="s", role=role, state=state, departments=departments
    )


def test_the_levels_include_those_before_them() -> None:
    assert LEVELS == ("none", "view", "edit", "approve")
    for level in LEVELS:
        for needed in LEVELS:
            assert reaches(level, needed) == ("nvea".index(level[0]) >= "nvea".index(needed[0]))


# none, view, edit, approve by their first letters; functions in the order of FUNCTIONS.
TABLE: dict[Role, str] = {
    "admin": "a e e e e e e v",
    "section_admin": "a e e e e v v n",
    "approver": "a v v v v v n n",
    "editor": "e v e e e v n n",
    "viewer": "v v v v v v n v",
    "shelter": "n n n n n n n n",
}


def test_the_defaults_are_those_of_the_page_for_laymen() -> None:
    assert FUNCTIONS == (
        "deliveries",
        "items",
        "forms",
        "inbox",
        "waste",
        "staff",
        "settings",
        "audit",
    )
    for role, row in TABLE.items():
        given_levels = [level_of(role, function, RightsGrid()) for function in FUNCTIONS]
        assert [level[0] for level in given_levels] == row.split(), role
    assert set(TABLE) == set(ROLES) == set(DEFAULT_RIGHTS)


def test_no_default_is_above_what_means_anything() -> None:
    for role, function in itertools.product(ROLES, FUNCTIONS):
        assert reaches(HIGHEST[function], DEFAULT_RIGHTS[role][function])


@given(grids, st.sampled_from(ROLES), st.sampled_from(FUNCTIONS))
def test_a_cell_changes_that_cell_and_no_other(grid: RightsGrid, role: Role, function: Function) -> None:
    expected: Level = grid.cells.get(role, {}).get(function, DEFAULT_RIGHTS[role][function])
    if role == "admin":
        expected = HIGHEST[function]
    assert level_of(role, function, grid) == expected


@given(grids, needs, st.sampled_from(ROLES), st.sampled_from(STATES))
def test_only_active_members_do_more_than_their_own_things(
    grid: RightsGrid, need: Need, role: Role, state: MemberState
) -> None:
    who = member(role, state, "welfare")
    assert may(who, OWN, grid) == (state != "left")
    if state != "active":
        assert not may(who, need, grid)


@given(grids, needs)
def test_administrators_keep_every_right_whatever_the_grid_says(grid: RightsGrid, need: Need) -> None:
    possible = reaches(HIGHEST[need.function], need.level)
    assert may(member("admin"), need, grid) == possible


@given(
    grids,
    st.sampled_from(FUNCTIONS),
    st.sampled_from(LEVELS),
    st.sampled_from(ROLES),
    st.sets(st.sampled_from("abc")),
    st.sets(st.sampled_from("abc")),
)
def test_a_department_bound_need_wants_one_department_in_common(
    grid: RightsGrid, function: Function, level: Level, role: Role, own: set[str], named: set[str]
) -> None:
    who = member(role, "active", *sorted(own))
    anywhere = may(who, Need(function, level), grid)
    bound = Need(function, level, department=True)
    assert may(who, bound, grid) == anywhere  # not yet known which: the first look
    assert may(who, bound, grid, departments=tuple(sorted(named))) == (anywhere and bool(own & named))


@given(grids, st.sampled_from(ROLES), st.sampled_from(STATES), st.sets(st.sampled_from("abc")))
def test_audiences_follow_from_what_the_grid_lets_one_see(
    grid: RightsGrid, role: Role, state: MemberState, departments: set[str]
) -> None:
    who = member(role, state, *sorted(departments))
    found = set(audiences_of(who, grid))
    assert len(audiences_of(who, grid)) == len(found)
    assert {TOWN, "staff:s"} <= found
    if state != "active":
        assert found == {TOWN, "staff:s"}
        return
    assert (ADMINS in found) == (role == "admin")
    assert (DELIVERIES in found) == (level_of(role, "deliveries", grid) != "none")
    either = {level_of(role, "inbox", grid), level_of(role, "forms", grid)}
    expected = set() if either == {"none"} else {department_audience(id) for id in departments}
    if level_of(role, "inbox", grid) != "none":
        expected |= {inbox_audience(id) for id in departments}
    assert found - {TOWN, "staff:s", ADMINS, DELIVERIES} == expected


def test_every_kind_of_change_has_its_need() -> None:
    assert set(CHANGE_NEEDS) == set(PAYLOADS)


@pytest.mark.parametrize("table", [CHANGE_NEEDS, ASK_NEEDS, ACTION_NEEDS])
def test_every_need_can_be_met_by_an_administrator_and_asks_for_something(table: dict[str, Need]) -> None:
    for name, need in table.items():
        assert may(member("admin", "active", "welfare"), need, RightsGrid()), name
        assert need.own or need.level != "none", name
