"""SEC-2, ADM-2, OPS-4: the first set-up and the recovery sheets, by real clicks against the real relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop.keys.recovery import fingerprint_words, split_secret
from desktop.ui.driver import Driver
from desktop.ui.setup.paper import code_paper, save_pdf, sheet_paper
from desktop.ui.setup.screen import SetupScreen
from protocol.staff import StaffMember
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town
from tests.desktop.ui.walking import walk


@pytest.fixture
def town(qapp: QApplication, tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


def screen_of(driver: Driver) -> SetupScreen:
    assert driver.window.work is not None
    screen = driver.window.work.screens.by_page("setup")
    assert isinstance(screen, SetupScreen)
    return screen


async def name_the_town(driver: Driver) -> None:
    driver.click("home.setup.go")
    await driver.until_page("setup")
    driver.type("setup.town_name", "みなと野市")
    driver.click("setup.town.go")
    assert not driver.sees("setup.keys.begin"), "the telephone is missing"
    driver.type("setup.telephone", "0123-45-6789")
    driver.click("setup.town.go")
    await driver.until_seen("setup.keys.begin")


async def write_sheets_down(driver: Driver) -> list[str]:
    """The three sheets as a person copies them."""
    driver.click("setup.keys.begin")
    await driver.until_seen("setup.sheet.written")
    sheets = []
    for number in (1, 2, 3):
        assert f"{number}枚目" in driver.text("setup.sheet.number")
        sheets.append(screen_of(driver).keys.words.text)
        driver.click("setup.sheet.written")
        await driver.settle()
    return sheets


def test_a_town_is_set_up_from_the_card_on_the_home_screen(town: Town) -> None:
    admin = town.begin()

    async def story(driver: Driver) -> None:
        await driver.until_text("home.setup.words", "はじめての設定")
        await name_the_town(driver)
        sheets = await write_sheets_down(driver)
        driver.type("setup.repeat.1", sheets[0])
        driver.type("setup.repeat.2", sheets[0])
        driver.click("setup.keys.go")
        await driver.until_text("setup.keys.banner.words", "番号の違う2枚")
        wrong = sheets[2].split()
        wrong[4], wrong[5] = wrong[5], wrong[4]
        driver.type("setup.repeat.2", " ".join(wrong))
        assert "5番目" in driver.text("setup.repeat.2.said")
        assert not driver.find("setup.keys.go").isEnabled()
        driver.type("setup.repeat.2", sheets[2].upper())
        assert "3枚目の紙" in driver.text("setup.repeat.2.said")
        driver.click("setup.keys.go")
        await driver.until_seen("setup.departments")
        driver.type("setup.departments", "総務課\n\n福祉課\n総務課")
        driver.click("setup.departments.go")
        await driver.until_seen("setup.line.go")
        driver.click("rail.people")
        await driver.until_page("people")
        driver.click("people.tab.departments")
        await driver.until_page("departments")
        assert driver.sees("departments.row.1") and not driver.sees("departments.row.2")

    walk(admin, story)
    office = admin.open()
    office.sync()
    assert office.home.refused() == []
    state = office.setup.state()
    assert state.done == {"town", "keys", "departments"}
    assert (state.town_name, state.telephone) == ("みなと野市", "0123-45-6789")
    assert office.town_keys.can_certify()


def test_a_set_up_that_was_broken_off_goes_on_where_it_stopped(town: Town) -> None:
    admin = town.begin()

    async def half(driver: Driver) -> None:
        await name_the_town(driver)
        driver.click("setup.keys.begin")
        await driver.until_seen("setup.sheet.written")
        driver.click("rail.home")
        await driver.until_page("home")
        await driver.until_text("home.setup.words", "途中です")
        driver.click("home.setup.go")
        await driver.until_seen("setup.keys.begin")
        assert "前に出した紙は使えません" in driver.text("setup.keys.banner.words")

    async def rest(driver: Driver) -> None:
        await driver.until_text("home.setup.words", "4つのうち1つ")
        driver.click("home.setup.go")
        await driver.until_seen("setup.keys.begin")
        sheets = await write_sheets_down(driver)
        driver.type("setup.repeat.1", sheets[2])
        driver.type("setup.repeat.2", sheets[1])
        driver.click("setup.keys.go")
        await driver.until_seen("setup.departments")

    walk(admin, half)
    assert admin.open().ring().root == "none", "keys nobody could read back were never published"
    walk(admin, rest)
    assert admin.open().ring().root == "trusted"


def test_practice_says_which_word_is_wrong_and_forgets_what_was_typed(town: Town) -> None:
    admin = town.begin()
    sheets = town.make_keys(admin).sheets
    town.clock.forward(days=100)

    async def story(driver: Driver) -> None:
        await driver.until_text("home.keys.words", "復元の練習")
        driver.click("home.keys.go")
        await driver.until_page("town-keys")
        driver.click("task.0.go")
        await driver.until_page("recovery")
        driver.type("recovery.sheet.1", sheets[1].typed)
        driver.type("recovery.sheet.2", " ".join(word.kana for word in sheets[0].words))
        driver.click("recovery.go")
        await driver.until_text("recovery.banner.words", "2枚とも読めました")
        assert driver.text("recovery.sheet.1") == ""
        driver.type("recovery.sheet.1", sheets[1].typed)
        driver.click("recovery.back")
        await driver.until_page("town-keys")
        await driver.until_seen("keys.nothing")
        driver.click("keys.practise")
        await driver.until_page("recovery")
        assert driver.text("recovery.sheet.1") == ""

    walk(admin, story)


def test_sheets_bring_a_departments_past_back_in_the_window(town: Town) -> None:
    admin = town.begin()
    sheets = town.make_keys(admin).sheets
    welfare = town.department(admin, "福祉課")
    suzuki = town.invite(admin, "suzuki", welfare)
    town.confirm(admin, suzuki)
    held = set(suzuki.office.ring().secrets)
    again = town.reset(admin, suzuki)
    town.confirm(admin, again)
    assert not held & set(again.office.ring().secrets)

    async def story(driver: Driver) -> None:
        await driver.until_text("home.keys.words", "福祉課の前の内容")
        driver.click("home.keys.go")
        await driver.until_page("town-keys")
        driver.click("task.0.go")
        await driver.until_page("recovery")
        driver.type("recovery.sheet.1", sheets[0].typed)
        driver.type("recovery.sheet.2", split_secret(bytes(16))[1].typed)
        driver.click("recovery.go")
        await driver.until_text("recovery.banner.words", "同じときに作られたものではありません")
        driver.type("recovery.sheet.2", sheets[1].typed)
        driver.click("recovery.go")
        await driver.until_seen("recovery.give.0")
        driver.click("recovery.give.0")
        await driver.until_text("recovery.banner.words", "渡しました")
        await driver.until_text("bar.waiting", "0")

    walk(admin, story)
    again.office.sync()
    assert held <= set(again.office.ring().secrets)


def test_papers_carry_all_words_and_nothing_as_markup(
    qapp: QApplication, tmp_path: Path, clock: Clock
) -> None:
    sheet = split_secret(bytes(16))[1]
    words = fingerprint_words("a2V5")
    paper = sheet_paper(sheet, "<b>みなと野市</b> & 町", words, clock())
    text = paper.toPlainText()
    assert "<b>みなと野市</b> & 町" in text and "2 / 3" in text
    assert all(word.kana in text and word.romaji in text for word in (*sheet.words, *words))
    member = StaffMember(id="s", login_name="sato", display_name="<i>佐藤</i>")
    assert "<i>佐藤</i> さん" in code_paper(member, "AAAAA-BBBBB", "10:30", "https://x", ()).toPlainText()
    path = tmp_path / "紙.pdf"
    save_pdf(paper, path)
    assert path.read_bytes().startswith(b"%PDF")
    with pytest.raises(OSError):
        save_pdf(paper, tmp_path / "nowhere" / "紙.pdf")


def test_only_administrators_are_asked_to_set_up(town: Town) -> None:
    admin = town.begin()
    town.make_keys(admin)
    viewer: Machine = town.invite(admin, "suzuki", role="viewer")
    town.confirm(admin, viewer)

    async def story(driver: Driver) -> None:
        await driver.settle()
        assert not driver.sees("home.setup")
        assert not driver.sees("home.keys")

    walk(viewer, story)
