"""LINE's security checklist for LINE Login, item by item: a test, or why it does not apply. SEC-4, SEC-3.

Source: developers.line.biz, "LINE Login security checklist", the Japanese text of all five groups as it stood
in October 2025 (a stored copy; the page itself could not be opened from here, so a person compares the two
before a town opens). "Creating a secure login process" adds the nonce.

How we sign residents in: LIFF asks LINE by itself inside LINE's app. Our page hands the raw ID token to the
relay, the relay asks LINE's "Verify ID token", checks the answer once more and begins a session of its own.
So there is no authorization URL, no callback, no code and no access token of ours.

Query parameters given to the authorization URL
1. `redirect_uri` is https: LIFF sends none of ours, the endpoint address is registered with LINE. What of it
   stays with us, that nothing answers without TLS: the two `test_https_only_…`.
2. Only the registered callback, or it with more query parameters, is valid: does not apply, as in 1.
3. No parameter leads to any address it names (open redirector): the two `test_no_open_redirector_…`.
4. `state` is random and nobody can foresee it: does not apply, the LIFF SDK makes it. What LIFF calls
   `liff.state` is no state but the path to go to, and falls under 3. That we make no authorization request
   in some corner: `test_nothing_of_ours_makes_an_authorization_request`.
5. `state` is kept where nobody else reads it: does not apply, as in 4.
6. `state` is another at every sign-in: does not apply, as in 4.

Query parameters handed to the callback
7. `state` is the one that was sent: does not apply, the LIFF SDK compares it; its failure our page says in
   words. What the check is against, being signed in as somebody else by a foreign page:
   `test_a_token_from_a_foreign_page_begins_no_session`.

Issuing access tokens
8. `client_secret` stays secret: we issue none, so the relay does not even know the Login channel's secret:
   `test_the_relay_knows_no_secret_of_the_login_channel`.

Using ID tokens and access tokens
9. Tokens are verified: `test_the_id_token_is_verified_by_line_and_a_good_one_opens` and all that open nothing
   below it. Access tokens: we take none,
   `test_the_page_sends_the_raw_id_token_and_nothing_about_the_person`.
10. `client_id` and `expires_in` of an access token are checked: does not apply, as in 9. The same two facts
   of an ID token, `aud` and `exp`: `test_what_line_says_about_a_token_is_checked_once_more`,
   `test_a_token_expires_by_our_clock_too_within_a_minute`.

Sending tokens to a server of our own
11. The raw token is sent, no user id: `test_the_page_sends_the_raw_id_token_and_nothing_about_the_person`,
   `test_a_user_id_sent_by_the_browser_is_never_believed`.
12. The server verifies what it was sent: as in 9, and `test_every_answer_of_line_but_200_is_a_no`.

`nonce`: LIFF chooses it, the page cannot set it, so we cannot compare one. Against replay stand TLS, the
token never in an address or a log, its hour of life, the origin check, and the throttle.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from relay.config import RelaySettings
from relay.errors import LineError, Refused
from relay.pages.entry import safe_next
from relay.providers.line_login import ISSUER, LineLogin
from relay.store.database import open_database
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.counter import Counter, Phone, running_counter, sample_items, save_items
from tests.relay.line.test_client import answering
from tests.relay.pages.visitor import COOKIE, Visitor, friend_of
from tests.relay.webhooks import user

CHANNEL = "1234567890"
ENTER_JS = Path(__file__).parents[2] / "resources" / "pages" / "static" / "enter.js"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One relay and one LINE for all of these tests: each comes with a person and a browser of its own."""
    folder = tmp_path_factory.mktemp("checklist")
    database = open_database(f"sqlcipher:{folder / 'relay.db'}", HOST_KEY)
    save_items(database, *sample_items())
    with running_counter(database, folder) as running:
        yield running
    database.close()


@pytest.fixture
def counter(serving: Counter) -> Counter:
    with serving.database.write() as connection:
        connection.execute(text("DELETE FROM throttles"))  # what other tests tried is forgiven
    return serving


@pytest.fixture
def phone(counter: Counter) -> Phone:
    return friend_of(counter)


def is_in(visitor: Visitor) -> bool:
    return 'id="enter"' not in visitor.get("/pages/settings").text


def said_by_line(clock: Clock, channel: str = CHANNEL, **claims: Any) -> str:
    """Whom the relay sees when LINE's verification answers with these claims."""
    said = {"iss": ISSUER, "aud": CHANNEL, "exp": clock().timestamp() + 600, "sub": user(1), **claims}

    async def ask() -> str:
        login = LineLogin(base=base, channel_id=channel, ca_file=None, clock=clock)
        try:
            return await login.verify_id_token("token")
        finally:
            await login.aclose()

    with answering(200, said) as base:
        return asyncio.run(ask())


# --- authorization URL, callback: what of it remains with LIFF ---


def test_https_only_the_pages_do_not_answer_without_tls(counter: Counter) -> None:

    host, port = counter.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(b"GET /pages HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200" not in plain.recv(200)


def test_https_only_browsers_are_told_to_stay_with_it(counter: Counter) -> None:
    assert Visitor(counter).get("/pages").headers["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.parametrize(
    "state",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example", "/settings@evil.example", "javascript:alert(1)", "data:text/html,x", "/..//evil",
        "/settings\r\nlocation: https://evil.example", "/\tevil.example", " //evil.example", "/.evil.example",
        "https:evil.example", "/settings/../../evil", "／／evil.example", "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_no_open_redirector_liff_state_leads_to_our_own_pages_only(counter: Counter, state: str) -> None:
    assert re.fullmatch(r"/pages(/[a-z0-9-]+)+", safe_next(state))
    answer = Visitor(counter).http.get(
        f"{counter.url}/pages", params={"liff.state": state}, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 200, "never a redirect by a parameter"
    assert "location" not in answer.headers
    places = re.findall(r'data-next="([^"]*)"', answer.text)
    assert places and all(re.fullmatch(r"/pages(/[a-z0-9-]+)+", place) for place in places)


@pytest.mark.parametrize("name", ["next", "redirect", "redirect_uri", "url", "return", "state", "path"])
def test_no_open_redirector_no_other_parameter_leads_anywhere(counter: Counter, name: str) -> None:
    for path in ("/pages", "/pages/", "/pages/settings"):
        answer = Visitor(counter).http.get(
            counter.url + path, params={name: "https://evil.example"}, allow_redirects=False, timeout=10
        )
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text


def test_nothing_of_ours_makes_an_authorization_request() -> None:
    """Whoever adds one must come back to items 1 to 8: state, redirect_uri, the secret."""
    root = ENTER_JS.parents[3]
    sources = [*root.glob("relay/**/*.py"), *root.glob("resources/pages/**/*.*")]
    assert len(sources) > 50
    asking = re.compile(r"oauth2/v2\.1/authorize\b|response_type=|redirect_uri|authorization_code")
    assert [path.name for path in sources if asking.search(path.read_text("utf-8", "replace"))] == []


def test_the_relay_knows_no_secret_of_the_login_channel() -> None:
    login = {name for name in RelaySettings.model_fields if "login" in name}
    assert login == {"line_login_base", "line_login_channel_id"}
    assert list(inspect.signature(LineLogin).parameters) == ["base", "channel_id", "ca_file", "clock"]


def test_every_item_of_the_list_has_a_test_or_a_reason() -> None:
    said = __doc__ or ""
    items = dict(re.findall(r"^(\d+)\. (.+?)(?=^\d+\. |^\S|\Z)", said, re.MULTILINE | re.DOTALL))
    assert list(items) == [str(number) for number in range(1, 13)]
    for number, words in items.items():
        named = re.findall(r"`(test_\w+)(…?)`", words)
        assert named or "does not apply" in words or "as in" in words, number
        for name, is_start in named:
            found = [one for one in globals() if one == name or (is_start and one.startswith(name))]
            assert found, name


# --- use of tokens ---


def test_the_id_token_is_verified_by_line_and_a_good_one_opens(counter: Counter, phone: Phone) -> None:
    visitor = Visitor(counter)
    assert visitor.sign_in(counter.id_token(phone)).status_code == 200
    assert is_in(visitor)


def refused(counter: Counter, token: str) -> None:
    visitor = Visitor(counter)
    answer = visitor.sign_in(token)
    assert answer.status_code == 401
    assert COOKIE not in answer.cookies
    assert not is_in(visitor)


def test_an_expired_token_opens_nothing(counter: Counter, phone: Phone) -> None:
    refused(counter, counter.id_token(phone, expired=True))


def test_a_token_for_another_channel_opens_nothing(counter: Counter, phone: Phone) -> None:
    refused(counter, counter.id_token(phone, audience="9999999999"))


def test_a_token_of_another_issuer_opens_nothing(counter: Counter, phone: Phone) -> None:
    refused(counter, counter.id_token(phone, issuer="https://evil.example"))


def test_a_token_whose_signature_does_not_fit_opens_nothing(counter: Counter, phone: Phone) -> None:
    refused(counter, counter.id_token(phone, tampered=True))
    header, claims, signature = counter.id_token(phone).split(".")
    refused(counter, f"{header}.{claims}.{signature[::-1]}")
    refused(counter, f"{header}.{claims}.")
    other_claims = counter.id_token(friend_of(counter)).split(".")[1]
    refused(counter, f"{header}.{other_claims}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "ES256", ""])
def test_a_token_that_names_its_own_algorithm_opens_nothing(
    counter: Counter, phone: Phone, algorithm: str
) -> None:
    claims = counter.id_token(phone).split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode()
    for signature in ("", "AAAA"):
        refused(counter, f"{header.rstrip('=')}.{claims}.{signature}")


@pytest.mark.parametrize("garbage", ["", ".", "..", "a.b.c", "x" * 4096, "x" * 5000, "null", "\x00", "葛󠄀"])
def test_garbage_opens_nothing(counter: Counter, garbage: str) -> None:
    refused(counter, garbage)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "9999999999"},
        {"aud": [CHANNEL]},
        {"aud": ""},
        {"aud": None},
        {"iss": "https://access.line.me.evil.example"},
        {"iss": "http://access.line.me"},
        {"iss": None},
        {"exp": 0},
        {"exp": "9999999999"},
        {"exp": None},
        {"exp": True},
        {"sub": None},
        {"sub": ""},
        {"sub": {"$ne": ""}},
    ],
)
def test_what_line_says_about_a_token_is_checked_once_more(clock: Clock, claims: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="not_signed_in"):
        said_by_line(clock, **claims)


def test_a_token_expires_by_our_clock_too_within_a_minute(clock: Clock) -> None:
    assert said_by_line(clock, exp=clock().timestamp() - 30) == user(1)
    with pytest.raises(Refused):
        said_by_line(clock, exp=clock().timestamp() - 61)


def test_without_a_login_channel_nobody_is_let_in_whatever_line_says(clock: Clock) -> None:
    with pytest.raises(LineError):
        said_by_line(clock, channel="", aud="")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_every_answer_of_line_but_200_is_a_no(clock: Clock, status: int) -> None:
    async def ask() -> str:
        login = LineLogin(base=base, channel_id=CHANNEL, ca_file=None, clock=clock)
        try:
            return await login.verify_id_token("token")
        finally:
            await login.aclose()

    body = {"iss": ISSUER, "aud": CHANNEL, "exp": clock().timestamp() + 600, "sub": user(1)}
    with answering(status, body) as base, pytest.raises(Refused, match="not_signed_in"):
        asyncio.run(ask())


def test_a_token_stays_out_of_logs_and_addresses(
    counter: Counter, phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "relay")
    token = counter.id_token(phone)
    visitor = Visitor(counter)
    answer = visitor.sign_in(token)
    assert token not in answer.url and token not in answer.text
    refused(counter, token + "x")
    assert token not in caplog.text and phone.user_id not in caplog.text
    in_address = visitor.http.post(f"{counter.url}/pages/session?idToken={token}", json={}, timeout=10)
    assert in_address.status_code == 400, "a token in an address is not taken"


# --- tokens sent to a server of our own ---


def test_the_page_sends_the_raw_id_token_and_nothing_about_the_person() -> None:
    script = ENTER_JS.read_text("utf-8")
    assert "getIDToken" in script
    for never in (
        "getProfile",
        "getDecodedIDToken",
        "getContext",
        "userId",
        "getAccessToken",
        "localStorage",
    ):
        assert never not in script, never


def test_a_user_id_sent_by_the_browser_is_never_believed(counter: Counter, phone: Phone) -> None:
    other = friend_of(counter)
    visitor = Visitor(counter)
    for body in (
        {"userId": other.user_id},
        {"idToken": other.user_id},
        {"sub": other.user_id, "idToken": ""},
        {"profile": {"userId": other.user_id}},
    ):
        answer = visitor.http.post(f"{counter.url}/pages/session", json=body, timeout=10)
        assert answer.status_code in (400, 401)
    other.tap(label="川北")
    other.wait_for("知りたい情報")
    token = counter.id_token(phone)
    claimed = {"idToken": token, "userId": other.user_id, "sub": other.user_id}
    assert visitor.http.post(f"{counter.url}/pages/session", json=claimed, timeout=10).status_code == 200
    form = visitor.form()
    assert "d00" not in str(form), "the token's person, not the one claimed beside it"


def test_a_token_used_again_begins_another_session_and_ends_none_of_a_stranger(
    counter: Counter, phone: Phone
) -> None:
    """LIFF hands out one token for an hour, so it must open again after a reload; each session is its own."""
    token = counter.id_token(phone)
    first, second = Visitor(counter), Visitor(counter)
    assert first.sign_in(token).status_code == second.sign_in(token).status_code == 200
    assert first.http.cookies.get(COOKIE) != second.http.cookies.get(COOKIE)
    assert is_in(first) and is_in(second)


def test_a_token_from_a_foreign_page_begins_no_session(counter: Counter, phone: Phone) -> None:
    """Login forgery: nobody's browser is signed in as somebody else by a page that is not ours."""
    token = counter.id_token(phone)
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        assert Visitor(counter).sign_in(token, **headers).status_code == 403
    form = Visitor(counter).http.post(f"{counter.url}/pages/session", data={"idToken": token}, timeout=10)
    assert form.status_code == 400, "what a plain form of a foreign page can send is not taken"


def test_our_session_is_bound_to_the_browser_and_never_the_token_itself(
    counter: Counter, phone: Phone
) -> None:
    token = counter.id_token(phone)
    visitor = Visitor(counter)
    setting = visitor.sign_in(token).headers["set-cookie"]
    assert all(part in setting for part in ("Secure", "HttpOnly", "SameSite=lax", "__Host-"))
    assert token not in setting
    bearer = Visitor(counter)
    bearer.http.headers["authorization"] = f"Bearer {token}"
    assert not is_in(bearer), "a token is worth nothing but at the door"
    bearer.http.headers["cookie"] = f"{COOKIE}={token}"
    assert not is_in(bearer)


def test_whoever_brings_wrong_tokens_is_stopped_before_line_is_asked_again(counter: Counter) -> None:
    visitor = Visitor(counter)
    answers = [visitor.sign_in(f"wrong.{number}.x").status_code for number in range(32)]
    assert answers[:30] == [401] * 30 and answers[30:] == [429, 429]
