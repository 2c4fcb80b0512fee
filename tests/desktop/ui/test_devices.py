"""ADM-5, SEC-1 in the window: own machines, everybody's for administrators, and taking one out."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QTableView

from desktop.ui.driver import Driver
from protocol.staff import StaffMember
from protocol.sync import Device
from tests.desktop.conftest import Desk
from tests.desktop.fake_audit import WatchingRelay, relay
from tests.desktop.morning import morning
from tests.desktop.ui.conftest import Play

__all__ = ["relay"]


def cells(driver: Driver, name: str) -> list[list[str]]:
    model = driver.find_as(name, QTableView).model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


async def to_devices(driver: Driver) -> None:
    driver.click("rail.settings")
    await driver.until_page("settings")
    driver.click("settings.devices")
    await driver.until_page("devices")


def press_in_dialog(driver: Driver, name: str) -> None:
    """The confirmation runs a loop of its own: press while it is open."""

    def press() -> None:
        if QApplication.activeModalWidget() is None:
            QTimer.singleShot(20, press)
        else:
            driver.click(name)

    QTimer.singleShot(20, press)


def test_own_machines_and_for_an_administrator_others_are_listed(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        me = relay.accounts["sato"].member
        suzuki = StaffMember(id="suzuki-id", login_name="suzuki", display_name="福祉課 鈴木")
        relay.put("staff", suzuki.id, suzuki)
        other = Device(id="dev-2", staff=suzuki.id, name="FUKUSHI-01", added_at=morning())
        relay.put("device", other.id, other, audience=f"staff:{me.id}")
        await to_devices(driver)
        await driver.until_text("devices.count", "2 台")
        rows = cells(driver, "devices.table")
        assert "（この端末）" in rows[0][0] and rows[0][1] == "総務課 佐藤" and rows[0][4] == "使えます"
        assert rows[1][:2] == ["FUKUSHI-01", "福祉課 鈴木"] and rows[1][3] == "まだありません"

    play(story)


def test_a_lost_machine_is_revoked_after_a_question(
    play: Play, make_desk: Callable[[str], Desk], desk: Desk, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        lost = make_desk("lost")
        lost.enrol(further=True)
        await to_devices(driver)
        await driver.until_text("devices.count", "2 台")
        view = driver.find_as("devices.table", QTableView)
        view.setCurrentIndex(view.model().index(1, 0))
        press_in_dialog(driver, "ask_first.cancel")
        driver.click("devices.revoke")
        assert relay.revoked == set()
        press_in_dialog(driver, "ask_first.go")
        driver.click("devices.revoke")
        await driver.until(lambda: relay.revoked, "revoked at the relay")
        await driver.until(lambda: cells(driver, "devices.table")[1][4] == "取り消し済み", "shown")
        assert not driver.find("devices.revoke").isEnabled()

    play(story)


def test_revoking_the_own_machine_ends_the_work_on_it(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        await to_devices(driver)
        await driver.until_text("devices.count", "1 台")
        view = driver.find_as("devices.table", QTableView)
        view.setCurrentIndex(view.model().index(0, 0))
        press_in_dialog(driver, "ask_first.go")
        driver.click("devices.revoke")
        await driver.until_seen("shut_out.close")
        assert driver.window.work is None

    play(story)
