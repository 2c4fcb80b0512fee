"""SEC-5, SEC-9 in the window: the log is searched, paged, checked and exported; a log that lies brings a red
banner that stays until somebody has looked into it.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QTableView

from desktop.ui.audit.access import AccessLogScreen
from desktop.ui.audit.screen import AuditScreen
from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from tests.desktop.conftest import Desk
from tests.desktop.fake_audit import WatchingRelay, access_entries, relay
from tests.desktop.fake_submissions import found_town
from tests.desktop.ui.conftest import Play
from tests.desktop.ui.test_account import sign_in
from tests.desktop.ui.test_devices import cells

__all__ = ["relay"]


def screen(driver: Driver, page: str) -> AuditScreen | AccessLogScreen:
    work = driver.window.work
    assert work is not None
    made = work.screens.by_page(page)
    assert isinstance(made, AuditScreen | AccessLogScreen)
    return made


async def to_log(driver: Driver, count: str = "件") -> None:
    driver.click("rail.records")
    await driver.until_page("audit")
    await driver.until_text("audit.count", count)


def pick(driver: Driver, name: str, row: int) -> None:
    view = driver.find_as(name, QTableView)
    view.setCurrentIndex(view.model().index(row, 0))


def test_the_log_is_searched_by_person_and_kind_and_read_on(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        me = relay.accounts["sato"].member.id
        for number in range(250):
            relay.write("sign_in_failed" if number % 2 else "sign_out", me)
        await to_log(driver, "200 件")
        driver.click("audit.more")
        await driver.until(lambda: len(cells(driver, "audit.table")) > 250, "the rest")
        assert not driver.sees("audit.more")
        driver.choose("audit.kind", "サインインの失敗")
        await driver.until_text("audit.count", "125 件")
        assert {row[3] for row in cells(driver, "audit.table")} == {"サインインの失敗"}
        assert {row[2] for row in cells(driver, "audit.table")} == {"総務課 佐藤"}
        driver.choose("audit.period", "今日")
        await driver.until_text("audit.count", "125 件")
        driver.type("audit.object", "no-such-thing")
        await driver.until_text("audit.count", "記録はありません")

    play(story)


def test_an_entry_says_whether_the_persons_signature_holds(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        office = work.desk.office
        office.deliveries.save(office.deliveries.new("防災訓練"))
        work.desk.routes.wake_sync()
        await driver.until(lambda: relay.behind, "a signed change in the log")
        await to_log(driver)
        pick(driver, "audit.table", 0)
        driver.click("audit.detail")
        await driver.until_text("audit_entry.signature.words", "鍵の証明がない")
        driver.click("audit_entry.close")
        found_town(relay).join("sato", role="admin")
        work.desk.routes.wake_sync()
        await driver.until(lambda: office.town_keys.root_words(), "the town's keys")
        office.town_keys.accept_root(office.town_keys.root_words())
        driver.click("audit.detail")
        await driver.until_text("audit_entry.signature.words", "署名を確認しました")
        driver.click("audit_entry.close")
        (no,) = relay.behind
        forged = relay.behind[no].model_copy(update={"payload": {"delivery": "another"}})
        relay.behind[no] = forged
        driver.click("audit.detail")
        await driver.until_text("audit_entry.signature.words", "署名を確認できません")
        driver.click("audit_entry.close")
        pick(driver, "audit.table", len(cells(driver, "audit.table")) - 1)
        driver.click("audit.detail")
        await driver.until_text("audit_entry.signature.words", "署名を伴わない")
        driver.click("audit_entry.close")

    play(story)


def test_the_whole_log_is_recomputed(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        for _ in range(8):
            relay.write("sign_out", "somebody")
        await to_log(driver)
        driver.click("audit.whole")
        await driver.until_text("audit.banner.words", "はじめから今まで書き換えられていません")
        relay.rewrite_history(1)
        driver.click("audit.whole")
        await driver.until_text("audit.banner.words", "記録が合いません")

    play(story)


def test_an_export_is_a_file_and_an_entry_of_its_own(
    play: Play, relay: WatchingRelay, tmp_path: Path
) -> None:
    async def story(driver: Driver) -> None:
        for _ in range(230):
            relay.write("sign_out", "somebody")
        await to_log(driver)
        audit = screen(driver, "audit")
        audit.export_to(tmp_path / "記録.csv")
        await driver.until_text("audit.banner.words", "書き出しました")
        await driver.until(lambda: "export.made" in [entry.kind for entry in relay.log], "logged")

    play(story)
    lines = (tmp_path / "記録.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) > 230 and lines[0].startswith("番号,日時,職員")
    export = next(change for change in relay.applied if change.kind == "export.made")
    assert export.payload == {"what": "audit", "count": len(lines) - 1}


def test_the_access_log_is_searched_and_says_how_long_it_is_kept(
    play: Play, relay: WatchingRelay, tmp_path: Path
) -> None:
    async def story(driver: Driver) -> None:
        relay.access = access_entries(40, staff=relay.accounts["sato"].member.id)
        await to_log(driver)
        driver.click("audit.tab.access-log")
        await driver.until_page("access-log")
        await driver.until_text("access.kept", "180日間保存")
        assert driver.text("access.count") == "40 件"
        driver.choose("access.status", "401 本人を確かめられず")
        await driver.until_text("access.count", "8 件")
        driver.type("access.address", "10.1.2")
        await driver.until(lambda: driver.text("access.count") != "8 件", "narrower")
        screen(driver, "access-log").export_to(tmp_path / "a.xlsx")
        await driver.until_text("access.banner.words", "書き出しました")
        assert (tmp_path / "a.xlsx").stat().st_size > 2000
        driver.click("access-log.tab.audit")
        await driver.until_page("audit")

    play(story)


def test_with_the_relay_away_the_log_says_so(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        relay.stop()
        driver.click("rail.records")
        await driver.until_text("audit.banner.words", "つながっているときに見られます")

    play(story)


def test_a_changed_history_brings_a_red_banner_that_stays_until_acknowledged(
    play: Play, desk: Desk, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        relay.rewrite_history(0)
        relay.set_summary(friends=1)
        await driver.until_text("window.alarm.words", "操作記録が書き換えられたおそれがあります")
        driver.click("rail.settings")
        await driver.until_page("settings")
        assert driver.sees("window.alarm.words")

    play(story)

    async def again(driver: Driver) -> None:
        await sign_in(driver)
        await driver.until_seen("window.alarm.open")
        driver.click("window.alarm.open")
        await driver.until_text("log_alarm.facts", "気づいた日時")
        assert not driver.find("log_alarm.go").isEnabled()
        driver.find_as("log_alarm.sure", QCheckBox).setChecked(True)
        driver.click("log_alarm.go")
        await driver.until(lambda: not driver.sees("window.alarm.words"), "acknowledged")

    run_story(desk.doors(), StartWish(desk.folder.screen), again)


def test_a_relay_put_back_to_yesterday_is_called_that_and_staff_name_an_administrator(
    play: Play, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        for _ in range(5):
            relay.write("sign_out", "somebody")
        relay.set_summary(friends=98765)
        await driver.until_text("home.number.friends", "98,765")
        relay.change_member("sato", role="editor")
        admin = relay.accounts["sato"].member.model_copy(
            update={"id": "a", "login_name": "a", "display_name": "情報課 田中", "role": "admin"}
        )
        relay.put("staff", "a", admin)
        relay.restore(2)
        relay.set_summary(friends=2)
        await driver.until_text("window.alarm.words", "中継サーバが過去の状態に戻されました")
        driver.click("window.alarm.open")
        await driver.until_seen("log_alarm.who")
        driver.find_as("log_alarm.sure", QCheckBox).setChecked(True)
        assert not driver.find("log_alarm.go").isEnabled()
        await driver.until(lambda: driver.find_as("log_alarm.who", QComboBox).count() == 2, "administrators")
        driver.choose("log_alarm.who", "情報課 田中")
        driver.click("log_alarm.go")
        await driver.until(lambda: not driver.sees("window.alarm.words"), "acknowledged")
        assert QApplication.activeModalWidget() is None

    play(story)
