"""SEG-5, SEG-1: at the thing itself and at 「送信待ち」 the person chooses between two contents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from desktop.ui.driver import Driver
from protocol.deliveries import Delivery
from protocol.items import SegmentItem
from protocol.sync import TownSettings
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.ui.conftest import Play

Choose = Callable[[Driver], Awaitable[None]]


async def collide(driver: Driver, relay: FakeRelay) -> str:
    """佐藤 writes on a draft that a colleague saves meanwhile, and leaves it; returns its id."""
    driver.click("home.new_delivery")
    await driver.until_page("delivery-edit")
    driver.type("editor.title", "はじめの題")
    driver.click("rail.home")
    await driver.until(lambda: "delivery.save" in [c.kind for c in relay.applied], "saved")
    (id,) = [record.id for record in relay.records.values() if record.kind == "delivery"]
    work = driver.window.work
    assert work is not None
    await driver.until(lambda: version(driver, id) == 1, "the relay's answer")
    work._open_delivery(id)
    await driver.until(lambda: driver.text("editor.title") == "はじめの題", "opened")
    await driver.until(lambda: work.screens.editor._begun_from == 1, "read")
    draft = relay.delivery(id).draft
    relay.put("delivery", id, Delivery(draft=draft.model_copy(update={"title": "同僚の題"})))
    await driver.until(lambda: version(driver, id) == 2, "the colleague's draft")
    driver.type("editor.title", "佐藤の題")
    driver.click("rail.home")
    await driver.until_seen("home.see_refused")
    assert relay.delivery(id).draft.title == "同僚の題"
    return id


def version(driver: Driver, id: str) -> int:
    work = driver.window.work
    assert work is not None
    shown = work.desk.office.deliveries.get(id)
    return shown.version if shown else 0


def test_a_draft_is_chosen_about_where_it_is_written(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        id = await collide(driver, relay)
        work = driver.window.work
        assert work is not None
        work._open_delivery(id)
        await driver.until_seen("editor.conflict.rewrite")
        await driver.picture("editor-conflict")
        driver.click("editor.conflict.rewrite")
        await driver.until(lambda: relay.delivery(id).draft.title == "佐藤の題", "written anew")
        await driver.until(lambda: driver.text("editor.title") == "佐藤の題", "shown")
        await driver.until(lambda: not driver.sees("editor.conflict.rewrite"), "chosen")

    play(story)


@pytest.mark.parametrize(("verb", "title"), [("rewrite", "佐藤の題"), ("keep", "同僚の題")])
def test_a_draft_is_chosen_about_in_the_list_of_refused_changes(
    play: Play, relay: FakeRelay, verb: str, title: str
) -> None:
    async def story(driver: Driver) -> None:
        id = await collide(driver, relay)
        driver.click("home.see_refused")
        await driver.until_seen(f"waiting.conflict.0.{verb}")
        await driver.picture("waiting-conflict")
        driver.click(f"waiting.conflict.0.{verb}")
        await driver.until(lambda: not driver.sees(f"waiting.conflict.0.{verb}"), "chosen")
        await driver.until(lambda: relay.delivery(id).draft.title == title, "as chosen")

    play(story)


def test_an_item_and_the_greeting_are_chosen_about_in_their_list(
    play: Play, relay: FakeRelay, town_items: tuple[SegmentItem, ...]
) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        driver.click("rail.items")
        await driver.until_seen("items.edit.1")
        driver.click("items.edit.1")
        await driver.until_page("item-edit")
        await driver.until(lambda: work.screens.item_edit._seen is not None, "read")
        item = town_items[1]
        relay.put("item", item.id, item.model_copy(update={"title": "同僚の項目名"}))
        items = work.desk.office.items
        await driver.until(lambda: items.by_id()[item.id].title == "同僚の項目名", "the colleague's")
        driver.type("item.title", "佐藤の項目名")
        driver.click("item.save")
        await driver.until_seen("items.conflict.1.rewrite")
        await driver.picture("items-conflict")
        assert relay.items()[item.id].title == "同僚の項目名"
        driver.click("items.conflict.1.rewrite")
        await driver.until(lambda: relay.items()[item.id].title == "佐藤の項目名", "written anew")
        driver.click("items.edit_greeting")
        await driver.until_seen("greeting.text")
        settings = TownSettings.parse(relay.records["settings", "town"].body)
        relay.put("settings", "town", settings.model_copy(update={"greeting": "同僚です"}))
        await driver.until(lambda: items.greeting().text == "同僚です", "the colleague's")
        driver.type("greeting.text", "佐藤です")
        driver.click("greeting.save")
        await driver.until_seen("items.greeting.conflict.keep")
        driver.click("items.greeting.conflict.keep")
        await driver.until(lambda: not driver.sees("items.greeting.conflict.keep"), "chosen")
        assert driver.text("items.greeting") == "同僚です"

    play(story)


def test_a_new_draft_does_not_follow_the_version_of_the_one_written_before(
    play: Play, relay: FakeRelay
) -> None:
    async def story(driver: Driver) -> None:
        for title in ("1通目", "2通目"):
            driver.click("home.new_delivery")
            await driver.until_page("delivery-edit")
            driver.type("editor.title", title)
            driver.click("rail.home")
            await driver.until_page("home")
            await driver.until(lambda: "未送信 0" in driver.text("bar.waiting"), "sent to the relay")
        assert not driver.sees("home.see_refused")

    play(story)
    saves = [change for change in relay.applied if change.kind == "delivery.save"]
    assert [change.based_on for change in saves] == [0, 0]
