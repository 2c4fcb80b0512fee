"""ADM-1, SEC-12 in the window: which department reads which contact form and free-text question, in one
table, on the real relay.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QTableView

from desktop.ui.contact_forms.screen import ContactFormsScreen
from desktop.ui.driver import Driver
from protocol.items import SegmentItem
from protocol.submissions import ContactForm
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town
from tests.desktop.ui.walking import walk


@pytest.fixture
def town(qapp: QApplication, tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    machine = town.begin()
    town.make_keys(machine)
    return machine


def rows_of(view: QTableView) -> list[list[str]]:
    model = view.model()
    across, down = range(model.columnCount()), range(model.rowCount())
    return [[str(model.index(row, column).data()) for column in across] for row in down]


async def to_rights(driver: Driver) -> None:
    driver.click("rail.people")
    await driver.until_page("people")
    driver.click("people.tab.rights")
    await driver.until_page("rights")
    await driver.settle()


def test_forms_and_free_questions_stand_in_one_table_and_open_from_there(town: Town, admin: Machine) -> None:
    welfare, roads = town.department(admin, "福祉課"), town.department(admin, "建設課")
    office = admin.office
    first = ContactForm(id=office.contact_forms.new().id, title="ご相談", access={welfare: "edit"})
    second = ContactForm(
        id=office.contact_forms.new().id, title="道路の困りごと", access={welfare: "view", roads: "edit"}
    )
    for form in (first, second):
        office.contact_forms.save(form)
    item = office.items.new("text")
    office.items.save(
        SegmentItem(
            id=item.id,
            kind="text",
            title="ご要望",
            question="ご要望をお書きください。",
            access={roads: "view"},
        )
    )
    office.sync()

    async def story(driver: Driver) -> None:
        await to_rights(driver)
        await driver.until_seen("rights.objects")
        view = driver.find_as("rights.objects", QTableView)
        assert rows_of(view) == [["対応する", "–"], ["見る", "対応する"], ["–", "見る"]]
        assert not driver.find("rights.objects.open").isEnabled(), "nothing is chosen"
        view.selectRow(1)
        driver.click("rights.objects.open")
        await driver.until_page("contact-forms")
        forms = driver.find_as("screen.contact-forms", ContactFormsScreen)
        await driver.until(lambda: forms.form is not None and forms.form.id == second.id, "the form")
        await to_rights(driver)
        view.selectRow(2)
        driver.click("rights.objects.open")
        await driver.until_page("item-edit")
        assert driver.text("item.title") == "ご要望"

    walk(admin, story)


def test_a_town_without_forms_is_told_so(town: Town, admin: Machine) -> None:
    async def story(driver: Driver) -> None:
        await to_rights(driver)
        await driver.until_text("rights.objects.nothing", "まだありません")
        assert not driver.sees("rights.objects")

    walk(admin, story)
