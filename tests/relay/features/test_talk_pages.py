"""Questions that only the page asks are told of when the talk ends, until they are answered. SEG-1, SEG-2."""

from __future__ import annotations

import pytest

from protocol.items import Answer, SegmentItem
from relay.store.database import Database
from relay.store.residents import find_resident, write_answers
from tests.relay.counter import BIRTH, DISTRICT, SEX, TOPICS, sample_items, save_items
from tests.relay.features.test_talk import NOW, SOMEONE, Conversation, save


@pytest.fixture
def talk(database: Database) -> Conversation:
    save_items(database, *sample_items())
    return Conversation(database)


def page_item(id: str = "item-children", kind: str = "number") -> SegmentItem:
    return SegmentItem(id=id, kind=kind, title="人数", question="何人ですか。", position=9)


def answer_on_page(talk: Conversation, item: str) -> None:
    with talk.database.write() as connection:
        found = find_resident(connection, talk.database.cipher, SOMEONE)
        assert found is not None
        write_answers(connection, found.no, [Answer(item=item, number=2)], NOW)


def test_after_the_last_question_the_way_to_the_page_is_told_until_it_is_answered(talk: Conversation) -> None:
    save(talk, page_item())
    save(talk, page_item("item-due", "date"))
    unread = page_item("item-words", "text").model_copy(update={"access": {"d1": "view"}})
    save(talk, unread)  # its department has no key: the page does not ask it either
    assert "ページでお答え" not in talk.follow()
    for item in (DISTRICT, TOPICS, BIRTH):
        assert "ページでお答え" not in talk.tap("skip", item)
    last = talk.tap("skip", SEX)
    assert "あと2つは、ページでお答えください。" in last and "https://liff.line.me/1-a/settings" in last
    answer_on_page(talk, "item-children")
    assert "あと1つは、" in talk.tap("skip", SEX)
    answer_on_page(talk, "item-due")
    assert "ページでお答え" not in talk.tap("skip", SEX)


def test_a_town_that_asks_on_the_page_alone_says_so_to_new_friends(database: Database) -> None:
    talk = Conversation(database)
    save(talk, page_item())
    assert "あと1つは、ページでお答えください。" in talk.follow()
    assert "あと1つは、" in talk.say("登録")
    assert "お聞きすることはありません" not in talk.say("設定")
    answer_on_page(talk, "item-children")
    assert "あと" not in talk.follow() + talk.say("登録")
