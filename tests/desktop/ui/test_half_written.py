"""An answer half written is never lost to the lock: SEC-8 on the desktop, ADM-7."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town


@pytest.fixture
def town(relay: FakeRelay) -> SealedTown:
    made = found_town(relay)
    made.department("doboku", "土木課")
    return made


async def sign_in(driver: Driver, door: str) -> None:
    await driver.until_seen(f"{door}.passphrase")
    field = driver.find(f"{door}.passphrase")
    await driver.until(lambda: driver.window.focusWidget() is field, "the field is ready to type into")
    driver.type(f"{door}.passphrase", PASSPHRASE)
    driver.click(f"{door}.go")
    await driver.until(lambda: driver.window.work is not None, "signed in")


async def look(driver: Driver, submission: str) -> None:
    work = driver.window.work
    assert work is not None
    work.open("inbox-item", submission)
    await driver.until_text("submission.topic", "道路に穴")


def test_an_answer_half_written_waits_behind_the_lock_until_it_is_saved(
    qapp: QApplication, desk: Desk, relay: FakeRelay, town: SealedTown
) -> None:
    desk.enrol()
    town.join("sato", "doboku")
    town.compare_root(desk.folder)
    desk.close()
    letter = town.receive("doboku", topic="道路に穴があいています", text="危ないです。")

    async def story(driver: Driver) -> None:
        await sign_in(driver, "signin")
        await driver.until_text("bar.connection", "つながっています")
        driver.click("rail.inbox")
        await driver.until_text("inbox.count", "1 件")
        await look(driver, letter.id)
        driver.type("submission.note", "業者に電話した")
        driver.type("submission.reply", "あす直します")
        work = driver.window.work
        assert work is not None
        work.desk.routes.lock()
        await sign_in(driver, "lock")
        await look(driver, letter.id)
        await driver.until(lambda: driver.text("submission.note") == "業者に電話した", "the note again")
        assert driver.text("submission.reply") == "あす直します"
        driver.click("submission.save")
        await driver.until(
            lambda: any(change.kind == "submission.update" for change in relay.applied), "saved"
        )
        again = driver.window.work
        assert again is not None
        kept = again.desk.office.half_written
        await driver.until(lambda: kept.get(letter.id) is None, "nothing half written is left")

    run_story(desk.doors(), StartWish(desk.folder.screen), story)
