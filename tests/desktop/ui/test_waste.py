"""「ごみ収集」 walked by clicks: an exception in the year, the poster, the lists (SEG-11)."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from desktop.ui.schedule.fields import DayField
from desktop.ui.waste.screen import WasteScreen
from desktop.ui.waste.words import WasteWordsScreen
from protocol.schedules import Recurrence
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.stories.sample_town import load_sample_town
from tests.stories.sample_waste import load_calendar, load_words

Story = Callable[[Driver], Awaitable[None]]


@pytest.fixture
def play(qapp: QApplication, desk: Desk, relay: FakeRelay) -> Callable[[Story], None]:
    """Signed in as 佐藤 at the sample town's waste collection."""
    items = load_sample_town().items
    for item in items:
        relay.put("item", item.id, item)
    relay.put("waste", "town", load_calendar(items))
    for word in load_words():
        relay.put("waste_word", word.id, word)
    pictures = os.environ.get("MADOGUCHI_TEST_PICTURES")

    def run(story: Story) -> None:
        desk.enrol()
        desk.close()

        async def signed_in(driver: Driver) -> None:
            await driver.until_seen("signin.passphrase")
            driver.type("signin.passphrase", PASSPHRASE)
            driver.click("signin.go")
            await driver.until(lambda: driver.page == "home", "home")
            await driver.until_text("bar.connection", "つながっています")
            driver.click("rail.waste")
            await driver.until_page("waste")
            await story(driver)

        run_story(
            desk.doors(),
            StartWish(desk.folder.screen),
            signed_in,
            pictures=Path(pictures) if pictures else None,
        )

    return run


def test_a_collection_is_moved_in_the_year_saved_and_printed(
    play: Callable[[Story], None], relay: FakeRelay, tmp_path: Path
) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        screen = work.screens.by_page("waste")
        assert isinstance(screen, WasteScreen)
        year = screen.year
        await driver.until(lambda: year.district.count() == 60, "districts")
        await driver.settle()
        await driver.picture("waste")
        year.show_year(2026)
        where = year.view.place_of(date(2026, 12, 28)).toPoint()
        QTest.mouseClick(year.view, Qt.MouseButton.LeftButton, pos=where)
        await driver.until_seen("waste_day.go")
        driver.type("waste_day.note", "仕事納めのため")
        await driver.picture("waste-day")
        driver.click("waste_day.go")
        await driver.until(lambda: bool(screen.calendar.exceptions[3:]), "exception")
        moved = year.plan
        assert moved is not None and "仕事納めのため" in moved.words(date(2026, 12, 29))
        year.save_pdf(tmp_path / "poster.pdf")
        assert (tmp_path / "poster.pdf").read_bytes().startswith(b"%PDF")
        for tab in ("rules", "kinds", "messages"):
            driver.click(f"waste.tab.{tab}")
            await driver.settle()
            await driver.picture(f"waste-{tab}")
        driver.click("waste.look_ahead")
        await driver.until(lambda: "地区" in driver.text("waste.foreseen"), "dry run")
        screen.save()
        await driver.until(lambda: any(c.kind == "waste.save" for c in relay.applied), "saved")
        await driver.until_text("waste.banner.words", "保存しました")

    play(story)


def test_a_rule_once_a_year_and_its_end_are_clicked(play: Callable[[Story], None]) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        screen = work.screens.by_page("waste")
        assert isinstance(screen, WasteScreen)
        await driver.until(lambda: screen.year.district.count() == 60, "districts")
        driver.click("waste.tab.rules")
        driver.click("waste.rules.add")
        await driver.until_seen("waste_rule.go")
        driver.click("waste_rule.weekday.0")
        driver.choose("waste_rule.pattern", "毎年")
        driver.choose("waste_rule.month", "12月")
        driver.choose("waste_rule.day", "28日")
        driver.choose("waste_rule.holiday", "前の平日に振り替える")
        driver.click("waste_rule.ends")
        await driver.until_seen("waste_rule.until")
        until = driver.find_as("waste_rule.until", DayField)
        until.show_day(date(2000, 1, 1))
        driver.click("waste_rule.district.all.0")
        driver.click("waste_rule.go")
        assert "終わりの日より後" in driver.text("waste_rule.wrong")
        until.show_day(date(2028, 3, 31))
        assert driver.text("waste_rule.said").startswith("毎年 12月28日（祝日は前の平日）、2028年3月31日まで")
        await driver.picture("waste-rule")
        driver.click("waste_rule.go")
        made = screen.calendar.rules[-1]
        assert made.districts and made.rule == Recurrence(
            pattern="yearly", month=12, day=28, on_holiday="before", first=made.rule.first,
            until=date(2028, 3, 31),
        )  # fmt: skip

    play(story)


def test_a_word_is_found_by_kana_and_the_towns_list_comes_in(
    play: Callable[[Story], None], relay: FakeRelay, tmp_path: Path
) -> None:
    towns = tmp_path / "分別.csv"
    lines = (
        "品名,よみ,分別区分,備考",
        "傘立て,かさたて,燃えないごみ,",
        "傘,かさ,金属・小型家電,短くする",
        "謎,なぞ,謎,",
    )
    towns.write_bytes("\n".join(lines).encode("cp932"))

    async def story(driver: Driver) -> None:
        driver.click("waste.words")
        await driver.until_page("waste-words")
        work = driver.window.work
        assert work is not None
        screen = work.screens.by_page("waste-words")
        assert isinstance(screen, WasteWordsScreen)
        await driver.until(lambda: "165" in driver.text("words.count"), "words")
        driver.type("words.search", "でんち")
        await driver.until(lambda: "近い順" in driver.text("words.count"), "found")
        screen.view.selectRow(0)
        await driver.settle()
        assert screen.name.text() == "乾電池"
        await driver.picture("waste-words")
        screen.import_words(towns)
        await driver.until(lambda: "エラー 1件" in driver.text("waste_import.summary"), "read")
        assert "追加 1件、変更 1件" in driver.text("waste_import.summary")
        await driver.picture("waste-import")
        driver.click("waste_import.go")
        await driver.until(lambda: any(c.kind == "waste_words.put" for c in relay.applied), "put")

    play(story)
