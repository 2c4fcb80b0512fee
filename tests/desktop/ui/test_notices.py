"""ADM-5, SEC-5: what administrators should look at stands on the home screen in words, and can be let go."""

from __future__ import annotations

import json
import re

from PySide6.QtWidgets import QLabel

from desktop.features.wording import words_of_notice
from desktop.paths import resources
from desktop.ui.driver import Driver
from protocol.audit import Notice
from tests.desktop.fake_audit import WatchingRelay, relay
from tests.desktop.ui.conftest import Play

__all__ = ["relay"]


def test_a_notice_is_a_card_with_count_and_what_to_do_and_goes_when_seen_to(
    play: Play, relay: WatchingRelay
) -> None:
    async def story(driver: Driver) -> None:
        relay.notify("sign_in_throttled", count=12)
        await driver.until_seen("notice.sign_in_throttled")
        words = "\n".join(
            made.text() for made in driver.find("notice.sign_in_throttled").findChildren(QLabel)
        )
        assert "12回" in words and "サインインの失敗が続き" in words and "合言葉を変えて" in words
        driver.click("notice.sign_in_throttled.dismiss")
        await driver.until(lambda: not driver.sees("notice.sign_in_throttled"), "gone")
        await driver.until(lambda: "notice.dismiss" in [c.kind for c in relay.applied], "at the relay")

    play(story)


def test_a_notice_leads_to_the_log(play: Play, relay: WatchingRelay) -> None:
    async def story(driver: Driver) -> None:
        relay.notify("many_openings")
        await driver.until_seen("notice.many_openings.audit")
        driver.click("notice.many_openings.audit")
        await driver.until_page("audit")

    play(story)


def test_every_code_of_a_notice_has_words_and_an_unknown_one_is_still_a_sentence() -> None:
    stored = json.loads((resources() / "wording" / "notices.json").read_text(encoding="utf-8"))
    codes = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", (Notice.__doc__ or "").split("`count`")[0]))
    assert len(codes) >= 7 and codes <= set(stored)
    assert all(part.endswith("。") for words in stored.values() for part in words)
    assert words_of_notice("from_a_newer_relay").what.endswith("。")
