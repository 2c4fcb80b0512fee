"""Who keeps which contact form, and who sees it: departments and their keys decide. FORM-9, ADM-1, SEC-8."""

from __future__ import annotations

import pytest

from protocol.changes import ContactFormRemove, ContactFormSave, ItemSave
from protocol.items import SegmentItem
from protocol.staff import StaffMember
from protocol.submissions import ContactForm
from relay.features.contact_forms import list_open_forms
from relay.store.database import Database
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.sections import Sections, open_form


@pytest.fixture
def sections(office: Office, database: Database, clock: Clock) -> Sections:
    sections = Sections(database, clock)
    sections.add("roads", "道路課")
    sections.add("parks", "公園課")
    return sections


@pytest.fixture
def ito(office: Office, sections: Sections) -> StaffMember:
    return office.add_person("ito", role="editor", departments=("roads",))


@pytest.fixture
def mori(office: Office, sections: Sections) -> StaffMember:
    return office.add_person("mori", role="editor", departments=("parks",))


def save(office: Office, who: StaffMember, form: ContactForm, based_on: int = 0) -> str:
    return office.do(who, "contact_form.save", ContactFormSave(form=form), based_on).reason


def test_a_form_is_seen_by_the_departments_it_names_and_by_administrators(
    office: Office, ito: StaffMember, mori: StaffMember, sato: StaffMember
) -> None:
    assert save(office, ito, open_form(roads="edit", parks="none")) == ""
    assert office.records(ito, "contact_form").keys() == {"roads"}
    assert office.records(sato, "contact_form").keys() == {"roads"}
    assert office.records(mori, "contact_form") == {}


def test_a_department_that_loses_a_form_gets_it_as_removed(
    office: Office, ito: StaffMember, mori: StaffMember
) -> None:
    assert save(office, ito, open_form(roads="edit", parks="view")) == ""
    assert not office.records(mori, "contact_form")["roads"].removed
    assert save(office, ito, open_form(roads="edit"), 1) == ""
    assert office.records(mori, "contact_form")["roads"].removed
    assert not office.records(ito, "contact_form")["roads"].removed


def test_nobody_gives_a_form_away_or_takes_one_over(
    office: Office, ito: StaffMember, mori: StaffMember, sato: StaffMember
) -> None:
    assert save(office, mori, open_form(roads="edit")) == "not_allowed"
    assert save(office, ito, open_form(roads="edit")) == ""
    assert save(office, ito, open_form(parks="edit"), 1) == "not_allowed"
    assert save(office, mori, open_form(parks="edit"), 1) == "not_allowed"
    assert save(office, mori, open_form(roads="edit", parks="edit"), 1) == "not_allowed"
    remove = ContactFormRemove(form="roads")
    assert office.do(mori, "contact_form.remove", remove, 1).reason == "not_allowed"
    assert save(office, sato, open_form(parks="edit"), 1) == "", "an administrator may"


def test_a_form_opens_only_when_everything_it_receives_can_be_read(
    office: Office, sections: Sections, sato: StaffMember
) -> None:
    sections.add("new", "新しい課", with_key=False)
    form = open_form(roads="edit", new="view")
    assert save(office, sato, form) == "no_department_key"
    assert save(office, sato, form.model_copy(update={"is_open": False})) == ""
    assert save(office, sato, open_form(roads="edit", nowhere="view"), 1) == "department_unknown"
    sections.renew_key("new")
    assert save(office, sato, form, 1) == ""
    with office.database.read() as connection:
        assert [form.id for form in list_open_forms(connection, office.database.cipher)] == ["roads"]


def test_a_form_that_makes_no_sense_is_refused_with_its_reason(office: Office, ito: StaffMember) -> None:
    form = open_form(roads="edit")
    assert save(office, ito, form.model_copy(update={"title": " "})) == "text_missing"
    assert save(office, ito, form.model_copy(update={"purpose": ""})) == "text_missing"
    assert save(office, ito, form.model_copy(update={"title": "あ" * 41})) == "text_too_long"
    assert save(office, ito, form.model_copy(update={"access": {}})) == "department_missing"
    assert save(office, ito, form.model_copy(update={"id": "x" * 37})) == "malformed"
    assert save(office, ito, form, 3) == "not_found"


def test_the_second_of_two_edits_is_told_and_a_removed_form_is_gone(office: Office, ito: StaffMember) -> None:
    form = open_form(roads="edit")
    assert save(office, ito, form) == ""
    assert save(office, ito, form.model_copy(update={"title": "ほかのこと"}), 1) == ""
    assert save(office, ito, form, 1) == "version_conflict"
    assert office.do(ito, "contact_form.remove", ContactFormRemove(form="roads"), 2).reason == ""
    assert office.records(ito, "contact_form")["roads"].removed
    assert office.do(ito, "contact_form.remove", ContactFormRemove(form="roads"), 3).reason == "not_found"
    assert office.do(ito, "contact_form.remove", ContactFormRemove(form="roads"), 0).reason == "not_found"


def test_a_question_in_free_words_needs_departments_that_can_read_it(
    office: Office, sections: Sections, sato: StaffMember
) -> None:
    sections.add("new", "新しい課", with_key=False)
    item = SegmentItem(id="free", kind="text", title="ご要望", question="？", access={"new": "edit"})
    assert office.do(sato, "item.save", ItemSave(item=item)).reason == "no_department_key"
    elsewhere = item.model_copy(update={"access": {"nowhere": "edit"}})
    assert office.do(sato, "item.save", ItemSave(item=elsewhere)).reason == "department_unknown"
    nobody = item.model_copy(update={"access": {}})
    assert office.do(sato, "item.save", ItemSave(item=nobody)).reason == "department_missing"
    read = item.model_copy(update={"access": {"roads": "edit"}})
    assert office.do(sato, "item.save", ItemSave(item=read)).reason == ""
