"""The window walked by real clicks: SEC-1, SEG-1, SEG-5, SEG-6, SEG-7, SEG-10, SEG-12, OPS-4. Qt's
warnings fail it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QDialog, QTableView, QTableWidget, QToolButton, QWidget

from desktop.features.manual import Manual
from desktop.features.recipients import Condition
from desktop.replica.records import DeliveryQuery
from desktop.ui.driver import Driver, NotSeen
from desktop.ui.main import StartWish
from desktop.ui.manual.viewer import manual_document
from desktop.ui.pictures import WALKED, take_pictures
from protocol.items import SegmentItem
from protocol.messages import TextMessage
from protocol.segments import ChoiceIs
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.pictures_for_tests import noise
from tests.desktop.ui.conftest import Play


def test_staff_write_test_confirm_send_and_look_back(play: Play, relay: FakeRelay, tmp_path: Path) -> None:
    photo = tmp_path / "訓練の地図.png"
    photo.write_bytes(noise(900))

    async def story(driver: Driver) -> None:
        driver.click("home.link_line")
        await driver.until(lambda: len(driver.text("link.code").replace(" ", "")) == 8, "code")
        await driver.until(lambda: "line_link.start" in [c.kind for c in relay.applied], "link change")
        relay.tie_line("sato")
        await driver.until_text("link.banner.words", "つながりました")
        driver.click("link.close")
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "防災訓練のお知らせ")
        driver.type("bubble.0.text", "11月29日に防災訓練を行います。髙﨑𠮷葛󠄀😊")
        work = driver.window.work
        assert work is not None
        work.screens.editor.bubbles.add_picture_file(photo)
        await driver.until_seen("bubble.1.description")
        driver.click("recipients.add")
        driver.choose("condition.what", "知りたいこと")
        sheet = QApplication.activeModalWidget()
        sheet.tick(("t0",))  # type: ignore[union-attr]
        driver.click("condition.go")
        await driver.until_text("recipients.count", "312人（7%）")
        assert "「知りたいこと」で「防災」を選んだ人" in driver.text("recipients.sentence")
        await driver.until_text("editor.saved", "保存済み")
        driver.click("editor.test")
        await driver.until_enabled("test.go")
        driver.click("test.go")
        await driver.until_text("test.banner.words", "1人に送りました")
        driver.click("test.close")
        driver.click("editor.confirm")
        await driver.until_page("confirm")
        await driver.until_text("confirm.count", "312 人")
        assert "18,000通" in driver.text("confirm.quota")
        driver.press(Qt.Key.Key_Return)
        driver.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await driver.settle()
        assert "delivery.send" not in [change.kind for change in relay.applied]
        driver.click("confirm.send")
        await driver.until_page("delivery-result")
        await driver.until_text("detail.state", "配信済み")
        assert driver.text("detail.number.accepted") == "310"
        driver.click("detail.copy")
        await driver.until_page("delivery-edit")
        assert driver.text("editor.title") == "防災訓練のお知らせ（写し）"

    play(story)
    kinds = [change.kind for change in relay.applied]
    assert kinds.index("delivery.test") < kinds.index("delivery.send")
    assert len(relay.files) == 2


def test_a_thousand_people_need_the_number_typed(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        draft = work.desk.office.deliveries.new("全員へ").model_copy(
            update={"messages": (TextMessage(text="x"),)}
        )
        work.desk.routes.confirm(draft)
        await driver.until_text("confirm.count", "4,321 人")
        assert not driver.find("confirm.send").isEnabled()
        driver.type("confirm.typed", "４,３２１")
        assert driver.find("confirm.send").isEnabled()

    play(story)


def test_problems_stand_on_the_confirmation_and_close_the_button(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        draft = work.desk.office.deliveries.new("").model_copy(
            update={"messages": (TextMessage(text="あ" * 5001),)}
        )
        work.desk.routes.confirm(draft)
        await driver.until_seen("confirm.problem.text_too_long")
        assert "5,000文字" in driver.text("confirm.problem.text_too_long.words")
        assert driver.sees("confirm.problem.title_missing")
        with pytest.raises(NotSeen):
            driver.click("confirm.send")

    play(story)


def test_undo_and_redo_name_their_step_in_the_editor(play: Play) -> None:
    async def story(driver: Driver) -> None:
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "abc")
        driver.click("bubbles.add_text")
        assert driver.find("editor.undo").toolTip() == "元に戻す：本文の追加"
        driver.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await driver.settle()
        assert not driver.sees("bubble.1.text")
        driver.click("editor.redo")
        await driver.until_seen("bubble.1.text")

    play(story)


def test_what_an_ime_is_composing_does_not_count_yet(play: Play) -> None:
    async def story(driver: Driver) -> None:
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        work = driver.window.work
        assert work is not None
        field = driver.find("bubble.0.text")
        QApplication.sendEvent(field, QInputMethodEvent("へんかん", []))
        editor = work.screens.editor
        assert editor.draft is not None and editor.draft.messages == (TextMessage(text=""),)
        done = QInputMethodEvent("", [])
        done.setCommitString("変換")
        QApplication.sendEvent(field, done)
        assert work.screens.editor.draft.messages == (TextMessage(text="変換"),)

    play(story)


def test_with_the_relay_away_the_window_says_so_and_keeps_working(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        relay.stop()
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "留守の間に書いた")
        await driver.until_text("recipients.count", "数えられません")
        driver.click("rail.waiting")
        await driver.until_text("bar.connection", "つながりません")
        await driver.until_text("bar.waiting", "未送信 1 件")
        relay.start()
        driver.click("waiting.now")
        await driver.until_text("bar.connection", "つながっています")
        await driver.until_text("bar.waiting", "未送信 0 件")

    play(story)
    assert [record.kind for record in relay.records.values()].count("delivery") == 1


def test_a_refused_change_is_shown_with_reason_and_can_be_rescued(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        relay.refuse_next("version_conflict")
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "ぶつかった題")
        driver.click("rail.home")
        await driver.until_seen("home.see_refused")
        driver.click("home.see_refused")
        await driver.until_seen("waiting.rescue")
        driver.click("waiting.rescue")
        await driver.until_page("delivery-edit")
        assert driver.text("editor.title") == "ぶつかった題"
        driver.click("rail.waiting")
        await driver.until(lambda: not driver.sees("waiting.rescue"), "dismissed")

    play(story)


def test_items_are_written_ordered_and_checked(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.items")
        await driver.until_seen("items.up.2")
        driver.click("items.up.2")
        await driver.until(lambda: relay.items()["item-birth"].position == 1, "order at the relay")
        driver.click("items.new")
        await driver.until_page("item-edit")
        driver.type("item.title", "配信の言葉")
        driver.type("item.question", "読みやすい言葉を選んでください。")
        driver.click("item.save")
        await driver.until_text("item.banner.words", "選択肢")
        driver.click("choices.paste")
        driver.type("paste.text", "日本語\nやさしい日本語\nEnglish")
        driver.click("paste.go")
        table = driver.find_as("choices.table", QTableWidget)
        assert table.rowCount() == 3
        driver.click("item.save")
        await driver.until_page("items")
        await driver.until(lambda: len(relay.items()) == 4, "item at the relay")

    play(story)


def test_deleting_an_item_shows_what_is_lost_first(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.items")
        await driver.until_seen("items.remove.0")
        driver.click("items.remove.0")
        await driver.until_text("remove_item.words", "128 人が答えています")
        driver.press(Qt.Key.Key_Escape)
        assert not driver.sees("remove_item.words")
        assert "item-district" in relay.items()

    play(story)


def test_the_list_sorts_searches_and_opens_by_keyboard(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        for title in ("い", "ろ", "は"):
            draft = work.desk.office.deliveries.new(title).model_copy(
                update={"messages": (TextMessage(text="x"),)}
            )
            work.desk.office.deliveries.save(draft)
        driver.click("rail.deliveries")
        await driver.until_text("deliveries.count", "3 件")
        driver.type("deliveries.search", "ろ")
        await driver.until_text("deliveries.count", "1 件")
        view = driver.find_as("deliveries.table", QTableView)
        view.setFocus()
        view.setCurrentIndex(view.model().index(0, 0))
        driver.press(Qt.Key.Key_Return)
        await driver.until_page("delivery-edit")
        assert driver.text("editor.title") == "ろ"

    play(story)


def test_f1_opens_the_page_of_this_screen_and_ctrl_k_finds(play: Play) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.waiting")
        await driver.until_page("waiting")
        driver.press(Qt.Key.Key_F1)
        await driver.until_page("manual")
        browser = driver.find("manual.page")
        assert "送信待ち" in browser.toPlainText()  # type: ignore[attr-defined]
        driver.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        await driver.until_seen("find.words")
        driver.type("find.words", "設定")
        await driver.settle()
        driver.press(Qt.Key.Key_Return)
        await driver.until_page("settings")

    play(story)


def test_no_key_of_the_ime_is_taken(play: Play) -> None:
    async def story(driver: Driver) -> None:
        taken = {
            action.shortcut().toString()
            for action in driver.window.findChildren(type(driver.window.menuBar().actions()[0]))
        }
        assert not taken & {"F6", "F7", "F8", "F9", "F10"}

    play(story)


def test_everything_that_shows_an_icon_only_has_a_name(play: Play) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.items")
        await driver.until_seen("items.up.0")
        for made in driver.window.findChildren(QToolButton):
            if made.objectName() and not made.objectName().startswith("qt_"):
                assert made.accessibleName() or made.text(), made.objectName()

    play(story)


def test_text_size_and_colours_are_kept(play: Play, desk: Desk) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.settings")
        await driver.until_page("settings")
        driver.click("settings.size.150")
        driver.click("settings.theme.dark")
        assert driver.window.theme.dark and driver.window.theme.px(10) == 15

    play(story)
    assert '"text_size": 150' in desk.folder.screen.read_text()


def test_the_history_is_written_as_a_file(play: Play, tmp_path: Path) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        done: list[bool] = []
        work.screens.deliveries.table.ask(DeliveryQuery())
        work.screens.deliveries.export_to(tmp_path / "一覧.csv", lambda: done.append(True))
        await driver.until(lambda: done, "file")

    play(story)
    assert (tmp_path / "一覧.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_conditions_keep_what_the_sheet_cannot_take_apart(play: Play) -> None:
    async def story(driver: Driver) -> None:
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        work = driver.window.work
        assert work is not None
        work.screens.editor.recipients.put_condition(
            Condition(ChoiceIs(item="item-district", any_of=("川北1", "港町2")))
        )
        await driver.until_seen("recipients.condition.0")
        driver.click("recipients.condition.0")
        await driver.until_seen("condition.sentence")
        assert "「川北1丁目」「港町2丁目」のどれかの人" in driver.text("condition.sentence")
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        dialog.reject()

    play(story)


def test_the_manuals_pictures_come_from_the_running_program(
    qapp: QApplication, desk: Desk, relay: FakeRelay, town_items: tuple[SegmentItem, ...], tmp_path: Path
) -> None:
    office = desk.enrol()
    draft = office.deliveries.new("12月の休日当番医").model_copy(
        update={"messages": (TextMessage(text="当番医です"),)}
    )
    office.confirming.send(office.confirming.prepare(draft))
    office.sync()
    desk.close()
    empty = Desk(relay, type(desk.folder)(tmp_path / "empty"))
    wish = StartWish(desk.folder.screen)
    made = take_pictures(
        desk.doors(), wish, tmp_path / "shots", passphrase=PASSPHRASE, first_start=empty.doors()
    )
    assert {path.stem for path in made} == set(WALKED)
    assert all(path.stat().st_size > 5000 for path in made)
    assert QWidget is not None


def test_a_manual_page_is_no_wider_than_the_space_beside_the_contents(qapp: QApplication) -> None:
    manual = Manual()
    for page in manual.pages():
        document = manual_document(page, manual.folder)
        document.setTextWidth(740)
        assert document.size().width() <= 740, page.name
