"""A resident registers by taps alone on the sandbox's phone, sees and changes it all later (SEG-2, SEG-3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from protocol.items import Choice, SegmentItem
from relay.store.database import Database
from relay.store.residents import find_resident, read_answers
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
    wait_until,
)


@pytest.fixture
def counter(database: Database, tmp_path: Path) -> Iterator[Counter]:
    save_items(database, *sample_items())
    with running_counter(database, tmp_path) as running:
        yield running


def answers_of(counter: Counter, phone: Phone) -> dict[str, object]:
    with counter.database.read() as connection:
        found = find_resident(connection, counter.database.cipher, phone.user_id)
        assert found is not None
        stored = read_answers(connection, found.no)
    return {
        item: [birth.year for birth in each.answer.births] or set(each.answer.choices)
        for item, each in stored.items()
    }


def test_a_resident_registers_with_sixty_districts_and_changes_an_answer_later(counter: Counter) -> None:
    phone = counter.new_phone()
    phone.follow()
    phone.wait_for("友だち追加ありがとうございます")
    assert "葛󠄀葉" in phone.wait_for("山間部")
    phone.tap(label="葛󠄀葉")
    phone.wait_for("知りたい情報をえらんで")
    phone.tap(label="防災")
    phone.wait_for("選んだもの：防災")
    phone.tap(label="子育て")
    phone.wait_for("選んだもの：防災、子育て")
    phone.tap(label="これで決定")
    phone.wait_for("まず、年代")
    phone.tap(label="1950年代")
    phone.wait_for("昭和30年")
    phone.tap(label="1955年")
    phone.wait_for("性別をえらんで")
    phone.tap(label="女性")
    phone.wait_for("ありがとうございました")
    assert answers_of(counter, phone) == {DISTRICT: {"d01"}, TOPICS: {"t0", "t2"}, BIRTH: [1955], SEX: {"s1"}}

    phone.say("受信設定")
    phone.wait_for("受信設定：いまのお答え")
    phone.tap(data=f"1|ask|{DISTRICT}||s")
    phone.wait_for("いまのお答え：葛󠄀葉")
    phone.tap(label="𠮷野")
    phone.wait_for("「お住まいの地区」を「𠮷野」にしました")
    assert answers_of(counter, phone)[DISTRICT] == {"d02"}
    opened = phone.tap(label="ページで見る・変更する")
    assert f"/liff/{counter.liff_id}/settings" in json.dumps(opened)
    statistics = requests.get(f"{counter.sandbox_url}/sandbox/webhook/statistics", timeout=5).json()
    assert statistics["OK"] == statistics["deliveries"]
    assert statistics["invalid"] == []
    calls = requests.get(f"{counter.sandbox_url}/sandbox/calls", timeout=5).json()
    shown = calls["calls"] if isinstance(calls, dict) else calls
    assert {call["status"] for call in shown} == {200}, "LINE would refuse one of these"


def test_the_largest_questions_staff_can_make_pass_lines_own_rules(counter: Counter) -> None:
    """The sandbox judges every message as LINE does."""
    huge = SegmentItem(
        id=DISTRICT,
        kind="district",
        title="長い題名の質問",
        question="どの町内会ですか。" * 10,
        choices=tuple(
            Choice(id=f"01900000-0000-7000-8000-{n:012}", label=f"{'葛󠄀' * 17}{n:03}", group=f"第{n % 30}地域")
            for n in range(120)
        ),
    )
    many_topics = huge.model_copy(update={"kind": "multiple", "id": TOPICS, "position": 5})
    save_items(counter.database, huge, many_topics)
    phone = counter.new_phone()
    phone.follow()
    phone.wait_for("第29地域")
    phone.say("設定")
    phone.wait_for("受信設定：いまのお答え")
    phone.tap(data=f"1|ask|{TOPICS}||s")
    phone.wait_for("これで決定")
    assert "reply.refused.line_refused" not in counter.tallies()


def test_redelivered_duplicated_and_disordered_webhooks_change_nothing_twice(counter: Counter) -> None:
    requests.put(
        f"{counter.sandbox_url}/sandbox/settings",
        json={"webhook_duplicate_share": 1.0, "webhook_disorder": True},
        timeout=5,
    )
    phones = [counter.new_phone() for _ in range(5)]
    for phone in phones:
        phone.follow()
        phone.wait_for("お住まいの地区")
        phone.tap(label="川北")
        phone.wait_for("知りたい情報をえらんで")
    for phone in phones:
        assert answers_of(counter, phone) == {DISTRICT: {"d00"}}
        greetings = [bubble for bubble in phone.from_account() if "友だち追加" in str(bubble["text"])]
        assert len(greetings) == 1


def test_blocking_and_coming_back_keeps_the_answers(counter: Counter) -> None:
    phone = counter.new_phone()
    phone.follow()
    phone.wait_for("お住まいの地区")
    phone.tap(label="川北")
    phone.wait_for("知りたい情報")
    phone.block()
    wait_until(lambda: counter.tallies().get("event.unfollow") == 1)
    phone.unblock()
    assert "川北" in phone.wait_for("受信設定：いまのお答え")


def test_a_lost_answer_to_a_reply_does_not_bring_the_reply_twice(counter: Counter) -> None:
    requests.post(
        f"{counter.sandbox_url}/sandbox/faults", json=[{"endpoint": "reply", "drop_answer": True}], timeout=5
    )
    phone = counter.new_phone()
    phone.follow()
    wait_until(lambda: counter.tallies().get("reply.unknown") == 1)
    phone.say("受信設定")
    phone.wait_for("受信設定：いまのお答え")
    assert sum("友だち追加" in str(bubble["text"]) for bubble in phone.from_account()) == 1


def test_photos_and_unknown_things_are_met_calmly(counter: Counter) -> None:
    phone = counter.new_phone()
    phone.follow()
    phone.wait_for("お住まいの地区")
    phone.act("photo")
    phone.wait_for("写真や位置情報などは、こちらでは受け取っていません")
    requests.post(
        f"{counter.sandbox_url}/sandbox/faults",
        json=[{"unknown_event": True}, {"unknown_message": True}, {"extra_properties": True}],
        timeout=5,
    )
    phone.say("受信設定")
    phone.wait_for("受信設定：いまのお答え")
    wait_until(lambda: any(name.startswith("event.ignored.") for name in counter.tallies()))
