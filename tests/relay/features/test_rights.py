"""Who may do what counts when it is done, and decides which records come down. Proves ADM-1, FORM-9."""

from __future__ import annotations

import pytest

from protocol.changes import Change, ItemSave, MemberLeave, MemberSave, RightsSave
from protocol.ids import new_id
from protocol.rights import (
    ADMINS,
    DELIVERIES,
    RightsGrid,
    audiences_of,
    department_audience,
    inbox_audience,
)
from protocol.staff import MemberState, StaffMember
from tests.relay.features.office import Office, district_item, new_draft, save_of


def test_whoever_keeps_the_staff_list_by_the_grid_makes_and_unmakes_no_administrator(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    office.set_grid({"editor": {"staff": "edit"}})
    new = MemberSave(staff=new_id(office.clock()), login_name="new", display_name="新人", role="viewer")
    assert office.reason(hanako, "member.save", new) == ""
    assert office.reason(hanako, "member.save", save_of(hanako, role="admin"), 1) == "not_allowed"
    assert office.reason(hanako, "member.save", save_of(sato, display_name="x"), 1) == "not_allowed"
    assert office.reason(hanako, "member.leave", MemberLeave(staff=sato.id)) == "not_allowed"
    grid = RightsSave(grid=RightsGrid(cells={"editor": {"audit": "view"}}))
    assert office.reason(hanako, "rights.save", grid, 1) == "not_allowed"


def test_a_right_counts_at_the_moment_a_change_is_applied(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    stale = hanako  # what a session that began earlier still believes
    assert office.reason(stale, "delivery.save", new_draft("d1")) == ""
    assert office.reason(sato, "member.save", save_of(hanako, role="viewer"), 1) == ""
    assert office.reason(stale, "delivery.save", new_draft("d2")) == "not_allowed"
    assert office.reason(sato, "member.leave", MemberLeave(staff=hanako.id)) == ""
    assert office.reason(stale, "delivery.save", new_draft("d3")) == "member_left"


def test_a_right_withdrawn_between_the_look_and_the_write_is_seen(
    office: Office, sato: StaffMember, suzuki: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = office.change(sato, "member.save", save_of(suzuki, role="editor"), 1)
    second = office.change(suzuki, "member.save", save_of(sato, role="editor"), 1)
    prepare = office.rounds._prepare
    overtaken: list[str] = []

    def prepare_and_be_overtaken(member: StaffMember, change: Change) -> object:
        prepared = prepare(member, change)
        if change.id == first.id and not overtaken:
            overtaken.append(change.id)
            assert office.rounds.apply(suzuki, (second,))[0].outcome == "applied"
        return prepared

    monkeypatch.setattr(office.rounds, "_prepare", prepare_and_be_overtaken)
    assert office.rounds.apply(sato, (first,))[0].reason == "not_allowed"
    assert (office.member(sato.id).role, office.member(suzuki.id).role) == ("editor", "admin")


def test_a_refusal_for_want_of_a_right_is_remembered(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    change = office.change(hanako, "item.save", ItemSave(item=district_item()))
    assert office.rounds.apply(hanako, (change,))[0].reason == "not_allowed"
    office.set_grid({"editor": {"items": "edit"}})
    assert office.rounds.apply(hanako, (change,))[0].reason == "not_allowed"
    assert office.reason(hanako, "item.save", ItemSave(item=district_item())) == ""


def test_the_grid_is_saved_as_a_whole_and_never_about_administrators(
    office: Office, sato: StaffMember
) -> None:
    grid = RightsGrid(cells={"viewer": {"deliveries": "none"}, "editor": {"audit": "view"}})
    assert office.do(sato, "rights.save", RightsSave(grid=grid)).version == 1
    assert office.reason(sato, "rights.save", RightsSave(grid=grid)) == "version_conflict"
    assert RightsGrid.parse(office.seen(sato, "rights")["town"].body) == grid
    for cells in (
        {"admin": {"audit": "none"}},
        {"viewer": {"audit": "edit"}},
        {"viewer": {"items": "approve"}},
    ):
        bad = RightsSave(grid=RightsGrid.parse({"cells": cells}))
        assert office.reason(sato, "rights.save", bad, 1) == "malformed"


def test_a_right_lost_takes_the_records_away_and_a_right_gained_brings_the_past(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    assert office.reason(hanako, "delivery.save", new_draft("d1")) == ""
    cursor = office.rounds.news(hanako, {}).cursor
    assert DELIVERIES in cursor
    office.set_grid({"editor": {"deliveries": "none"}})
    assert office.rounds.has_news(hanako, cursor)
    news = office.rounds.news(hanako, cursor)
    assert news.lost == [DELIVERIES] and DELIVERIES not in news.cursor
    office.set_grid({})
    again = office.rounds.news(hanako, news.cursor)
    assert "d1" in {record.id for record in again.records if record.kind == "delivery"}


def test_a_department_lost_is_forgotten_and_one_gained_is_read_from_the_start(
    office: Office, sato: StaffMember, hanako: StaffMember
) -> None:
    office.add_department("tax")
    for department in ("welfare", "tax"):
        office.put("submission", f"s-{department}", {}, (f"inbox:{department}",))
    cursor = office.rounds.news(hanako, {}).cursor
    assert set(office.seen(hanako, "submission")) == {"s-welfare"}
    assert office.reason(sato, "member.save", save_of(hanako, departments=("tax",)), 1) == ""
    news = office.rounds.news(office.member(hanako.id), cursor)
    assert news.lost == ["department:welfare", "inbox:welfare"]
    assert {record.id for record in news.records if record.kind == "submission"} == {"s-tax"}


def test_who_keeps_forms_but_may_not_see_the_inbox_gets_nothing_of_what_arrived(
    office: Office, hanako: StaffMember
) -> None:
    office.put("contact_form", "form", {}, (department_audience("welfare"),))
    office.put("submission", "letter", {}, (inbox_audience("welfare"),))
    assert set(office.seen(hanako, "submission")) == {"letter"}
    cursor = office.rounds.news(hanako, {}).cursor
    office.set_grid({"editor": {"inbox": "none"}})
    assert office.rounds.news(hanako, cursor).lost == ["inbox:welfare"]
    assert not office.records(hanako, "submission") and set(office.seen(hanako, "contact_form")) == {"form"}


@pytest.mark.parametrize("state", ["invited", "unconfirmed"])
def test_whoever_is_not_confirmed_gets_only_what_everybody_gets(
    office: Office, sato: StaffMember, state: MemberState
) -> None:
    who = office.add_person("new", role="admin", state=state, departments=("welfare",))
    assert office.reason(sato, "delivery.save", new_draft("d1")) == ""
    assert audiences_of(who, RightsGrid()) == ("town", f"staff:{who.id}")
    assert ADMINS not in office.rounds.news(who, {}).cursor
    assert not office.records(who, "delivery")
