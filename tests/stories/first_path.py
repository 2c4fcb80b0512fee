"""The first path, end to end: a resident registers in LINE, staff send to a segment, the phone shows it.

The window is the real one, the phones are pages in Chromium, relay and sandbox are processes of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from desktop.ui.window import MainWindow
from tests.stories.narrator import Narrator
from tests.stories.phone import Phone, Phones
from tests.stories.sample_town import SampleTown
from tests.stories.town_hall import TownHall
from tests.stories.window import Hands, until

RESIDENT, NEIGHBOUR, STAFF = "髙﨑 さくら", "𠮷田 健🍀", "水沢 結"


@dataclass
class FirstPath:
    """The people and parts of the story. `play` tells it from beginning to end."""

    hall: TownHall
    town: SampleTown
    window: MainWindow
    phones: Phones
    narrator: Narrator

    def __post_init__(self) -> None:
        self.hands = Hands(self.window)
        people = self.hall.sandbox("POST", "residents", {"names": [RESIDENT, NEIGHBOUR, STAFF]})
        self.ids = {each["displayName"]: each["userId"] for each in people["residents"]}

    async def play(self) -> None:
        await self.register_resident()
        await self.register_by_page()
        await self.first_start()
        await self.tie_own_account()
        await self.compose()
        await self.test_send()
        await self.confirm_and_send()
        await self.phones_show_it()
        await self.look_back()

    async def register_resident(self) -> None:
        item = self.town.item("district")
        district = item.choice(self.town.story.district)
        topic = self.town.item("multiple").choice(self.town.story.topic)
        assert district is not None and topic is not None

        def follow(phone: Phone) -> None:
            phone.follow()
            phone.wait_for(item.question)
            phone.picture(self.narrator.new_picture("phone-greeting"))

        def answer(phone: Phone) -> None:
            phone.tap(district.label)
            phone.wait_for(self.town.item("multiple").question)
            phone.tap(topic.label)
            phone.wait_for("選んだもの")
            phone.picture(self.narrator.new_picture("phone-topics"))
            phone.tap("これで決定")
            phone.wait_for(self.town.item("birth_year").question)
            phone.tap("1980年代")
            phone.tap("1984年")
            phone.wait_for(self.town.item("single").question)
            phone.tap("女性")
            phone.wait_for("ありがとうございました")
            phone.picture(self.narrator.new_picture("phone-registered"))

        with self.narrator.step(
            f"{RESIDENT} adds the account; greeting and first question come by themselves"
        ):
            await self._on_phone(RESIDENT, follow)
        with self.narrator.step("The resident answers by taps: district (60), topics, year of birth, sex"):
            await self._on_phone(RESIDENT, answer)

    async def register_by_page(self) -> None:
        """The neighbour answers on the page instead, and lives elsewhere."""
        other = self.town.item("district").choices[12]

        def answer(phone: Phone) -> None:
            phone.follow()
            phone.wait_for(self.town.item("district").question)
            phone.say("設定")
            phone.tap("ページで見る・変更する")
            page = phone.page
            page.wait_for_url("**/pages/settings**")
            page.get_by_text(other.label, exact=True).first.scroll_into_view_if_needed()
            phone.picture(self.narrator.new_picture("page-settings"))
            choose_on_page(phone, other.label)
            page.get_by_label("防災", exact=True).check()
            page.get_by_role("button", name="保存する").click()
            page.get_by_text("保存しました").first.wait_for()
            phone.picture(self.narrator.new_picture("page-saved"))

        with self.narrator.step(f"{NEIGHBOUR} answers on the page instead, opened from the talk"):
            await self._on_phone(NEIGHBOUR, answer)

    async def first_start(self) -> None:
        hands = self.hands
        with self.narrator.step("Staff enrol this machine with the relay's one-time code"):
            await hands.type("first.address", self.hall.relay_url)
            await hands.type("first.code", self.hall.code)
            await hands.type("first.login_name", "mizusawa-y")
            await hands.type("first.display_name", "広報課 水沢 結")
            await hands.picture(self.narrator.new_picture("window-first-start"))
            await hands.click("first.next")
            words = await hands.read("first.passphrase")
            await hands.picture(self.narrator.new_picture("window-passphrase"))
            await hands.click("first.written")
            await hands.type("first.repeat", words)
            await hands.click("first.create")
            await hands.see("screen.home")
        with self.narrator.step("The news arrive: items, past deliveries, numbers of friends"):
            await hands.wait_for_text(
                "home.number.friends", lambda text: text not in ("", "0", "–"), "friends"
            )
            await hands.picture(self.narrator.new_picture("window-home"))

    async def tie_own_account(self) -> None:
        hands = self.hands
        with self.narrator.step(f"{STAFF} ties the own LINE account by a code typed into the talk"):
            await hands.click("home.link_line")
            code = await hands.wait_for_text(
                "link.code", lambda text: any(c.isdigit() for c in text), "a code"
            )
            await hands.picture(self.narrator.new_picture("window-line-code"))

            def say_code(phone: Phone) -> None:
                phone.follow()
                phone.wait_for(self.town.item("district").question)
                phone.say(code)
                phone.wait_for("確認できました")

            await self._on_phone(STAFF, say_code)
            await until(lambda: hands.find("link.new") is None, "the window knows it")
            await hands.picture(self.narrator.new_picture("window-line-tied"))
            await hands.click("link.close")

    async def compose(self) -> None:
        hands, story = self.hands, self.town.story
        with self.narrator.step("Staff compose: title, text, picture; the phone beside it shows it at once"):
            await hands.click("home.new_delivery")
            await hands.type("editor.title", story.title)
            await hands.type("bubble.0.text", story.text)
            # The file dialog belongs to the system; what it returns is handed in.
            (await hands.see("screen.delivery-edit")).findChild(Bubbles).add_picture_file(story.picture)
            await hands.type("bubble.1.description", story.picture_shows)
        with self.narrator.step("They choose the recipients by clicking: 川北 and 防災; the count is live"):
            await self._add_condition(self.town.item("district").title, story.district)
            await self._add_condition(self.town.item("multiple").title, story.topic)
            await hands.wait_for_text(
                "recipients.count", lambda text: "人" in text and "数えて" not in text, "a count"
            )
            await hands.picture(self.narrator.new_picture("window-editor"))

    async def test_send(self) -> None:
        hands = self.hands
        with self.narrator.step("A test goes to the own account, marked as a test"):
            await hands.click("editor.test")
            await hands.picture(self.narrator.new_picture("window-test"))
            await hands.click("test.go")
            await self._on_phone(STAFF, self._sees("【テスト配信】", "phone-test"))
            await hands.click("test.close")

    async def confirm_and_send(self) -> None:
        hands = self.hands
        with self.narrator.step("They confirm: number of people, remaining quota, the sentence"):
            await hands.click("editor.confirm")
            await hands.wait_for_text(
                "confirm.count", lambda text: any(c.isdigit() for c in text), "the number"
            )
            await hands.picture(self.narrator.new_picture("window-confirm"))
        with self.narrator.step("「配信する」: the batches go out, the progress is live"):
            await hands.click("confirm.send")
            await hands.wait_for_text(
                "detail.state", lambda text: "送信済み" in text or "済" in text, "it was sent"
            )
            await hands.picture(self.narrator.new_picture("window-sent"))

    async def phones_show_it(self) -> None:
        with self.narrator.step(
            "The resident's phone shows it; the neighbour of another district got nothing"
        ):
            await self._on_phone(RESIDENT, self._sees(self.town.story.text.splitlines()[0], "phone-received"))
            talk = self.hall.talk(self.ids[NEIGHBOUR])
            assert not any("川北地区のみなさんへ" in entry.get("text", "") for entry in talk)

    async def look_back(self) -> None:
        hands = self.hands
        with self.narrator.step("The history shows it with its numbers"):
            await hands.click("rail.deliveries")
            await hands.see("deliveries.table")
            await hands.picture(self.narrator.new_picture("window-history"))

    async def _add_condition(self, item: str, choice: str) -> None:
        hands = self.hands
        label = next(
            found.label for each in self.town.items if each.title == item and (found := each.choice(choice))
        )
        await hands.click("recipients.add")
        await hands.choose("condition.what", item)
        await hands.tick("condition.choices", label)
        await hands.click("condition.go")
        await until(lambda: hands.find("condition.go") is None, "the sheet is gone")

    def _sees(self, words: str, picture: str) -> Callable[[Phone], None]:
        def look(phone: Phone) -> None:
            phone.wait_for(words)
            phone.picture(self.narrator.new_picture(picture))

        return look

    async def _on_phone(self, name: str, act: Callable[[Phone], Any]) -> None:
        """Take somebody's phone in hand, act, put it away; the window goes on living meanwhile."""

        def with_phone(browser: Any) -> None:
            phone = Phone(browser, self.hall.sandbox_url, self.ids[name])
            try:
                act(phone)
            finally:
                phone.close()

        done: Future[None] = self.phones.do(with_phone)
        await until(done.done, f"{name} is ready", seconds=120)
        done.result()
        await asyncio.sleep(0)


def choose_on_page(phone: Phone, district: str) -> None:
    """Choose a district on the page, whether it is offered as a list or as circles."""
    select = phone.page.locator("select", has=phone.page.locator("option", has_text=district)).first
    if select.count():
        select.select_option(label=district)
    else:
        phone.page.get_by_label(district, exact=True).check()
