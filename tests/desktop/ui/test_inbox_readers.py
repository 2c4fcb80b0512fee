"""Who reads what arrives: contact forms and free questions with their departments, and those who wrote put
on a list. FORM-9, SEG-4.
"""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QListWidget, QTableView

from desktop.ui.driver import Driver
from protocol.lists import ResidentList
from protocol.rights import DELIVERIES, department_audience
from protocol.submissions import ContactForm
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown
from tests.desktop.ui.inbox_office import Play, pictures, play, town

__all__ = ["pictures", "play", "town"]


def test_a_contact_form_is_made_with_its_readers(play: Play, town: SealedTown, relay: FakeRelay) -> None:
    old = ContactForm(
        id="f1", title="くらしの相談", purpose="対応のため", access={"soumu": "edit"}, is_open=True
    )
    relay.put("contact_form", old.id, old, audience=department_audience("soumu"))

    async def story(driver: Driver) -> None:
        driver.click("inbox.forms")
        await driver.until_page("contact-forms")
        await driver.until_seen("contact_forms.row.0")
        await driver.until(lambda: driver.text("contact_form.title") == "くらしの相談", "first form")
        driver.click("contact_forms.new")
        await driver.until(lambda: driver.text("contact_form.title") == "", "empty form")
        driver.click("contact_form.save")
        await driver.until_seen("contact_forms.banner.words")
        await driver.picture("contact-forms-problems")
        driver.type("contact_form.title", "道路や公園の困りごと")
        driver.type("contact_form.guide", "場所が分かるように書いてください。")
        driver.type("contact_form.purpose", "お問い合わせへの対応と回答のためにだけ使います。")
        driver.click("contact_form.photos")
        driver.click("contact_form.is_open")
        driver.choose("contact_form.access.1", "対応する")
        driver.choose("contact_form.access.0", "見る")
        driver.click("contact_form.save")
        await driver.until(lambda: "contact_form.save" in [c.kind for c in relay.applied], "saved")
        await driver.until_seen("contact_forms.row.1")
        await driver.picture("contact-forms")

    play(story)
    (saved,) = [change.payload["form"] for change in relay.applied if change.kind == "contact_form.save"]
    assert saved["photos"] and saved["is_open"] and set(saved["access"].values()) == {"view", "edit"}


def test_free_words_are_asked_with_the_departments_that_read_them(
    play: Play, town: SealedTown, relay: FakeRelay
) -> None:
    async def story(driver: Driver) -> None:
        town.join("sato", "soumu", "doboku", role="section_admin")
        driver.click("rail.items")
        await driver.until_page("items")
        await driver.until_seen("items.new")
        driver.click("items.new")
        await driver.until_page("item-edit")
        driver.choose("item.kind", "自由記述（ページで答えます）")
        driver.type("item.title", "ご意見")
        driver.type("item.question", "町へのご意見をお書きください。")
        driver.click("item.save")
        await driver.until_seen("item.access.error")
        driver.choose("item.access.0", "対応する")
        await driver.picture("item-edit-text")
        driver.click("item.save")
        await driver.until_page("items")
        await driver.until(lambda: "item.save" in [change.kind for change in relay.applied], "saved")

    play(story)
    (item,) = relay.items().values()
    assert item.kind == "text" and set(item.access.values()) == {"edit"} and item.choices == ()


def test_who_sent_the_chosen_ones_goes_onto_a_list(play: Play, town: SealedTown, relay: FakeRelay) -> None:
    residents = [town.receive("soumu").resident for _ in range(2)]
    town.receive("doboku")
    chosen = ResidentList(id="l", name="相談した人", kind="chosen")
    relay.put("list", "l", chosen, audience=DELIVERIES)

    async def story(driver: Driver) -> None:
        await driver.until_text("inbox.count", "3 件")
        view = driver.find_as("inbox.table", QTableView)
        view.clearSelection()
        for row in range(3):
            index = view.model().index(row, 3)
            if view.model().at(row).resident in residents:  # type: ignore[attr-defined]
                view.selectionModel().select(
                    index, QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
                )
        driver.click("inbox.to_list")
        await driver.until_seen("to_list.lists")
        driver.find_as("to_list.lists", QListWidget).setCurrentRow(0)
        await driver.picture("inbox-to-list")
        driver.click("to_list.go")
        await driver.until(lambda: any(c.kind == "list.change" for c in relay.applied), "put")

    play(story)
    (change,) = (c for c in relay.applied if c.kind == "list.change")
    assert sorted(change.payload["add"]) == sorted(residents)
