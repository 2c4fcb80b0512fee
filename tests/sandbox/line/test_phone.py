"""The phone page in a real browser: bubbles, taps, arrivals and safety (OPS-4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import Receiver, Script, text

NAMES = "髙﨑𠮷葛\U000e0100 🌸"


@pytest.fixture
def user_id(script: Script) -> str:
    return script.residents(f"山田 {NAMES}")[0]


@pytest.fixture
def phone(sandbox: RunningSandbox, browser: Browser, user_id: str) -> Iterator[Page]:
    """The talk of one resident at phone size; any script error or refused resource fails the test."""
    trouble: list[str] = []
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="ja-JP", timezone_id="Asia/Tokyo"
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    page.goto(f"{sandbox.url}/phone/{user_id}")
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()
    assert [words for words in trouble if "favicon" not in words] == []


def _button(label: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action": {"type": "postback", "label": label, "data": label, **more}}


def _bubble(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": list(parts)}}


def _chips(*labels: str) -> dict[str, Any]:
    actions = [{"type": "postback", "label": label, "data": label, "displayText": label} for label in labels]
    return {"quickReply": {"items": [{"type": "action", "action": action} for action in actions]}}


def test_arrivals_appear_by_themselves(phone: Page, script: Script, user_id: str) -> None:
    script.push(user_id, text(f"{NAMES}様\n二行目"))
    bubble = phone.wait_for_selector(".row.account .bubble")
    assert bubble is not None and bubble.inner_text() == f"{NAMES}様\n二行目"
    assert phone.inner_text("#account") == "みなと野市"
    assert phone.inner_text(".day") == "今日"
    assert phone.inner_text(".row.account .when") == "09:30"


def test_what_is_typed_is_said_and_webhooked(
    phone: Page, script: Script, user_id: str, connected: Receiver
) -> None:
    phone.fill("#words", "ゴミの日は?")
    phone.press("#words", "Enter")
    phone.wait_for_selector(".row.resident .bubble")
    assert connected.wait_for(1)[-1]["message"]["text"] == "ゴミの日は?"
    assert phone.input_value("#words") == ""


def test_markup_in_a_message_stays_text(phone: Page, script: Script, user_id: str) -> None:
    nasty = '<img src=x onerror="document.title=1"><script>alert(1)</script> https://example.lg.jp/?a=1&b=2'
    script.push(user_id, text(nasty))
    phone.wait_for_selector(".row.account .bubble a")
    assert phone.inner_text(".row.account .bubble") == nasty
    assert phone.locator(".talk img, .talk script").count() == 0
    assert phone.get_attribute(".bubble a", "href") == "https://example.lg.jp/?a=1&b=2"


def test_chips_show_on_the_last_message_and_leave_after_the_tap(
    phone: Page, script: Script, user_id: str, connected: Receiver
) -> None:
    script.push(user_id, text("選ぶ", **_chips("防災", "ごみ")))
    phone.click("#chips button:has-text('ごみ')")
    phone.wait_for_selector(".row.resident .bubble:has-text('ごみ')")
    phone.wait_for_selector("#chips", state="hidden")
    assert connected.wait_for(1)[-1]["postback"] == {"data": "ごみ"}


def test_a_flex_carousel_scrolls_sideways_and_its_buttons_work(
    phone: Page, script: Script, user_id: str, connected: Receiver
) -> None:
    bubbles = [_bubble({"type": "text", "text": f"催し{n}"}, _button(f"参加{n}")) for n in range(4)]
    contents = {"type": "carousel", "contents": bubbles}
    script.push(user_id, {"type": "flex", "altText": "催し", "contents": contents})
    phone.wait_for_selector(".belt")
    wide, seen = phone.evaluate("(b => [b.scrollWidth, b.clientWidth])(document.querySelector('.belt'))")
    assert wide > seen * 2
    phone.click("button:has-text('参加3')")
    assert connected.wait_for(1)[-1]["postback"] == {"data": "参加3"}


def test_a_date_is_picked_with_the_phones_own_input(
    phone: Page, script: Script, user_id: str, connected: Receiver
) -> None:
    action = {
        "type": "datetimepicker",
        "label": "日を選ぶ",
        "data": "d",
        "mode": "date",
        "initial": "2026-12-01",
    }
    template = {"type": "buttons", "text": "収集日", "actions": [action]}
    script.push(user_id, {"type": "template", "altText": "収集日", "template": template})
    phone.click("button:has-text('日を選ぶ')")
    phone.fill("#picker-value", "2026-12-24")
    phone.click("#picker .main")
    assert connected.wait_for(1)[-1]["postback"] == {"data": "d", "params": {"date": "2026-12-24"}}


def test_photos_places_and_stickers_can_be_sent(
    phone: Page, script: Script, user_id: str, connected: Receiver
) -> None:
    for tool in ("写真をとる", "スタンプ", "位置を送る"):
        phone.click("#plus")
        phone.click(f"#tools button:has-text('{tool}')")
    phone.click("#place .main")
    phone.wait_for_selector(".row[data-type=location]")
    assert [event["message"]["type"] for event in connected.wait_for(3)] == ["image", "sticker", "location"]
    phone.click(".row[data-type=image] .photo")
    phone.wait_for_selector("#viewer[open] img")


def test_blocking_and_coming_back_works_from_the_menu(
    phone: Page, script: Script, user_id: str, connected: Receiver
) -> None:
    phone.click("#menu-button")
    phone.click("#menu button[data-act=block]")
    phone.wait_for_selector("#strip:not([hidden])")
    phone.wait_for_selector("#words:disabled")
    phone.click("#strip button")
    phone.wait_for_selector("#strip", state="hidden")
    assert [event["type"] for event in connected.wait_for(2)] == ["unfollow", "follow"]


def test_loading_dots_show_until_the_answer_comes(phone: Page, script: Script, user_id: str) -> None:
    script.line("POST", "/v2/bot/chat/loading/start", {"chatId": user_id, "loadingSeconds": 60})
    phone.wait_for_selector(".dots")
    script.push(user_id, text("お待たせしました"))
    phone.wait_for_selector(".dots", state="detached")


def test_a_liff_address_opens_in_the_talks_place(
    phone: Page, sandbox: RunningSandbox, script: Script, user_id: str
) -> None:
    script.settings(liff_endpoint_url=f"{sandbox.url}/sandbox/health")
    uri = f"https://liff.line.me/{sandbox.settings.liff_id}/forms/1"
    button = {"type": "button", "action": {"type": "uri", "label": "開く", "uri": uri}}
    script.push(user_id, {"type": "flex", "altText": "用紙", "contents": _bubble(button)})
    phone.click("button:has-text('開く')")
    phone.wait_for_url(f"{sandbox.url}/sandbox/health?liff.state=%2Fforms%2F1*")
    assert "access_token=" in phone.evaluate("location.hash")
    phone.go_back()
    phone.wait_for_selector("body[data-ready] .flex-bubble")


def test_every_kind_of_message_is_drawn(phone: Page, script: Script, user_id: str) -> None:
    url = "https://127.0.0.1:9/a.jpg"
    action = {"type": "message", "label": "はい", "text": "はい"}
    confirm = {"type": "confirm", "text": "よいか", "actions": [action, action]}
    area = {"x": 0, "y": 0, "width": 520, "height": 520}
    messages = [
        {"type": "sticker", "packageId": "446", "stickerId": "1988"},
        {"type": "location", "title": "市役所", "address": "中央1-1", "latitude": 35, "longitude": 139},
        {"type": "image", "originalContentUrl": url, "previewImageUrl": url},
        {"type": "video", "originalContentUrl": url, "previewImageUrl": url},
        {"type": "audio", "originalContentUrl": url, "duration": 61_000},
        {"type": "template", "altText": "確認", "template": confirm},
        {
            "type": "imagemap",
            "baseUrl": "https://127.0.0.1:9/map",
            "altText": "地図",
            "baseSize": {"width": 1040, "height": 520},
            "actions": [{"type": "message", "text": "左", "area": area}],
        },
        text("{a}", type="textV2", substitution={"a": {"type": "emoji", "productId": "p", "emojiId": "e"}}),
    ]
    for message in messages:
        assert script.push(user_id, message).status_code == 200
    phone.wait_for_selector(f".row:nth-of-type({len(messages) + 1})")
    drawn = phone.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.type)")
    assert drawn == [message["type"] for message in messages]
    assert phone.locator(".card:has-text('表示できない')").count() == 0
    assert "1:01" in phone.inner_text(".row[data-type=audio]")


def test_japanese_is_shown_in_the_bundled_fonts(phone: Page) -> None:
    loaded = phone.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert '"BIZ UDPGothic"' in loaded or "BIZ UDPGothic" in loaded


def test_a_resident_can_be_made_and_found_in_the_list(
    sandbox: RunningSandbox, browser: Browser, script: Script
) -> None:
    script.post("/sandbox/residents", {"count": 150})
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{sandbox.url}/phone")
    page.wait_for_selector("body[data-ready]")
    page.fill("#new-name", "𠮷田 はな")
    page.click("#make button")
    page.wait_for_selector("#device:not([hidden]) #strip:not([hidden])")
    page.wait_for_selector("body[data-ready]")
    page.click("#strip button")
    page.wait_for_selector("#strip", state="hidden")
    page.fill("#find", "𠮷田 はな")
    expect(page.locator("#people-list li")).to_have_count(1)
    context.close()
    assert script.get("/sandbox/health")["friends"] == 1


def test_an_unknown_phone_leads_to_the_list(sandbox: RunningSandbox, script: Script) -> None:
    answer = script.http.get(f"{sandbox.url}/phone/U{'0' * 32}", allow_redirects=False, timeout=5)
    assert answer.headers["location"] == "/phone"


def test_pages_carry_a_policy_that_allows_no_foreign_script(
    sandbox: RunningSandbox, script: Script, user_id: str
) -> None:
    answer = script.http.get(f"{sandbox.url}/phone/{user_id}", timeout=5)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
