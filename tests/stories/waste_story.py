"""The weekly waste message shifts over a national holiday; and what the talk answers about waste."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from PySide6.QtWidgets import QCheckBox, QComboBox, QScrollArea

from desktop.ui.driver import Driver
from desktop.ui.waste.screen import WasteScreen
from protocol.holidays import holiday_name
from protocol.schedules import JAPAN, Holidays
from protocol.waste_days import day_words, kind_named
from relay.features.deliveries import find_delivery
from relay.features.rule_deliveries import id_of_rule_day
from relay.store.moments import has_rule_run
from tests.stories.delivery_cast import PARENT, Cast
from tests.stories.phone import Phone
from tests.stories.sample_waste import load_calendar
from tests.stories.town_windows import all_sent

MORNING, EVENING = time(6, 30, 5), time(19, 0, 5)
MESSAGE = "おはようございます。"


@dataclass
class WasteStory:
    cast: Cast

    async def play(self, desk: Driver) -> None:
        cast = self.cast
        kind = kind_named(load_calendar(cast.town.items), cast.shifted.kind)
        assert kind is not None and cast.shifted.moved_from is not None
        self.kind, self.holiday, self.day = kind.name, cast.shifted.moved_from, cast.shifted.day
        await self.look_at_year(desk)
        await self.switch_on(desk)
        await self.wake_up(desk)
        await self.ask(desk)

    async def look_at_year(self, desk: Driver) -> None:
        cast, name = self.cast, holiday_name(self.holiday, Holidays())
        step = f"{self.kind} of {cast.district.label} falls on {self.holiday} ({name}): {self.day} instead"
        with cast.narrator.step(step):
            desk.click("rail.waste")
            await desk.until_page("waste")
            desk.find_as("waste.year.district", QComboBox).setCurrentText(cast.district.label)
            screen = desk.find_as("screen.waste", WasteScreen)
            if self.day >= date(screen.year.plan.months[0].year + 1, 4, 1):  # type: ignore[union-attr]
                desk.click("waste.year.later")
            await desk.settle()
            place = screen.year.view.place_of(self.holiday).toPoint()
            for area in screen.year.findChildren(QScrollArea):
                area.ensureVisible(place.x(), place.y(), 0, 200)
            plan = screen.year.plan
            assert plan is not None
            assert self.kind not in plan.words(self.holiday) and name in plan.words(self.holiday)
            assert self.kind in plan.words(self.day)
            await cast.picture(desk, "waste")
            poster = cast.narrator.folder / "ごみ収集カレンダー.pdf"
            screen.year.save_pdf(poster)  # the dialog of the file belongs to the system
            await desk.until_text("waste.banner.words", "PDFを保存しました")
            assert poster.read_bytes().startswith(b"%PDF-")
            desk.click("waste.tab.rules")
            await cast.picture(desk, "waste-rules")

    async def switch_on(self, desk: Driver) -> None:
        cast = self.cast
        with cast.narrator.step("On the evening before the holiday the daily messages are switched on"):
            cast.clock.move_to(datetime.combine(self.holiday - timedelta(days=1), time(20), JAPAN))
            desk.click("waste.tab.messages")
            desk.click("waste.sends")
            assert desk.find_as("waste.sends", QCheckBox).isChecked()
            desk.click("waste.save")
            await desk.until_text("waste.banner.words", "保存しました")
            await all_sent(desk)
            desk.click("waste.look_ahead")
            await desk.until(lambda: "調べています" not in desk.text("waste.foreseen"), "the dry run", 30)
            await cast.scroll_to(desk, "waste.foreseen")
            await cast.picture(desk, "waste-messages")

    async def wake_up(self, desk: Driver) -> None:
        cast = self.cast
        before = cast.words_in_talk(PARENT).count(MESSAGE)
        assert before == 0
        with cast.narrator.step("The morning of the holiday: nothing comes"):
            desk.click("rail.deliveries")
            await desk.until_page("deliveries")
            await self._moment(desk, "waste:morning", self.holiday, self.holiday, MORNING)
            assert MESSAGE not in cast.words_in_talk(PARENT)
        with cast.narrator.step(f"The morning of {self.day}: the message is there"):
            eve = self.day - timedelta(days=1)
            await self._moment(desk, "waste:eve", self.day, eve, EVENING)
            await self._moment(desk, "waste:morning", self.day, self.day, MORNING)

            def read(phone: Phone) -> None:
                phone.wait_for(MESSAGE)
                cast.shot(phone, "phone-waste-morning")

            await cast.with_phone(desk, PARENT, read)
            talk = cast.words_in_talk(PARENT)
            assert talk.count(MESSAGE) == 1 and day_words(self.day) in talk and self.kind in talk
            await desk.settle()
            await cast.picture(desk, "deliveries-by-rule")

    async def ask(self, desk: Driver) -> None:
        cast = self.cast

        def ask(phone: Phone) -> None:
            phone.say("今日のごみ")
            phone.wait_for("今日")
            phone.wait_for(self.kind)
            cast.shot(phone, "phone-waste-today")
            phone.say("フライパンの捨て方")
            phone.wait_for("フライパン")
            cast.shot(phone, "phone-waste-word")

        with cast.narrator.step("The talk answers 「今日のごみ」 and 「フライパンの捨て方」"):
            await cast.with_phone(desk, PARENT, ask)
        with cast.narrator.step("Staff see where the answer comes from"):
            desk.click("rail.waste")
            await desk.until_page("waste")
            desk.click("waste.words")
            await desk.until_page("waste-words")
            await cast.picture(desk, "waste-words")

    async def _moment(self, desk: Driver, rule: str, collected: date, day: date, at: time) -> None:
        """The clock shows this time of this day, and whatever the rule wanted has gone out."""
        self.cast.clock.move_to(datetime.combine(day, at, JAPAN))
        await desk.until(lambda: self._has_happened(rule, collected), f"{rule} of {collected}", 30)

    def _has_happened(self, rule: str, collected: date) -> bool:
        with self.cast.store() as database, database.read() as connection:
            found = find_delivery(connection, database.cipher, id_of_rule_day(rule, collected))
            if found is None:  # looked at, and nobody is to be told
                return has_rule_run(connection, rule, collected)
        assert found[1].state != "skipped", "the story went on too quickly"
        return found[1].state == "sent"
