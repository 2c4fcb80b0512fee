"""Every question can be answered by taps within LINE's limits, sixty districts and more (SEG-1, SEG-2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.counting import grapheme_count
from protocol.items import Answer, BirthMonth, Choice, SegmentItem, find_item_problems
from relay.features.eras import era_span, era_year
from relay.features.questionnaire import (
    Asking,
    Tap,
    ask,
    decide_next,
    decide_previous,
    order_items,
    parse_tap,
    show_answers,
)
from relay.features.talk_words import load_talk_words
from tests.relay.counter import sample_items

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
WORDS = load_talk_words()
ITEM_ID = "01900000-0000-7000-8000-000000000009"


def item_of(kind: Any, count: int, groups: int = 0, label: str = "") -> SegmentItem:
    choices = tuple(
        Choice(
            id=f"01900000-0000-7000-8000-{n:012}",
            label=label or f"第{n}の選択肢",
            group=f"第{n % groups}地域" if groups else "",
        )
        for n in range(count)
    )
    return SegmentItem(id=ITEM_ID, kind=kind, title="題", question="どれですか。", choices=choices)


def actions_in(messages: Any) -> list[dict[str, Any]]:
    """Every action in a list of messages, wherever it stands."""
    found: list[dict[str, Any]] = []
    if isinstance(messages, dict):
        if isinstance(messages.get("action"), dict):
            found.append(messages["action"])
        for value in messages.values():
            found += actions_in(value)
    elif isinstance(messages, list):
        for value in messages:
            found += actions_in(value)
    return found


def check_limits(messages: list[dict[str, Any]]) -> None:
    assert 1 <= len(messages) <= 4, "LINE takes five, and the greeting is one"
    for message in messages:
        quick = message.get("quickReply", {}).get("items", [])
        assert len(quick) <= 13
        assert "quickReply" not in message or message is messages[-1], "LINE shows only the last one's"
        if message["type"] == "flex":
            contents = message["contents"]
            bubbles = contents["contents"] if contents["type"] == "carousel" else [contents]
            assert len(bubbles) <= 12
            assert len({bubble["size"] for bubble in bubbles}) == 1
            assert all(len(json.dumps(bubble)) <= 30_000 for bubble in bubbles)
            assert len(json.dumps(contents)) <= 50_000
            assert 0 < len(message["altText"]) <= 1500
    for action in actions_in(messages):
        assert 0 < grapheme_count(action.get("label", "in a card")) <= 20
        if action["type"] == "postback":
            assert len(action["data"]) <= 300
            assert grapheme_count(action.get("displayText", "")) <= 300


def test_sixty_districts_stand_in_cards_by_area_and_each_can_be_tapped() -> None:
    districts = sample_items()[0]
    messages = ask(Asking(districts, None), WORDS, NOW)
    check_limits(messages)
    offered = {
        tap.value
        for action in actions_in(messages)
        if (tap := parse_tap(action["data"])) and tap.verb == "set"
    }
    assert offered == {choice.id for choice in districts.choices}
    assert [bubble["body"]["contents"][0]["text"] for bubble in messages[-1]["contents"]["contents"]] == [
        "北部", "南部", "東部", "西部", "中央", "山間部",
    ]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(["single", "multiple", "district"]),
    count=st.integers(2, 120),
    groups=st.integers(0, 40),
    alone=st.booleans(),
    chosen=st.integers(0, 10),
    lead=st.sampled_from(["", WORDS.say("choice_gone")]),
)
def test_any_item_staff_can_save_can_be_asked_within_lines_limits(
    kind: Any, count: int, groups: int, alone: bool, chosen: int, lead: str
) -> None:
    item = item_of(kind, count, min(groups, count))
    assert find_item_problems(item) == ()
    answer = (
        Answer(item=item.id, choices=tuple(choice.id for choice in item.choices[:chosen])) if chosen else None
    )
    messages = ask(Asking(item, answer, alone=alone, has_previous=True, lead=lead), WORDS, NOW)
    check_limits(messages)
    tappable = {
        tap.value
        for action in actions_in(messages)
        if (tap := parse_tap(action["data"])) and tap.verb in ("set", "add", "drop")
    }
    assert tappable == {choice.id for choice in item.choices}


def test_the_longest_labels_and_most_choices_still_fit() -> None:
    for label in ("長" * 20, "🍎" * 20, "葛󠄀" * 20):
        for kind in ("multiple", "district"):
            for groups in (0, 8, 30):
                check_limits(ask(Asking(item_of(kind, 120, groups, label), None), WORDS, NOW))


def test_every_year_of_birth_is_two_taps_away() -> None:
    birth = sample_items()[2]
    first = ask(Asking(birth, None), WORDS, NOW)
    check_limits(first)
    years: set[int] = set()
    for action in actions_in(first):
        tap = parse_tap(action["data"])
        assert tap is not None
        if tap.verb != "decade":
            continue
        second = ask(Asking(birth, None, decade=int(tap.value)), WORDS, NOW)
        check_limits(second)
        years |= {
            int(t.value) for a in actions_in(second) if (t := parse_tap(a["data"])) and t.verb == "year"
        }
    assert years == set(range(1900, 2027))


def test_a_tap_survives_its_way_through_line_and_strangers_are_not_read() -> None:
    tap = Tap("set", ITEM_ID, "c1", alone=True)
    assert parse_tap(tap.data()) == tap
    for foreign in ("", "tab=b", "1|set|a|b", "2|set|a|b|q", "1|explode|a|b|q", "1|set|a|b|q|x", "|||||"):
        assert parse_tap(foreign) is None


def test_questions_come_in_order_and_answered_ones_are_passed_over() -> None:
    items = sample_items()
    retired = items[1].model_copy(update={"retired": True})
    asked = order_items([items[3], retired, items[2], items[0]])
    assert [item.position for item in asked] == [1, 3, 4]
    assert decide_next(asked, [], None) == asked[0]
    assert decide_next(asked, [asked[1].id], asked[0].id) == asked[2]
    assert decide_next(asked, [], asked[2].id) is None
    assert decide_previous(asked, asked[0].id) is None
    assert decide_previous(asked, asked[2].id) == asked[1]


def test_the_card_of_answers_names_answers_and_lets_each_be_changed() -> None:
    items = sample_items()
    answers = {
        items[0].id: Answer(item=items[0].id, choices=("d02",)),
        items[2].id: Answer(item=items[2].id, births=(BirthMonth(year=1955),)),
        items[3].id: Answer(item=items[3].id, choices=("s3",)),
    }
    card = show_answers(items, answers, WORDS, "https://liff.line.me/1-a/settings")
    check_limits([card])
    shown = json.dumps(card, ensure_ascii=False)
    assert all(words in shown for words in ("𠮷野", "1955年（昭和30年）", "答えない", "未回答"))
    changes = [parse_tap(a["data"]) for a in actions_in(card) if a["type"] == "postback"]
    assert [tap.item for tap in changes if tap] == [item.id for item in items]


@pytest.mark.parametrize(
    ("year", "words"),
    [(1900, "明治33年"), (1912, "明治45・大正元年"), (1926, "大正15・昭和元年"), (1955, "昭和30年"),
     (1989, "昭和64・平成元年"), (2019, "平成31・令和元年"), (2026, "令和8年")],
)  # fmt: skip
def test_a_year_is_named_by_its_era(year: int, words: str) -> None:
    assert era_year(year) == words


def test_a_decade_is_named_by_its_eras() -> None:
    assert era_span(1950, 1959) == "昭和25〜34"
    assert era_span(1980, 1989) == "昭和55〜平成元"
    assert era_span(2020, 2026) == "令和2〜8"
