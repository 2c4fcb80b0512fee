"""Scripts can play any resident and read everything back (OPS-4)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Receiver, Script, text, wait_until


def _refused(script: Script, path: str, body: Any) -> tuple[int, str]:
    answer = script.http.post(script.url + path, json=body, timeout=5)
    return answer.status_code, answer.json()["error"]


def test_ten_thousand_residents_are_made_and_followed_quickly(script: Script) -> None:
    started = time.monotonic()
    made = script.post("/sandbox/residents", {"count": 10_000})["residents"]
    assert time.monotonic() - started < 2.0
    assert len({each["userId"] for each in made}) == 10_000
    assert script.post("/sandbox/do", {"userIds": "all", "action": "follow"})["done"] == 10_000
    assert script.get("/sandbox/health")["friends"] == 10_000


def test_500_people_cost_a_multicast_little(script: Script) -> None:
    made = script.post("/sandbox/residents", {"count": 500})["residents"]
    ids = [each["userId"] for each in made]
    script.post("/sandbox/do", {"userIds": ids, "action": "follow"})
    body = {"to": ids, "messages": [text()]}
    started = time.thread_time(), time.monotonic()
    for _ in range(20):
        assert script.line("POST", "/v2/bot/message/multicast", body).status_code == 200
    # Generous, because other tests may share the machine; docs/sandbox.md tells the measured figure.
    assert (time.monotonic() - started[1]) / 20 < 0.05


def test_the_same_seed_makes_the_same_people(script: Script) -> None:
    first = script.post("/sandbox/residents", {"count": 5, "seed": "town"})
    script.post("/sandbox/reset")
    assert script.post("/sandbox/residents", {"count": 5, "seed": "town"}) == first
    assert script.post("/sandbox/residents", {"count": 5, "seed": "other"}) != first


def test_names_are_kept_as_given_and_can_be_searched(script: Script) -> None:
    names = ["髙橋 﨑子", "𠮷田 葛\U000e0100城", "ｻﾄｳ 太郎 🌸"]
    script.residents(*names)
    listed = script.get("/sandbox/residents?offset=1&limit=1")
    assert listed["total"] == 3 and [each["displayName"] for each in listed["residents"]] == names[1:2]
    assert script.get("/sandbox/residents?q=﨑")["total"] == 1


def test_a_talk_reads_back_in_order_with_who_said_what(script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    request_id = script.push(user_id, text("断水です")).headers["x-line-request-id"]
    clock.forward(minutes=1)
    script.act(user_id, "say", text="いつまでですか")
    first, second = script.talk(user_id)
    assert (first["who"], first["type"], first["text"]) == ("account", "text", "断水です")
    assert first["message"] == text("断水です") and first["requestId"] == request_id
    assert first["time"] == "2026-11-20T00:30:00+00:00"
    assert (second["who"], second["text"]) == ("resident", "いつまでですか")


def _chips(*actions: dict[str, Any]) -> dict[str, Any]:
    return text("選ぶ", quickReply={"items": [{"type": "action", "action": action} for action in actions]})


def test_a_tapped_postback_shows_its_words_and_sends_its_data(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.push(user_id, _chips({"type": "postback", "label": "ごみ", "data": "m=1", "displayText": "ごみ!"}))
    script.act(user_id, "tap", label="ごみ")
    event = connected.wait_for(2)[1]
    assert event["type"] == "postback" and event["postback"] == {"data": "m=1"} and event["replyToken"]
    assert [entry["text"] for entry in script.talk(user_id)] == ["選ぶ", "ごみ!"]


def test_chips_can_be_tapped_once_and_only_on_the_last_message(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    silent = {"type": "postback", "label": "ごみ", "data": "m=1"}
    path = f"/sandbox/residents/{user_id}/tap"
    script.push(user_id, _chips(silent))
    assert script.talk(user_id)[-1]["quickReplyShown"] is True
    script.post(path, {"data": "m=1"})
    assert script.talk(user_id)[-1]["quickReplyShown"] is False
    assert _refused(script, path, {"label": "ごみ"}) == (409, "not_offered")
    script.push(user_id, _chips(silent))
    script.push(user_id, text("次"))
    assert _refused(script, path, {"label": "ごみ"}) == (409, "not_offered")


def test_buttons_in_cards_can_be_tapped_again_and_newest_first(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    for number in ("1", "2"):
        action = {"type": "postback", "label": "はい", "data": number}
        button = {"type": "button", "action": action}
        bubble = {"type": "bubble", "footer": {"type": "box", "layout": "vertical", "contents": [button]}}
        script.push(user_id, {"type": "flex", "altText": "確認", "contents": bubble})
    script.act(user_id, "tap", label="はい")
    script.act(user_id, "tap", label="はい", data="1")
    script.act(user_id, "tap", label="はい")
    assert [event["postback"]["data"] for event in connected.wait_for(4)[1:]] == ["2", "1", "2"]


def test_each_kind_of_action_does_what_the_phone_does(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    actions = [
        {"type": "message", "label": "言う", "text": "お願いします"},
        {"type": "uri", "label": "開く", "uri": "https://example.lg.jp/"},
        {
            "type": "datetimepicker",
            "label": "選ぶ",
            "data": "d",
            "mode": "datetime",
            "min": "2026-11-20T00:00",
        },
        {
            "type": "postback",
            "label": "書く",
            "data": "p",
            "inputOption": "openKeyboard",
            "fillInText": "件名:",
        },
    ]
    template = {"type": "buttons", "text": "選ぶ", "actions": actions}
    script.push(user_id, {"type": "template", "altText": "選ぶ", "template": template})
    assert script.act(user_id, "tap", label="開く")["opens"] == {"uri": "https://example.lg.jp/"}
    assert script.act(user_id, "tap", label="書く")["opens"] == {"keyboard": "件名:"}
    path = f"/sandbox/residents/{user_id}/tap"
    assert _refused(script, path, {"label": "選ぶ"}) == (409, "value_needed")
    early = {"label": "選ぶ", "value": "2026-01-01T09:00"}
    assert _refused(script, path, early) == (409, "value_out_of_range")
    script.act(user_id, "tap", label="選ぶ", value="2026-11-25T09:30")
    script.act(user_id, "tap", label="言う")
    events = connected.wait_for(4)[1:]
    assert [event["type"] for event in events] == ["postback", "postback", "message"]
    assert events[1]["postback"] == {"data": "d", "params": {"datetime": "2026-11-25T09:30"}}
    assert events[2]["message"]["text"] == "お願いします"


def test_what_the_phone_does_not_offer_is_refused_with_a_reason(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    one = f"/sandbox/residents/{user_id}"
    assert _refused(script, f"{one}/follow", {}) == (409, "already_friend")
    assert _refused(script, f"{one}/unblock", {}) == (409, "not_blocked")
    assert _refused(script, f"{one}/unsend", {}) == (409, "nothing_to_unsend")
    assert _refused(script, f"{one}/say", {"text": ""}) == (409, "empty_text")
    assert _refused(script, f"{one}/say", {}) == (400, "missing")
    assert _refused(script, f"{one}/position", {"lat": "x"}) == (400, "bad_position")
    script.act(user_id, "block")
    assert _refused(script, f"{one}/say", {"text": "a"}) == (409, "blocked")
    assert _refused(script, f"{one}/block", {}) == (409, "not_a_friend")
    assert _refused(script, "/sandbox/residents/Unobody/say", {"text": "a"}) == (404, "no_such_resident")


def test_many_residents_each_take_their_turn_of_a_list(script: Script, connected: Receiver) -> None:
    ids = script.residents(*(f"住民{number}" for number in range(6)))
    done = script.post("/sandbox/do", {"userIds": ids, "action": "say", "text": ["一", "二"], "wait": True})
    assert done == {"asked": 6, "done": 6, "refused": {}, "webhook": {"OK": 6}}
    assert [script.talk(each)[0]["text"] for each in ids] == ["一", "二"] * 3


def test_a_bulk_act_counts_who_could_not(script: Script) -> None:
    ids = script.residents("佐藤 花", "鈴木 一")
    script.act(ids[0], "block")
    done = script.post("/sandbox/do", {"userIds": "all", "action": "say", "text": "a"})
    assert (done["done"], done["refused"]) == (1, {"blocked": 1})
    assert script.post("/sandbox/do", {"userIds": "friends", "action": "block"})["done"] == 1
    for wrong in (
        {"userIds": "some", "action": "follow"},
        {"userIds": "all", "action": "fly"},
        {"userIds": "all"},
    ):
        assert script.http.post(f"{script.url}/sandbox/do", json=wrong, timeout=5).status_code == 400


def test_every_call_and_delivery_is_on_record(script: Script, clock: HandClock) -> None:
    friend, blocker = script.residents("佐藤 花", "鈴木 一")
    script.act(blocker, "block")
    script.line("GET", "/v2/bot/info")
    mark = script.get("/sandbox/calls")["calls"][-1]["number"]
    clock.forward(seconds=1)
    key = "123e4567-e89b-12d3-a456-426614174000"
    body = {"to": [friend, blocker], "messages": [text()]}
    sent = script.line("POST", "/v2/bot/message/multicast", body, X_Line_Retry_Key=key)
    (call,) = script.get(f"/sandbox/calls?endpoint=multicast&since={mark}")["calls"]
    assert (call["status"], call["recipients"], call["retryKey"]) == (200, 1, key)
    (delivery,) = script.get(f"/sandbox/deliveries?userId={friend}")["deliveries"]
    assert delivery["recipients"] == [friend] and delivery["asked"] == 2
    assert delivery["requestId"] == call["requestId"] == sent.headers["x-line-request-id"]
    assert script.get("/sandbox/calls?since=2026-11-20T00:30:00%2B00:00")["calls"] == [call]


_WRONG_SETTINGS = (
    ({"no": 1}, "unknown_setting"),
    ({"quota_value": "x"}, "bad_setting"),
    ({"webhook_ca_file": "no/such/file.pem"}, "ca_file_not_usable"),
)


def test_settings_change_while_it_runs_and_nonsense_is_refused(
    sandbox: RunningSandbox, script: Script
) -> None:
    script.settings(display_name="みなと野市(試験)", clock_offset=86_400)
    assert sandbox.settings.display_name == "みなと野市(試験)"
    assert script.get("/sandbox/settings")["channel_token"] == sandbox.settings.channel_token
    path = f"{sandbox.url}/sandbox/settings"
    for wrong, reason in _WRONG_SETTINGS:
        answer = script.http.put(path, json=wrong, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (400, reason)


def test_reset_empties_the_town_and_keeps_the_channel(sandbox: RunningSandbox, script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.push(user_id, text())
    script.post("/sandbox/reset")
    assert script.get("/sandbox/health")["residents"] == 0
    assert script.get("/sandbox/deliveries")["deliveries"] == []
    assert script.line("GET", "/v2/bot/info").status_code == 200


@pytest.mark.parametrize("path", ["/sandbox/residents", "/sandbox/faults", "/sandbox/do"])
def test_broken_json_is_refused(script: Script, path: str) -> None:
    answer = script.http.post(script.url + path, data=b"{", timeout=5)
    assert (answer.status_code, answer.json()) == (400, {"error": "not_json"})


def test_json_of_another_shape_is_refused(script: Script) -> None:
    for path in ("/sandbox/residents", "/sandbox/faults", "/sandbox/do", "/sandbox/id-token"):
        assert _refused(script, path, [3]) == (400, "not_an_object")


def test_webhook_statistics_say_how_answers_went(script: Script, connected: Receiver) -> None:
    script.residents("佐藤 花", "鈴木 一")
    wait_until(lambda: script.get("/sandbox/webhook/statistics").get("OK") == 2)
    counts = script.get("/sandbox/webhook/statistics")
    assert (counts["events"], counts["waiting"], counts["invalid"]) == (2, 0, [])
