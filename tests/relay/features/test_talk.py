"""What the account answers: greeting, taps old and new, settings at any time, calm words else (SEG-2)."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from protocol.items import SegmentItem
from protocol.sync import TownSettings
from relay.features.questionnaire import Tap
from relay.features.residents import note_visitor
from relay.features.settings import publish_settings
from relay.features.talk import Answered, Talk
from relay.features.talk_words import TalkWords, load_talk_words
from relay.line.events import parse_event
from relay.store.database import Database
from relay.store.records import put_record
from relay.store.residents import find_resident, read_answers
from relay.store.staff_tables import staff
from relay.store.tables import line_links
from tests.relay.counter import BIRTH, DISTRICT, SEX, TOPICS, sample_items, save_items
from tests.relay.webhooks import event, said, tapped, user

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
SOMEONE = user(1)


class Conversation:
    """One resident talking; every call is one event, answered in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.linked: list[str] = []
        self.talk = Talk(
            cipher=database.cipher,
            words=load_talk_words(),
            settings_url="https://liff.line.me/1-a/settings",
            on_linked=lambda _, staff_id: self.linked.append(staff_id),
            town_name="みなと野市",
            telephone="0123-45-6789",
        )
        self.now = NOW
        self._at = NOW_MS - 100_000

    def _answer(self, raw: dict[str, Any]) -> str:
        self.last = self.answer(raw)
        return json.dumps(self.last.messages, ensure_ascii=False)

    def answer(self, raw: dict[str, Any]) -> Answered:
        with self.database.write() as connection:
            return self.talk.answer(connection, parse_event(raw, received_at=self.now), self.now)

    def _time(self) -> int:
        self._at += 1000
        return self._at

    def follow(self) -> str:
        return self._answer(event("follow", SOMEONE, self._time()))

    def say(self, words: str) -> str:
        return self._answer(said(SOMEONE, words, self._time()))

    def tap(self, *parts: Any, at: int | None = None) -> str:
        return self._answer(tapped(SOMEONE, Tap(*parts).data(), at or self._time()))

    def answers(self) -> dict[str, Any]:
        with self.database.read() as connection:
            found = find_resident(connection, self.database.cipher, SOMEONE)
            assert found is not None
            return {
                item: [birth.year for birth in stored.answer.births] or set(stored.answer.choices)
                for item, stored in read_answers(connection, found.no).items()
            }

    def sequence(self) -> int:
        with self.database.read() as connection:
            found = connection.execute(text("SELECT changed_seq FROM residents")).scalar_one()
        return int(found)


@pytest.fixture
def talk(database: Database) -> Conversation:
    save_items(database, *sample_items())
    return Conversation(database)


def save(talk: Conversation, item: SegmentItem, *, removed: bool = False) -> None:
    with talk.database.write() as connection:
        put_record(
            connection,
            talk.database.cipher,
            kind="item",
            id=item.id,
            body=item.as_json(),
            now=NOW,
            removed=removed,
        )


@pytest.mark.parametrize("digits", ["1" * 5, "9" * 5000, "１" * 5000, "٣" * 4, "1" * 5000 + "年"])
def test_long_or_odd_digits_at_the_year_question_are_answered_in_words(
    talk: Conversation, digits: str
) -> None:
    talk.tap("ask", BIRTH)
    said_back = talk.say(digits)
    assert "受信設定" in said_back
    assert talk.answers() == {}
    assert "選択肢" in talk.tap("year", BIRTH, digits)


@pytest.mark.parametrize("decade", ["2100", "0", "1935", "9" * 5000, "", "x"])
def test_a_decade_that_is_not_offered_is_answered_in_words_with_the_question(
    talk: Conversation, decade: str
) -> None:
    answer = talk.tap("decade", BIRTH, decade)
    assert "選択肢" in answer
    assert f"1|decade|{BIRTH}|1950|" in answer


def test_a_visitor_of_the_page_who_follows_later_is_a_friend_since_then(talk: Conversation) -> None:
    with talk.database.write() as connection:
        visitor = note_visitor(connection, talk.database.cipher, SOMEONE)
    talk.follow()
    with talk.database.read() as connection:
        found = find_resident(connection, talk.database.cipher, SOMEONE)
    assert found is not None and found.no == visitor.no
    assert found.followed_at == found.state_at > NOW - timedelta(days=1)


def test_following_brings_the_greeting_of_the_town_and_the_first_question(talk: Conversation) -> None:
    assert "みなと野市からのお知らせ" in talk.follow()
    with talk.database.write() as connection:
        publish_settings(connection, talk.database.cipher, TownSettings(town_name="港"), NOW)
        put_record(
            connection,
            talk.database.cipher,
            kind="settings",
            id="town",
            body=TownSettings(greeting="ようこそ、𠮷野の里へ🌸").as_json(),
            now=NOW,
        )
    answered = talk.follow()
    assert "ようこそ、𠮷野の里へ🌸" in answered
    assert "お住まいの地区をえらんでください" in answered
    assert talk.last.reply_token


def test_the_whole_questionnaire_is_answered_by_taps(talk: Conversation) -> None:
    talk.follow()
    assert "知りたい情報をえらんで" in talk.tap("set", DISTRICT, "d02")
    assert "選んだもの：防災" in talk.tap("add", TOPICS, "t0")
    assert "選んだもの：防災、子育て" in talk.tap("add", TOPICS, "t2")
    assert "生まれた年をえらんで" in talk.tap("decide", TOPICS)
    assert "昭和30年" in talk.tap("decade", BIRTH, "1950")
    assert "性別をえらんで" in talk.tap("year", BIRTH, "1955")
    end = talk.tap("set", SEX, "s1")
    assert all(
        words in end
        for words in ("ありがとうございました", "𠮷野", "防災、子育て", "1955年（昭和30年）", "女性")
    )
    assert talk.answers() == {DISTRICT: {"d02"}, TOPICS: {"t0", "t2"}, BIRTH: [1955], SEX: {"s1"}}


def test_every_question_can_be_left_for_later_and_gone_back_to(talk: Conversation) -> None:
    talk.follow()
    assert "知りたい情報" in talk.tap("skip", DISTRICT)
    assert "お住まいの地区" in talk.tap("back", TOPICS)
    talk.tap("skip", DISTRICT)
    talk.tap("skip", TOPICS)
    talk.tap("skip", BIRTH)
    assert "いつでも「設定」と送ると" in talk.tap("skip", SEX)
    assert talk.answers() == {}
    assert "お住まいの地区をえらんで" in talk.say("登録")


@pytest.mark.parametrize(
    "words", ["設定", "受信設定", " 設定。", "「設定」", "ｾｯﾃｲ".replace("ｾｯﾃｲ", "設定\n")]
)
def test_the_word_shows_the_answers_at_any_time(talk: Conversation, words: str) -> None:
    talk.follow()
    talk.tap("set", DISTRICT, "d00")
    shown = talk.say(words)
    assert "川北" in shown
    assert "https://liff.line.me/1-a/settings" in shown


def test_an_answer_is_changed_alone_and_the_card_shows_it(talk: Conversation) -> None:
    talk.follow()
    talk.tap("set", SEX, "s1")
    assert "いまのお答え：女性" in talk.tap("ask", SEX, "", True)
    changed = talk.tap("set", SEX, "s2", True)
    assert "「性別」を「男性」にしました" in changed
    assert "お住まいの地区をえらんで" not in changed
    assert "「性別」のお答えを消しました" in talk.tap("clear", SEX, "", True)
    assert talk.answers() == {}


def test_a_double_tap_changes_nothing_more(talk: Conversation) -> None:
    talk.tap("add", TOPICS, "t1")
    talk.tap("add", TOPICS, "t1")
    talk.tap("set", SEX, "s1")
    talk.tap("set", SEX, "s1")
    assert talk.answers() == {TOPICS: {"t1"}, SEX: {"s1"}}
    talk.tap("drop", TOPICS, "t1")
    talk.tap("drop", TOPICS, "t1")
    assert TOPICS not in talk.answers()


def test_a_tap_on_what_is_gone_is_answered_in_words(talk: Conversation) -> None:
    sex = sample_items()[3]
    first = sex.choices[0].model_copy(update={"retired": True})
    save(talk, sex.model_copy(update={"choices": (first, *sex.choices[1:])}))
    assert "いまは選べません" in talk.tap("set", SEX, "s1")
    assert "いまは選べません" in talk.tap("set", SEX, "no such choice")
    assert "いまは選べません" in talk.tap("add", TOPICS, "gone")
    assert "いまは選べません" in talk.tap("year", BIRTH, "1066")
    assert "いまは選べません" in talk.tap("year", BIRTH, "next year")
    save(talk, sex, removed=True)
    assert "この質問は終わりました" in talk.tap("set", SEX, "s2")
    save(talk, sample_items()[0].model_copy(update={"retired": True}))
    assert "この質問は終わりました" in talk.tap("ask", DISTRICT, "", True)
    assert "このボタンは使えなくなりました" in talk._answer(tapped(SOMEONE, "m=gomi", NOW_MS))
    assert talk.answers() == {}


def test_an_older_tap_that_comes_late_does_not_win(talk: Conversation) -> None:
    talk.tap("set", SEX, "s1")
    assert "変更していません" in talk.tap("set", SEX, "s2", at=NOW_MS - 200_000)
    assert talk.answers() == {SEX: {"s1"}}


def test_every_change_takes_the_next_number_of_the_stream(talk: Conversation) -> None:
    talk.follow()
    before = talk.sequence()
    talk.tap("set", SEX, "s1")
    after_answer = talk.sequence()
    talk._answer(event("unfollow", SOMEONE, NOW_MS))
    assert before < after_answer < talk.sequence()


def test_free_text_and_media_get_one_calm_answer_that_points_on(talk: Conversation) -> None:
    talk.follow()
    for answered in (
        talk.say("ごみの日はいつですか"),
        talk._answer(event("message", SOMEONE, message={"type": "image", "id": "1"})),
        talk._answer(event("message", SOMEONE, message={"type": "location", "latitude": 1, "longitude": 2})),
        talk._answer(event("message", SOMEONE, message={"type": "sticker", "packageId": "1"})),
    ):
        assert len(talk.last.messages) == 1
        assert "設定を見る" in answered
        assert "0123-45-6789" in answered


def test_a_choice_typed_on_a_pc_counts_like_a_tap(talk: Conversation) -> None:
    talk.follow()
    assert "知りたい情報" in talk.say("川北")
    talk.say("防災")
    assert "生まれた年" in talk.say("これで決定")
    assert "性別" in talk.say("１９５５年")
    talk.say("女性")
    assert talk.answers() == {DISTRICT: {"d00"}, TOPICS: {"t0"}, BIRTH: [1955], SEX: {"s1"}}


def test_an_account_without_questions_only_greets(database: Database) -> None:
    talk = Conversation(database)
    talk.follow()
    assert len(talk.last.messages) == 1
    assert "お聞きすることはありません" in talk.say("設定")


def test_an_unsent_message_and_an_unfollow_are_not_answered(talk: Conversation) -> None:
    talk.follow()
    talk._answer(event("unsend", SOMEONE, unsend={"messageId": "1"}))
    assert talk.last.messages == ()
    talk._answer(event("unfollow", SOMEONE, NOW_MS))
    assert talk.last.messages == ()


# --- staff tie their own account (SEG-10) ---


def issue_code(talk: Conversation, digits: str, *, life: timedelta = timedelta(minutes=10)) -> str:
    staff_id = f"staff-{digits}"
    with talk.database.write() as connection:
        connection.execute(
            insert(staff).values(
                id=staff_id,
                login_index=digits.encode(),
                login_sealed=b"",
                name_sealed=b"",
                role="admin",
                state="active",
                salt="",
                memory_kib=8,
                passes=1,
                lanes=1,
                login_key_hash=b"",
                sign_key="",
                seal_key="",
                wrapped_keys="",
                created_at=NOW,
            )
        )
        code_hash = hashlib.sha256(digits.encode()).hexdigest()
        connection.execute(
            insert(line_links).values(staff=staff_id, code_hash=code_hash, expires_at=NOW + life)
        )
    return staff_id


@pytest.mark.parametrize("typed", ["12345678", "1234 5678", "１２３４５６７８", "1234-5678", " 12345678\n"])
def test_a_fresh_code_ties_the_account_however_it_is_typed_and_only_once(
    talk: Conversation, typed: str
) -> None:
    staff_id = issue_code(talk, "12345678")
    answered = talk.say(typed)
    assert "テスト配信が届くようになりました" in answered
    assert "職員" not in answered
    assert talk.linked == [staff_id]
    assert "確認できませんでした" in talk.say("12345678")
    assert talk.linked == [staff_id]


def test_an_expired_code_ties_nothing(talk: Conversation) -> None:
    issue_code(talk, "12345678", life=timedelta(seconds=-1))
    assert "確認できませんでした" in talk.say("12345678")
    assert talk.linked == []


def test_guessing_is_stopped_after_five_tries_and_goes_on_ten_minutes_later(talk: Conversation) -> None:
    staff_id = issue_code(talk, "12345678")
    for wrong in range(5):
        assert "確認できませんでした" in talk.say(f"0000000{wrong}")
    assert "しばらく止めています" in talk.say("12345678")
    assert talk.linked == []
    with talk.database.write() as connection:
        connection.execute(text("UPDATE line_links SET expires_at = expires_at + 3600000000"))
    talk.now += timedelta(minutes=11)
    talk.say("12345678")
    assert talk.linked == [staff_id]


# --- the words themselves ---


def test_every_text_is_used_and_every_place_in_it_is_filled() -> None:
    words: TalkWords = load_talk_words()
    code = "".join(
        (Path(__file__).parents[3] / "relay" / name).read_text("utf-8")
        for name in (
            "features/talk.py",
            "features/questionnaire.py",
            "features/waste_talk.py",
            "jobs/tell.py",
        )
    ).replace("'", '"')
    for name in (*words.texts, *words.buttons, *words.cards):
        stem = name.rsplit("_", 1)[0]
        assert f'"{name}"' in code or f'"{stem}_{{' in code, f"{name} is not used"
    for name, value in (*words.texts.items(), *words.cards.items()):
        for place in re.findall(r"{(\w+)}", value):
            assert re.search(rf'"{name}"[^)]*\b{place}=', code), f"{name} needs {place}"
