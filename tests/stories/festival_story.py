"""Last year's message goes out again, to parents: duplicated, opened and tapped, its results exported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import openpyxl
import requests

from desktop.ui.deliveries.detail import DetailScreen
from desktop.ui.driver import Driver
from desktop.ui.results.card import ResultCard
from protocol.deliveries import Delivery
from relay.store.results import list_links
from tests.stories.delivery_cast import NEIGHBOUR, PARENT, Cast
from tests.stories.phone import Phone

LAST_YEARS = "こども文化祭のご案内"
TITLE = "こども文化祭のご案内（今年）"
TEXT = """こども文化祭を開きます。

日時：次の日曜日 10時から15時
会場：市民会館
内容：工作、人形劇、こども屋台

参加は無料です。くわしくはこちらをご覧ください。
https://www.example.jp/kodomo"""
URL = "https://www.example.jp/kodomo"
OPENED, MORE, CLICKED = 61, 40, 27
TAPS = (21, 12)
"""In the first hour, and two hours later."""


@dataclass
class FestivalStory:
    cast: Cast
    delivery: str = ""
    link: str = ""

    async def play(self, desk: Driver) -> None:
        await self.tell_of_child(desk)
        await self.copy(desk)
        await self.send(desk)
        await self.react(desk)
        await self.read_results(desk)

    async def tell_of_child(self, desk: Driver) -> None:
        """Several births cannot be told by a tap, so they stand on the page."""
        cast = self.cast
        item = next(each for each in cast.town.items if each.several)

        def answer(phone: Phone) -> None:
            phone.say("設定")
            phone.tap("ページで見る・変更する")
            page = phone.page
            page.get_by_role("button", name="保存する").wait_for()
            rows = page.locator(f"#f{item.id} select[name='a.{item.id}']")
            rows.nth(0).select_option("2015")
            if rows.count() > 1:
                rows.nth(1).select_option("2019")
            rows.nth(0).scroll_into_view_if_needed()
            cast.shot(phone, "page-children")
            page.get_by_role("button", name="保存する").click()
            page.get_by_text("保存しました").first.wait_for()

        with cast.narrator.step(f"{PARENT} tells the years of birth of the children on the page"):
            await cast.with_phone(desk, PARENT, answer)

    async def copy(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("Last year's message is found and duplicated"):
            desk.click("rail.deliveries")
            await desk.until_page("deliveries")
            desk.type("deliveries.search", LAST_YEARS)
            await desk.until_text("deliveries.count", "1 件")
            await desk.settle()
            await cast.picture(desk, "deliveries-found")
            desk.click("deliveries.copy")
            await desk.until_page("delivery-edit")
            desk.type("editor.title", TITLE)
            desk.type("bubble.0.text", TEXT)
        with cast.narrator.step("Its recipients: those who chose 子育て, or have a child up to 18"):
            item = next(each for each in cast.town.items if each.several)
            await cast.add_condition(desk, item.title)
            box = desk.find("condition.highest")
            box.setValue(18)  # type: ignore[attr-defined]
            await cast.picture(desk, "condition-children")
            desk.click("condition.go")
            await desk.until(lambda: not desk.sees("condition.go"), "the sheet is gone")
            joined: Any = desk.find("recipients.joined")
            joined.setCurrentIndex(joined.findData("or"))
            joined.activated.emit(joined.currentIndex())
            await desk.until(lambda: "または" in desk.text("recipients.sentence"), "joined by or")
            await desk.until(lambda: "人のうち" in desk.text("recipients.count"), "a count")
            assert "18歳以下" in desk.text("recipients.sentence")
            assert "子育て" in desk.text("recipients.sentence")
            await cast.scroll_to(desk, "recipients.add")
            await cast.picture(desk, "delivery-copied")

    async def send(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("It is confirmed: what changed since last year stands there"):
            desk.click("editor.confirm")
            await desk.until_page("confirm")
            await cast.read_and_tick(desk, "confirm", "confirm.send")
            assert desk.text("confirm.changes.from").endswith(f"「{LAST_YEARS}」")
            await cast.picture(desk, "confirm-copied")
            desk.click("confirm.send")
            await cast.wait_out_hold(desk)
            self.delivery = await until_sent(desk)
            cast.replay(self.delivery)

    async def react(self, desk: Driver) -> None:
        cast = self.cast
        pressed: list[str] = []

        def read(phone: Phone) -> None:
            phone.wait_for("こども屋台")
            link = phone.page.locator("#talk a[href*='/go/']").last
            link.scroll_into_view_if_needed()
            cast.shot(phone, "phone-festival")
            pressed.append(str(link.get_attribute("href")))

        with cast.narrator.step("The parent's phone shows it; who has neither child nor topic got nothing"):
            await cast.with_phone(desk, PARENT, read)
            assert "こども屋台" not in cast.words_in_talk(NEIGHBOUR)
        self.link = pressed[0]
        with cast.narrator.step(
            "People open it and follow the link; LINE and the relay count, without names"
        ):
            self._crowd(openings=OPENED, clicks={self.link: CLICKED})
            await self._tap(desk, TAPS[0])

    async def read_results(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("Two hours later the first numbers of LINE are there, a day later the next"):
            cast.later(hours=2)
            await desk.until(lambda: desk.text("result.opened").isdigit(), "LINE's numbers", seconds=30)
            seen = int(desk.text("result.opened"))
            assert seen >= OPENED
            await self._tap(desk, TAPS[1])
            self._crowd(openings=MORE, clicks={})
            cast.later(days=1)
            await desk.until(lambda: desk.text("result.opened") == str(seen + MORE), "the next day", 30)
            await desk.until(lambda: desk.sees("result.days"), "both days")
            await cast.picture(desk, "delivery-result")
            await cast.scroll_to(desk, "result.days")
            await cast.picture(desk, "results-charts")
        with cast.narrator.step("They are exported to Excel, and the file says what the screen says"):
            file = cast.narrator.folder / "こども文化祭の結果.xlsx"
            file.unlink(missing_ok=True)
            card = desk.find_as("result", ResultCard)
            clicked = int(desk.text("result.clicked"))
            card.export_to(file)  # the dialog of the file belongs to the system
            await desk.until_text("bar.message", "書き出しました")
            self._compare(file, desk, seen + MORE, clicked)

    async def _tap(self, desk: Driver, times: int) -> None:
        """So many taps. A phone's browser would go on to the town's site, which does not exist."""
        before = self._taps()
        for _ in range(times):
            assert self._target() == URL
        await desk.until(lambda: self._taps() == before + times, "the relay wrote its count down")

    def _target(self) -> str:
        """Where a tap on the link leads."""
        trusted = str(self.cast.hall.certificate)
        return requests.get(self.link, verify=trusted, allow_redirects=False, timeout=10).headers["location"]

    def _crowd(self, **counts: Any) -> None:
        """People without a name who saw it and followed its links, as LINE counts them."""
        self.cast.hall.sandbox("POST", "interest", {"unit": self._unit(), **counts})

    def _taps(self) -> int:
        with self.cast.store() as database, database.read() as connection:
            return sum(sum(link.taps.values()) for link in list_links(connection, self.delivery))

    def _unit(self) -> str:
        """The name LINE counts it by."""
        hall = self.cast.hall
        token = hall.sandbox("GET", "settings")["channel_token"]
        answer = requests.get(
            f"{hall.sandbox_url}/v2/bot/message/aggregation/list",
            headers={"authorization": f"Bearer {token}"},
            timeout=10,
        )
        (unit,) = answer.json()["customAggregationUnits"]
        return str(unit)

    def _compare(self, file: Any, desk: Driver, opened: int, clicked: int) -> None:
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        rows = {
            (row[0], row[1]): row[2] for row in sheet.iter_rows(values_only=True) if isinstance(row[2], int)
        }
        assert rows["配信", "成功"] == int(desk.text("detail.number.accepted").replace(",", ""))
        assert rows["反応（LINEの集計）", "開封"] == opened
        assert rows["反応（LINEの集計）", "リンクを押した人"] == clicked >= CLICKED
        links = [row for row in sheet.iter_rows(values_only=True) if row[0] == "リンク"]
        assert (URL, sum(TAPS)) in {(row[1], row[2]) for row in links}, links
        assert len([row for row in rows if row[0] == "日ごとの開封"]) == 2


def delivery_on_screen(desk: Driver) -> Delivery | None:
    """The delivery that the screen of one delivery shows."""
    screen = desk.find_as("screen.delivery-result", DetailScreen)
    return screen.shown


async def until_sent(desk: Driver, *, not_this: str = "") -> str:
    """Wait until the delivery on the screen went out; its id. `not_this`: the one looked at before."""

    def is_sent() -> bool:
        shown = delivery_on_screen(desk)
        return shown is not None and shown.draft.id != not_this and shown.state == "sent"

    await desk.until(is_sent, "it was sent", seconds=30)
    await desk.settle()
    shown = delivery_on_screen(desk)
    assert shown is not None
    return shown.draft.id
