"""A resident asks with a photo, staff answer, the resident reads it; another department sees nothing of it.

Told in a town that has its keys (`TownStory.found` or the whole of it). Phone and window take turns.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw, ImageFilter
from PySide6.QtWidgets import QCheckBox, QPushButton

from desktop.ui.driver import Driver
from desktop.ui.inbox.list import InboxScreen
from tests.stories.narrator import Narrator
from tests.stories.office_round import look_around
from tests.stories.phone import Phone, Phones
from tests.stories.sample_town import load_sample_town
from tests.stories.town_hall import TownHall
from tests.stories.town_windows import Person, Windows, all_sent

RESIDENT = "𠮷田 健🍀"
FORM = "水道の困りごと"
GUIDE = "水もれ、にごり、道路のぬれなど、気づいたことをお知らせください。\n場所が分かるように書いてください。"
PURPOSE = "お知らせいただいた場所の確認と、ご本人への回答のためにだけ使います。"
TOPIC = "道路から水が出ています"
TEXT = "川北公園の東がわの道路です。\nきのうの夕方から、マンホールの横がぬれています。写真をつけます。"
NOTE = "現地を確認した。止水栓の先でもれている。工事店に連絡ずみ。"
REPLY = "お知らせいただき、ありがとうございます。\n本日、現地を確認しました。明日の午前中に修理します。"
NARROW, HIGH = 375, 812
"""The smallest phone that is still common, in CSS pixels."""


@dataclass
class ContactStory:
    """`member` reads what reaches `department`, `outsider` belongs to another one. `play` tells it."""

    hall: TownHall
    windows: Windows
    narrator: Narrator
    phones: Phones
    admin: Person
    member: Person
    outsider: Person
    department: str
    number: str = ""

    def __post_init__(self) -> None:
        self.town = load_sample_town()
        people = self.hall.sandbox("POST", "residents", {"names": [RESIDENT]})["residents"]
        self._user_id = people[0]["userId"]

    def play(self) -> None:
        self.open_form()
        url, user_id = self.hall.sandbox_url, self._user_id
        # One phone for the whole story: the key of the resident's copy lies in it and nowhere else.
        phone = self.phones.do(
            lambda browser: Phone(browser, url, user_id, width=NARROW, height=HIGH)
        ).result()
        try:
            self.ask(phone)
            self.answer()
            self.read_answer(phone)
        finally:
            self.phones.do(lambda _: phone.close()).result()
        self.see_nothing()
        look_around(self.windows, self.admin)

    # -- scenes -----------------------------------------------------------------------------------------

    def open_form(self) -> None:
        async def scene(desk: Driver) -> None:
            with self.narrator.step(f"A contact form of {self.department} is made and opened"):
                desk.click("rail.inbox")
                await desk.until_page("inbox")
                desk.click("inbox.forms")
                await desk.until_page("contact-forms")
                desk.click("contact_forms.new")
                await desk.until_seen("contact_form.title")
                await desk.settle()
                desk.type("contact_form.title", FORM)
                desk.type("contact_form.guide", GUIDE)
                desk.type("contact_form.purpose", PURPOSE)
                self._tick(desk, "contact_form.photos")
                self._tick(desk, "contact_form.is_open")
                desk.choose(f"contact_form.access.{self._place_of(desk)}", "対応する")
                await self.windows.picture(desk, "contact-form-new")
                desk.click("contact_form.save")
                await desk.until_seen("contact_forms.row.0")
                await all_sent(desk)
                await self.windows.picture(desk, "contact-forms")

        self.windows.sign_in(self.admin, scene)

    def ask(self, phone: Phone) -> None:
        def open_page(_: Any) -> None:
            phone.follow()
            phone.wait_for(self.town.item("district").question)
            phone.say("問い合わせ")
            phone.wait_for("専用のページ")
            self._picture(phone, "phone-contact")
            phone.tap("お問い合わせのページ")
            phone.page.get_by_role("link", name=FORM).wait_for()
            self._picture(phone, "page-contact")

        def write(_: Any) -> None:
            page = phone.page
            page.get_by_role("link", name=FORM).click()
            page.locator("#f-text").wait_for()
            self._picture(phone, "page-form")
            page.locator("#f-topic").fill(TOPIC)
            page.locator("#f-text").fill(TEXT)
            photo = draw_wet_road()
            page.locator("#f-photos").set_input_files(
                {"name": "IMG_0412.jpg", "mimeType": "image/jpeg", "buffer": photo}
            )
            page.evaluate("scrollTo({top: 500, behavior: 'instant'})")
            self._picture(phone, "page-form-filled")

        def send(_: Any) -> None:
            page = phone.page
            page.get_by_role("button", name="送る").click()
            done = page.locator(".done")
            done.wait_for()
            self.number = done.inner_text().removeprefix("✓").split()[-1]
            self._picture(phone, "page-sent")
            page.get_by_role("link", name="送った内容を見る").click()
            page.get_by_text(TOPIC).wait_for()
            self._picture(phone, "page-mine")

        with self.narrator.step(f"{RESIDENT} types 「問い合わせ」 and opens the page from the talk"):
            self._on(phone, open_page)
        with self.narrator.step("The resident writes what is wrong and adds a photo"):
            self._on(phone, write)
        with self.narrator.step("It is sent; the page shows the number, and what was written from the phone"):
            self._on(phone, send)

    def answer(self) -> None:
        async def scene(desk: Driver) -> None:
            with self.narrator.step(f"{self.member.login_name} finds it in 「届いたもの」"):
                desk.click("rail.inbox")
                await desk.until_page("inbox")
                await desk.until_text("inbox.count", "1 件", seconds=30)
                await self.windows.picture(desk, "inbox")
            with self.narrator.step("It is opened and read, the photo too"):
                desk.click("inbox.open")
                await desk.until_page("inbox-item")
                await desk.until_text("submission.text", "川北公園")
                assert desk.text("submission.number") == self.number
                photo = desk.find_as("submission.photo.0", QPushButton)
                await desk.until(lambda: not photo.icon().isNull(), "the photo", seconds=30)
                await self.windows.picture(desk, "inbox-item-arrived")
                desk.click("submission.photo.0")
                await desk.until_seen("submission.photo_sheet.close")
                await self.windows.picture(desk, "inbox-photo")
                desk.click("submission.photo_sheet.close")
                await desk.settle()
            with self.narrator.step(
                "A note for the colleagues, a reply for the resident, 「返信して知らせる」"
            ):
                desk.click("submission.state.working")
                desk.type("submission.note", NOTE)
                desk.type("submission.reply", REPLY)
                await self.windows.picture(desk, "inbox-item")
                desk.click("submission.send")
                await all_sent(desk)
                await desk.until(lambda: not desk.sees("submission.banner.words"), "nothing waits")
                await self.windows.picture(desk, "inbox-item-answered")
                desk.click("rail.inbox")
                await desk.until_page("inbox")
                await self.windows.picture(desk, "inbox-answered")

        self.windows.sign_in(self.member, scene)

    def read_answer(self, phone: Phone) -> None:
        def read(_: Any) -> None:
            phone.back_to_talk()
            phone.wait_for("お知らせがあります")
            self._picture(phone, "phone-notice")
            talk = "".join(entry.get("text") or "" for entry in self.hall.talk(self._user_id))
            assert TOPIC not in talk and "修理" not in talk, "the talk carries nothing of it"
            phone.tap("お知らせを見る")
            phone.page.get_by_text("修理します").wait_for()
            self._picture(phone, "page-reply")

        with self.narrator.step("The talk says there is news; the page opens the reply on this phone"):
            self._on(phone, read)

    def see_nothing(self) -> None:
        async def scene(desk: Driver) -> None:
            with self.narrator.step(f"{self.outsider.login_name} of another department sees nothing of it"):
                desk.click("rail.inbox")
                await desk.until_page("inbox")
                await desk.settle()
                assert desk.text("inbox.count") == "まだ何も届いていません。"
                assert desk.find_as("screen.inbox", InboxScreen).table.rowCount() == 0
                await self.windows.picture(desk, "inbox-of-others")

        self.windows.sign_in(self.outsider, scene)

    # -- steps ------------------------------------------------------------------------------------------

    def _place_of(self, desk: Driver) -> int:
        """Which row of the departments is ours."""
        place = 0
        while self.department not in desk.find(f"contact_form.access.{place}").accessibleName():
            place += 1
        return place

    def _tick(self, desk: Driver, name: str) -> None:
        if not desk.find_as(name, QCheckBox).isChecked():
            desk.click(name)

    def _picture(self, phone: Phone, name: str) -> None:
        phone.picture(self.narrator.new_picture(name))

    def _on(self, phone: Phone, act: Callable[[Any], None]) -> None:
        self.phones.do(act).result()


def draw_wet_road() -> bytes:
    """What the resident's camera saw: a manhole and a puddle. No photo of a real place is needed."""
    picture = Image.new("RGB", (1280, 960), "#8a8d90")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1280, 260), fill="#7c9a63")
    draw.rectangle((0, 250, 1280, 300), fill="#c9c6bd")
    for left in range(-80, 1280, 320):
        draw.polygon([(left, 880), (left + 190, 880), (left + 170, 915), (left - 20, 915)], fill="#f2f2ee")
    draw.ellipse((420, 470, 1180, 800), fill="#4f5a64")
    draw.ellipse((520, 510, 1080, 720), fill="#6f8ea6")
    draw.ellipse((230, 420, 560, 610), fill="#3f4246", outline="#5d6166", width=14)
    for place in range(5):
        draw.line((290 + place * 50, 450, 290 + place * 50, 580), fill="#5d6166", width=10)
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(3)).save(out, "JPEG", quality=85)
    return out.getvalue()
