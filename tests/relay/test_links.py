"""Links of a delivery that are counted: an hour and a number, nothing about who tapped (SEG-9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from protocol.messages import OpenLink, OpenPage, TextMessage
from relay.features.files import Files
from relay.features.links import LinkCounter
from relay.features.message_parts import MessageParts
from relay.line.payloads import message_payloads
from relay.serve import RunningRelay, running_relay
from relay.store.database import Database
from relay.store.delivery_tables import link_taps, links
from tests.conftest import Clock
from tests.relay.desk import relay_settings

DELIVERY = "00000000-0000-7000-8000-0000000de117"
TARGET = "https://www.town.example.lg.jp/%E3%81%8F?secret=canary"


@pytest.fixture
def relay(tmp_path: Path, database_url: str, clock: Clock) -> Iterator[RunningRelay]:
    with running_relay(relay_settings(tmp_path, database_url), clock=clock) as running:
        yield running


def make_link(relay: RunningRelay, clock: Clock, url: str = TARGET, label: str = "案内") -> str:
    counter = LinkCounter(relay.relay.database, clock, public_url=relay.url)
    with relay.relay.database.write() as connection:
        return counter.counted(connection, DELIVERY, url, label)


def open_link(relay: RunningRelay, url: str, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(
        method, url, headers=headers, verify=str(relay.certificate), timeout=10, allow_redirects=False
    )


def taps(database: Database) -> dict[str, int]:
    with database.read() as connection:
        rows = connection.execute(select(link_taps.c.hour, link_taps.c.count)).all()
    return {str(hour): int(count) for hour, count in rows}


def test_a_tap_leads_on_and_is_counted_in_its_hour(
    tmp_path: Path, database_url: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    settings = relay_settings(tmp_path, database_url)
    with running_relay(settings, clock=clock) as relay:
        url = make_link(relay, clock)
        answer = open_link(relay, url, **{"user-agent": "Mozilla/5.0 (iPhone) Line/15.0.0"})
        assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        open_link(relay, url)
        clock.forward(hours=1)
        open_link(relay, url)
        # Nobody's taps: prefetching, looking at the head, robots.
        open_link(relay, url, "HEAD")
        open_link(relay, url, **{"sec-purpose": "prefetch;prerender"})
        open_link(relay, url, **{"user-agent": "facebookexternalhit/1.1;line-poker/1.0"})
        open_link(relay, url, **{"user-agent": "Googlebot/2.1"})
    with running_relay(settings, clock=clock) as again:  # what was noted is written at the end
        assert taps(again.relay.database) == {"2026-11-20T09": 2, "2026-11-20T10": 1}
    told = " ".join(line.getMessage() for line in caplog.records if not line.name.startswith("urllib3"))
    assert "/go/" in told and "canary" not in told and url.rsplit("/", 1)[1] not in told


def test_a_link_that_leads_nowhere_is_told_kindly(relay: RunningRelay) -> None:
    for wrong in ("x", "A" * 22, "A" * 200, "%00" * 22):
        answer = open_link(relay, f"{relay.url}/go/{wrong}")
        assert answer.status_code == 404
        assert "リンク先が見つかりませんでした" in answer.text


def test_the_same_link_of_a_delivery_has_one_address_and_lies_sealed(
    database: Database, clock: Clock
) -> None:
    counter = LinkCounter(database, clock, public_url="https://relay.example/")
    with database.write() as connection:
        made = [
            counter.counted(connection, delivery, url, label)
            for delivery, url, label in (
                ("one", TARGET, "案内"),
                ("one", TARGET, "案内"),
                ("one", TARGET, "別の言葉"),
                ("two", TARGET, "案内"),
            )
        ]
        assert made[0] == made[1] and len(set(made)) == 3
        assert all(url.startswith("https://relay.example/go/") for url in made)
        stored = connection.execute(select(links.c.url_sealed)).scalars().all()
        assert not any(b"town.example" in sealed for sealed in stored)
    token = made[0].rsplit("/", 1)[1]
    counter.note(token)
    counter.note("A" * 22)  # no such link: nothing is written, nothing breaks
    counter.flush()
    counter.note(token)
    counter.flush()
    assert taps(database) == {"2026-11-20T09": 2}
    assert counter.target(token) == TARGET


def test_links_in_texts_and_buttons_pass_through_us_only_where_they_are_counted(
    database: Database, clock: Clock
) -> None:
    files = Files(database, clock, public_url="https://relay.example")
    counter = LinkCounter(database, clock, public_url="https://relay.example")
    parts = MessageParts(files, counter, lambda page: f"https://liff.line.me/1/{page}")
    messages = (TextMessage(text=f"案内 {TARGET}。"),)
    quick = (OpenLink(label="開く", url=TARGET), OpenPage(label="設定", page="settings"))

    def built(counted: bool) -> tuple[str, list[str]]:
        with database.write() as connection:
            made: list[dict[str, Any]] = message_payloads(
                messages, parts(connection, DELIVERY, counted=counted), quick
            )
        return made[0]["text"], [item["action"]["uri"] for item in made[0]["quickReply"]["items"]]

    text, uris = built(counted=False)
    assert (text, uris) == (f"案内 {TARGET}。", [TARGET, "https://liff.line.me/1/settings"])
    text, uris = built(counted=True)
    assert text.startswith("案内 https://relay.example/go/") and text.endswith("。")
    assert uris[0].startswith("https://relay.example/go/") and uris[1] == "https://liff.line.me/1/settings"
