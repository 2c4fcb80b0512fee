"""Every type of message on its whole way: the relay's files and links, the sandbox's phone (SEG-6, SEG-9)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect
from sqlalchemy import select

from protocol.messages import Action, Message
from protocol.placeholders import filled
from relay.features.files import Files
from relay.features.links import LinkCounter
from relay.features.message_parts import MessageParts
from relay.line.payloads import message_payloads
from relay.serve import RunningRelay, running_relay
from relay.store.delivery_tables import link_taps
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.conftest import Clock
from tests.make import every_message
from tests.relay.counter import wait_until
from tests.relay.desk import relay_settings
from tests.relay.films import film, keep, mp3
from tests.relay.pages.browsing import OpenPage

pytestmark = pytest.mark.slow
_FONT = Path(__file__).parents[3] / "resources" / "desktop" / "fonts" / "BIZUDPGothic_700Bold.ttf"


@dataclass
class Town:
    """A relay and LINE's stand-in that trusts it."""

    relay: RunningRelay
    sandbox: RunningSandbox
    user_id: str
    clock: Clock

    def send(self, messages: tuple[Message, ...], quick_replies: tuple[Action, ...] = ()) -> None:
        files = Files(self.relay.relay.database, self.clock, public_url=self.relay.url)
        links = LinkCounter(self.relay.relay.database, self.clock, public_url=self.relay.url)
        parts = MessageParts(files, links, lambda page: f"https://liff.line.me/none/{page}")
        with self.relay.relay.database.write() as connection:
            payloads = message_payloads(messages, parts(connection, "delivery", counted=True), quick_replies)

        answer = requests.post(
            f"{self.sandbox.url}/v2/bot/message/push",
            headers={"authorization": f"Bearer {self.sandbox.settings.channel_token}"},
            json={"to": self.user_id, "messages": payloads},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text

    def said(self) -> list[str]:
        answer = requests.get(f"{self.sandbox.url}/sandbox/residents/{self.user_id}/talk", timeout=10)
        return [str(each["text"]) for each in answer.json()["messages"] if each["who"] == "resident"]


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    """What a phone shows does not depend on the engine, so one is enough."""
    settings = relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}")
    with running_relay(settings, clock=clock) as relay:
        trusting = SandboxSettings(webhook_ca_file=str(relay.certificate))
        with running_sandbox(trusting) as sandbox:
            made = requests.post(f"{sandbox.url}/sandbox/residents", json={"count": 1}, timeout=10).json()
            user_id = str(made["residents"][0]["userId"])
            requests.post(f"{sandbox.url}/sandbox/residents/{user_id}/follow", json={}, timeout=10)
            yield Town(relay, sandbox, user_id, clock)


@pytest.fixture
def embedded(town: Town) -> Town:
    """What `open_page` belongs to."""
    return town


def poster(width: int, height: int, words: str, colour: str = "#DCE9F5") -> bytes:
    picture = Image.new("RGB", (width, height), colour)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(_FONT), width // 12)
    draw.multiline_text((width // 2, height // 2), words, "#17324D", font, anchor="mm", align="center")
    for part in range(1, 5):
        draw.line((width * part // 5, 0, width * part // 5, height), "#9DB4C8", 2)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def with_real_files(town: Town) -> tuple[Message, ...]:
    files = Files(town.relay.relay.database, town.clock, public_url=town.relay.url)
    names = {
        "a" * 64: keep(files, poster(1040, 700, "中央公民館\n秋の健康まつり")),
        "b" * 64: keep(files, poster(480, 360, "体操")),
        "c" * 64: keep(files, film()),
        "d" * 64: keep(files, mp3()),
    }

    def real(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: real(each) for key, each in value.items()}
        if isinstance(value, list):
            return [real(each) for each in value]
        return names.get(value, value) if isinstance(value, str) else value

    messages = tuple(type(message).parse(real(message.as_json())) for message in every_message())
    return filled(messages, {"町名": "みなと野市"})


def show(page: Page, name: str) -> None:
    """A picture for whoever looks at it; MADOGUCHI_SHOTS names the folder."""
    page.wait_for_timeout(100)
    if folder := os.environ.get("MADOGUCHI_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_every_type_is_drawn_and_taps_do_what_they_do_in_line(town: Town, open_page: OpenPage) -> None:
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{town.sandbox.url}/phone/{town.user_id}")
    page.wait_for_selector("body[data-ready]")
    for number, message in enumerate(with_real_files(town)):
        town.send((message,))
        page.wait_for_selector(f".row:nth-of-type({number + 2})")
        expect(page.locator(".gap")).to_have_count(0)  # every picture arrived
        show(page, f"{number:02}-{message.type}")
    assert page.locator(".card:has-text('表示できない')").count() == 0
    expect(page.locator(".film video")).to_have_count(1)
    expect(page.locator(".sound audio")).to_have_count(1)

    imagemap = page.locator(".map-picture")
    width, height = imagemap.evaluate("node => [node.offsetWidth, node.offsetHeight]")
    assert abs(height / width - 700 / 1040) < 0.02  # nothing is stretched: areas lie where they were drawn
    imagemap.get_by_role("button", name="今日のごみ").click()
    wait_until(lambda: town.said() == ["今日のごみ"])
    imagemap.get_by_role("button", name="番号を写す").click()
    expect(page.locator("#toast")).to_have_text("コピーしました。")
    page.get_by_role("button", name="役場に電話").first.click()
    expect(page.locator("#toast")).to_contain_text("0123456789")
    assert town.said() == ["今日のごみ"]


def test_a_link_on_a_card_passes_through_the_relay(town: Town, open_page: OpenPage) -> None:
    card, quick = with_real_files(town)[8], with_real_files(town)[11]
    town.send((card,), quick.buttons)  # type: ignore[union-attr]
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    opened: list[str] = []
    page.add_init_script("window.open = (url) => { window.openedUrl = url; }")
    page.goto(f"{town.sandbox.url}/phone/{town.user_id}")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#chips button")).to_have_count(2)
    show(page, "20-quick-replies")
    page.get_by_role("button", name="案内を見る").click()
    opened.append(str(page.evaluate("window.openedUrl")))
    assert opened[0].startswith(f"{town.relay.url}/go/")
    answer = requests.get(opened[0], verify=str(town.relay.certificate), timeout=10, allow_redirects=False)
    assert answer.headers["location"].startswith("https://www.town.example.lg.jp/")
    heights = page.locator(".flex-block.footer .touch").evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect().height)"
    )
    assert len(heights) == 5 and min(heights) >= 44

    def counted() -> int:
        with town.relay.relay.database.read() as connection:
            return sum(connection.execute(select(link_taps.c.count)).scalars())

    wait_until(lambda: counted() == 1)
