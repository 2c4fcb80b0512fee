"""ADM-1 in the window: nothing is offered that the role does not allow, also when it changes meanwhile."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from desktop.ui.driver import Driver
from desktop.ui.rail import PLACES, page_of
from protocol.rights import RightsGrid
from protocol.staff import Role
from tests.desktop.fake_audit import WatchingRelay, relay
from tests.desktop.ui.conftest import Play

__all__ = ["relay"]

RAIL: dict[Role, set[str]] = {
    "admin": {name for name, _, _ in PLACES},
    "editor": {name for name, _, _ in PLACES} - {"records"},
    "viewer": {name for name, _, _ in PLACES},
    "shelter": {"home", "manual", "settings"},
}


@pytest.mark.parametrize("role", RAIL)
def test_the_rail_shows_what_the_role_may_see(role: Role, play: Play, relay: WatchingRelay) -> None:
    relay.next_role = role

    async def story(driver: Driver) -> None:
        seen = {name for name, _, _ in PLACES if driver.sees(f"rail.{name}")}
        assert seen == RAIL[role]
        assert driver.sees("home.new_delivery") == (role in ("admin", "editor"))

    play(story)


def test_keys_and_routes_do_not_lead_where_the_rail_does_not(play: Play, relay: WatchingRelay) -> None:
    relay.next_role = "shelter"

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        for name, _, _ in PLACES:
            if name not in RAIL["shelter"]:
                work.go(page_of(name))
                assert driver.page == "home"
                assert "権限がありません" in driver.text("window.banner.words")
        await driver.until(driver.window.isActiveWindow, "active")
        driver.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        await driver.settle()
        assert driver.page == "home"

    play(story)


def test_a_viewer_finds_no_button_that_writes(play: Play, relay: WatchingRelay) -> None:
    relay.next_role = "viewer"

    async def story(driver: Driver) -> None:
        driver.click("rail.deliveries")
        await driver.until_page("deliveries")
        for name in ("deliveries.new", "deliveries.copy", "deliveries.remove"):
            assert not driver.sees(name), name
        driver.click("rail.items")
        await driver.until_page("items")
        await driver.settle()
        for name in ("items.new", "items.edit_greeting", "items.edit.0", "items.up.1", "items.remove.0"):
            assert not driver.sees(name), name

    play(story)


def test_an_editor_sees_the_way_to_send_and_why_it_is_closed(play: Play, relay: WatchingRelay) -> None:
    relay.next_role = "editor"

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        draft = work.desk.office.deliveries.new("訓練")
        work.desk.routes.confirm(draft)
        await driver.until_page("confirm")
        await driver.settle()
        send = driver.find("confirm.send")
        assert not send.isEnabled() and "権限がありません" in send.toolTip()

    play(story)


def test_a_page_whose_rights_are_lost_meanwhile_goes_home_with_a_sentence(
    play: Play, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.records")
        await driver.until_page("audit")
        relay.change_member("sato", role="editor")
        await driver.until_page("home")
        assert "権限がなくなった" in driver.text("window.banner.words")
        assert not driver.sees("rail.records")

    play(story)


def test_the_towns_own_grid_counts(play: Play, relay: WatchingRelay) -> None:
    relay.next_role = "editor"

    async def story(driver: Driver) -> None:
        assert not driver.sees("rail.records")
        relay.put("rights", "town", RightsGrid(cells={"editor": {"audit": "view", "items": "none"}}))
        await driver.until_seen("rail.records")
        await driver.until(lambda: not driver.sees("rail.items"), "items gone")

    play(story)


def test_a_new_name_given_by_the_administrator_stands_in_the_bottom_bar(
    play: Play, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        me = work.desk.office.me
        relay.put("staff", me.id, me.model_copy(update={"display_name": "水道課 佐藤"}))
        await driver.until(lambda: driver.text("bar.person") == "水道課 佐藤", "new name")

    play(story)
