"""The office's own screens, seen by the administrator: departments, rights, both logs, machines, the lock."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QDialog

from desktop.ui.driver import Driver
from tests.stories.town_windows import Person, Windows


def look_around(windows: Windows, admin: Person) -> None:
    """Every screen once, with a picture of the name of its manual page; then the window is locked."""

    async def scene(desk: Driver) -> None:
        with windows.narrator.step("The administrator looks at departments, rights and transfers"):
            desk.click("rail.people")
            await desk.until_page("people")
            await windows.picture(desk, "people")
            for page in ("departments", "rights", "transfers"):
                desk.click(f"people.tab.{page}")
                await desk.until_page(page)
                await windows.picture(desk, page)
        with windows.narrator.step("The logs tell who opened what, and who called at the relay's door"):
            desk.click("rail.records")
            await desk.until_page("audit")
            await desk.until(lambda: "件" in desk.text("audit.count"), "entries")
            await windows.picture(desk, "audit")
            desk.click("audit.tab.access-log")
            await desk.until_page("access-log")
            await desk.until(lambda: "件" in desk.text("access.count"), "requests")
            await windows.picture(desk, "access-log")
        with windows.narrator.step("Machines, the own account, the second factor; then the screen is locked"):
            await _from_settings(desk, "devices")
            await desk.until(lambda: "台" in desk.text("devices.count"), "machines")
            await windows.picture(desk, "devices")
            await _from_settings(desk, "account")
            await desk.until_seen("account.factor_on")
            await windows.picture(desk, "account")
            desk.click("account.factor_on")
            await desk.until_seen("factor_on.go")
            await windows.picture(desk, "second-factor")
            sheet = QApplication.activeModalWidget()
            assert isinstance(sheet, QDialog)
            sheet.reject()
            await desk.settle()
            desk.click("rail.settings")
            await desk.until_page("settings")
            desk.click("settings.lock_now")
            await desk.until_seen("lock.passphrase")
            await windows.picture(desk, "lock")

    windows.sign_in(admin, scene)


async def _from_settings(desk: Driver, page: str) -> None:
    desk.click("rail.settings")
    await desk.until_page("settings")
    desk.click(f"settings.{page}")
    await desk.until_page(page)
