"""The doors of the window walked by real clicks: first start and sign-in. SEC-1, ADM-7."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from protocol.signin import new_cost
from tests.desktop.conftest import CHEAP, PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay


def test_a_new_machine_makes_the_first_account(qapp: QApplication, desk: Desk, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        await driver.until_seen("first.address")
        driver.type("first.login_name", "sato")
        driver.type("first.display_name", "総務課 佐藤")
        driver.click("first.next")
        words = driver.text("first.passphrase")
        assert len(words.split()) == 5
        driver.click("first.written")
        driver.type("first.repeat", "wrong words")
        driver.click("first.create")
        assert relay.accounts == {}
        driver.type("first.repeat", words.upper())
        driver.click("first.create")
        await driver.until(lambda: driver.page == "home", "home")
        assert driver.text("bar.person") == "総務課 佐藤"
        await driver.until_text("bar.environment", "練習環境")

    wish = StartWish(desk.folder.screen, relay.url, relay.new_code(), new_cost(memory_kib=CHEAP))
    run_story(desk.doors(), wish, story)
    assert relay.accounts["sato"].member.display_name == "総務課 佐藤"


def test_a_wrong_passphrase_is_told_in_words_and_can_be_tried_again(qapp: QApplication, desk: Desk) -> None:
    desk.enrol()
    desk.close()

    async def story(driver: Driver) -> None:
        await driver.until_seen("signin.passphrase")
        driver.type("signin.passphrase", "ame yuki")
        driver.press(Qt.Key.Key_Return)
        await driver.until_text("signin.banner.words", "合言葉が違います")
        driver.type("signin.passphrase", PASSPHRASE)
        driver.press(Qt.Key.Key_Return)
        await driver.until(lambda: driver.page == "home", "home")

    run_story(desk.doors(), StartWish(desk.folder.screen), story)
