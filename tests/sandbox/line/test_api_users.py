"""Profiles, followers, loading dots and read marks behave as LINE's (OPS-4)."""

from __future__ import annotations

from linebot.v3.messaging import ApiClient, Configuration, MessagingApi

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Receiver, Script, wait_until


def test_a_profile_is_404_after_a_block_and_for_nobody(script: Script) -> None:
    (user_id,) = script.residents("𠮷田 葛󠄀城")
    profile = script.line("GET", f"/v2/bot/profile/{user_id}")
    assert profile.json()["displayName"] == "𠮷田 葛󠄀城" and profile.json()["userId"] == user_id
    script.act(user_id, "block")
    for unknown in (user_id, "U" + "0" * 32):
        answer = script.line("GET", f"/v2/bot/profile/{unknown}")
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found"})


def _page(script: Script, limit: int, start: str | None = None) -> tuple[list[str], str | None]:
    query = f"?limit={limit}" + (f"&start={start}" if start else "")
    body = script.line("GET", f"/v2/bot/followers/ids{query}").json()
    return body["userIds"], body.get("next")


def test_followers_are_paged_and_each_comes_once(script: Script) -> None:
    ids = script.residents(*(f"住民{number}" for number in range(25)))
    seen: list[str] = []
    cursor = None
    sizes = []
    while True:
        page, cursor = _page(script, 10, cursor)
        seen += page
        sizes.append(len(page))
        if cursor is None:
            break
    assert seen == ids and sizes == [10, 10, 5]


def test_a_page_leaves_out_who_blocked_meanwhile(script: Script) -> None:
    ids = script.residents(*(f"住民{number}" for number in range(6)))
    _, cursor = _page(script, 3)
    script.act(ids[4], "block")
    assert _page(script, 3, cursor) == ([ids[3], ids[5]], None)


def test_the_next_mark_expires_after_a_day(script: Script, clock: HandClock) -> None:
    script.residents("佐藤 花", "鈴木 一")
    _, cursor = _page(script, 1)
    clock.forward(hours=24)
    assert script.line("GET", f"/v2/bot/followers/ids?start={cursor}").status_code == 400


def test_followers_need_a_verified_account_and_a_sane_limit(script: Script) -> None:
    for limit in ("0", "1001", "x"):
        assert script.line("GET", f"/v2/bot/followers/ids?limit={limit}").status_code == 400
    script.settings(verified_account=False)
    assert script.line("GET", "/v2/bot/followers/ids").status_code == 403


def test_bot_info_is_readable_by_the_official_client(sandbox: RunningSandbox) -> None:
    configuration = Configuration(host=sandbox.url, access_token=sandbox.settings.channel_token)
    with ApiClient(configuration) as client:
        info = MessagingApi(client).get_bot_info(_request_timeout=5)
        client.rest_client.pool_manager.clear()
    assert (info.display_name, info.chat_mode, info.mark_as_read_mode) == ("みなと野市", "bot", "auto")
    assert info.user_id == sandbox.settings.bot_user_id


def test_loading_dots_last_as_long_as_asked(script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    start = "/v2/bot/chat/loading/start"
    for seconds in (0, 7, 65):
        refused = script.line("POST", start, {"chatId": user_id, "loadingSeconds": seconds})
        assert refused.status_code == 400
    assert script.line("POST", start, {"chatId": user_id, "loadingSeconds": 5}).status_code == 202
    assert script.get(f"/sandbox/residents/{user_id}/talk")["loading"] is True
    clock.forward(seconds=5)
    assert script.get(f"/sandbox/residents/{user_id}/talk")["loading"] is False


def test_with_chat_on_only_what_was_marked_is_read(script: Script, connected: Receiver) -> None:
    (user_id,) = script.residents("佐藤 花", follow=False)
    script.settings(chat_mode="chat")
    for words in ("一", "二", "三"):
        script.act(user_id, "say", text=words)
    token = connected.wait_for(3)[1]["message"]["markAsReadToken"]
    assert script.line("POST", "/v2/bot/chat/markAsRead", {"markAsReadToken": token}).json() == {}
    assert [entry["read"] for entry in script.talk(user_id)] == [True, True, False]
    assert script.line("POST", "/v2/bot/chat/markAsRead", {"markAsReadToken": "x"}).status_code == 400


def test_the_webhook_address_can_be_read_and_set_over_the_api(script: Script) -> None:
    path = "/v2/bot/channel/webhook/endpoint"
    assert script.line("GET", path).status_code == 404
    for wrong in ("http://example.lg.jp/hook", "https://" + "a" * 500, "x", None):
        assert script.line("PUT", path, {"endpoint": wrong}).status_code == 400
    assert script.line("PUT", path, {"endpoint": "https://example.lg.jp/hook"}).json() == {}
    assert script.line("GET", path).json() == {"endpoint": "https://example.lg.jp/hook", "active": True}


def test_what_is_not_simulated_yet_is_404(script: Script) -> None:
    for method, path, status in (("GET", "/v2/bot/richmenu/list", 404), ("GET", "/v2/bot/message/push", 405)):
        answer = script.line(method, path)
        assert answer.status_code == status and answer.headers["x-line-request-id"]


def test_a_follow_is_seen_without_asking(script: Script) -> None:
    script.residents("佐藤 花")
    assert wait_until(lambda: script.get("/sandbox/health")["friends"] == 1)
