"""SEG-4: days before and after the one on which a delivery goes out, as people say them."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QDate

from desktop.ui.driver import Driver
from desktop.ui.segments.panels import DayPanel
from protocol.segments import DayIs
from tests.desktop.ui.conftest import Play


@pytest.mark.parametrize(("since", "until"), [(-3, 5), (-30, -1), (0, None), (None, 0)])
def test_days_are_a_number_and_before_or_after(play: Play, since: int | None, until: int | None) -> None:
    async def story(driver: Driver) -> None:
        panel = DayPanel(date(2026, 11, 20))
        assert panel.last.date() == QDate(2026, 11, 20)
        part = DayIs(item="i", from_today=since, to_today=until)
        panel.show_part(part)
        assert panel.part("i") == part
        if since == -3:
            sides = [box.currentText() for box in (panel.from_today.side, panel.to_today.side)]
            assert sides == ["日前", "日後"]

    play(story)
