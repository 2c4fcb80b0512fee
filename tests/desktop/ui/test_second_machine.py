"""SEC-1, ADM-5 in the window: everybody gets a code for a second machine of their own, on the real relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop.ui.driver import Driver
from tests.conftest import Clock
from tests.desktop.town import Town, running_town
from tests.desktop.ui.walking import walk


@pytest.fixture
def town(qapp: QApplication, tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


def test_a_viewer_adds_a_machine_without_asking_anybody(town: Town) -> None:
    admin = town.begin()
    suzuki = town.invite(admin, "suzuki", role="viewer")
    codes: list[str] = []

    async def story(driver: Driver) -> None:
        driver.click("rail.settings")
        await driver.until_page("settings")
        driver.click("settings.devices")
        await driver.until_page("devices")
        driver.click("devices.add")
        await driver.until_seen("code.code")
        assert "合言葉を入れてください" in driver.text("code.step"), "said to oneself, not about somebody"
        codes.append(driver.text("code.code").replace("\n", ""))
        driver.click("code.close")

    walk(suzuki, story)
    second = town.machine("suzuki").enrol(town.relay.url, codes[0], further=True)
    machines = second.devices.all()
    assert len(machines) == 2 and all(row.mine for row in machines)
