"""ADM-7 in the window: the own passphrase is changed, a second machine takes it over, the second
factor is switched on, asked once at sign-in, and switched off. By real clicks.
"""

from __future__ import annotations

from collections.abc import Callable

import pyotp
from PySide6.QtWidgets import QApplication, QLabel

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_audit import WatchingRelay, relay
from tests.desktop.ui.conftest import Play

__all__ = ["relay"]


async def sign_in(driver: Driver, passphrase: str = PASSPHRASE) -> None:
    await driver.until_seen("signin.passphrase")
    driver.type("signin.passphrase", passphrase)
    driver.click("signin.go")
    await driver.until(lambda: driver.page == "home", "home")


async def to_account(driver: Driver) -> None:
    driver.click("rail.settings")
    await driver.until_page("settings")
    driver.click("settings.account")
    await driver.until_page("account")


def test_the_passphrase_is_changed_with_five_new_words(play: Play, desk: Desk, relay: WatchingRelay) -> None:
    new: list[str] = []

    async def story(driver: Driver) -> None:
        await to_account(driver)
        driver.click("account.passphrase")
        driver.type("passphrase.old", "ame yuki")
        driver.click("passphrase.next")
        await driver.until_text("passphrase.banner.words", "合言葉が違います")
        driver.type("passphrase.old", PASSPHRASE)
        driver.click("passphrase.next")
        await driver.until_seen("passphrase.words")
        new.append(driver.text("passphrase.words"))
        assert len(new[0].split()) == 5
        driver.click("passphrase.written")
        driver.type("passphrase.repeat", "other words")
        driver.click("passphrase.go")
        assert "POST /staff/passphrase" not in relay.requests
        driver.type("passphrase.repeat", new[0])
        driver.click("passphrase.go")
        await driver.until_text("account.banner.words", "合言葉を変えました")

    play(story)

    async def again(driver: Driver) -> None:
        await sign_in(driver, new[0])
        await driver.until_text("bar.connection", "つながっています")

    run_story(desk.doors(), StartWish(desk.folder.screen), again)


def test_a_second_machine_is_told_and_takes_the_new_passphrase(
    qapp: QApplication, make_desk: Callable[[str], Desk], relay: WatchingRelay
) -> None:
    first, second = make_desk("first"), make_desk("second")
    office = first.enrol()
    second.enrol(further=True)
    second.close()
    office.account.change_passphrase(PASSPHRASE, "umi yama kawa sora tori")

    async def story(driver: Driver) -> None:
        await sign_in(driver)
        await driver.until_text("window.banner.words", "ほかの端末で合言葉が変わりました")
        driver.click("window.adopt")
        driver.type("adopt.passphrase", "ame yuki")
        driver.click("adopt.go")
        await driver.until_text("adopt.banner.words", "合言葉が違います")
        driver.type("adopt.passphrase", "umi yama kawa sora tori")
        driver.click("adopt.go")
        await driver.until_text("bar.connection", "つながっています")
        assert not driver.sees("window.adopt")

    run_story(second.doors(), StartWish(second.folder.screen), story)


def test_the_second_factor_is_switched_on_asked_once_and_switched_off(
    play: Play, desk: Desk, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        await to_account(driver)
        await driver.until_seen("account.factor_on")
        driver.click("account.factor_on")
        await driver.until_seen("factor_on.secret")
        picture = driver.find_as("factor_on.picture", QLabel).pixmap().toImage()
        assert picture.width() == picture.height() > 150
        assert picture.pixelColor(2, 2).name() == "#ffffff"
        secret = driver.text("factor_on.secret").replace(" ", "")
        driver.type("factor_on.code", "000000")
        driver.click("factor_on.go")
        await driver.until_text("factor_on.banner.words", "確認コードが違います")
        driver.type("factor_on.code", pyotp.TOTP(secret).now())
        driver.click("factor_on.go")
        await driver.until_text("account.factor", "使っています")

    play(story)

    async def again(driver: Driver) -> None:
        await sign_in(driver)
        await driver.until_seen("second_code.code")
        tries = relay.requests.count("POST /staff/sign-in")
        driver.click("second_code.later")
        await driver.until_seen("window.second_code")
        assert relay.requests.count("POST /staff/sign-in") == tries
        driver.click("window.second_code")
        driver.type("second_code.code", "000000")
        driver.click("second_code.go")
        await driver.until_text("second_code.banner.words", "確認コードが違います")
        driver.type("second_code.code", pyotp.TOTP(relay.factors["sato"]).now())
        driver.click("second_code.go")
        await driver.until_text("bar.connection", "つながっています")
        await to_account(driver)
        await driver.until_seen("account.factor_off")
        driver.click("account.factor_off")
        driver.type("factor_off.code", pyotp.TOTP(relay.factors["sato"]).now())
        driver.click("factor_off.go")
        await driver.until_text("account.factor", "使っていません")

    run_story(desk.doors(), StartWish(desk.folder.screen), again)
    assert relay.factors == {}


def test_with_a_second_factor_and_no_relay_one_works_on(play: Play, desk: Desk, relay: WatchingRelay) -> None:
    desk.enrol()
    desk.close()
    relay.factors["sato"] = pyotp.random_base32()
    relay.stop()

    async def story(driver: Driver) -> None:
        await sign_in(driver)
        await driver.until_text("bar.connection", "つながりません")
        assert not driver.sees("second_code.code")

    run_story(desk.doors(), StartWish(desk.folder.screen), story)
