"""SEG-1, SEG-3, SEG-4 in the window: nested conditions, saved groups, lists with codes, merged choices."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListWidget, QMenu, QSpinBox, QTableWidget

from desktop.features.recipients import Bundle, Condition, Recipients
from desktop.ui.driver import Driver, NotSeen
from desktop.ui.lists.import_codes import ImportCodesSheet
from desktop.ui.lists.screen import ListsScreen
from desktop.ui.segments.condition import ConditionSheet
from desktop.ui.segments.who import Bars
from protocol.items import SegmentItem
from protocol.lists import ResidentList, SegmentGroup, code_hash
from protocol.rights import DELIVERIES
from protocol.segments import AgeIs, AllOf, AnyOf, ChoiceIs, Except, InGroup, OnList, Segment
from tests.desktop import fake_lists
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import found_town
from tests.desktop.ui.conftest import Play

NORTH = ChoiceIs(item="item-district", any_of=("川北1",))
TOPIC = ChoiceIs(item="item-topics", any_of=("t1",))
CHILD = AgeIs(item="item-birth", lowest=0, highest=18)


def condition_sheet() -> ConditionSheet:
    sheet = QApplication.activeModalWidget()
    assert isinstance(sheet, ConditionSheet)
    return sheet


def test_conditions_are_nested_by_clicks_and_keys_and_counted_as_they_change(
    play: Play, relay: FakeRelay
) -> None:
    relay.put("group", "g", SegmentGroup(id="g", name="転出した人", segment=TOPIC), audience=DELIVERIES)
    relay.put("list", "l", ResidentList(id="l", name="区長", kind="codes", count=48), audience=DELIVERIES)
    asked: list[Segment] = []
    relay.count = lambda segment: asked.append(segment) or 312  # type: ignore[func-returns-value]

    async def story(driver: Driver) -> None:
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        editor = driver.window.work.screens.editor  # type: ignore[union-attr]

        async def add(what: str, *, button: str = "recipients.add") -> None:
            driver.click(button)
            driver.choose("condition.what", what)
            sheet = condition_sheet()
            if what == "お住まいの地区":
                sheet.tick(("川北1",))
            elif what == "知りたいこと":
                sheet.tick(("t1",))
            elif what == "生まれた年":
                sheet.age.lowest.setValue(0)
                sheet.age.highest.setValue(18)
            else:
                sheet.lists.choose("l")
            await driver.picture(f"condition-{what[:3]}")
            driver.click("condition.go")
            await driver.settle()
            driver.window.activateWindow()  # nobody else gives the window back its keyboard here
            await driver.until(lambda: QApplication.activeWindow() is driver.window, "active")

        await add("お住まいの地区")
        await add("知りたいこと")
        await add("生まれた年")
        driver.find("recipients.condition.2").setFocus()
        driver.press(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        await driver.settle()
        assert editor.draft.segment == AllOf(parts=(NORTH, AnyOf(parts=(TOPIC, CHILD))))
        assert QApplication.focusWidget() is driver.find("recipients.condition.3")
        await add("リスト（タグ・選んだ人・認証コード）", button="recipients.add_in.1")
        driver.find("recipients.condition.4").setFocus()
        menu = driver.find("recipients.more.4").findChild(QMenu)
        next(action for action in menu.actions() if "ではない" in action.text()).trigger()  # type: ignore[union-attr]
        await driver.settle()
        driver.find("recipients.condition.4").setFocus()
        driver.press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
        await driver.settle()
        wanted = (NORTH, AnyOf(parts=(TOPIC, CHILD)), Except(part=OnList(list="l")))
        assert editor.draft.segment == AllOf(parts=wanted)
        assert "「区長」" in driver.text("recipients.sentence")
        driver.click("recipients.excluded.choose")
        driver.find_as("excluded.groups", QListWidget).item(0).setCheckState(Qt.CheckState.Checked)
        driver.click("excluded.go")
        await driver.until_text("recipients.count", "312人")
        assert editor.draft.excluded == ("g",)
        out = Except(part=AnyOf(parts=(InGroup(group="g"),)))
        await driver.until(lambda: asked[-1] == AllOf(parts=(AllOf(parts=wanted), out)), "whole segment")
        await driver.picture("editor-nested")
        driver.click("recipients.who")
        await driver.until_text("who.total", "312")
        bars = driver.find_as("who.chart.item-district", Bars)
        assert "5人未満" in bars.accessibleDescription()
        await driver.picture("who")
        driver.click("who.close")
        driver.click("editor.undo")
        await driver.settle()
        assert editor.draft.excluded == ()

    play(story)


def test_a_bundle_that_would_be_too_deep_is_not_made_and_the_reason_said(play: Play) -> None:
    inner: Segment = AllOf(parts=(NORTH, TOPIC))
    for deep in range(4):
        inner = (AnyOf if deep % 2 == 0 else AllOf)(parts=(CHILD, inner))

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        draft = work.desk.office.deliveries.new("深い")
        work.desk.routes.edit_delivery(draft.model_copy(update={"segment": inner}))
        await driver.until_seen("recipients.condition.9")
        driver.find("recipients.condition.9").setFocus()
        driver.press(Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        await driver.settle()
        assert work.screens.editor.draft.segment == inner  # type: ignore[union-attr]

    play(story)


def test_a_group_is_made_used_and_kept_while_it_is_used(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.deliveries")
        await driver.until_page("deliveries")
        driver.click("deliveries.tab.groups")
        await driver.until_page("groups")
        driver.click("groups.new")
        driver.type("group.name", "子育て世帯")
        screen = driver.window.work.screens.by_page("groups")  # type: ignore[union-attr]
        parts = (Condition(CHILD), Bundle((Condition(NORTH), Condition(TOPIC)), "or"))
        screen.recipients.lines.edited.emit("条件", Recipients(parts))  # type: ignore[attr-defined]
        await driver.until_text("group.count", "312人")
        await driver.picture("groups-new")
        driver.click("group.save")
        await driver.until(lambda: any(r.kind == "group" for r in relay.records.values()), "saved")
        await driver.until_seen("groups.row.0")
        (group,) = (r.id for r in relay.records.values() if r.kind == "group")
        office = driver.window.work.desk.office  # type: ignore[union-attr]
        office.groups.save(office.groups.new(InGroup(group=group), "川北の子育て世帯"))
        draft = office.deliveries.new("子育てだより").model_copy(update={"segment": InGroup(group=group)})
        office.deliveries.save(draft)
        screen.refresh()
        await driver.until_text("group.uses", "下書き：子育てだより")
        driver.click("group.remove")
        await driver.until_text("in_use.uses", "保存した宛先：川北の子育て世帯")
        await driver.picture("groups-in-use")
        driver.click("in_use.close")
        driver.click("group.copy")
        await driver.until(lambda: driver.text("group.name") == "子育て世帯（写し）", "copy")
        driver.click("group.save")
        await driver.until_seen("groups.row.2")
        work = driver.window.work
        assert work is not None
        work.find_anything()
        driver.type("find.words", "保存した宛先")
        await driver.settle()
        driver.press(Qt.Key.Key_Return)
        await driver.until_page("groups")

    play(story)


@pytest.fixture
def play_with_keys(play: Play, desk: Desk, relay: FakeRelay, monkeypatch: pytest.MonkeyPatch) -> Play:
    """As `play`, where 佐藤 holds the key of 総務課 and the root is compared."""
    town = found_town(relay)
    town.department("soumu", "総務課")
    desk.enrol()
    town.join("sato", "soumu", role="admin")
    town.compare_root(desk.folder)
    monkeypatch.setattr(desk, "enrol", lambda: None)
    return play


def excel(path: Path, *rows: tuple[object, ...]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for line, row in enumerate((("番号", "氏名", "課・地区"), *rows)):
        page.write_row(line, 0, row)
    book.close()
    return path


def test_codes_are_made_from_excel_handed_out_and_changed_on_transfer(
    play_with_keys: Play, relay: FakeRelay, tmp_path: Path
) -> None:
    first = excel(tmp_path / "a.xlsx", (101, "山田 太郎", "川北区"), (102, "髙﨑 花子", "港町区"))
    second = excel(
        tmp_path / "b.xlsx", (101, "山田 太郎", "川北区"), (103, "小林 次郎", "港町区"), (103, "二重", "")
    )
    out, cards = tmp_path / "認証コード.xlsx", tmp_path / "cards.pdf"

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        work.go("lists")
        await driver.until_page("lists")
        driver.click("lists.new")
        driver.type("new_list.name", "区長")
        driver.click("new_list.codes")
        await driver.picture("lists-new")
        driver.click("new_list.go")
        await driver.until_seen("list.department.0")
        screen = work.screens.by_page("lists")
        assert isinstance(screen, ListsScreen)
        screen.fields._ticks["soumu"].setChecked(True)
        driver.click("list.save")
        await driver.until_enabled("codes.import")
        screen.codes.import_list(first)
        await driver.until_text("import.summary", "新しく作る 2人")
        sheet = QApplication.activeModalWidget()
        assert isinstance(sheet, ImportCodesSheet)
        await driver.picture("codes-import")
        assert not any(change.kind == "codes.add" for change in relay.applied)
        sheet.apply(out)
        await driver.until_seen("import.print")
        sheet.save_cards(cards)
        await driver.picture("codes-made")
        driver.click("import.close")
        await driver.until_text("codes.words", "2個")
        fake_lists.enter(relay, fake_lists.codes(relay)[0].id)
        await driver.until(lambda: "使用済み 1個" in driver.text("codes.words"), "used")
        driver.type("codes.search", "高崎")
        await driver.until_text("codes.count", "1 個")
        await driver.picture("codes")
        driver.type("codes.search", " ")
        screen.codes.import_list(second)
        await driver.until_text("import.summary", "誤り 1人、新しく作る 1人、取り消す 1人、残る 1人")
        await driver.picture("codes-transfer")
        again = QApplication.activeModalWidget()
        assert isinstance(again, ImportCodesSheet)
        again.apply(tmp_path / "new.xlsx")
        await driver.until_seen("import.print")
        driver.click("import.close")
        await driver.until(lambda: "取り消し  1" in driver.text("codes.filter.revoked"), "revoked")
        await driver.picture("codes-after")

    play_with_keys(story)
    page = openpyxl.load_workbook(out).worksheets[0]
    printed = [row[3] for row in page.iter_rows(min_row=2, values_only=True)]
    hashes = {code.hash for code in fake_lists.codes(relay)}
    assert {code_hash(str(code)) for code in printed} <= hashes
    assert cards.stat().st_size > 1000


def test_a_tag_is_filled_after_the_number_was_seen(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        work.go("lists")
        await driver.until_page("lists")
        driver.click("lists.new")
        driver.type("new_list.name", "防災訓練に出た人")
        driver.click("new_list.go")
        await driver.until_seen("list.fill")
        driver.click("list.fill")
        sheet = QApplication.activeModalWidget()
        sheet._change(TOPIC)  # type: ignore[union-attr]
        await driver.until_text("fill.count", "312人")
        await driver.picture("tag-fill")
        driver.click("fill.go")
        await driver.until(lambda: driver.text("list.people") == "312", "filled")
        await driver.picture("tag")

    play(story)
    assert [change.kind for change in relay.applied][-1] == "list.fill"


def test_kinds_of_items_and_a_merge_that_says_first_what_it_moves(
    play: Play, relay: FakeRelay, town_items: tuple[SegmentItem, ...]
) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.items")
        await driver.until_page("items")
        driver.click("items.new")
        await driver.until_page("item-edit")
        driver.choose("item.kind", "日付")
        await driver.until_text("item.no_birthdays.words", "生年月日を聞くのには使わないでください")
        await driver.picture("item-date")
        driver.choose("item.kind", "生まれた年")
        driver.click("item.ask_month")
        driver.click("item.several")
        driver.type("item.title", "お子さんの生まれた年")
        driver.type("item.question", "お子さんの生まれた年を選んでください。")
        await driver.picture("item-births")
        driver.choose("item.kind", "数")
        driver.type("item.unit", "人")
        driver.find_as("item.lowest", QSpinBox).setValue(1)
        driver.find_as("item.highest", QSpinBox).setValue(0)
        driver.click("item.save")
        await driver.settle()
        assert driver.page == "item-edit"
        driver.find_as("item.highest", QSpinBox).setValue(20)
        driver.click("item.unit")
        await driver.picture("item-number")
        driver.click("item.save")
        await driver.until_page("items")
        await driver.until(lambda: len(relay.items()) == 4, "saved")
        new = next(item for item in relay.items().values() if item.kind == "number")
        assert (new.unit, new.lowest, new.highest, new.ask_month) == ("人", 1, 20, False)
        driver.click("items.edit.1")
        await driver.until_page("item-edit")
        await driver.settle()
        driver.find_as("choices.table", QTableWidget).setCurrentCell(1, 0)
        driver.click("choices.merge")
        await driver.until_text("merge.words", "「子育て」と答えた 44 人は、これから「防災」と")
        await driver.picture("merge")
        driver.click("merge.go")
        await driver.until_page("items")
        await driver.until(lambda: relay.items()["item-topics"].choices[1].merged_into == "t0", "merged")
        driver.click("items.edit.1")
        await driver.until_page("item-edit")
        driver.find_as("choices.table", QTableWidget).setCurrentCell(1, 0)
        await driver.picture("merged")
        with pytest.raises(NotSeen):
            driver.click("choices.merge")

    play(story)
    (merge,) = (change for change in relay.applied if change.kind == "item.merge")
    assert merge.payload["answers_seen"] == 44
