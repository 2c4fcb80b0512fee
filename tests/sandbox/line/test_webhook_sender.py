"""Webhooks leave as LINE sends them: signed, timed, in order, redelivered only when asked (OPS-4)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from sandbox.line.openapi import OpenApiRules
from sandbox.line.webhook_sender import sign
from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Receiver, Script, text, wait_until


def test_the_signature_is_the_one_line_publishes_as_an_example() -> None:
    body = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
    assert sign("8c570fa6dd201bb328f1c1eac23a96d8", body) == "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="


def test_every_webhook_carries_a_right_signature_over_its_raw_bytes(
    sandbox: RunningSandbox, script: Script, connected: Receiver
) -> None:
    (user_id,) = script.residents("髙橋 﨑子")
    script.act(user_id, "say", text="𠮷野家 ｶﾞｽ 🌸", wait=True)
    for raw, headers in connected.received:
        assert headers["x-line-signature"] == sign(sandbox.settings.channel_secret, raw)
        assert headers["content-type"] == "application/json; charset=utf-8"


def test_events_carry_the_common_properties(script: Script, connected: Receiver, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    event = connected.wait_for(1)[0]
    assert event["type"] == "follow" and event["follow"] == {"isUnblocked": False}
    assert event["source"] == {"type": "user", "userId": user_id}
    assert event["mode"] == "active" and event["deliveryContext"] == {"isRedelivery": False}
    assert event["timestamp"] == int(clock.now.timestamp() * 1000)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", event["webhookEventId"])
    assert event["replyToken"]


def test_one_residents_events_arrive_in_the_order_they_happened(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    for number in range(20):
        script.act(user_id, "say", text=str(number))
    events = connected.wait_for(21)
    assert [event["message"]["text"] for event in events[1:]] == [str(number) for number in range(20)]


def test_several_events_can_share_a_body(script: Script, connected: Receiver) -> None:
    script.settings(webhook_batch_events=50)
    made = script.post("/sandbox/residents", {"count": 400})["residents"]
    done = script.post(
        "/sandbox/do", {"userIds": "all", "action": "follow", "wait": True, "concurrency": 400}
    )
    assert done["webhook"] == {"OK": 400}
    assert {event["source"]["userId"] for event in connected.events()} == {each["userId"] for each in made}
    assert len(connected.bodies()) < 200


def test_a_slow_answer_is_a_timeout(script: Script, connected: Receiver) -> None:
    script.settings(webhook_timeout=0.1)
    connected.hold = threading.Event()
    (user_id,) = script.residents("佐藤 花", follow=False)
    assert script.act(user_id, "follow", wait=True)["webhook"][0]["reason"] == "REQUEST_TIMEOUT"
    connected.hold.set()


def test_a_receiver_that_is_away_is_counted_not_raised(script: Script) -> None:
    script.settings(webhook_url="http://127.0.0.1:9/webhook")
    (user_id,) = script.residents("佐藤 花", follow=False)
    assert script.act(user_id, "follow", wait=True)["webhook"][0]["reason"] == "COULD_NOT_CONNECT"
    assert script.get("/sandbox/webhook/statistics")["COULD_NOT_CONNECT"] == 1


def test_a_failed_webhook_is_not_sent_again_by_default(script: Script, connected: Receiver) -> None:
    connected.statuses = [500]
    (user_id,) = script.residents("佐藤 花")
    script.act(user_id, "say", text="次", wait=True)
    assert len(connected.bodies()) == 2
    assert script.get("/sandbox/webhook/statistics")["ERROR_STATUS_CODE"] == 1


def test_redelivery_repeats_the_event_with_the_same_id_and_token(script: Script, connected: Receiver) -> None:
    script.settings(webhook_redelivery=True, webhook_redelivery_interval=0.01)
    connected.statuses = [500, 503]
    script.residents("佐藤 花")
    first, second, third = connected.wait_for(3)
    assert first["deliveryContext"] == {"isRedelivery": False}
    assert second["deliveryContext"] == third["deliveryContext"] == {"isRedelivery": True}
    for name in ("webhookEventId", "replyToken", "timestamp"):
        assert first[name] == second[name] == third[name]


def test_duplicates_and_disorder_can_be_switched_on(script: Script, connected: Receiver) -> None:
    script.settings(webhook_duplicate_share=1.0, webhook_disorder=True)
    script.residents("佐藤 花", "鈴木 一", "田中 実")
    ids = [event["webhookEventId"] for event in connected.wait_for(6)]
    assert len(ids) == 6 and len(set(ids)) == 3


def test_the_connection_check_sends_a_signed_body_without_events(
    sandbox: RunningSandbox, script: Script, connected: Receiver
) -> None:
    answer = script.line("POST", "/v2/bot/channel/webhook/test", {}).json()
    assert answer["success"] is True and answer["reason"] == "OK" and answer["statusCode"] == 200
    raw, headers = connected.received[0]
    assert json.loads(raw) == {"destination": sandbox.settings.bot_user_id, "events": []}
    assert headers["x-line-signature"] == sign(sandbox.settings.channel_secret, raw)


def test_unknown_events_messages_and_properties_come_on_demand(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    connected.wait_for(1)
    for fault in ("unknown_event", "unknown_message", "extra_properties"):
        script.fault(**{fault: True})
        script.act(user_id, "say", text=fault, wait=True)
    events = connected.events()[1:]
    assert events[0]["type"] == "sandboxFuture"
    assert events[2]["message"]["type"] == "sandboxHologram"
    assert "sandboxExtra" in events[4] and "sandboxMood" in events[4]["message"]
    # Each came besides what the resident really wrote.
    assert [e["message"]["text"] for e in events if e.get("message", {}).get("type") == "text"] == [
        "unknown_event",
        "unknown_message",
        "extra_properties",
    ]


def test_a_single_webhook_can_be_doubled_on_demand(script: Script, connected: Receiver) -> None:
    script.fault(duplicate_webhook=2)
    script.residents("佐藤 花")
    assert len({event["webhookEventId"] for event in connected.wait_for(3)}) == 1


def test_raw_bodies_go_out_with_a_right_wrong_or_missing_signature(
    sandbox: RunningSandbox, script: Script, connected: Receiver
) -> None:
    for wanted in ("right", "wrong", "missing"):
        script.http.post(f"{sandbox.url}/sandbox/webhook/raw?signature={wanted}", data=b"{broken", timeout=10)
    right, wrong, missing = (headers.get("x-line-signature") for _, headers in connected.received)
    assert right == sign(sandbox.settings.channel_secret, b"{broken")
    assert wrong not in (None, right) and missing is None
    assert {raw for raw, _ in connected.received} == {b"{broken"}


def test_every_webhook_is_valid_by_lines_own_file(
    start: Callable[..., RunningSandbox], receiver: Receiver, openapi_folder: Path
) -> None:
    running = start(openapi_folder=openapi_folder, webhook_url=receiver.url)
    with requests.Session() as session:
        script = Script(running.url, running.settings.channel_token, session)
        (user_id,) = script.residents("髙橋 﨑子")
        _do_everything_a_resident_can(script, user_id)
        wait_until(lambda: script.get("/sandbox/webhook/statistics")["waiting"] == 0)
        assert script.get("/sandbox/webhook/statistics")["invalid"] == []
    rules = OpenApiRules(openapi_folder)
    kinds = set()
    for body in receiver.bodies():
        assert rules.check_webhook(body) == []
        kinds |= {event.get("message", event)["type"] for event in body["events"]}
    message_kinds = {"text", "image", "video", "audio", "file", "location", "sticker"}
    assert kinds == {"follow", "unfollow", "unsend", "postback"} | message_kinds


def _do_everything_a_resident_can(script: Script, user_id: str) -> None:
    script.act(user_id, "say", text="こんにちは")
    script.act(user_id, "photo")
    for kind in ("video/mp4", "audio/mp4", "application/pdf"):
        path = f"{script.url}/sandbox/residents/{user_id}/photo?name=a"
        assert script.http.post(path, data=b"data", headers={"content-type": kind}, timeout=10).ok
    script.act(user_id, "position", lat=35.0, lon=139.0, title="市役所", address="中央1-1")
    script.act(user_id, "sticker", keywords=["ありがとう"])
    script.act(user_id, "unsend")
    picker = {"type": "datetimepicker", "label": "日", "data": "d=1", "mode": "date"}
    postback: dict[str, Any] = {"type": "postback", "label": "はい", "data": "y=1"}
    template = {"type": "buttons", "text": "選ぶ", "actions": [picker, postback]}
    assert (
        script.push(user_id, {"type": "template", "altText": "選ぶ", "template": template}).status_code == 200
    )
    script.act(user_id, "tap", label="日", value="2026-11-25")
    script.act(user_id, "tap", label="はい")
    script.act(user_id, "block")
    script.act(user_id, "unblock")


def test_coming_back_after_a_block_is_told_as_such(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.act(user_id, "block")
    script.act(user_id, "unblock")
    events = connected.wait_for(3)
    assert [event["type"] for event in events] == ["follow", "unfollow", "follow"]
    assert "replyToken" not in events[1]
    assert events[2]["follow"] == {"isUnblocked": True}


def test_a_push_makes_no_webhook(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.push(user_id, text())
    script.act(user_id, "say", text="はい", wait=True)
    assert [event["type"] for event in connected.events()] == ["follow", "message"]
