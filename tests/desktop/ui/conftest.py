"""Stories in the signed-in window. Nothing but windows, dialogs and menus may ever be a window: a part shown
before it has its place flickers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QWidget

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from protocol.items import SegmentItem
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay


class _Watch(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.strays: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            name = f"{type(watched).__name__} {watched.objectName()}"
            private = (
                type(watched).__name__ in ("QWidget", "QFrame")
                and "QComboBox" in watched.metaObject().className()
            )
            if not isinstance(watched, QMainWindow | QDialog | QMenu) and not private:
                self.strays.append(name)
        return False


@pytest.fixture(autouse=True)
def _no_stray_windows(qapp: QApplication) -> Iterator[None]:
    watch = _Watch()
    qapp.installEventFilter(watch)
    yield
    qapp.removeEventFilter(watch)
    assert watch.strays == []


Story = Callable[[Driver], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(qapp: QApplication, desk: Desk, relay: FakeRelay, town_items: tuple[SegmentItem, ...]) -> Play:
    """Run a story signed in as 佐藤, on the home screen."""

    def run(story: Story) -> None:
        desk.enrol()
        desk.close()

        async def signed_in(driver: Driver) -> None:
            await driver.until_seen("signin.passphrase")
            driver.type("signin.passphrase", PASSPHRASE)
            driver.click("signin.go")
            await driver.until(lambda: driver.page == "home", "home")
            await driver.until_text("bar.connection", "つながっています")
            await driver.settle()
            await story(driver)

        run_story(desk.doors(), StartWish(desk.folder.screen), signed_in)

    return run
