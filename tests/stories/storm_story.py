"""A storm message to three districts: a card, a second person's yes, the hold, the stop halfway, going on,
and the correction to exactly those who received it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtWidgets import QSpinBox

from desktop.ui.driver import Driver
from tests.stories.delivery_cast import NEIGHBOUR, PARENT, Cast
from tests.stories.festival_story import delivery_on_screen, until_sent
from tests.stories.phone import Phone
from tests.stories.town_windows import all_sent

TITLE = "大雨と強風への備え（3地区）"
ALT = "大雨と強風への備え"
HEADING = "｛地区｝のみなさんへ"
TEXT = "今夜おそくから、大雨と強い風の見込みです。\n川や海の近くに行かないでください。"
ROWS = (("避難所", "市民体育館"), ("開く時刻", "18時"))
WRONG, RIGHT = "18時", "17時"
REASON = "避難所の時刻のまちがいを、すぐに直すため"
SECOND_FROM, HOLD = 20, 60


@dataclass
class StormStory:
    cast: Cast
    delivery: str = ""
    record: int = 0
    reached: list[str] = field(default_factory=list)

    @property
    def districts(self) -> tuple[str, ...]:
        """The parent's and the largest of two other areas, never the neighbour's."""
        cast = self.cast
        item = cast.town.item("district")
        largest = {choice.group: choice.label for choice in reversed(item.choices)}
        others = [
            label
            for group, label in largest.items()
            if group not in (cast.district.group, cast.elsewhere.group)
        ]
        return (cast.district.label, *others[:2])

    # -- the writer's window ---------------------------------------------------------------------------

    async def write(self, desk: Driver) -> None:
        await self.set_rules(desk)
        await self.compose(desk)
        await self.ask(desk)

    async def set_rules(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("The town decides when a second person is needed and how long it is held"):
            desk.click("rail.settings")
            await desk.until_page("settings")
            desk.click("settings.rules")
            await desk.until_page("sending-rules")
            desk.find_as("rules.second_person_from", QSpinBox).setValue(SECOND_FROM)
            desk.find_as("rules.hold_seconds", QSpinBox).setValue(HOLD)
            desk.find_as("rules.type_number_from", QSpinBox).setValue(SECOND_FROM)
            await cast.picture(desk, "sending-rules")
            desk.click("rules.save")
            await desk.until_text("rules.banner.words", "保存しました")
            await all_sent(desk)
            desk.click("rules.back")
            desk.click("settings.holidays")
            await desk.until_page("holidays")
            await cast.picture(desk, "holidays")

    async def compose(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("A card is put together from blocks; each district reads its own name"):
            desk.click("rail.home")
            await desk.until_page("home")
            desk.click("home.new_delivery")
            await desk.until_page("delivery-edit")
            desk.type("editor.title", TITLE)
            cast.do_in_menu(desk, "bubbles.add.card")
            await desk.until_seen("bubble.1.alt")
            desk.click("bubble.0.remove")
            await desk.until(lambda: desk.sees("bubble.0.alt") and not desk.sees("bubble.1.alt"), "a card")
            card = "bubble.0.card.0"
            desk.type("bubble.0.alt", ALT)
            colour: Any = desk.find(f"{card}.colour")
            colour.setCurrentIndex(colour.findData("orange"))
            colour.activated.emit(colour.currentIndex())
            desk.type(f"{card}.block.0.text", HEADING)
            desk.type(f"{card}.block.1.text", TEXT)
            desk.click(f"{card}.add.table")
            await desk.until_seen(f"{card}.block.2.row.0.name")
            desk.click(f"{card}.block.2.add_row")
            await desk.until_seen(f"{card}.block.2.row.1.name")
            for place, (name, value) in enumerate(ROWS):
                desk.type(f"{card}.block.2.row.{place}.name", name)
                desk.type(f"{card}.block.2.row.{place}.value", value)
            desk.click(f"{card}.buttons.add")
            await desk.until_seen(f"{card}.buttons.0.label")
            desk.type(f"{card}.buttons.0.label", "避難所の一覧")
            desk.type(f"{card}.buttons.0.url", "https://www.example.jp/hinan")
            await cast.scroll_to(desk, f"{card}.block.0.text")
            await cast.picture(desk, "storm-card")
        with cast.narrator.step(f"Recipients: {'・'.join(self.districts)}"):
            await cast.add_condition(desk, cast.town.item("district").title, self.districts)
            await cast.picture(desk, "condition-districts")
            desk.click("condition.go")
            await desk.until(lambda: not desk.sees("condition.go"), "the sheet is gone")
            await desk.until(lambda: "人のうち" in desk.text("recipients.count"), "a count")

    async def ask(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("So many need a second person: the yes is asked for"):
            desk.click("editor.confirm")
            await desk.until_page("confirm")
            await desk.until_seen("confirm.second")
            await cast.read_and_tick(desk, "confirm", "confirm.ask")
            assert not desk.sees("confirm.send")
            await cast.picture(desk, "confirm-second-person")
            desk.click("confirm.ask")
            await desk.until_seen("detail.asked")
            await all_sent(desk)
            await cast.picture(desk, "storm-asked")

    # -- the second person's window --------------------------------------------------------------------

    async def approve(self, desk: Driver) -> None:
        await self.say_yes(desk)
        await self.stop(desk)
        await self.go_on(desk)
        await self.correct(desk)

    async def say_yes(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("The second person finds it at home, reads it and says yes"):
            await desk.until_seen("home.asked.open")
            await cast.picture(desk, "home-asked")
            desk.click("home.asked.open")
            await desk.until_page("approval")
            await cast.read_and_tick(desk, "approval", "approval.go")
            await cast.picture(desk, "approval")
        self.record = cast.last_record()
        # LINE takes the first call slowly and asks to come back later with the others.
        for fault in ({"times": 1, "delay_ms": 150}, {"times": None, "status": 429}):
            cast.hall.sandbox("POST", "faults", {"endpoint": "multicast", **fault})
        with cast.narrator.step(f"It is held for {HOLD} seconds, in which one press would stop it"):
            desk.click("approval.go")
            await desk.until_text("detail.hold.seconds", "あと")
            await cast.picture(desk, "storm-held")
            await cast.wait_out_hold(desk)

    async def stop(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("It goes out, slowly; halfway the big stop is pressed"):
            await desk.until(lambda: desk.sees("detail.sending.stop"), "it goes out", seconds=30)
            await desk.until(
                lambda: not desk.text("detail.sending.done").startswith("0 "), "the first have it", seconds=30
            )
            await cast.picture(desk, "storm-sending")
            desk.click("detail.sending.stop")
            await desk.until_seen("detail.paused")
            await desk.settle()
            await cast.picture(desk, "storm-stopped")
            stopped = delivery_on_screen(desk)
            assert stopped is not None
            self.delivery, numbers = stopped.draft.id, stopped.numbers
            assert 0 < numbers.accepted < numbers.recipients, numbers
            assert len(cast.received_since(self.record)) == numbers.accepted
        cast.hall.sandbox("DELETE", "faults")

    async def go_on(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("LINE is well again; the rest gets it, nobody twice"):
            desk.click("detail.resume")
            await desk.until_enabled("resume.go")
            await cast.picture(desk, "storm-resume")
            desk.click("resume.go")
            await until_sent(desk)
            await cast.picture(desk, "storm-sent")
            told = cast.replay(self.delivery)
            self.reached = sorted(cast.received_since(self.record))
            assert told.reached == told.people == len(self.reached) == len(set(self.reached))

        def read(phone: Phone) -> None:
            phone.wait_for(f"{cast.district.label}のみなさんへ")
            cast.shot(phone, "phone-storm")

        with cast.narrator.step("The phone shows the card with the name of the own district"):
            await cast.with_phone(desk, PARENT, read)
            assert ALT not in cast.words_in_talk(NEIGHBOUR)

    async def correct(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("A mistake is seen: one click writes a correction to those who received it"):
            desk.click("detail.correct")
            await desk.until_page("delivery-edit")
            await desk.until(lambda: "人のうち" in desk.text("recipients.count"), "a count")
            words = desk.text("bubble.0.text")
            for mark, hour in (("誤：", WRONG), ("正：", RIGHT)):
                assert mark in words
                words = words.replace(mark, f"{mark}避難所は{hour}に開きます。")
            desk.type("bubble.0.text", words.partition("（訂正後")[0].strip())
            await cast.picture(desk, "storm-correction")
            desk.click("editor.confirm")
            await desk.until_page("confirm")
            await desk.until_seen("confirm.second")
            await cast.read_and_tick(desk, "confirm", "confirm.ask")
        record = cast.last_record()
        with cast.narrator.step("It cannot wait for a second person: sent with a reason that is logged"):
            desk.click("confirm.second.open")
            desk.type("confirm.second.reason", REASON)
            await cast.scroll_to(desk, "confirm.second.go")
            await cast.picture(desk, "storm-emergency")
            desk.click("confirm.second.go")
            await cast.wait_out_hold(desk)
            corrected = await until_sent(desk, not_this=self.delivery)
            assert sorted(cast.received_since(record)) == self.reached
            cast.replay(corrected)

        def read(phone: Phone) -> None:
            phone.wait_for(f"{RIGHT}に開きます")
            cast.shot(phone, "phone-correction")

        with cast.narrator.step("The correction stands below the card"):
            await cast.with_phone(desk, PARENT, read)
            assert RIGHT not in cast.words_in_talk(NEIGHBOUR)
