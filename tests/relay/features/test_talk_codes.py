"""What the talk takes besides taps, and what it leaves to the page. SEG-2, SEG-3, SEG-4."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from protocol.items import Answer, BirthMonth, SegmentItem
from protocol.lists import ResidentList, code_hash, new_code
from relay.features.lists import publish_list
from relay.store.database import Database
from relay.store.lists import add_codes, count_on_list
from relay.store.residents import find_resident, read_answers, write_answers
from tests.relay.counter import BIRTH, sample_items, save_items
from tests.relay.features.test_talk import NOW, SOMEONE, Conversation, save


@pytest.fixture
def talk(database: Database) -> Conversation:
    save_items(database, *sample_items())
    return Conversation(database)


def test_a_code_typed_into_the_talk_puts_whoever_got_it_on_the_list(talk: Conversation) -> None:
    code = new_code()
    heads = ResidentList(id="heads", name="区長", kind="codes")
    with talk.database.write() as connection:
        publish_list(connection, talk.database.cipher, heads, NOW)
        add_codes(connection, [("c", "heads", code_hash(code))])
    talk.follow()
    assert "認証コードを確認しました" in talk.say(f" {code.lower()} ")
    assert talk.last.counted == "event.text.code.entered"
    assert "すでに確認しています" in talk.say(code)
    assert "確認できませんでした" in talk.say(new_code())
    with talk.database.read() as connection:
        assert count_on_list(connection, "heads") == 1


def test_births_of_several_people_numbers_and_days_are_left_to_the_page(talk: Conversation) -> None:
    for kind, more in (("number", {}), ("date", {}), ("birth_year", {"several": True})):
        item = SegmentItem(id=f"page-{kind}", kind=kind, title=kind, question="？", **more)
        save(talk, item)
    talk.follow()
    assert "用意" not in talk.tap("ask", "page-number", "", True)
    assert talk.answers() == {}
    assert "page-" not in json.dumps(talk.last.messages)


def test_the_same_year_tapped_again_keeps_the_month_told_on_the_page(talk: Conversation) -> None:
    talk.follow()
    with talk.database.write() as connection:
        found = find_resident(connection, talk.database.cipher, SOMEONE)
        assert found is not None
        born = Answer(item=BIRTH, births=(BirthMonth(year=1980, month=4),))
        write_answers(connection, found.no, [born], NOW - timedelta(days=1))

    def months() -> list[int | None]:
        with talk.database.read() as connection:
            stored = read_answers(connection, found.no)[BIRTH]
        return [birth.month for birth in stored.answer.births]

    talk.tap("year", BIRTH, "1980")
    assert months() == [4]
    talk.tap("year", BIRTH, "1981")
    assert months() == [None]
