"""The inbox of 総務課 and 土木課 as its tests find it: a town with keys, letters, and a person signed in."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from PySide6.QtWidgets import QApplication

from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from protocol.submissions import Submission
from tests.desktop.conftest import PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town

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
