"""What became of a sending stands in the window: tests, and deliveries LINE stopped. SEG-7, SEG-10."""

from __future__ import annotations

from PySide6.QtCore import Qt

from desktop.ui.driver import Driver
from protocol.deliveries import Quota
from protocol.messages import TextMessage
from protocol.sync import QuotaAnswer
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_sending import move_test, pause
from tests.desktop.ui.conftest import Play


async def ask_for_a_test(driver: Driver, relay: FakeRelay) -> None:
    """A test to the own account, from a draft that was never saved."""
    work = driver.window.work
    assert work is not None
    staff = work.desk.office.staff
    relay.tie_line("sato")
    await driver.until(lambda: staff.me().line_linked, "tied account")
    driver.click("home.new_delivery")
    await driver.until_page("delivery-edit")
    driver.type("bubble.0.text", "訓練です")
    driver.click("editor.test")
    await driver.until_enabled("test.go")
    driver.click("test.go")


def the_test(relay: FakeRelay) -> str:
    """The id of the only test at the relay; empty before there is one."""
    return next((id for kind, id in list(relay.records) if kind == "test_run"), "")


def test_a_test_is_called_sent_only_when_line_took_it(play: Play, relay: FakeRelay) -> None:
    relay.deliver_at_once = False

    async def story(driver: Driver) -> None:
        await ask_for_a_test(driver, relay)
        await driver.until_text("test.banner.words", "送っています…")
        assert not driver.find("test.go").isEnabled()
        await driver.until(lambda: the_test(relay), "test at the relay")
        await driver.settle()
        assert "送りました" not in driver.text("test.banner.words")
        move_test(relay, the_test(relay), reason="line_unreachable")
        await driver.until_text("test.banner.words", "LINEにつながりません")
        move_test(relay, the_test(relay), reason="", accepted=1, finished=True)
        await driver.until_text("test.banner.words", "1人に送りました。スマートフォンで確かめてください。")
        await driver.until_enabled("test.go")

    play(story)


def test_a_test_line_refused_says_so_and_what_to_do(play: Play, relay: FakeRelay) -> None:
    relay.deliver_at_once = False

    async def story(driver: Driver) -> None:
        await ask_for_a_test(driver, relay)
        await driver.until(lambda: the_test(relay), "test at the relay")
        move_test(relay, the_test(relay), refused=1, finished=True, reason="line_refused")
        await driver.until_text("test.banner.words", "1人には送れませんでした。LINEに断られました。")
        assert "情報担当に" in driver.text("test.banner.words")

    play(story)


def test_a_test_the_relay_did_not_take_says_why(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        relay.refuse_next("no_test_account")
        await ask_for_a_test(driver, relay)
        await driver.until_text("test.banner.words", "受け付けられませんでした")
        assert "自分のLINEをつなぐ" in driver.text("test.banner.words")
        await driver.until_enabled("test.go")

    play(story)


def test_an_outcome_that_comes_after_the_sheet_was_closed_is_told_below(play: Play, relay: FakeRelay) -> None:
    relay.deliver_at_once = False

    async def story(driver: Driver) -> None:
        await ask_for_a_test(driver, relay)
        await driver.until(lambda: the_test(relay), "test at the relay")
        driver.click("test.close")
        move_test(relay, the_test(relay), accepted=1, finished=True)
        await driver.until_text("bar.message", "テスト配信：1人に送りました。")

    play(story)


async def stop_a_delivery(driver: Driver, relay: FakeRelay) -> str:
    """A delivery to 4,321 people, stopped after 1,000, on the screen; its id."""
    relay.deliver_at_once = False
    work = driver.window.work
    assert work is not None
    office = work.desk.office
    draft = office.deliveries.new("断水").model_copy(update={"messages": (TextMessage(text="断水します"),)})
    office.confirming.send(office.confirming.prepare(draft))
    work.desk.routes.wake_sync()
    await driver.until(lambda: ("delivery", draft.id) in relay.records, "draft at the relay")
    await driver.until(lambda: relay.delivery(draft.id).state == "sending", "delivery at the relay")
    pause(relay, draft.id, accepted=1000)
    work.desk.routes.open_delivery(draft.id)
    await driver.until_page("delivery-result")
    await driver.until_text("detail.state", "中断")
    return draft.id


def test_a_stopped_delivery_says_why_and_goes_on_after_a_look(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        delivery = await stop_a_delivery(driver, relay)
        assert not driver.sees("detail.copy")
        words = driver.text("detail.paused.words")
        assert "通数を使い切った" in words and "3,321 人に送っていません" in words
        driver.click("detail.resume")
        await driver.until_enabled("resume.go")
        assert "3,321 人" in driver.text("resume.words")
        assert "18,000通" in driver.text("resume.quota")
        driver.press(Qt.Key.Key_Return)
        driver.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        driver.find("resume.go").setFocus()
        driver.press(Qt.Key.Key_Return)
        await driver.settle()
        assert "delivery.resume" not in [change.kind for change in relay.applied]
        relay.deliver_at_once = True
        driver.click("resume.go")
        await driver.until_text("detail.state", "配信済み")
        assert not driver.sees("detail.resume")
        assert relay.delivery(delivery).numbers.accepted == 4321

    play(story)


def test_a_rest_the_quota_does_not_hold_cannot_go_on(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        await stop_a_delivery(driver, relay)
        relay.quota = QuotaAnswer(quota=Quota(limit=5000, used=4000))
        driver.click("detail.resume")
        await driver.until_text("resume.banner.words", "残り1,000通、宛先3,321人")
        assert "宛先をしぼる" not in driver.text("resume.banner.words")
        assert not driver.find("resume.go").isEnabled()
        driver.press(Qt.Key.Key_Escape)
        relay.refuse_next("over_quota")
        relay.quota = QuotaAnswer(quota=Quota())
        driver.click("detail.resume")
        await driver.until_enabled("resume.go")
        driver.click("resume.go")
        await driver.until_text("detail.banner.words", "残りの通数を超えます。")
        assert driver.sees("detail.resume")

    play(story)
