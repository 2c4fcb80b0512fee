"""The inbox walked by real clicks: read, note, reply, conflict, unopened ones. SEC-8, SEC-9, FORM-9."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QTableView

from desktop.features.submissions import Handling
from desktop.replica.submissions import SubmissionQuery
from desktop.ui.driver import Driver
from protocol.submissions import Submission
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, put_submission
from tests.desktop.ui.inbox_office import Play, fill, listed, pictures, play, town

__all__ = ["pictures", "play", "town"]


def test_staff_read_note_and_reply(play: Play, town: SealedTown, relay: FakeRelay) -> None:
    newest = fill(town)

    async def story(driver: Driver) -> None:
        await listed(driver, 5)
        await driver.picture("inbox")
        driver.find("inbox.table").setFocus()
        driver.press(Qt.Key.Key_Return)
        await driver.until_page("inbox-item")
        await driver.until_text("submission.topic", "道路に穴")
        await driver.until(
            lambda: not driver.find_as("submission.photo.1", QPushButton).icon().isNull(), "photos"
        )
        await driver.picture("inbox-item")
        await driver.until(lambda: "submissions.opened" in [c.kind for c in relay.applied], "audit")
        driver.click("submission.state.working")
        driver.type("submission.note", "土木の田中さんに連絡済み。")
        driver.click("submission.save")
        await driver.until(lambda: _updates(relay) == 1, "saved")
        await driver.until_text("submission.badge", "対応中")
        driver.click("submission.send")
        assert _updates(relay) == 1
        driver.type("submission.reply", "ご連絡ありがとうございます。きょうの午後に確認に伺います。")
        driver.click("submission.send")
        await driver.until(lambda: _updates(relay) == 2, "sent")
        await driver.until_text("submission.updated", "佐藤")
        await driver.picture("inbox-item-answered")
        driver.click("submission.photo.0")
        await driver.until_seen("submission.photo_sheet.close")
        await driver.picture("inbox-item-photo")
        driver.click("submission.photo_sheet.close")
        driver.click("submission.back")
        await driver.until_page("inbox")
        driver.click("inbox.filter.working")
        await listed(driver, 1)

    play(story)
    sent = [change for change in relay.applied if change.kind == "submission.update"]
    assert [change.payload["notify"] for change in sent] == [False, True]
    assert sent[1].payload["submission"] == newest.id and sent[1].payload["renewed_copy"]["version"] == 3


def _updates(relay: FakeRelay) -> int:
    return len([change for change in relay.applied if change.kind == "submission.update"])


def test_the_list_is_searched_and_sorted_by_keyboard(play: Play, town: SealedTown) -> None:
    fill(town)

    async def story(driver: Driver) -> None:
        await listed(driver, 5)
        driver.press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert driver.find("inbox.search").hasFocus()
        driver.type("inbox.search", "草")
        await listed(driver, 1)
        driver.type("inbox.search", "ない言葉")
        await driver.until_text("inbox.count", "当てはまるものはありません")
        driver.find_as("inbox.search", QLineEdit).clear()
        await listed(driver, 5)
        view = driver.find_as("inbox.table", QTableView)
        view.horizontalHeader().sectionClicked.emit(4)
        await driver.settle()
        await driver.until(lambda: view.model().index(0, 4).data().startswith("広報"), "sorted by topic")

    play(story)


def test_without_the_key_the_reason_stands_there_and_goes_when_the_key_comes(
    play: Play, desk: Desk, town: SealedTown
) -> None:
    async def story(driver: Driver) -> None:
        town.department("zeimu", "税務課")
        town.join("sato", "soumu", "zeimu", wrapped=False)
        sent = town.receive("zeimu", topic="税の相談")
        await listed(driver, 1)
        view = driver.find_as("inbox.table", QTableView)
        assert view.model().index(0, 4).data() == "鍵がまだありません"
        driver.click("inbox.open")
        await driver.until_page("inbox-item")
        await driver.until_seen("submission.banner.words")
        assert not driver.sees("submission.note")
        await driver.picture("inbox-item-unopened")
        town.hand_on("sato", "zeimu")
        await driver.until_text("submission.topic", "税の相談")
        await driver.until_seen("submission.note")
        assert sent.number in driver.text("submission.number")

    play(story)


def test_typed_words_stay_while_looking_elsewhere_and_a_conflict_is_a_choice(
    play: Play, make_desk: Callable[[str], Desk], town: SealedTown, relay: FakeRelay
) -> None:
    newest = fill(town)
    other = make_desk("other")
    colleague = other.enrol("suzuki")
    town.join("suzuki", "doboku")
    town.compare_root(other.folder)

    async def story(driver: Driver) -> None:
        await listed(driver, 5)
        driver.click("inbox.open")
        await driver.until_page("inbox-item")
        await driver.until_text("submission.topic", "道路に穴")
        driver.type("submission.note", "わたしのメモ")
        driver.click("rail.home")
        await driver.until_page("home")
        colleague.sync()
        (held,) = colleague.submissions.page(SubmissionQuery(search="通学路"))
        colleague.submissions.update(held, Handling("done", "鈴木が対応しました"))
        colleague.sync()
        work = driver.window.work
        assert work is not None
        work.open("inbox-item", newest.id)
        await driver.until_text("submission.banner.words", "書いている間に")
        assert driver.text("submission.note") == "わたしのメモ"
        driver.click("submission.save")
        await driver.until_seen("submission.conflict.rewrite")
        await driver.picture("inbox-item-conflict")
        driver.click("submission.conflict.rewrite")
        await driver.until(lambda: not driver.sees("submission.conflict.rewrite"), "choice gone")
        await driver.until(lambda: _updates(relay) == 2, "written again")

    play(story)
    assert Submission.parse(relay.records["submission", newest.id].body).state == "new"


def test_who_has_no_copy_is_not_promised_a_reply(play: Play, town: SealedTown) -> None:
    town.receive("doboku", with_copy=False)

    async def story(driver: Driver) -> None:
        await listed(driver, 1)
        driver.click("inbox.open")
        await driver.until_page("inbox-item")
        await driver.until_seen("submission.no_copy")
        assert not driver.find("submission.send").isEnabled()
        assert driver.find("submission.save").isEnabled()

    play(story)


def test_a_list_is_written_to_a_file_and_the_log_knows(
    play: Play, town: SealedTown, relay: FakeRelay, tmp_path: Path
) -> None:
    fill(town)
    path = tmp_path / "届いたもの.xlsx"

    async def story(driver: Driver) -> None:
        await listed(driver, 5)
        work = driver.window.work
        assert work is not None
        work.screens.inbox.export_to(path, lambda: None)
        await driver.until(lambda: "export.made" in [c.kind for c in relay.applied], "logged")
        await driver.until(path.exists, "file")

    play(story)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None and sheet.max_row == 6


def test_a_large_amount_is_told_and_can_be_paused(play: Play, town: SealedTown, relay: FakeRelay) -> None:
    first = town.receive("soumu")
    stored = Submission.parse(relay.records["submission", first.id].body)
    for number in range(2600):
        put_submission(relay, stored.model_copy(update={"id": f"copy-{number}"}))
    relay.records_limit = 200

    async def story(driver: Driver) -> None:
        await driver.until_text("bar.receiving", "受け取っています")
        driver.click("bar.pause")
        await driver.until_text("bar.receiving", "止めています")
        await driver.picture("receiving-paused")
        shown = driver.text("bar.receiving")
        await driver.settle()
        assert driver.text("bar.receiving") == shown
        driver.click("bar.pause")
        await driver.until(lambda: not driver.sees("bar.receiving"), "all here")
        await driver.until_text("inbox.count", "2,601 件")

    play(story)


def test_a_wrong_clock_is_said_until_it_is_right_again(play: Play, relay: FakeRelay) -> None:
    relay.clock_off = timedelta(minutes=-12)  # before sign-in

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        await driver.until(lambda: "時計が約12分進んで" in work.clock_banner.words, "clock", 5)
        driver.click("rail.deliveries")
        await driver.until_page("deliveries")
        driver.click("rail.home")
        await driver.until_page("home")
        assert driver.sees("window.clock"), "also elsewhere"
        relay.clock_off = timedelta(minutes=9)
        work.sync.wake()
        await driver.until(lambda: "時計が約9分遅れて" in work.clock_banner.words, "the other way")
        relay.clock_off = timedelta()
        work.sync.wake()
        await driver.until(lambda: not driver.sees("window.clock"), "right again")

    play(story)
