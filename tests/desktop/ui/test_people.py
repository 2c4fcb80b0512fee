"""ADM-1, SEC-2: people, rights, keys and transfers by real clicks, on the real relay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton

from desktop.features.transfers import HEADER
from desktop.ui.driver import Driver
from desktop.ui.people.list import PeopleScreen
from desktop.ui.people.transfers import TransfersScreen
from desktop.ui.people.words import WordGrid
from protocol.submissions import ContactForm
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town
from tests.desktop.ui.walking import first_start, walk


@pytest.fixture
def town(qapp: QApplication, tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    machine = town.begin()
    town.make_keys(machine)
    return machine


async def choose(driver: Driver, login_name: str) -> None:
    driver.type("people.search", login_name)
    screen = driver.find_as("screen.people", PeopleScreen)
    await driver.until(
        lambda: screen.chosen is not None and screen.chosen.member.login_name == login_name, login_name
    )
    await driver.settle()


async def go_to_people(driver: Driver) -> None:
    driver.click("rail.people")
    await driver.until_page("people")


async def all_sent(driver: Driver) -> None:
    await driver.settle()
    await driver.until_text("bar.waiting", "未送信 0")


def press_next(name: str) -> None:
    """Answer a dialog that has a loop of its own, as soon as it is there."""

    def press() -> None:
        sheet = QApplication.activeModalWidget()
        made = sheet.findChild(QPushButton, name) if sheet is not None else None
        if made is None:
            QTimer.singleShot(20, press)
        else:
            made.click()

    QTimer.singleShot(0, press)


def test_a_person_is_invited_comes_in_is_compared_and_gets_the_key(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    codes: list[str] = []
    words: list[str] = []

    async def invite(driver: Driver) -> None:
        await go_to_people(driver)
        driver.click("people.invite")
        await driver.until_seen("member.go")
        driver.type("member.login_name", "sato")
        driver.click("member.go")
        await driver.settle()
        assert driver.sees("member.go"), "the login name is taken and the name is missing"
        driver.type("member.login_name", "takasaki")
        driver.type("member.display_name", "髙﨑 さくら")
        driver.click("member.department.0")
        driver.click("member.go")
        await driver.until_seen("code.code")
        codes.append(driver.text("code.code"))
        words.append(driver.find_as("code.words", WordGrid).text)
        driver.click("code.close")

    walk(admin, invite)
    member = town.machine("takasaki")

    async def come_in(driver: Driver) -> None:
        assert driver.text("bar.person") == "髙﨑 さくら"
        await driver.until_text("home.keys.words", "見比べてください")
        assert not driver.sees("rail.people"), "nobody has confirmed this person"
        driver.click("home.keys.go")
        await driver.until_page("town-keys")
        assert driver.find_as("keys.town", WordGrid).text == words[0]
        driver.click("keys.compare")
        await driver.until_seen("compare_root.go")
        driver.click("compare_root.go")
        await driver.until_text("task.0", "電話で読み上げてください")
        words.append(driver.find_as("keys.own", WordGrid).text)

    first_start(member, town.relay.url, codes[0], come_in)

    async def compare(driver: Driver) -> None:
        await driver.until_text("home.keys.words", "髙﨑 さくらさんの鍵を")
        await go_to_people(driver)
        await choose(driver, "takasaki")
        driver.click("people.confirm")
        await driver.until_seen("compare.go")
        assert driver.find_as("compare.words", WordGrid).text == words[1]
        assert driver.text("compare.role") == "役割：担当"
        assert driver.text("compare.departments") == "所属する課：福祉課"
        driver.click("compare.go")
        await driver.until(lambda: not driver.sees("compare.go"), "compared")
        await driver.until(lambda: not driver.find("people.confirm").isEnabled(), "nothing left to compare")
        await all_sent(driver)

    walk(admin, compare)
    office = admin.open()
    office.sync()
    (key,) = office.town_keys.department_keys()
    assert key.department == welfare
    shown = next(person.member for person in office.people.search("takasaki"))
    assert (shown.state, key.holders) == ("active", (shown.id,))


def test_a_code_that_cannot_be_had_is_told_and_the_person_stays(town: Town, admin: Machine) -> None:
    suzuki = town.invite(admin, "suzuki")
    town.confirm(admin, suzuki)

    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        await choose(driver, "suzuki")
        assert "端末を追加する" in driver.text("people.code")
        driver.click("people.code")
        await driver.until_seen("code.code")
        driver.click("code.close")
        driver.click("people.reset")
        await driver.until_seen("reset.go")
        driver.click("reset.cancel")
        await choose(driver, "sato")
        for name in ("leave", "reset", "code"):
            assert not driver.find(f"people.{name}").isEnabled(), "not for oneself"

    walk(admin, story)
    assert admin.open().people.search("suzuki")[0].member.state == "active"


def test_who_leaves_goes_to_the_other_list(town: Town, admin: Machine) -> None:
    for name in ("suzuki", "kato"):
        town.confirm(admin, town.invite(admin, name))

    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        await choose(driver, "suzuki")
        driver.click("people.leave")
        await driver.until_seen("leave.go")
        await driver.settle()
        heirs = driver.find_as("leave.heir", QComboBox)
        assert [heirs.itemText(place) for place in range(heirs.count())] == [
            "引き継がない", "katoさん", "情報課 佐藤"
        ]  # fmt: skip
        driver.choose("leave.heir", "katoさん")
        driver.click("leave.go")
        await driver.until_text("people.count", "0人")
        driver.click("people.left")
        await driver.until_text("people.count", "1人")

    walk(admin, story)


def test_departments_are_kept_in_the_window(town: Town, admin: Machine) -> None:
    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        driver.click("people.tab.departments")
        await driver.until_page("departments")
        for name in ("福祉課", "水道課"):
            driver.click("departments.new")
            await driver.until_seen("department.go")
            driver.type("department.name", name)
            driver.click("department.go")
            await driver.until(lambda: not driver.sees("department.go"), name)
        await driver.until_seen("departments.edit.1")
        driver.click("departments.edit.1")
        await driver.until_seen("department.go")
        driver.type("department.name", "福祉課")
        driver.click("department.go")
        await driver.settle()
        driver.type("department.name", "上下水道課")
        driver.click("department.go")
        await driver.until(lambda: not driver.sees("department.go"), "renamed")
        driver.click("departments.up.1")
        await driver.settle()
        press_next("ask_first.go")
        driver.click("departments.remove.1")
        await driver.until(lambda: not driver.sees("departments.row.1"), "closed")
        await all_sent(driver)

    walk(admin, story)
    office = admin.open()
    office.sync()
    assert [each.name for each in office.people.departments()] == ["上下水道課"]
    assert office.home.refused() == []


def test_rights_change_only_when_saved_and_the_grid_says_so(town: Town, admin: Machine) -> None:
    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        driver.click("people.tab.rights")
        await driver.until_page("rights")
        assert not driver.sees("rights.admin.staff"), "the administrators' row is words only"
        box = driver.find_as("rights.editor.items", QComboBox)
        assert box.currentText() == "見る" and not driver.find("rights.save").isEnabled()
        driver.choose("rights.editor.items", "作る・書く")
        box.activated.emit(box.currentIndex())
        assert "まだ保存していません" in driver.text("rights.said")
        driver.click("rights.undo")
        await driver.until(lambda: box.currentText() == "見る", "taken back")
        driver.choose("rights.editor.items", "作る・書く")
        box.activated.emit(box.currentIndex())
        driver.click("rights.save")
        await driver.until(lambda: driver.text("rights.said") == "", "saved")
        await all_sent(driver)

    walk(admin, story)
    office = admin.open()
    office.sync()
    assert office.people.grid().cells == {"editor": {"items": "edit"}}


def test_a_viewer_sees_people_and_no_way_to_change_them(town: Town, admin: Machine) -> None:
    viewer = town.invite(admin, "suzuki", town.department(admin, "福祉課"), role="viewer")
    town.confirm(admin, viewer)

    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        await driver.until_text("people.count", "2人")
        for name in ("invite", "change", "leave", "reset", "confirm", "code"):
            assert not driver.sees(f"people.{name}")
        assert not driver.sees("people.tab.rights") and not driver.sees("people.tab.transfers")
        driver.click("people.tab.departments")
        await driver.until_page("departments")
        assert driver.sees("departments.row.0")
        assert not driver.sees("departments.new") and not driver.sees("departments.edit.0")

    walk(viewer, story)


def test_a_colleague_hands_the_key_on_with_a_second_look(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    suzuki, kato = town.invite(admin, "suzuki", welfare), town.invite(admin, "kato", welfare)
    town.confirm(admin, suzuki)
    town.confirm(admin, kato)
    kato.office.sync()
    assert kato.office.ring().secrets == {}

    async def story(driver: Driver) -> None:
        await driver.until_text("home.keys.words", "katoさんさんに、福祉課の鍵を渡してください")
        driver.click("home.keys.go")
        await driver.until_page("town-keys")
        press_next("ask_first.cancel")
        driver.click("task.0.go")
        await driver.settle()
        assert driver.sees("task.0.go"), "nothing was handed over"
        press_next("ask_first.go")
        driver.click("task.0.go")
        await driver.until_seen("keys.nothing")
        await all_sent(driver)

    walk(suzuki, story)
    kato.office.sync()
    assert len(kato.office.ring().secrets) == 1


def test_transfers_are_shown_before_anything_changes(town: Town, admin: Machine, tmp_path: Path) -> None:
    town.department(admin, "福祉課")
    town.invite(admin, "suzuki")
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (
        HEADER, ("suzuki", "鈴木 一", "福祉課", "担当", ""), ("kato", "加藤", "", "閲覧", "新任"),
        ("x", "", "", "", ""),
    ):  # fmt: skip
        page.append(row)
    book.save(tmp_path / "異動.xlsx")
    (tmp_path / "壊れた.xlsx").write_bytes(b"PK broken")

    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        driver.click("people.tab.transfers")
        await driver.until_page("transfers")
        screen = driver.find_as("screen.transfers", TransfersScreen)
        screen.save_template(tmp_path / "ひな形.xlsx")
        await driver.until_text("transfers.banner.words", "保存しました")
        screen.read(tmp_path / "壊れた.xlsx")
        await driver.until_text("transfers.banner.words", "読めないファイル")
        screen.read(tmp_path / "異動.xlsx")
        await driver.until_text("transfers.summary", "誤り 1行、新しい人 1人、異動 1人")
        lines = [screen.table.index(row, 0).data() for row in range(screen.table.rowCount())]
        assert lines == ["2", "3", "4"], "in the order of the list, as it lies beside the screen"
        reasons = screen.table.columnCount() - 1
        assert screen.view.wordWrap() and screen.view.columnWidth(reasons) >= 240
        press_next("ask_first.cancel")
        driver.click("transfers.apply")
        await driver.settle()
        assert "まだ何も変わっていません" in driver.text("transfers.summary")
        press_next("ask_first.go")
        driver.click("transfers.apply")
        await driver.until_text("transfers.banner.words", "2人分を反映しました")
        assert driver.sees("transfers.errors")
        await all_sent(driver)

    walk(admin, story)
    office = admin.open()
    office.sync()
    assert [person.member.login_name for person in office.people.search("福祉課")] == ["suzuki"]
    assert openpyxl.load_workbook(tmp_path / "ひな形.xlsx").active["A2"].value == "suzuki"  # type: ignore[index]


def test_taking_the_last_one_out_of_a_department_with_forms_warns(town: Town, admin: Machine) -> None:
    welfare = town.department(admin, "福祉課")
    town.confirm(admin, town.invite(admin, "suzuki", welfare))
    admin.office.contact_forms.save(ContactForm(id="form", title="相談", access={welfare: "edit"}))
    admin.office.sync()

    async def story(driver: Driver) -> None:
        await go_to_people(driver)
        await choose(driver, "suzuki")
        driver.click("people.leave")
        await driver.until_text("leave.banner.words", "福祉課の最後の1人です")
        driver.click("leave.cancel")
        driver.click("people.change")
        await driver.until_seen("member.go")
        await driver.settle()
        driver.click("member.department.0")
        await driver.until_text("member.banner.words", "福祉課の最後の1人です")
        driver.click("member.cancel")

    walk(admin, story)
