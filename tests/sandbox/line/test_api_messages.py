"""Sending follows LINE's rules: who receives, what is refused, and in which words (OPS-4, SEG-10)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from linebot.v3.messaging import (
    ApiClient,
    ApiException,
    Configuration,
    MessagingApi,
    MulticastRequest,
    PushMessageRequest,
    ReplyMessageRequest,
    TextMessage,
)

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Receiver, Script, text


@pytest.fixture
def sdk(sandbox: RunningSandbox) -> Any:
    """The official client, pointed at the sandbox."""
    configuration = Configuration(host=sandbox.url, access_token=sandbox.settings.channel_token)
    configuration.retries = 0
    with ApiClient(configuration) as client:
        yield MessagingApi(client)
        client.rest_client.pool_manager.clear()


def _push(user_id: str, words: str = "こんにちは") -> PushMessageRequest:
    return PushMessageRequest(to=user_id, messages=[TextMessage(text=words)])


def test_the_official_client_pushes_and_the_talk_shows_it(sdk: Any, script: Script) -> None:
    (user_id,) = script.residents("髙橋 﨑子")
    answer = sdk.push_message_with_http_info(_push(user_id, "𠮷"), _request_timeout=5)
    assert answer.data.sent_messages[0].id.isdigit() and answer.data.sent_messages[0].quote_token
    assert uuid.UUID(answer.headers["x-line-request-id"])
    assert [(entry["who"], entry["text"]) for entry in script.talk(user_id)] == [("account", "𠮷")]


def test_a_wrong_token_is_refused_with_401_and_a_request_id(script: Script) -> None:
    for token in ("wrong", ""):
        answer = script.line("GET", "/v2/bot/info", token=token)
        assert answer.status_code == 401 and answer.headers["x-line-request-id"]
        assert answer.json()["message"].startswith("Authentication failed due to the following reason: ")


def test_a_second_try_with_the_same_key_is_409_and_repeats_the_messages(sdk: Any, script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    key = str(uuid.uuid4())
    first = sdk.push_message_with_http_info(_push(user_id), x_line_retry_key=key, _request_timeout=5)
    with pytest.raises(ApiException) as refused:
        sdk.push_message(_push(user_id), x_line_retry_key=key, _request_timeout=5)
    assert refused.value.status == 409
    assert refused.value.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    assert f'"id":"{first.data.sent_messages[0].id}"' in refused.value.body
    assert len(script.talk(user_id)) == 1


def test_a_retry_key_is_forgotten_after_a_day(script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    key = {"X_Line_Retry_Key": str(uuid.uuid4())}
    body = {"to": [user_id], "messages": [text()]}
    statuses = []
    for hours in (0, 23.9, 0.2):
        clock.forward(hours=hours)
        statuses.append(script.line("POST", "/v2/bot/message/multicast", body, **key).status_code)
    assert statuses == [200, 409, 200]


def test_a_refused_request_leaves_its_key_free(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    key = {"X_Line_Retry_Key": str(uuid.uuid4())}
    assert script.push(user_id, text(""), **key).status_code == 400
    assert script.push(user_id, text(), **key).status_code == 200


def test_a_key_that_is_no_uuid_is_refused(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    assert script.push(user_id, text(), X_Line_Retry_Key="1").status_code == 400


def _reply(script: Script, token: str, **headers: str) -> requests.Response:
    body = {"replyToken": token, "messages": [text("お答え")]}
    return script.line("POST", "/v2/bot/message/reply", body, **headers)


def test_a_reply_token_answers_once(sdk: Any, script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花")
    token = connected.wait_for(1)[0]["replyToken"]
    request = ReplyMessageRequest(replyToken=token, messages=[TextMessage(text="ようこそ")])
    sdk.reply_message(request, _request_timeout=5)
    with pytest.raises(ApiException) as refused:
        sdk.reply_message(request, _request_timeout=5)
    assert refused.value.status == 400 and '"Invalid reply token"' in refused.value.body
    assert [entry["text"] for entry in script.talk(user_id)] == ["ようこそ"]


def test_a_reply_token_lasts_a_minute(script: Script, connected: Receiver, clock: HandClock) -> None:
    script.residents("佐藤 花", "鈴木 一")
    early, late = (event["replyToken"] for event in connected.wait_for(2))
    clock.forward(seconds=60)
    assert _reply(script, early).status_code == 200
    clock.forward(seconds=1)
    assert _reply(script, late).json() == {"message": "Invalid reply token"}


def test_a_reply_takes_no_retry_key(script: Script, connected: Receiver) -> None:
    script.residents("佐藤 花")
    token = connected.wait_for(1)[0]["replyToken"]
    assert _reply(script, token, X_Line_Retry_Key=str(uuid.uuid4())).status_code == 400
    assert _reply(script, token).status_code == 200


def test_a_reply_refused_for_its_messages_keeps_the_token(script: Script, connected: Receiver) -> None:
    script.residents("佐藤 花")
    token = connected.wait_for(1)[0]["replyToken"]
    bad = {"replyToken": token, "messages": [text("")]}
    assert script.line("POST", "/v2/bot/message/reply", bad).status_code == 400
    assert _reply(script, token).status_code == 200


def test_who_blocked_or_never_followed_gets_nothing_but_the_answer_is_200(script: Script) -> None:
    friend, blocker = script.residents("佐藤 花", "鈴木 一")
    (stranger,) = script.residents("田中 実", follow=False)
    script.act(blocker, "block")
    everyone = [friend, blocker, stranger]
    answer = script.line("POST", "/v2/bot/message/multicast", {"to": everyone, "messages": [text()]})
    assert (answer.status_code, answer.json()) == (200, {})
    assert [script.push(each, text()).status_code for each in (blocker, stranger)] == [200, 200]
    assert [len(script.talk(each)) for each in everyone] == [1, 0, 0]
    assert script.line("GET", "/v2/bot/message/quota/consumption").json() == {"totalUsage": 1}


def test_who_wrote_can_be_pushed_for_a_week_without_being_a_friend(script: Script, clock: HandClock) -> None:
    (stranger,) = script.residents("田中 実", follow=False)
    script.act(stranger, "say", text="はじめまして")
    script.push(stranger, text("一"))
    clock.forward(days=7)
    script.push(stranger, text("二"))
    assert [entry["text"] for entry in script.talk(stranger)] == ["はじめまして", "一"]


def test_an_id_of_nobody_fails_in_a_push_and_is_skipped_in_a_multicast(script: Script) -> None:
    (friend,) = script.residents("佐藤 花")
    nobody = "U" + "0" * 32
    assert script.push(nobody, text()).json() == {"message": "Failed to send messages"}
    body = {"to": [friend, nobody], "messages": [text()]}
    assert script.line("POST", "/v2/bot/message/multicast", body).status_code == 200
    script.settings(multicast_unknown_ids="refuse")
    assert script.line("POST", "/v2/bot/message/multicast", body).status_code == 400
    assert len(script.talk(friend)) == 1


def test_the_quota_counts_people_and_refuses_the_whole_request(script: Script) -> None:
    people = script.residents("佐藤 花", "鈴木 一", "田中 実")
    script.settings(quota_value=5)
    two = [text("一"), text("二")]
    send = lambda: script.line("POST", "/v2/bot/message/multicast", {"to": people, "messages": two})  # noqa: E731
    assert send().status_code == 200
    refused = send()
    assert refused.status_code == 429 and refused.json() == {
        "message": "You have reached your monthly limit."
    }
    assert [len(script.talk(each)) for each in people] == [2, 2, 2]
    assert script.line("GET", "/v2/bot/message/quota").json() == {"type": "limited", "value": 5}
    script.settings(quota_type="none")
    assert send().status_code == 200
    assert script.line("GET", "/v2/bot/message/quota").json() == {"type": "none"}


def test_the_quota_begins_anew_with_the_japanese_month(script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.settings(quota_value=1)
    assert [script.push(user_id, text()).status_code for _ in range(2)] == [200, 429]
    clock.forward(days=10, hours=14)  # 30 November 23:30 in Japan
    assert script.push(user_id, text()).status_code == 429
    clock.forward(minutes=31)
    assert script.push(user_id, text()).status_code == 200


def test_multicast_is_limited_to_200_a_second(script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.settings(rate_scale=0.05)  # 10 a second, so that the test need not send 200
    body = {"to": [user_id], "messages": [text()]}
    statuses = [script.line("POST", "/v2/bot/message/multicast", body).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert script.push(user_id, text()).status_code == 200
    clock.forward(seconds=0.5)
    statuses = [script.line("POST", "/v2/bot/message/multicast", body).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    script.settings(rate_limits=False)
    assert script.line("POST", "/v2/bot/message/multicast", body).status_code == 200


def test_a_body_over_two_megabytes_is_413(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    assert script.push(user_id, text("あ" * 700_000)).status_code == 413


def test_a_body_that_is_no_json_is_400(script: Script) -> None:
    headers = {"Authorization": f"Bearer {script.token}"}
    for raw in (b"{", b"[]", b"", b"\xff"):
        answer = script.http.post(f"{script.url}/v2/bot/message/push", data=raw, headers=headers, timeout=5)
        assert answer.status_code == 400


def test_multicast_takes_1_to_500_ids(script: Script) -> None:
    made = script.post("/sandbox/residents", {"count": 501})["residents"]
    ids = [each["userId"] for each in made]
    for to, status in ((ids, 400), ([], 400), (ids[:500], 200), (["U1"], 400)):
        body = {"to": to, "messages": [text()]}
        assert script.line("POST", "/v2/bot/message/multicast", body).status_code == status


def test_the_official_clients_multicast_is_accepted(sdk: Any, script: Script) -> None:
    people = script.residents("佐藤 花", "鈴木 一")
    sdk.multicast(MulticastRequest(to=people, messages=[TextMessage(text="断水")]), _request_timeout=5)
    assert [len(script.talk(each)) for each in people] == [1, 1]


def test_broadcast_reaches_friends_only(script: Script) -> None:
    friends = script.residents("佐藤 花", "鈴木 一")
    (stranger,) = script.residents("田中 実", follow=False)
    assert script.line("POST", "/v2/bot/message/broadcast", {"messages": [text()]}).status_code == 200
    assert [len(script.talk(each)) for each in [*friends, stranger]] == [1, 1, 0]


def test_narrowcast_is_taken_for_later_and_refused_for_a_small_town(script: Script) -> None:
    script.residents("佐藤 花")
    demographic = {"demographic": {"type": "gender", "oneOf": ["female"]}}
    body = {"messages": [text()], "filter": demographic}
    assert script.line("POST", "/v2/bot/message/narrowcast", body).status_code == 403
    assert script.line("POST", "/v2/bot/message/narrowcast", {"messages": [text()]}).status_code == 202


def test_validate_checks_messages_and_sends_nothing(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    for way in ("reply", "push", "multicast", "narrowcast", "broadcast"):
        path = f"/v2/bot/message/validate/{way}"
        assert script.line("POST", path, {"messages": [text()]}).json() == {}
        refused = script.line("POST", path, {"messages": [text(), text("")]})
        assert refused.json() == {
            "message": "The request body has 1 error(s)",
            "details": [{"message": "May not be empty", "property": "messages[1].text"}],
        }
    assert script.talk(user_id) == []


def test_the_days_numbers_are_ready_on_the_next_day(script: Script, clock: HandClock) -> None:
    people = script.residents("佐藤 花", "鈴木 一")
    script.line("POST", "/v2/bot/message/multicast", {"to": people, "messages": [text()]})
    path = "/v2/bot/message/delivery/multicast?date=20261120"
    assert script.line("GET", path).json() == {"status": "unready"}
    clock.forward(days=1)
    assert script.line("GET", path).json() == {"status": "ready", "success": 2}
    old = "/v2/bot/message/delivery/push?date=20180101"
    assert script.line("GET", old).json() == {"status": "out_of_service"}


def test_lines_own_files_find_what_our_limits_do_not(
    start: Callable[..., RunningSandbox], openapi_folder: Path
) -> None:
    running = start(openapi_folder=openapi_folder)
    with requests.Session() as session:
        script = Script(running.url, running.settings.channel_token, session)
        (user_id,) = script.residents("佐藤 花")
        heavy = {"type": "text", "text": "断水", "weight": "heavy"}
        bubble = {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [heavy]}}
        refused = script.push(user_id, {"type": "flex", "altText": "断水", "contents": bubble})
        assert refused.status_code == 400
        assert refused.json()["details"][0]["property"] == "messages[0].contents.body.contents[0].weight"
        heavy["weight"] = "bold"
        assert (
            script.push(user_id, {"type": "flex", "altText": "断水", "contents": bubble}).status_code == 200
        )
