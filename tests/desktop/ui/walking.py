"""Walks through the signed-in window of one machine of the test town, one window after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from protocol.signin import new_cost
from tests.desktop.conftest import CHEAP, PASSPHRASE
from tests.desktop.town import Machine

Story = Callable[[Driver], Awaitable[None]]


def walk(machine: Machine, story: Story, *, pictures: Path | None = None) -> None:
    """Sign in on this machine, which must be enrolled, and tell the story from the home screen."""
    machine.close()

    async def signed_in(driver: Driver) -> None:
        await driver.until_seen("signin.passphrase")
        driver.type("signin.passphrase", PASSPHRASE)
        driver.click("signin.go")
        await driver.until(lambda: driver.page == "home", "home", seconds=30)
        await driver.until_text("bar.connection", "つながっています")
        await driver.settle()
        await story(driver)

    run_story(machine.doors(), StartWish(machine.folder.screen), signed_in, pictures=pictures)


def first_start(machine: Machine, url: str, code: str, story: Story, *, pictures: Path | None = None) -> str:
    """Enrol a fresh machine through its door; returns the passphrase the window made."""
    made: list[str] = []

    async def enrol(driver: Driver) -> None:
        await driver.until_seen("first.address")
        driver.type("first.login_name", machine.login_name)
        driver.click("first.next")
        made.append(driver.text("first.passphrase"))
        driver.click("first.written")
        driver.type("first.repeat", made[0])
        driver.click("first.create")
        await driver.until(lambda: driver.page == "home", "home", seconds=30)
        await driver.until_text("bar.connection", "つながっています")
        await driver.settle()
        await story(driver)

    wish = StartWish(machine.folder.screen, url, code, new_cost(memory_kib=CHEAP))
    run_story(machine.doors(), wish, enrol, pictures=pictures)
    return made[0]
