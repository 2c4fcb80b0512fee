"""LIFF addresses lead to the page with tokens; the shim works as LINE's SDK in a real browser (OPS-4)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import Receiver, Script, served, text

TOWN_PAGE = """<!doctype html><title>page</title><h1>粗大ごみの申込み</h1>
<script src="{sdk}"></script><p id="where"></p><script>
liff.init({{ liffId: "{liff_id}" }}).then(() => {{
  document.getElementById("where").textContent = location.pathname + location.search;
  document.body.dataset.ready = "true";
}}, (error) => {{ document.body.dataset.failed = error.code; }});
</script>"""


@pytest.fixture
def town(sandbox: RunningSandbox, script: Script) -> Iterator[str]:
    """A page of the town that uses the shim, registered as the LIFF app's endpoint."""

    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(
            TOWN_PAGE.format(sdk=f"{sandbox.url}/liff/sdk.js", liff_id=sandbox.settings.liff_id)
        )

    app = Starlette(routes=[Route("/{rest:path}", page)])
    with served(app) as port:
        url = f"http://127.0.0.1:{port}/pages"
        script.settings(liff_endpoint_url=url)
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_the_primary_redirect_carries_state_and_tokens(
    sandbox: RunningSandbox, script: Script, town: str
) -> None:
    (user_id,) = script.residents("佐藤 花")
    path = f"/liff/{sandbox.settings.liff_id}/forms/7?from=card&as={user_id}"
    answer = script.http.get(sandbox.url + path, allow_redirects=False, timeout=5)
    target = urlsplit(answer.headers["location"])
    assert answer.status_code == 302 and answer.headers["location"].startswith(town + "?")
    assert parse_qs(target.query) == {"liff.state": ["/forms/7?from=card"]}
    fragment = parse_qs(target.fragment)
    profile = script.line("GET", "/v2/profile", token=fragment["access_token"][0])
    assert profile.json()["userId"] == user_id
    assert fragment["id_token"][0].count(".") == 2


def test_without_a_holder_the_phone_page_asks_who(sandbox: RunningSandbox, script: Script, town: str) -> None:
    (user_id,) = script.residents("佐藤 花")
    liff = f"/liff/{sandbox.settings.liff_id}/forms"
    asked = script.http.get(sandbox.url + liff, allow_redirects=False, timeout=5)
    assert asked.headers["location"].startswith("/phone?next=")
    chosen = f"{sandbox.url}/phone/{user_id}?next={liff}"
    assert script.http.get(chosen, allow_redirects=False, timeout=5).headers["location"] == liff
    away = f"{sandbox.url}/phone/{user_id}?next=https://example.com/"
    assert script.http.get(away, allow_redirects=False, timeout=5).status_code == 200


def test_an_unknown_liff_app_is_404(sandbox: RunningSandbox, script: Script, town: str) -> None:
    assert script.http.get(f"{sandbox.url}/liff/1-x", timeout=5).status_code == 404


def _open(page: Page, sandbox: RunningSandbox, user_id: str, rest: str = "") -> None:
    joint = "&" if "?" in rest else "?"
    page.goto(f"{sandbox.url}/liff/{sandbox.settings.liff_id}{rest}{joint}as={user_id}")
    page.wait_for_selector("body[data-ready], body[data-failed]")


def test_init_goes_on_to_the_path_and_keeps_the_tokens(
    sandbox: RunningSandbox, script: Script, town: str, page: Page
) -> None:
    (user_id,) = script.residents("髙橋 﨑子")
    _open(page, sandbox, user_id, "/forms/7?from=card")
    assert page.url == f"{town}/forms/7?from=card"
    assert page.evaluate("liff.isInClient() && liff.isLoggedIn()")
    assert page.evaluate("liff.getProfile()") == {"userId": user_id, "displayName": "髙橋 﨑子"}
    assert page.evaluate("liff.getDecodedIDToken().name") == "髙橋 﨑子"
    assert page.evaluate("liff.getFriendship()") == {"friendFlag": True}
    assert page.evaluate("liff.getContext().type") == "utou"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    token = page.evaluate("liff.getIDToken()")
    verified = script.http.post(
        f"{sandbox.url}/oauth2/v2.1/verify",
        data={"id_token": token, "client_id": sandbox.settings.login_channel_id},
        timeout=5,
    )
    assert verified.json()["sub"] == user_id


def test_state_cannot_lead_out_of_the_endpoint(
    sandbox: RunningSandbox, script: Script, town: str, page: Page
) -> None:
    (user_id,) = script.residents("佐藤 花")
    _open(page, sandbox, user_id)
    page.goto(f"{town}?liff.state=%2F..%2F..%2Felsewhere")
    page.wait_for_selector("body[data-failed]")
    assert page.evaluate("document.body.dataset.failed") == "INVALID_CONFIG"
    page.goto(f"{town}?liff.state=https%3A%2F%2Fexample.com")
    page.wait_for_selector("body[data-ready]")
    assert page.url.startswith(town)


def test_messages_from_a_page_show_in_the_talk_but_cards_make_no_webhook(
    sandbox: RunningSandbox, script: Script, town: str, page: Page, connected: Receiver
) -> None:
    (user_id,) = script.residents("佐藤 花")
    _open(page, sandbox, user_id)
    box = {"type": "box", "layout": "vertical", "contents": [{"type": "text", "text": "受付番号 12"}]}
    card = {"type": "flex", "altText": "控え", "contents": {"type": "bubble", "body": box}}
    page.evaluate("messages => liff.sendMessages(messages)", [text("送りました"), card])
    assert [(entry["who"], entry["text"]) for entry in script.talk(user_id)] == [
        ("resident", "送りました"),
        ("resident", "控え"),
    ]
    assert [event["type"] for event in connected.wait_for(2)] == ["follow", "message"]
    refused = page.evaluate("liff.sendMessages([{type: 'text', text: ''}]).catch((e) => [e.name, e.code])")
    assert refused == ["LiffError", "400"]


def test_outside_line_nobody_is_logged_in_and_login_leads_back(
    sandbox: RunningSandbox, script: Script, town: str, page: Page
) -> None:
    (user_id,) = script.residents("佐藤 花")
    page.goto(town)
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("[liff.isInClient(), liff.isLoggedIn(), liff.getIDToken()]") == [False, False, None]
    assert page.evaluate("liff.getProfile().catch((e) => e.code)") == "UNAUTHORIZED"
    page.evaluate("liff.login()")
    page.wait_for_selector("#people-list a")
    page.click("#people-list a")
    page.wait_for_selector("body[data-ready] #where")
    assert page.evaluate("liff.getDecodedIDToken().sub") == user_id


def test_close_window_returns_to_the_talk(
    sandbox: RunningSandbox, script: Script, town: str, page: Page
) -> None:
    (user_id,) = script.residents("佐藤 花")
    _open(page, sandbox, user_id)
    page.evaluate("liff.closeWindow()")
    page.wait_for_url(f"{sandbox.url}/phone/{user_id}")
