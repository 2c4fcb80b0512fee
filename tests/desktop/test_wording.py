"""Every code has words a person can act on, and no word is without a code."""

from __future__ import annotations

import json

from desktop import errors
from desktop.errors import RelayRefused, Trouble
from desktop.features.wording import words_for, words_of_problem, words_of_trouble
from desktop.paths import resources
from protocol.changes import PAYLOADS
from protocol.problems import REASONS, Problem


def test_every_reason_has_words_and_a_way_on() -> None:
    stored = json.loads((resources() / "wording" / "reasons.json").read_text(encoding="utf-8"))
    assert set(stored) - {"_unknown"} == REASONS
    assert all(len(words) == 2 and all(part.endswith("。") for part in words) for words in stored.values())


def test_every_trouble_has_words() -> None:
    codes = {
        kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Trouble)
    }
    stored = json.loads((resources() / "wording" / "troubles.json").read_text(encoding="utf-8"))
    assert set(stored) - {"_unknown"} == codes


def test_every_change_has_a_name_on_the_screen() -> None:
    assert set(words_for("change")) == set(PAYLOADS)


def test_gaps_are_filled_with_numbers_people_read() -> None:
    words = words_of_problem(Problem(code="over_quota", limit=1000, actual=4321)).both
    assert "1,000通" in words and "4,321人" in words and "{" not in words
    assert "60秒" in words_of_trouble(RelayRefused("throttled", retry_after=60)).both


def test_a_reason_of_a_newer_relay_is_still_a_sentence() -> None:
    assert words_of_trouble(RelayRefused("never_heard_of")).both.startswith("中継サーバに断られました")
