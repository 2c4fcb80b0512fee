"""FORM-9, SEC-12: a contact form names who reads and what for, before it can be open."""

from __future__ import annotations

import pytest

from desktop.features.contact_forms import FormInvalid
from desktop.features.office import Office
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town


@pytest.fixture
def town(relay: FakeRelay) -> SealedTown:
    made = found_town(relay)
    made.department("soumu", "総務課")
    return made


@pytest.fixture
def office(desk: Desk, town: SealedTown) -> Office:
    office = desk.enrol()
    town.join("sato", "soumu")
    office.sync()
    return office


def test_a_form_is_seen_at_once_and_travels(office: Office, town: SealedTown) -> None:
    forms = office.contact_forms
    form = forms.new().model_copy(
        update={"title": "道路", "purpose": "対応のため", "access": {"soumu": "edit"}, "is_open": True}
    )
    forms.save(form)
    (shown,) = forms.all()
    assert shown.waiting == 1 and shown.body == form
    office.sync()
    assert forms.all()[0].version == 1 and forms.all()[0].waiting == 0


def test_a_removed_form_is_gone_from_the_list(office: Office) -> None:
    forms = office.contact_forms
    form = forms.new().model_copy(update={"title": "道路", "access": {"soumu": "view"}})
    forms.save(form)
    office.sync()
    forms.remove(form.id)
    assert forms.all() == []
    office.sync()
    assert forms.all() == []


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"title": ""}, "text_missing"),
        ({"purpose": ""}, "text_missing"),
        ({"access": {"soumu": "none"}}, "department_missing"),
        ({"title": "長" * 41}, "text_too_long"),
    ],
)
def test_what_is_missing_is_named(office: Office, update: dict[str, object], code: str) -> None:
    whole = {"title": "道路", "purpose": "対応のため", "access": {"soumu": "edit"}, "is_open": True}
    form = office.contact_forms.new().model_copy(update=whole | update)
    with pytest.raises(FormInvalid) as caught:
        office.contact_forms.save(form)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_removed_departments_are_not_offered(office: Office, town: SealedTown) -> None:
    town.department("kyu", "旧課")
    removed = town.relay.records["department", "kyu"]
    town.relay.records["department", "kyu"] = removed.model_copy(
        update={"body": removed.body | {"removed": True}}
    )
    office.sync()
    assert [department.name for department in office.contact_forms.departments()] == ["総務課"]
