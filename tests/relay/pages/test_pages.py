"""The resident pages: only LINE says who is there, forms only from our pages, answers seen and changed.

SEG-2, SEC-3 (scripting, forgery, fixation, framing, redirects), SEC-4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from protocol.items import Choice
from relay.features.settings_form import item_version
from relay.pages.entry import safe_next
from relay.store.database import Database
from tests.relay.counter import (
    BIRTH,
    DISTRICT,
    SEX,
    TOPICS,
    Counter,
    Phone,
    running_counter,
    sample_items,
    save_items,
)
from tests.relay.pages.visitor import COOKIE, Visitor, friend_of, unknown_to_line

AXE = Path(__import__("axe_playwright_python").__file__).with_name("axe.min.js")


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    save_items(database, *sample_items())
    with running_counter(database, tmp_path) as running:
        yield running


@pytest.fixture
def phone(counter: Counter) -> Phone:
    return friend_of(counter)


@pytest.fixture
def visitor(counter: Counter, phone: Phone) -> Visitor:
    visitor = Visitor(counter)
    assert visitor.sign_in(counter.id_token(phone)).status_code == 200
    return visitor


# --- who is there ---


def test_forged_expired_and_foreign_tokens_open_nothing(counter: Counter, phone: Phone) -> None:
    visitor = Visitor(counter)
    good = counter.id_token(phone)
    header, claims, signature = good.split(".")
    wrong = [
        counter.id_token(phone, expired=True),
        counter.id_token(phone, audience="1234567890"),
        counter.id_token(phone, issuer="https://evil.example"),
        counter.id_token(phone, tampered=True),
        f"{header}.{claims}.",
        f"eyJhbGciOiJub25lIn0.{claims}.",
        f"{header}.{claims}.{signature[::-1]}",
        phone.user_id,
        "",
        "x" * 5000,
        "葛󠄀",
    ]
    for token in wrong:
        answer = visitor.sign_in(token)
        assert answer.status_code == 401, token[:20]
        assert COOKIE not in answer.cookies
    for body in (b"", b"[]", b'{"idToken":5}', b'{"userId":"U1"}', b"{"):
        answer = visitor.http.post(
            f"{counter.url}/pages/session",
            data=body,
            headers={"content-type": "application/json"},
            timeout=10,
        )
        assert answer.status_code == 400
    too_large = json.dumps({"idToken": "x" * 20_000}).encode()
    answer = visitor.http.post(
        f"{counter.url}/pages/session",
        data=too_large,
        headers={"content-type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 413
    assert 'id="enter"' in visitor.get("/pages/settings").text


def test_a_session_is_always_a_new_one_and_ends_the_one_before(counter: Counter, phone: Phone) -> None:
    planted = Visitor(counter)
    planted.http.cookies.set(COOKIE, "chosen-by-an-attacker")
    planted.sign_in(counter.id_token(phone))
    first = planted.http.cookies.get(COOKIE, domain="127.0.0.1") or planted.http.cookies.get(COOKIE)
    attacker = Visitor(counter)
    attacker.http.headers["cookie"] = f"{COOKIE}=chosen-by-an-attacker"
    assert 'id="enter"' in attacker.get("/pages/settings").text

    visitor = Visitor(counter)
    answer = visitor.sign_in(counter.id_token(phone))
    setting = answer.headers["set-cookie"]
    assert all(part in setting for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"))
    assert "Domain" not in setting
    old = visitor.http.cookies.get(COOKIE)
    assert old and len(old) >= 43
    visitor.sign_in(counter.id_token(phone))
    assert visitor.http.cookies.get(COOKIE) not in (old, first)
    stale = Visitor(counter)
    stale.http.headers["cookie"] = f"{COOKIE}={old}"
    assert 'id="enter"' in stale.get("/pages/settings").text
    with counter.database.read() as connection:
        for (token_hash,) in connection.execute(text("SELECT token_hash FROM page_sessions")):
            assert str(old).encode() not in bytes(token_hash)


def test_many_wrong_tokens_close_the_door_for_the_address_and_line_is_not_asked_again(
    counter: Counter, phone: Phone
) -> None:
    visitor = Visitor(counter)
    answers = [visitor.sign_in(f"wrong{number}").status_code for number in range(31)]
    assert answers == [401] * 30 + [429]
    assert visitor.sign_in(counter.id_token(phone)).status_code == 429


def test_a_session_ends_after_twelve_hours(counter: Counter, visitor: Visitor) -> None:
    form = visitor.form()
    with counter.database.write() as connection:
        connection.execute(text("UPDATE page_sessions SET expires_at = 1"))
    assert 'id="enter"' in visitor.get("/pages/settings").text
    answer = visitor.save(form)
    assert answer.status_code == 401
    assert "もう一度開いてください" in answer.text


def test_someone_who_is_no_friend_is_told_so_and_a_friend_from_before_this_relay_is_let_in(
    counter: Counter,
) -> None:
    stranger = counter.new_phone()
    unknown_to_line(counter)
    answer = Visitor(counter).sign_in(counter.id_token(stranger))
    assert (answer.status_code, answer.json()) == (403, {"reason": "not_a_friend"})
    assert Visitor(counter).sign_in(counter.id_token(stranger)).status_code == 200


def test_liff_state_leads_only_to_our_own_pages() -> None:
    assert safe_next("/settings") == "/pages/settings"
    for state in ("", "//evil.example", "https://evil.example", "/\\evil", "/..", "/a/../../b", "settings",
                  "/settings\n", "/%2f%2fevil.example", "javascript:alert(1)", "/" + "a" * 200):  # fmt: skip
        assert safe_next(state) == "/pages/settings"


# --- every response ---


def test_every_response_carries_the_headers_that_protect_it(counter: Counter, visitor: Visitor) -> None:
    stranger = Visitor(counter)
    css = re.search(r'href="(/static/[^"]+)"', stranger.get("/pages").text)
    assert css is not None
    answers = [
        stranger.get("/pages"),
        stranger.get("/pages/?liff.state=%2Fsettings"),
        stranger.get("/pages/settings"),
        stranger.sign_in("x"),
        stranger.save({}),
        visitor.get("/pages/settings"),
        visitor.save(visitor.form(), allow_redirects=False),
        visitor.save({"form_token": "wrong"}),
        stranger.get(css[1]),
        stranger.get("/static/nothing.css"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert all(answer.status_code < 300 or answer.status_code >= 400 for answer in answers[:3])


def test_nothing_of_line_or_the_resident_is_in_the_page_but_the_answers(
    counter: Counter, visitor: Visitor, phone: Phone
) -> None:
    page = visitor.get("/pages/settings").text
    assert phone.user_id not in page
    assert "<script" not in page
    assert not re.search(r'\son\w+="|style="|javascript:', page)


# --- the form ---


def test_answers_are_seen_and_changed_on_the_page_and_in_the_talk_alike(
    visitor: Visitor, phone: Phone
) -> None:
    phone.tap(label="𠮷野")
    phone.wait_for("知りたい情報をえらんで")
    form = visitor.form()
    assert form[f"a.{DISTRICT}"] == ["d02"]
    form |= {f"a.{TOPICS}": ["t0", "t2"], f"a.{BIRTH}": "1955", f"a.{SEX}": "s2"}
    answer = visitor.save(form)
    assert answer.url.endswith("/pages/settings?saved=yes")
    assert answer.history[0].status_code == 303
    assert "保存しました" in answer.text
    phone.say("設定")
    shown = phone.wait_for("受信設定：")
    assert all(words in shown for words in ("𠮷野", "防災、子育て", "1955年（昭和30年）", "男性"))
    emptied = visitor.form()
    emptied[f"a.{SEX}"] = ""
    emptied.pop(f"a.{TOPICS}")
    visitor.save(emptied)
    assert f"a.{TOPICS}" not in visitor.form()
    assert visitor.form()[f"a.{SEX}"] == [""]
    assert "変更はありませんでした" in visitor.save(visitor.form()).text


def test_what_the_talk_changed_meanwhile_is_not_undone_by_the_page(visitor: Visitor, phone: Phone) -> None:
    form = visitor.form()
    phone.tap(label="川北")
    phone.wait_for("知りたい情報をえらんで")
    form[f"a.{SEX}"] = "s1"
    visitor.save(form)
    assert visitor.form()[f"a.{DISTRICT}"] == ["d00"]
    assert visitor.form()[f"a.{SEX}"] == ["s1"]


def test_an_item_edited_meanwhile_is_said_in_words_and_no_choice_is_lost(
    counter: Counter, visitor: Visitor
) -> None:
    form = visitor.form() | {f"a.{SEX}": "s1", f"a.{TOPICS}": ["t1", "t3"]}
    topics = sample_items()[1]
    edited = topics.model_copy(update={"question": "どのお知らせがいりますか。"})
    save_items(counter.database, edited)
    answer = visitor.save(form)
    assert answer.status_code == 409
    assert "開いているあいだに新しくなりました" in answer.text
    assert f'href="#f{TOPICS}"' in answer.text and f'id="f{TOPICS}"' in answer.text
    assert answer.text.count(" checked") == 3, "two topics and 女性 are still chosen"
    assert visitor.form()[f"a.{SEX}"] == [""], "nothing was stored yet"
    form[f"v.{TOPICS}"] = item_version(edited)
    visitor.save(form)
    assert visitor.form()[f"a.{TOPICS}"] == ["t1", "t3"]
    assert visitor.form()[f"a.{SEX}"] == ["s1"]


def test_a_question_that_ended_meanwhile_is_said_and_the_rest_is_saved(
    counter: Counter, visitor: Visitor
) -> None:
    form = visitor.form() | {f"a.{SEX}": "s1", f"a.{BIRTH}": "1960"}
    save_items(counter.database, sample_items()[3].model_copy(update={"retired": True}))
    assert "なくなった質問のお答えは、保存していません" in visitor.save(form).text
    assert visitor.form()[f"a.{BIRTH}"] == ["1960"]


NEVER_OFFERED: list[tuple[str, Any, str]] = [
    (DISTRICT, "no such district", "選べなくなった答え"),
    (DISTRICT, ["d00", "d01"], "1つだけ"),
    (SEX, ["s1", "s2"], "1つだけ"),
    (BIRTH, "1066", "年を、一覧から"),
    (BIRTH, "２０００", "年を、一覧から"),
    (BIRTH, "<script>alert(1)</script>", "年を、一覧から"),
    (TOPICS, ["t0", '"><img src=x onerror=alert(1)>'], "選べなくなった答え"),
]


def test_a_value_that_was_never_offered_is_named_on_top_and_stored_nowhere(visitor: Visitor) -> None:
    for field, value, words in NEVER_OFFERED:
        answer = visitor.save(visitor.form() | {f"a.{field}": value})
        assert answer.status_code == 422
        assert "まだ保存していません（1か所）" in answer.text and words in answer.text
        assert f'href="#f{field}"' in answer.text
        assert "<script>" not in answer.text and "onerror" not in answer.text
        assert visitor.form().get(f"a.{field}", [""]) == [""]


def test_labels_are_shown_as_text_whatever_they_hold(counter: Counter, visitor: Visitor) -> None:
    evil = "\"><b>太字</b>&'"
    sex = sample_items()[3]
    save_items(
        counter.database,
        sex.model_copy(update={"title": evil, "choices": (*sex.choices, Choice(id='s"4', label=evil))}),
    )
    page = visitor.get("/pages/settings").text
    assert "<b>" not in page
    assert page.count("&#34;&gt;&lt;b&gt;太字&lt;/b&gt;&amp;&#39;") >= 2


def test_a_form_that_is_not_ours_changes_nothing(counter: Counter, visitor: Visitor) -> None:
    form = visitor.form() | {f"a.{SEX}": "s1"}
    other = Visitor(counter)
    other.sign_in(counter.id_token(friend_of(counter)))
    refused = [
        visitor.save({**form, "form_token": ""}),
        visitor.save({key: value for key, value in form.items() if key != "form_token"}),
        visitor.save({**form, "form_token": other.form()["form_token"]}),
        visitor.save(form, headers={"sec-fetch-site": "cross-site"}),
        visitor.save(form, headers={"origin": "https://evil.example"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    stranger = Visitor(counter).sign_in(
        counter.id_token(friend_of(counter)), **{"sec-fetch-site": "cross-site"}
    )
    assert stranger.status_code == 403
    assert visitor.form()[f"a.{SEX}"] == [""]
    own = {"sec-fetch-site": "same-origin", "origin": counter.url}
    assert visitor.save(form, headers=own).status_code == 200


def test_a_form_of_another_kind_or_size_is_refused_in_words(visitor: Visitor) -> None:
    form = visitor.form()
    assert visitor.save(form | {"x": "y" * 70_000}).status_code == 413
    assert visitor.save({}, files={"a": b"b"}).status_code == 400
    endless = visitor.http.post(
        f"{visitor.counter.url}/pages/settings",
        data=(b"x" * 10_000 for _ in range(10)),
        headers={"content-type": "application/x-www-form-urlencoded"},
        timeout=10,
    )
    assert endless.status_code == 413
    stranger = Visitor(visitor.counter)
    assert stranger.save(form | {"x": "y" * 70_000}).status_code == 401, "nothing is read for strangers"
    assert visitor.http.get(visitor.counter.url + "/pages/session", timeout=5).status_code == 405
    many = {f"v.{n}": "x" for n in range(1100)}
    assert visitor.save(form | many).status_code == 400


# --- in a real browser ---


def test_sessions_are_forgotten_when_they_end(counter: Counter, visitor: Visitor) -> None:
    from relay.jobs.purge import Purge

    late = datetime.now(UTC) + timedelta(hours=13)
    purged = Purge(database=counter.database, transit=counter.transit, clock=lambda: late).run_once()
    assert purged.page_sessions == 1
