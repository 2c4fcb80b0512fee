"""The first path, end to end: a resident registers in LINE, staff send to a segment, the phone shows it.

The window is the real one, the phones are pages in Chromium, relay and sandbox are processes of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget

from desktop.features.wording import words_for
from desktop.ui.driver import Driver
from desktop.ui.editor.bubbles import Bubbles
from desktop.ui.window import MainWindow
from protocol.items import SegmentItem
from tests.stories.narrator import Narrator
from tests.stories.phone import Phone, Phones
from tests.stories.sample_town import SampleTown
from tests.stories.town_hall import TownHall

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
        self.desk = Driver(self.window, self.narrator.folder)
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
            phone.wait_for(self.town.items[-1].question)
            phone.tap("朝に受け取る")
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
            page.get_by_role("button", name="保存する").wait_for()
            phone.picture(self.narrator.new_picture("page-settings"))
            choose_on_page(phone, other.label)
            page.get_by_label("防災", exact=True).check()
            page.get_by_role("button", name="保存する").click()
            page.get_by_text("保存しました").first.wait_for()
            phone.picture(self.narrator.new_picture("page-saved"))

        with self.narrator.step(f"{NEIGHBOUR} answers on the page instead, opened from the talk"):
            await self._on_phone(NEIGHBOUR, answer)

    async def first_start(self) -> None:
        desk = self.desk
        with self.narrator.step("Staff enrol this machine with the relay's one-time code"):
            desk.type("first.address", self.hall.relay_url)
            desk.type("first.code", self.hall.code)
            desk.type("first.login_name", "mizusawa-y")
            desk.type("first.display_name", "広報課 水沢 結")
            await self.picture("window-first-start")
            desk.click("first.next")
            await desk.until_seen("first.passphrase")
            words = desk.text("first.passphrase")
            await self.picture("window-passphrase")
            desk.click("first.written")
            await desk.until_seen("first.repeat")
            desk.type("first.repeat", words)
            desk.click("first.create")
            await desk.until(lambda: desk.page == "home", "the home screen", seconds=30)
        with self.narrator.step("The news arrive: items, past deliveries, numbers of friends"):
            await desk.until(lambda: desk.text("home.number.friends") not in ("", "0", "–"), "friends")
            await self.picture("window-home")

    async def tie_own_account(self) -> None:
        desk = self.desk
        with self.narrator.step(f"{STAFF} ties the own LINE account by a code typed into the talk"):
            desk.click("home.link_line")
            await desk.until(lambda: any(sign.isdigit() for sign in desk.text("link.code")), "a code")
            code = desk.text("link.code")
            await self.picture("window-line-code")

            def say_code(phone: Phone) -> None:
                phone.follow()
                phone.wait_for(self.town.item("district").question)
                phone.say(code)
                phone.wait_for("確認できました")

            await self._on_phone(STAFF, say_code)
            await desk.until(lambda: not desk.sees("link.new"), "the window knows it")
            await self.picture("window-line-tied")
            desk.click("link.close")
            await desk.settle()

    async def compose(self) -> None:
        desk, story = self.desk, self.town.story
        with self.narrator.step("Staff compose: title, text, picture; the phone beside it shows it at once"):
            desk.click("home.new_delivery")
            await desk.until_page("delivery-edit")
            desk.type("editor.title", story.title)
            desk.type("bubble.0.text", story.text)
            # The file dialog belongs to the system; what it returns is handed in.
            bubbles = desk.find("screen.delivery-edit").findChild(Bubbles)
            assert bubbles is not None
            bubbles.add_picture_file(story.picture)
            await desk.until_seen("bubble.1.description")
            desk.type("bubble.1.description", story.picture_shows)
        with self.narrator.step("They choose the recipients by clicking: 川北 and 防災; the count is live"):
            await self._add_condition(self.town.item("district"), story.district)
            await self._add_condition(self.town.item("multiple"), story.topic)
            await desk.until(lambda: _is_counted(desk.text("recipients.count")), "a count")
            await self.picture("window-editor")

    async def test_send(self) -> None:
        desk = self.desk
        with self.narrator.step("A test goes to the own account, marked as a test"):
            desk.click("editor.test")
            await desk.until_seen("test.go")
            await desk.until_enabled("test.go")
            await self.picture("window-test")
            desk.click("test.go")
            await self._on_phone(STAFF, self._sees("【テスト配信】", "phone-test"))
            desk.click("test.close")
            await desk.settle()

    async def confirm_and_send(self) -> None:
        desk = self.desk
        with self.narrator.step("They confirm: number of people, remaining quota, the sentence"):
            desk.click("editor.confirm")
            await desk.until_page("confirm")
            await desk.until_enabled("confirm.send")
            await self.picture("window-confirm")
        with self.narrator.step("「配信する」: the batches go out, the progress is live"):
            sent = words_for("delivery_state")["sent"]
            desk.click("confirm.send")
            await desk.until(lambda: desk.text("detail.state") == sent, "it was sent", seconds=30)
            await self.picture("window-sent")

    async def phones_show_it(self) -> None:
        first_line = self.town.story.text.splitlines()[0]
        with self.narrator.step(
            "The resident's phone shows it; the neighbour of another district got nothing"
        ):
            await self._on_phone(RESIDENT, self._sees(first_line, "phone-received"))
            talk = self.hall.talk(self.ids[NEIGHBOUR])
            assert not any(first_line in (entry.get("text") or "") for entry in talk)

    async def look_back(self) -> None:
        desk = self.desk
        with self.narrator.step("The history shows it with its numbers"):
            desk.click("rail.deliveries")
            await desk.until_page("deliveries")
            await self.picture("window-history")

    async def picture(self, name: str) -> None:
        """The window with what lies over it."""
        await self.desk.picture(self.narrator.new_picture(name).stem)

    async def _add_condition(self, item: SegmentItem, choice_id: str) -> None:
        desk, choice = self.desk, item.choice(choice_id)
        assert choice is not None
        desk.click("recipients.add")
        await desk.until_seen("condition.go")
        desk.choose("condition.what", item.title)
        listed = desk.find("condition.choices")
        assert isinstance(listed, QListWidget)
        line = listed.findItems(choice.label, Qt.MatchFlag.MatchEndsWith)[0]
        listed.scrollToItem(line)
        line.setCheckState(Qt.CheckState.Checked)
        desk.click("condition.go")
        await desk.until(lambda: not desk.sees("condition.go"), "the sheet is gone")

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
        await self.desk.until(done.done, f"{name} is ready", seconds=120)
        done.result()
        await asyncio.sleep(0)


def choose_on_page(phone: Phone, district: str) -> None:
    """Choose a district on the page, whether it is offered as a list or as circles."""
    select = phone.page.locator("select", has=phone.page.locator("option", has_text=district)).first
    if select.count():
        select.select_option(label=district)
    else:
        phone.page.get_by_label(district, exact=True).check()


def _is_counted(text: str) -> bool:
    return "人" in text and "数えて" not in text
