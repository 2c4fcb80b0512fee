"""Staff's messages as LINE takes them: every type, sent through the SDK, checked by LINE's files (SEG-6)."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from protocol.card_limits import card_bytes
from protocol.messages import (
    Call,
    CardMessage,
    Copy,
    ImagemapMessage,
    Message,
    OpenLink,
    OpenPage,
    Say,
    TextMessage,
)
from relay.line.client import LineClient
from relay.line.payloads import PayloadParts, message_payloads
from sandbox.line.validation import check_messages
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.make import every_message

OFFICIAL = os.environ.get("MADOGUCHI_LINE_OPENAPI")
PARTS = PayloadParts(
    media_url=lambda sha256: f"https://relay.example/media/{sha256[:43]}",
    page_url=lambda page: f"https://liff.line.me/1234-abcd/{page}",
    link=lambda url, label: f"https://relay.example/go/{len(url)}",
    imagemap_url=lambda sha256: f"https://relay.example/imagemap/{sha256[:43]}",
)
QUICK = (Say(label="今日のごみ", text="今日のごみ"), OpenPage(label="受信設定", page="settings"))


def payload(message: Message) -> dict[str, Any]:
    (made,) = message_payloads([message], PARTS)
    return made


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    folder = Path(OFFICIAL) if OFFICIAL else None
    with running_sandbox(SandboxSettings(openapi_folder=folder)) as running:
        yield running


def push_all(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    """Every message, five at a time; the bubbles that arrived."""
    made = requests.post(f"{sandbox.url}/sandbox/residents", json={"count": 1}, timeout=10).json()
    user_id = str(made["residents"][0]["userId"])
    requests.post(f"{sandbox.url}/sandbox/residents/{user_id}/follow", json={}, timeout=10)
    messages = every_message()

    async def run() -> None:
        client = LineClient(base=sandbox.url, token=sandbox.settings.channel_token)
        try:
            for start in range(0, len(messages), 5):
                payloads = message_payloads(messages[start : start + 5], PARTS, QUICK)
                await client.push(user_id, payloads, str(uuid.uuid4()))
        finally:
            await client.aclose()

    asyncio.run(run())
    answer = requests.get(f"{sandbox.url}/sandbox/residents/{user_id}/talk", timeout=10)
    return [bubble["message"] for bubble in answer.json()["messages"] if bubble["who"] == "account"]


def test_every_type_arrives_as_it_was_built(sandbox: RunningSandbox) -> None:
    messages = every_message()
    built = [
        payload
        for start in range(0, len(messages), 5)
        for payload in message_payloads(messages[start : start + 5], PARTS, QUICK)
    ]
    assert check_messages(built[:5]) == [] and check_messages(built[5:10]) == []
    assert without_animated(push_all(sandbox)) == without_animated(built)
    assert [number for number, each in enumerate(built) if "quickReply" in each] == [4, 9, len(built) - 1]


def without_animated(value: Any) -> Any:
    """The SDK writes this default into pictures; nothing else differs."""
    if isinstance(value, list):
        return [without_animated(each) for each in value]
    if isinstance(value, dict):
        kept = {key: without_animated(each) for key, each in value.items()}
        if kept.get("animated") is False:
            del kept["animated"]
        return kept
    return value


@pytest.mark.skipif(not OFFICIAL, reason="LINE's OpenAPI files are not at hand (MADOGUCHI_LINE_OPENAPI)")
def test_lines_own_files_find_nothing_wrong_and_would_find_it(sandbox: RunningSandbox) -> None:
    push_all(sandbox)  # the sandbox checks each body with them
    wrong = [payload(message) for message in every_message() if isinstance(message, ImagemapMessage)]
    wrong[0].pop("baseSize")
    answer = requests.post(
        f"{sandbox.url}/v2/bot/message/validate/push",
        headers={"authorization": f"Bearer {sandbox.settings.channel_token}"},
        json={"messages": wrong},
        timeout=10,
    )
    assert answer.status_code == 400


def test_emoji_point_at_their_signs_and_a_dollar_stays_a_dollar() -> None:
    made = payload(TextMessage(text="𠮷 $5 ｛絵文字001｝と｛絵文字020｝"))
    assert made["text"] == "𠮷 $5 $と$"
    assert [(each["index"], each["emojiId"]) for each in made["emojis"]] == [(6, "001"), (8, "020")]
    assert check_messages([made]) == []
    assert "emojis" not in payload(TextMessage(text="$5 ｛絵文字999｝"))


def test_addresses_in_texts_are_counted_unless_the_text_would_grow_too_long() -> None:
    assert payload(TextMessage(text="案内 https://example.jp/a。"))["text"] == (
        "案内 https://relay.example/go/20。"
    )
    full = "http://a.jp " + "あ" * 4988
    assert payload(TextMessage(text=full))["text"] == full


def test_what_a_tap_does() -> None:
    actions = (
        OpenLink(label="開く", url="https://example.jp/くらし"),
        Call(label="相談", telephone="#7119"),
        Call(label="役場", telephone="０１２３-45-6789"),
        Copy(label="写す", text="写す文"),
    )
    (made,) = message_payloads([TextMessage(text="x")], PARTS, actions)
    shown = [item["action"] for item in made["quickReply"]["items"]]
    assert [each.get("uri") or each.get("clipboardText") for each in shown] == [
        f"https://relay.example/go/{len('https://example.jp/') + 27}",
        "tel:%237119",
        "tel:0123456789",
        "写す文",
    ]


def test_the_measured_size_of_a_card_is_never_below_the_real_one() -> None:
    for message in every_message():
        if isinstance(message, CardMessage):
            real = len(json.dumps(payload(message)["contents"], ensure_ascii=True, separators=(",", ":")))
            assert real <= card_bytes(message)
