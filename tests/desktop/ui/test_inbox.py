"""The inbox walked by real clicks: read, note, reply, conflict, unopened ones. SEC-8, SEC-9, FORM-9."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from PIL import Image, ImageDraw
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QPushButton, QTableView

from desktop.features.submissions import Handling
from desktop.replica.submissions import SubmissionQuery
from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from protocol.lists import ResidentList
from protocol.rights import DELIVERIES, department_audience
from protocol.submissions import ContactForm, Submission
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town, put_submission

Story = Callable[[Driver], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def town(relay: FakeRelay) -> SealedTown:
    made = found_town(relay)
    made.department("soumu", "総務課")
    made.department("doboku", "土木課")
    return made


@pytest.fixture
def play(qapp: QApplication, desk: Desk, relay: FakeRelay, town: SealedTown, pictures: Path | None) -> Play:
    """Signed in as 佐藤 of 総務課 and 土木課, in the inbox."""

    def run(story: Story) -> None:
        desk.enrol()
        town.join("sato", "soumu", "doboku")
        town.compare_root(desk.folder)
        desk.close()

        async def signed_in(driver: Driver) -> None:
            await driver.until_seen("signin.passphrase")
            driver.type("signin.passphrase", PASSPHRASE)
            driver.click("signin.go")
            await driver.until(lambda: driver.page == "home", "home")
            await driver.until_text("bar.connection", "つながっています")
            if relay.clock_off:
                await story(driver)
                return
            driver.click("rail.inbox")
            await driver.until_page("inbox")
            await story(driver)

        run_story(desk.doors(), StartWish(desk.folder.screen), signed_in, pictures=pictures)

    return run


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where `MADOGUCHI_TEST_PICTURES` says, to be looked at by a person; usually nowhere."""
    import os

    folder = os.environ.get("MADOGUCHI_TEST_PICTURES")
    return Path(folder) if folder else None


def photo(colour: str, words: str) -> bytes:
    picture = Image.new("RGB", (640, 480), colour)
    ImageDraw.Draw(picture).text((40, 40), words, fill="white", font_size=60)
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


LONG = (
    "山川町3丁目の交差点の近くです。きのうの雨のあと、車道のまん中に直径30センチくらいの穴があきました。"
    "自転車が転びそうになっていました。通学路なので、早めに見ていただけると助かります。\n\n"
    "写真を2枚つけます。昼間は家にいます。"
)


def fill(town: SealedTown) -> Submission:
    """A morning's letters; returns the newest."""
    town.receive(
        "soumu",
        topic="証明書の受け取り方",
        text="平日に行けません。",
        title="くらしの相談",
        ago=timedelta(days=3),
    )
    town.receive("doboku", topic="街灯がつきません", text="公園の入口です。", ago=timedelta(days=1, hours=2))
    town.receive(
        "soumu",
        topic="",
        text="広報の字をもう少し大きくしてほしいです。",
        title="自由記述",
        ago=timedelta(hours=5),
    )
    town.receive(
        "doboku", topic="川の草刈り", text="いつごろですか。", ago=timedelta(hours=3), with_copy=False
    )
    return town.receive(
        "doboku", topic="道路に穴があいています", text=LONG,
        photos=(photo("#556b2f", "photo 1"), photo("#8b4513", "photo 2")),
    )  # fmt: skip


async def listed(driver: Driver, count: int) -> None:
    await driver.until_text("inbox.count", f"{count} 件")
    await driver.settle()


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


def test_a_contact_form_is_made_with_its_readers(play: Play, town: SealedTown, relay: FakeRelay) -> None:
    old = ContactForm(
        id="f1", title="くらしの相談", purpose="対応のため", access={"soumu": "edit"}, is_open=True
    )
    relay.put("contact_form", old.id, old, audience=department_audience("soumu"))

    async def story(driver: Driver) -> None:
        driver.click("inbox.forms")
        await driver.until_page("contact-forms")
        await driver.until_seen("contact_forms.row.0")
        await driver.until(lambda: driver.text("contact_form.title") == "くらしの相談", "first form")
        driver.click("contact_forms.new")
        await driver.until(lambda: driver.text("contact_form.title") == "", "empty form")
        driver.click("contact_form.save")
        await driver.until_seen("contact_forms.banner.words")
        await driver.picture("contact-forms-problems")
        driver.type("contact_form.title", "道路や公園の困りごと")
        driver.type("contact_form.guide", "場所が分かるように書いてください。")
        driver.type("contact_form.purpose", "お問い合わせへの対応と回答のためにだけ使います。")
        driver.click("contact_form.photos")
        driver.click("contact_form.is_open")
        driver.choose("contact_form.access.1", "対応する")
        driver.choose("contact_form.access.0", "見る")
        driver.click("contact_form.save")
        await driver.until(lambda: "contact_form.save" in [c.kind for c in relay.applied], "saved")
        await driver.until_seen("contact_forms.row.1")
        await driver.picture("contact-forms")

    play(story)
    (saved,) = [change.payload["form"] for change in relay.applied if change.kind == "contact_form.save"]
    assert saved["photos"] and saved["is_open"] and set(saved["access"].values()) == {"view", "edit"}


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


def test_free_words_are_asked_with_the_departments_that_read_them(
    play: Play, town: SealedTown, relay: FakeRelay
) -> None:
    async def story(driver: Driver) -> None:
        town.join("sato", "soumu", "doboku", role="section_admin")
        driver.click("rail.items")
        await driver.until_page("items")
        await driver.until_seen("items.new")
        driver.click("items.new")
        await driver.until_page("item-edit")
        driver.choose("item.kind", "自由記述（ページで答えます）")
        driver.type("item.title", "ご意見")
        driver.type("item.question", "町へのご意見をお書きください。")
        driver.click("item.save")
        await driver.until_seen("item.access.error")
        driver.choose("item.access.0", "対応する")
        await driver.picture("item-edit-text")
        driver.click("item.save")
        await driver.until_page("items")
        await driver.until(lambda: "item.save" in [change.kind for change in relay.applied], "saved")

    play(story)
    (item,) = relay.items().values()
    assert item.kind == "text" and set(item.access.values()) == {"edit"} and item.choices == ()


def test_who_sent_the_chosen_ones_goes_onto_a_list(play: Play, town: SealedTown, relay: FakeRelay) -> None:
    residents = [town.receive("soumu").resident for _ in range(2)]
    town.receive("doboku")
    chosen = ResidentList(id="l", name="相談した人", kind="chosen")
    relay.put("list", "l", chosen, audience=DELIVERIES)

    async def story(driver: Driver) -> None:
        await driver.until_text("inbox.count", "3 件")
        view = driver.find_as("inbox.table", QTableView)
        view.clearSelection()
        for row in range(3):
            index = view.model().index(row, 3)
            if view.model().at(row).resident in residents:  # type: ignore[attr-defined]
                view.selectionModel().select(
                    index, QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
                )
        driver.click("inbox.to_list")
        await driver.until_seen("to_list.lists")
        driver.find_as("to_list.lists", QListWidget).setCurrentRow(0)
        await driver.picture("inbox-to-list")
        driver.click("to_list.go")
        await driver.until(lambda: any(c.kind == "list.change" for c in relay.applied), "put")

    play(story)
    (change,) = (c for c in relay.applied if c.kind == "list.change")
    assert sorted(change.payload["add"]) == sorted(residents)
