"""Residents ask the talk about waste: days of their district, how to throw a thing away (SEG-11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocol.items import Choice
from relay.store.database import Database
from relay.store.records import put_record
from tests.relay.counter import DISTRICT, TOPICS, sample_items
from tests.relay.features.test_talk import NOW, SOMEONE, Conversation
from tests.relay.waste_town import save_waste
from tests.relay.webhooks import tapped


@pytest.fixture
def talk(database: Database) -> Conversation:
    save_waste(database, NOW)
    made = Conversation(database)
    made.talk.use_pages(settings_url="", contact_url="", waste_url="https://liff.line.me/1-a/waste")
    # Monday, a holiday: 燃えるごみ moves to Tuesday, when d00 has ペットボトル too.
    made.now = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    return made


def choose(talk: Conversation, district: str = "d00") -> None:
    talk.tap("set", DISTRICT, district, True)


def test_the_district_is_asked_first_and_afterwards_the_day_is_told(talk: Conversation) -> None:
    assert "地区を選ぶと" in talk.say("今日のごみ")
    choose(talk)
    said = talk.say("今日のごみ")
    assert "今日 11月23日（月）は、川北の収集はありません" in said
    assert "次の収集は11月24日（火）の「燃えるごみ・ペットボトル」" in said


def test_tomorrow_names_what_moved_over_the_holiday_and_why(talk: Conversation) -> None:
    choose(talk)
    for typed in ("明日のごみ", "あしたのゴミ", "明日は何ゴミ？", " 明日の　ごみ。"):
        said = talk.say(typed)
        assert "明日 11月24日（火）の川北の収集" in said
        assert "燃えるごみ（勤労感謝の日のため）" in said and "ペットボトル" in said
        assert "朝8時30分までに" in said
        assert talk.last.counted == "event.text.waste.tomorrow"


def test_waste_alone_tells_today_and_tomorrow_and_the_week_is_a_card_with_the_page(
    talk: Conversation,
) -> None:
    choose(talk)
    both = talk.say("ごみ")
    assert "今日 11月23日" in both and "明日 11月24日" in both
    week = talk._answer(tapped(SOMEONE, "waste|1|week", talk._time()))
    assert "川北の1週間の収集" in week and "11月29日（日）" in week
    assert "https://liff.line.me/1-a/waste" in week


def test_a_district_that_was_merged_counts_as_the_one_it_became(talk: Conversation) -> None:
    choose(talk, "d58")
    assert "ありません" in talk.say("明日のごみ")
    item = sample_items()[0]
    choices = tuple(
        Choice(id=c.id, label=c.label, retired=True, merged_into="d58") if c.id == "d01" else c
        for c in item.choices
    )
    body = item.model_copy(update={"choices": choices}).as_json()
    with talk.database.write() as connection:
        put_record(connection, talk.database.cipher, kind="item", id=DISTRICT, body=body, now=NOW)
    assert "燃えるごみ" in talk.say("明日のごみ")


def test_a_word_is_answered_as_a_card_with_other_candidates(talk: Conversation) -> None:
    said = talk.say("電池の捨て方")
    assert "乾電池" in said and "町では収集していません" in said and "回収箱" in said
    assert "waste|1|word|w2" in said and "ほかの候補" in said
    other = talk._answer(tapped(SOMEONE, "waste|1|word|w2", talk._time()))
    assert "燃えるごみ" in other and "指定の袋に入れてください" in other
    choose(talk)
    assert "次の収集" in talk.say("ぺっとぼとるは何ごみ？")


def test_what_is_not_in_the_dictionary_is_said_calmly_with_the_telephone(talk: Conversation) -> None:
    said = talk.say("ヘリコプターの捨て方")
    assert "見つかりませんでした" in said and "0123-45-6789" in said and "ヘリコプター" not in said
    gone = talk._answer(tapped(SOMEONE, "waste|1|word|gone", talk._time()))
    assert "見つかりませんでした" in gone


def test_a_town_without_waste_answers_as_before(database: Database) -> None:
    talk = Conversation(database)
    for typed in ("今日のごみ", "電池の捨て方"):
        talk.say(typed)
        assert talk.last.counted == "event.text.other"


def test_a_choice_typed_out_still_counts_as_the_choice(talk: Conversation) -> None:
    talk.tap("ask", TOPICS)
    talk.say("ごみ・リサイクル")
    assert talk.last.counted == "event.text.choice"
