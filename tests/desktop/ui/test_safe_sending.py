"""SEG-5, SEG-7, SEG-9, SEG-12 in the window: rules with their dates, hold and stop, the second person,
results, the calendar, what the town decides.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import openpyxl
from PySide6.QtCore import Qt

from desktop.ui.calendar.screen import CalendarScreen
from desktop.ui.driver import Driver
from desktop.ui.results.card import ResultCard
from protocol.deliveries import Delivery, DeliveryDraft, DeliveryNumbers
from protocol.messages import TextMessage
from protocol.results import DayResult, DeliveryResult, LinkResult
from protocol.schedules import Recurrence, Repeating
from protocol.segments import HasAnswered
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_sending import begin
from tests.desktop.morning import morning
from tests.desktop.ui.conftest import Play

RULE = Repeating(rule=Recurrence(pattern="weekly", weekdays=tuple(range(7)), first=date(2026, 1, 1)))


def delivery(title: str, **facts: object) -> Delivery:
    draft = DeliveryDraft(id=f"d-{title}", title=title, messages=(TextMessage(text="12月1日です。"),))
    return Delivery(draft=draft, written_by="other", written_at=morning()).model_copy(update=facts)


def version(driver: Driver, id: str) -> int:
    """Of the relay, as far as this machine has heard."""
    work = driver.window.work
    assert work is not None
    shown = work.desk.office.deliveries.get(id)
    return shown.version if shown else 0


def test_a_rule_is_put_together_and_its_dates_stand_beside_it(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "可燃ごみの日")
        driver.type("bubble.0.text", "明日は可燃ごみの日です。")
        driver.choose("when.kind", "くり返す")
        await driver.until_seen("when.moments.9")
        driver.choose("rule.pattern", "毎月（第何曜日）")
        driver.choose("rule.holiday", "次の平日に送る")
        await driver.until_text("when.sentence", "毎月第1")
        driver.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await driver.until_text("when.sentence", "祝日も送る")
        driver.choose("when.late", "見送る")
        driver.click("editor.confirm")
        await driver.until_page("confirm")
        await driver.until_text("confirm.when", "遅れたときは見送り")
        assert driver.sees("confirm.moments.9")
        assert driver.text("confirm.send") == "くり返しを始める"
        driver.type("confirm.typed", "4321")
        driver.click("confirm.send")
        await driver.until_seen("detail.planned")
        await driver.until_seen("detail.stop")
        driver.click("detail.stop")
        await driver.until_seen("detail.draft")

    play(story)
    assert [change.kind for change in relay.applied][-2:] == ["delivery.send", "delivery.stop"]


def test_a_broadcast_is_asked_for_by_hand_and_known_to_be_unstoppable(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "津波警報")
        driver.type("bubble.0.text", "｛地区｝の高台へ避難してください。")
        assert not driver.find("editor.broadcast").isEnabled()
        assert "差し込み" in driver.text("editor.broadcast.why")
        driver.type("bubble.0.text", "高台へ避難してください。")
        assert not driver.sees("editor.broadcast.why")
        driver.click("editor.broadcast")
        assert driver.find("editor.undo").toolTip() == "元に戻す：送り方の変更"
        draft = work.screens.editor.draft
        assert draft is not None and draft.route == "broadcast"
        driver.click("editor.confirm")
        await driver.until_seen("confirm.tick.unstoppable")
        assert "始めると止められません" in driver.text("confirm.route")
        driver.type("confirm.typed", "4321")
        assert not driver.find("confirm.send").isEnabled()
        driver.click("confirm.tick.unstoppable")
        driver.click("confirm.send")
        await driver.until_text("detail.state", "配信済み")
        to_some = draft.model_copy(update={"segment": HasAnswered(item="item-topics")})
        work.desk.routes.edit_delivery(to_some)
        await driver.until_seen("editor.broadcast.why")
        assert "友だち全員" in driver.text("editor.broadcast.why")
        driver.click("editor.broadcast")
        assert not driver.sees("editor.broadcast"), "nothing to choose where some are left out"

    play(story)
    assert relay.applied[-1].payload["accepted"] == ["unstoppable"]


def test_what_is_held_counts_down_and_stops_at_one_press_also_at_home(play: Play, relay: FakeRelay) -> None:
    relay.safety.hold_seconds, relay.safety.warnings = 60, ("quiet_hours",)
    relay.deliver_at_once = False

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        office = work.desk.office
        draft = office.deliveries.new("断水").model_copy(update={"messages": (TextMessage(text="断水"),)})
        work.desk.routes.confirm(draft)
        await driver.until_seen("confirm.tick.quiet_hours")
        driver.type("confirm.typed", "4321")
        assert not driver.find("confirm.send").isEnabled()
        driver.click("confirm.tick.quiet_hours")
        driver.click("confirm.send")
        await driver.until_text("detail.hold.seconds", "あと")
        driver.click("rail.home")
        await driver.until_seen("home.hold.stop")
        driver.click("home.hold.stop")
        await driver.until(lambda: relay.delivery(draft.id).state == "draft", "stopped")
        stopped = relay.records["delivery", draft.id].version
        await driver.until(lambda: version(driver, draft.id) == stopped, "the relay's word")
        office.confirming.send(office.confirming.prepare(draft), ("quiet_hours",))
        work.desk.routes.wake_sync()
        await driver.until(lambda: relay.delivery(draft.id).state == "held", "held again")
        begin(relay, draft.id)
        await driver.until_seen("home.sending.stop")
        driver.click("home.sending.stop")
        await driver.until(lambda: relay.delivery(draft.id).state == "paused", "paused")
        work.desk.routes.open_delivery(draft.id)
        await driver.until_text("detail.paused.words", "職員が止めました")
        assert driver.sees("detail.cancel") and driver.sees("detail.correct")

    play(story)


def test_the_second_person_sees_what_changed_and_gives_it_back_or_lets_it_go(
    play: Play, relay: FakeRelay
) -> None:
    old = delivery("去年の訓練", state="sent", confirmed_at=morning() - timedelta(days=365))
    relay.put("delivery", old.draft.id, old)
    news = TextMessage(text="12月3日です。")
    copy = old.draft.model_copy(update={"id": "d-new", "copied_from": old.draft.id, "messages": (news,)})
    relay.put("delivery", "d-new", delivery("", draft=copy, state="asked", asked_by="other"))

    async def story(driver: Driver) -> None:
        await driver.until_seen("home.asked.open")
        driver.click("home.asked.open")
        await driver.until_page("approval")
        await driver.until_seen("approval.changes.from")
        await driver.until_seen("approval.tick.stale_content")
        assert not driver.find("approval.go").isEnabled()
        driver.press(Qt.Key.Key_Return)
        driver.click("approval.return")
        driver.type("return.reason", "曜日も書いてください。")
        driver.click("return.go")
        await driver.until(lambda: relay.delivery("d-new").returned == "曜日も書いてください。", "returned")
        work = driver.window.work
        assert work is not None
        work.desk.routes.open_delivery("d-new")
        await driver.until_text("editor.returned.words", "曜日も書いてください。")
        relay.put("delivery", "d-new", delivery("", draft=copy, state="asked", asked_by="other"))
        driver.click("rail.deliveries")
        await driver.until_page("deliveries")
        driver.click("deliveries.filter.asked")
        await driver.until_text("deliveries.count", "1 件")
        driver.click("deliveries.open")
        await driver.until_page("approval")
        await driver.until_seen("approval.tick.stale_content")
        driver.click("approval.tick.stale_content")
        driver.type("approval.typed", "4321")
        await driver.until_enabled("approval.go")
        driver.click("approval.go")
        await driver.until_text("detail.state", "配信済み")

    play(story)


def test_in_an_emergency_a_reason_stands_for_the_second_person(play: Play, relay: FakeRelay) -> None:
    relay.safety.needs_second = True

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        made = work.desk.office.deliveries.new("避難")
        draft = made.model_copy(update={"messages": (TextMessage(text="避難してください。"),)})
        work.desk.routes.confirm(draft)
        await driver.until_seen("confirm.second.open")
        assert not driver.sees("confirm.send") and driver.find("confirm.ask").isEnabled()
        driver.click("confirm.second.open")
        driver.type("confirm.second.reason", "避難指示")
        assert not driver.find("confirm.second.go").isEnabled()
        driver.type("confirm.typed", "4,321")
        driver.click("confirm.second.go")
        await driver.until(lambda: ("delivery", draft.id) in relay.records, "at the relay")
        await driver.until(lambda: relay.delivery(draft.id).bypassed == "避難指示", "sent")

    play(story)


def test_results_say_what_line_does_not_tell_and_go_to_excel(
    play: Play, relay: FakeRelay, tmp_path: Path
) -> None:
    numbers = DeliveryNumbers(recipients=30, accepted=30)
    sent = delivery("訓練", state="sent", numbers=numbers, confirmed_at=morning())
    relay.put("delivery", sent.draft.id, sent)
    result = DeliveryResult(
        delivery=sent.draft.id, unit="u", delivered=30, opened=21,
        links=(LinkResult(url="https://example.jp", label="詳しく", taps=7),),
        taps_by_hour={"2026-11-20T23": 3, "2026-11-21T01": 4, "2026-12-01T12": 1},
        days=tuple(DayResult(day=date(2026, 11, 20 + n), opened=20 + n) for n in range(2)),
    )  # fmt: skip
    relay.put("result", sent.draft.id, result)

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        work.desk.routes.open_delivery(sent.draft.id)
        await driver.until_text("result.clicked", "20人未満のため表示なし")
        assert driver.text("result.opened") == "21"
        assert "いちばん多いのは11月21日 1時の4回" in driver.find("result.hours").accessibleName()
        driver.click("result.hours.switch")
        assert driver.sees("result.hours.table")
        driver.find_as("result", ResultCard).export_to(tmp_path / "結果.xlsx")
        await driver.until(lambda: (tmp_path / "結果.xlsx").exists(), "file")
        driver.click("detail.archive")
        await driver.until(lambda: relay.delivery(sent.draft.id).archived, "put away")
        driver.click("rail.deliveries")
        await driver.until_page("deliveries")
        await driver.until_text("deliveries.count", "当てはまる配信はありません")

    play(story)
    sheet = openpyxl.load_workbook(tmp_path / "結果.xlsx").active
    assert sheet is not None
    rows = [tuple("" if cell.value is None else cell.value for cell in row) for row in sheet.iter_rows()]
    assert ("時間ごとのタップ", "11月21日 0時", 0, "", "回") in rows
    assert ("時間ごとのタップ", "12月1日 12時", 1, "", "回") in rows  # the chart ends after three days
    assert ("配信", "成功", 30, "", "人・LINEが受け付けた人") in rows
    assert ("反応（LINEの集計）", "開封", 21, "70%", "人") in rows
    assert ("反応（LINEの集計）", "リンクを押した人", "", "", "20人未満のため表示なし") in rows


def test_the_month_is_read_as_a_calendar_and_as_a_list(play: Play, relay: FakeRelay) -> None:
    draft = DeliveryDraft(id="d-r", title="毎日の知らせ", when=RULE, messages=(TextMessage(text="x"),))
    relay.put("delivery", "d-r", Delivery(draft=draft, state="repeating", due_at=morning()))

    async def story(driver: Driver) -> None:
        driver.click("rail.deliveries")
        await driver.until_page("deliveries")
        driver.click("deliveries.tab.delivery-calendar")
        await driver.until_page("delivery-calendar")
        driver.click("calendar.after")
        work = driver.window.work
        assert work is not None
        screen = work.screens.by_page("delivery-calendar")
        assert isinstance(screen, CalendarScreen)
        await driver.until(lambda: screen.rows.rowCount() >= 28, "the rule's days")
        aloud = screen.view.model().index(2, 2).data(Qt.ItemDataRole.AccessibleTextRole)
        assert "09:00 毎日の知らせ" in aloud
        driver.click("calendar.switch")
        screen.list.setCurrentIndex(screen.rows.index(0, 0))
        driver.click("calendar.open")
        await driver.until_seen("detail.planned")

    play(story)


def test_the_towns_rules_and_holidays_are_changed_by_whoever_may(play: Play, relay: FakeRelay) -> None:
    async def story(driver: Driver) -> None:
        driver.click("rail.settings")
        await driver.until_seen("settings.rules")
        driver.click("settings.rules")
        await driver.until_page("sending-rules")
        driver.click("rules.emergency.approver")
        driver.click("rules.save")
        await driver.until_text("rules.banner.words", "保存しました")
        await driver.until(lambda: ("sending_rules", "town") in relay.records, "rules")
        driver.click("rules.back")
        driver.click("settings.holidays")
        await driver.until_page("holidays")
        driver.type("holidays.name", "開庁記念日")
        driver.click("holidays.add")
        await driver.until(lambda: ("holidays", "town") in relay.records, "holidays")

    play(story)
    assert "approver" in relay.records["sending_rules", "town"].body["emergency_roles"]
    assert "開庁記念日" in relay.records["holidays", "town"].body["closed"].values()
