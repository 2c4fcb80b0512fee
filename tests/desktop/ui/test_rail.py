"""Every place on the rail can be reached and read at every size of the letters."""

from __future__ import annotations

from itertools import pairwise

import pytest

from desktop.ui.driver import Driver
from tests.desktop.ui.conftest import Play


@pytest.mark.parametrize(("size", "height"), [(100, 800), (130, 800), (150, 800), (150, 620)])
def test_no_place_on_the_rail_is_squeezed(play: Play, size: int, height: int) -> None:
    async def story(driver: Driver) -> None:
        window = driver.window
        work = window.work
        assert work is not None
        window._change_settings(window.theme.settings.with_text_size(size))
        window.resize(1280, height)
        await driver.settle()
        buttons = [made for made, _ in work.rail._buttons.values() if made.isVisible()]
        assert len(buttons) == 10
        for made in buttons:
            icon, word = made.iconSize().height(), made.fontMetrics().height()
            needed = icon + word if size == 100 else max(icon, word)
            assert made.height() >= max(44, needed + 8)
            assert made.width() >= made.minimumSizeHint().width()
        for before, after in pairwise(buttons):
            assert before.geometry().bottom() < after.geometry().top()
        assert window.height() == height
        driver.click("rail.settings")
        await driver.until_page("settings")

    play(story)
