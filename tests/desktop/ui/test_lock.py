"""ADM-7: after ten minutes of nobody being there all is covered and closed; the passphrase opens
it again at the same place. The clock is the test's: nothing here waits for minutes.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from desktop.config import LOCK_MINUTES, ScreenSettings, load_screen_settings
from desktop.features.office import Office
from desktop.keys.unlock import OpenKeys
from desktop.ui.driver import Driver, run_story
from desktop.ui.lock.idle import IdleWatch
from desktop.ui.main import Program, StartWish
from protocol.items import SegmentItem
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_audit import WatchingRelay, relay

__all__ = ["relay"]
Story = Callable[[Driver], Awaitable[None]]


class Seconds:
    """A clock of the test's own."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Program]]:
    """The programs that were started, to look at their idle watch at a moment of the test's choice."""
    made: list[Program] = []
    begin = Program.__init__

    def note(self: Program, *args: object) -> None:
        begin(self, *args)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(Program, "__init__", note)
    yield made


@pytest.fixture
def strangers() -> list[object]:
    """Keys and offices that were alive before the program opened its own: other tests', not yet collected."""
    return []


@pytest.fixture
def play(
    qapp: QApplication,
    desk: Desk,
    seconds: Seconds,
    town_items: tuple[SegmentItem, ...],
    strangers: list[object],
) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        if not desk.folder.profile.exists():
            desk.enrol()
            desk.close()

        async def signed_in(driver: Driver) -> None:
            await driver.until_seen("signin.passphrase")
            strangers[:] = _open_things()
            driver.type("signin.passphrase", PASSPHRASE)
            driver.click("signin.go")
            await driver.until(lambda: driver.page == "home", "home")
            await driver.until_text("bar.connection", "つながっています")
            await driver.settle()
            await story(driver)

        run_story(desk.doors(), StartWish(desk.folder.screen, idle_clock=seconds), signed_in)

    return run


async def lock(driver: Driver) -> None:
    """Ctrl+L, once keys go to the window at all."""
    await driver.until(driver.window.isActiveWindow, "the window is active")
    driver.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)


async def unlock(driver: Driver) -> None:
    await driver.until_seen("lock.passphrase")
    field = driver.find("lock.passphrase")
    await driver.until(lambda: driver.window.focusWidget() is field, "the field is ready to type into")
    driver.type("lock.passphrase", PASSPHRASE)
    driver.click("lock.go")
    await driver.until(lambda: driver.window.work is not None, "unlocked")
    await driver.settle()


def words_on(window: QWidget) -> str:
    return "\n".join(made.text() for made in window.findChildren(QLabel) if made.isVisible())


def test_ten_minutes_of_nobody_lock_and_half_a_minute_before_it_is_said(
    play: Callable[[Story], None], seconds: Seconds, programs: list[Program]
) -> None:
    async def story(driver: Driver) -> None:
        watch = programs[-1].idle
        seconds.now += 569
        watch.look()
        assert not driver.sees("bar.lock")
        seconds.now += 2
        watch.look()
        assert driver.text("bar.lock") == "あと29秒で画面をロックします"
        QTest.keyClick(driver.window.windowHandle(), Qt.Key.Key_Shift)
        watch.look()
        assert not driver.sees("bar.lock")
        seconds.now += 599
        watch.look()
        assert driver.window.work is not None
        seconds.now += 1
        watch.look()
        assert driver.window.work is None
        assert "総務課 佐藤" in words_on(driver.window)
        await unlock(driver)

    play(story)


def test_rounds_and_news_are_nobody(
    play: Callable[[Story], None], seconds: Seconds, programs: list[Program], relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        seconds.now += 590
        relay.set_summary(friends=9999)
        await driver.until_text("home.number.friends", "9,999")
        seconds.now += 10
        programs[-1].idle.look()
        assert driver.window.work is None

    play(story)


def test_while_locked_nothing_personal_is_painted_and_no_key_is_in_memory(
    play: Callable[[Story], None], desk: Desk, relay: WatchingRelay, strangers: list[object]
) -> None:
    async def story(driver: Driver) -> None:
        assert _ours(strangers)
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "ひみつの題名カナリア")
        await driver.settle()
        before = driver.window.grab().toImage()
        await lock(driver)
        assert driver.window.work is None
        shot = driver.window.grab().toImage()
        assert shot != before
        assert driver.window.windowTitle() == "まどぐち"
        assert "カナリア" not in words_on(driver.window)
        assert not driver.window.menuBar().actions()
        await driver.until(lambda: not relay.tokens, "the session is over at the relay")
        await driver.until(lambda: not _ours(strangers), "keys are gone", seconds=10)
        driver.type("lock.passphrase", "ame yuki")
        driver.click("lock.go")
        await driver.until_text("lock.banner.words", "合言葉が違います")
        await unlock(driver)
        await driver.until_page("delivery-edit")
        assert driver.text("editor.title") == "ひみつの題名カナリア"
        await driver.until_text("bar.connection", "つながっています")

    play(story)


def _open_things() -> list[object]:
    gc.collect()
    return [thing for thing in gc.get_objects() if type(thing) in (OpenKeys, Office)]


def _ours(strangers: list[object]) -> list[str]:
    """What the program has opened itself and still holds."""
    known = {id(thing) for thing in strangers}
    return [type(thing).__name__ for thing in _open_things() if id(thing) not in known]


def test_an_open_dialog_does_not_keep_the_screen_uncovered(
    play: Callable[[Story], None], seconds: Seconds, programs: list[Program]
) -> None:
    async def story(driver: Driver) -> None:
        driver.click("home.link_line")
        await driver.until_seen("link.code")
        seconds.now += 601
        programs[-1].idle.look()
        assert QApplication.activeModalWidget() is None
        assert driver.window.work is None
        await unlock(driver)

    play(story)


def test_one_comes_back_to_the_page_one_was_on(play: Callable[[Story], None]) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.settings")
        await driver.until_page("settings")
        driver.click("settings.lock_now")
        await unlock(driver)
        await driver.until_page("settings")

    play(story)


def test_another_person_gets_the_door(play: Callable[[Story], None]) -> None:
    async def story(driver: Driver) -> None:
        await lock(driver)
        driver.click("lock.enrol")
        await driver.until_seen("signin.passphrase")

    play(story)


def test_locking_works_with_the_relay_away(play: Callable[[Story], None], relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        relay.stop()
        await lock(driver)
        await unlock(driver)
        await driver.until_page("home")

    play(story)


def test_the_time_can_be_shortened_and_never_made_longer(
    play: Callable[[Story], None], desk: Desk, seconds: Seconds, programs: list[Program], tmp_path: Path
) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.settings")
        await driver.until_page("settings")
        driver.click("settings.lock.3")
        QTest.keyClick(driver.window.windowHandle(), Qt.Key.Key_Shift)
        seconds.now += 180
        programs[-1].idle.look()
        assert driver.window.work is None

    play(story)
    assert load_screen_settings(desk.folder.screen).lock_minutes == 3
    for written, meant in ((600, 10), (0, 3), (-1, 3)):
        (tmp_path / "screen.json").write_text(json.dumps({"lock_minutes": written}))
        assert load_screen_settings(tmp_path / "screen.json").lock_minutes == meant
    assert LOCK_MINUTES[-1] == 10 and ScreenSettings().lock_minutes == 10


def test_a_revoked_machine_is_told_plainly_and_shut_out(
    play: Callable[[Story], None], relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        (device,) = relay.devices
        relay.revoke(device)
        await driver.until_seen("shut_out.close")
        assert "登録は取り消されています" in words_on(driver.window)
        assert driver.window.work is None

    play(story)


def test_the_watch_counts_only_what_a_person_does(qapp: QApplication) -> None:
    seconds, calls = Seconds(), []
    watch = IdleWatch(
        limit=lambda: 100, warned=calls.append, idle=lambda: calls.append("idle"), clock=seconds
    )
    for now, expected in ((69.0, []), (70.0, [30]), (70.5, [30]), (99.5, [30, 1]), (100.0, [30, 1, "idle"])):
        seconds.now = now
        watch.look()
        assert calls == expected
