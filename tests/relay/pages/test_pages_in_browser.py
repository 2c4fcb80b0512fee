"""The resident pages in a real browser: accessibility by axe, no JavaScript, keyboard, size. SEG-2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from relay.store.database import open_database
from tests.relay.conftest import HOST_KEY
from tests.relay.counter import (
    SEX,
    Counter,
    running_counter,
    sample_items,
    save_items,
)
from tests.relay.pages.browsing import OpenPage, targets_under, violations
from tests.relay.pages.visitor import COOKIE, Visitor, friend_of, unknown_to_line


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Counter]:
    """What a browser shows does not depend on the engine, so one is enough."""
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    save_items(database, *sample_items())
    with running_counter(database, tmp_path) as running:
        yield running
    database.close()


def test_the_page_opens_from_the_talk_and_saves_without_any_fault_axe_knows(
    embedded: Counter, open_page: OpenPage
) -> None:
    phone = friend_of(embedded)
    page = open_page()
    sizes: dict[str, int] = {}
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if "Content Security" in m.text else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "response",
        lambda r: (
            sizes.__setitem__(r.url, len(r.body())) if r.url.startswith(embedded.url) and r.ok else None
        ),
    )
    page.goto(f"{embedded.sandbox_url}/liff/{embedded.liff_id}/settings?as={phone.user_id}")
    page.wait_for_url("**/pages/settings")
    page.wait_for_selector("form")
    assert sum(sizes.values()) <= 100_000, sizes
    assert violations(page) == []
    assert targets_under(page, 44) == []
    assert page.locator("button").bounding_box()["height"] >= 56  # type: ignore[index]
    assert page.evaluate("getComputedStyle(document.querySelector('.choice')).fontSize") == "18px"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_label("お住まいの地区").select_option(label="𠮷野")
    page.get_by_label("防災").check()
    page.get_by_label("生まれた年").select_option(label="1955年（昭和30年）")
    page.get_by_role("button", name="保存する").click()
    page.wait_for_selector("text=保存しました")
    assert violations(page) == []
    assert problems == []
    phone.say("受信設定")
    assert "1955年（昭和30年）" in phone.wait_for("受信設定：")


def test_the_settings_work_without_javascript_and_by_keyboard_once_the_session_is_there(
    embedded: Counter, open_page: OpenPage
) -> None:
    phone = friend_of(embedded)
    visitor = Visitor(embedded)
    visitor.sign_in(embedded.id_token(phone))
    page = open_page(java_script_enabled=False)
    page.context.add_cookies(
        [{"name": COOKIE, "value": str(visitor.http.cookies.get(COOKIE)), "url": embedded.url}]
    )
    page.goto(f"{embedded.url}/pages/settings")
    page.get_by_label("女性").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=保存しました")
    assert page.get_by_label("女性").is_checked()


def test_errors_and_other_states_have_no_fault_axe_knows(embedded: Counter, open_page: OpenPage) -> None:
    outside = open_page()
    outside.goto(f"{embedded.url}/pages/settings")
    outside.wait_for_selector("text=LINEアプリで開いてください")
    assert violations(outside) == []
    assert targets_under(outside, 44) == []

    stranger = embedded.new_phone()
    unknown_to_line(embedded)
    page = open_page()
    page.goto(f"{embedded.sandbox_url}/liff/{embedded.liff_id}/settings?as={stranger.user_id}")
    page.wait_for_selector("text=友だち追加をお願いします")
    assert violations(page) == []

    phone = friend_of(embedded)
    page = open_page()
    page.goto(f"{embedded.sandbox_url}/liff/{embedded.liff_id}?as={phone.user_id}")
    page.wait_for_selector("form")
    page.get_by_label("女性").check()
    save_items(embedded.database, sample_items()[3].model_copy(update={"question": "新しい質問です。"}))
    page.get_by_role("button", name="保存する").click()
    page.wait_for_selector("text=まだ保存していません")
    assert violations(page) == []
    page.get_by_role("link", name="性別").click()
    assert page.evaluate("document.activeElement.id") == f"f{SEX}"
    assert page.get_by_label("女性").is_checked()

    with embedded.database.write() as connection:
        connection.execute(text("DELETE FROM page_sessions"))
    page.get_by_role("button", name="保存する").click()
    page.wait_for_selector("text=もう一度開いてください")
    assert violations(page) == []


def test_a_phone_without_line_behind_it_is_told_in_words(embedded: Counter, open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/liff/sdk.js", lambda route: route.abort())
    page.goto(f"{embedded.url}/pages/")
    page.wait_for_selector("text=開けませんでした")
    assert violations(page) == []
