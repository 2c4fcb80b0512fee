"""Each event has its effect once, in LINE's order, whatever order and number it arrives in (SEG-2, SEC-2)."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from relay.errors import LineError
from relay.features.questionnaire import Tap
from relay.features.talk import Talk
from relay.features.talk_words import load_talk_words
from relay.jobs.inbox import InboxJob
from relay.line.client import Profile, Sent
from relay.store.database import Database, open_database
from relay.store.inbox import add_events, claim_events, count_waiting, microseconds
from relay.store.residents import find_resident, read_answers
from relay.store.transit import TransitKeys
from relay.webhook import Webhook
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.counter import SEX, TOPICS, sample_items, save_items
from tests.relay.webhooks import event, said, tallies, tapped, user

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


class LineThatListens:
    """Stands for LINE: keeps the replies, and answers as told."""

    def __init__(self) -> None:
        self.replies: list[tuple[str, Sequence[Mapping[str, Any]]]] = []
        self.trouble: Exception | None = None
        self.language = "ja"
        self.profile_trouble: Exception | None = None

    async def profile(self, user_id: str) -> Profile | None:
        if self.profile_trouble is not None:
            raise self.profile_trouble
        return Profile(display_name="", language=self.language)

    async def reply(self, token: str, messages: Sequence[Mapping[str, Any]]) -> Sent:
        self.replies.append((token, messages))
        if self.trouble is not None:
            raise self.trouble
        return Sent("request")


class Inbox:
    """A store, its transit keys and workers that act on it."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self.database = database
        self.transit = TransitKeys(folder / "transit")
        self.clock = clock
        self.line = LineThatListens()
        self.talk = Talk(
            cipher=database.cipher,
            words=load_talk_words(),
            settings_url="https://liff.line.me/1-a/settings",
            on_linked=lambda *_: None,
        )

    def receive(self, *events: Any) -> None:
        """As the webhook stores them."""
        webhook = Webhook(
            database=self.database,
            transit=self.transit,
            secrets=["x"],
            clock=self.clock,
            wake=lambda: None,
        )
        now = self.clock()
        rows = [webhook._seal(one, now, microseconds(now)) for one in events]
        with self.database.write() as connection:
            add_events(connection, rows)

    def work(self, talk: Talk | None = None) -> int:
        return asyncio.run(self.worker(talk).run_once())

    def worker(self, talk: Talk | None = None, database: Database | None = None) -> InboxJob:
        return InboxJob(
            database=database or self.database,
            transit=self.transit,
            talk=talk or self.talk,
            line=self.line,  # type: ignore[arg-type]
            clock=self.clock,
        )

    def state_of(self, user_id: str) -> str | None:
        with self.database.read() as connection:
            found = find_resident(connection, self.database.cipher, user_id)
        return found.state if found else None

    def choices_of(self, user_id: str, item: str) -> set[str]:
        with self.database.read() as connection:
            found = find_resident(connection, self.database.cipher, user_id)
            assert found is not None
            stored = read_answers(connection, found.no).get(item)
        return set(stored.answer.choices) if stored else set()

    def rows(self) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(text("SELECT state, reason, body_sealed FROM inbox ORDER BY no")))


@pytest.fixture
def inbox(database: Database, tmp_path: Path, clock: Clock) -> Inbox:
    save_items(database, *sample_items())
    return Inbox(database, tmp_path, clock)


_people = iter(range(1000, 10_000_000))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_any_order_with_any_repeats_the_newest_follow_and_answer_hold(
    inbox: Inbox, data: st.DataObject
) -> None:
    someone = user(next(_people))
    history: list[dict[str, Any]] = []
    kinds = data.draw(
        st.lists(st.sampled_from(["follow", "unfollow", "s1", "s2", "s3"]), min_size=1, max_size=6)
    )
    for number, kind in enumerate(kinds):
        at = NOW_MS - 600_000 + number * 1000
        if kind.endswith("follow"):
            history.append(event(kind, someone, at))
        else:
            history.append(tapped(someone, Tap("set", SEX, kind).data(), at))
    arrivals = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=4))))
    before = len(inbox.line.replies)
    for chunk in _in_chunks(arrivals, data):
        inbox.receive(*chunk)
        inbox.work()
    states = [kind for kind in kinds if kind.endswith("follow")]
    # A tap newer than an unfollow shows that the person is back; so the newest event of all decides.
    expected = "blocked" if kinds[-1] == "unfollow" or not _has_return(kinds) else "friend"
    assert inbox.state_of(someone) == expected, states
    answers = [kind for kind in kinds if not kind.endswith("follow")]
    assert inbox.choices_of(someone, SEX) == ({answers[-1]} if answers else set())
    tokens = [token for token, _ in inbox.line.replies[before:]]
    assert len(tokens) == len(set(tokens))
    assert set(tokens) <= {one["replyToken"] for one in history}


def _has_return(kinds: list[str]) -> bool:
    """Whether anything but an unfollow came after the last unfollow, or there was none."""
    last = max((n for n, kind in enumerate(kinds) if kind == "unfollow"), default=-1)
    return last < len(kinds) - 1


def _in_chunks(arrivals: list[Any], data: st.DataObject) -> list[list[Any]]:
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(arrivals))), max_size=2)))
    edges = [0, *cuts, len(arrivals)]
    return [arrivals[a:b] for a, b in pairwise(edges) if a < b]


def test_several_choices_tapped_in_any_order_are_all_kept(inbox: Inbox) -> None:
    taps = [tapped(user(1), Tap("add", TOPICS, f"t{n}").data(), NOW_MS - 1000 + n) for n in range(5)]
    inbox.receive(taps[3], taps[0], taps[0])
    inbox.work()
    inbox.receive(taps[4], taps[1], taps[2], taps[3])
    inbox.work()
    assert inbox.choices_of(user(1), TOPICS) == {"t0", "t1", "t2", "t3", "t4"}
    inbox.receive(tapped(user(1), Tap("drop", TOPICS, "t2").data(), NOW_MS))
    inbox.work()
    assert inbox.choices_of(user(1), TOPICS) == {"t0", "t1", "t3", "t4"}


def test_a_follow_again_keeps_the_answers(inbox: Inbox) -> None:
    inbox.receive(
        event("follow", user(1), NOW_MS - 9000), tapped(user(1), Tap("set", SEX, "s1").data(), NOW_MS - 8000)
    )
    inbox.receive(event("unfollow", user(1), NOW_MS - 7000), event("follow", user(1), NOW_MS - 6000))
    inbox.work()
    assert inbox.choices_of(user(1), SEX) == {"s1"}
    assert "おかえりなさい" in str(inbox.line.replies[-1])
    assert "女性" in str(inbox.line.replies[-1])


def test_what_nobody_knows_is_counted_by_its_type_and_answered_with_nothing(inbox: Inbox) -> None:
    group = {**said(user(1), "x"), "source": {"type": "group", "groupId": "C1", "userId": user(1)}}
    inbox.receive(
        event("beacon", user(1)),
        event("newThing!! <b>", user(1)),
        event("message", user(1), message={"type": "hologram"}),
        event("message", user(1), message={"type": "text", "text": 5}),
        {**event("follow", user(2)), "source": {"type": "spaceship"}},
        {**said(user(3), "受信設定"), "mode": "standby"},
        group,
        5,
    )
    inbox.work()
    counted = tallies(inbox.database)
    assert counted["event.ignored.beacon"] == 1
    assert counted["event.ignored.newThingb"] == 1
    assert counted["event.ignored.message.malformed"] == 1
    assert counted["event.ignored.malformed"] == 1
    assert counted["event.ignored.message"] == 1
    assert counted["event.standby"] == 1
    assert [token for token, _ in inbox.line.replies] != []
    assert len(inbox.line.replies) == 1, "only the hologram is answered: we take no media"
    assert all(row[0] == "done" and row[2] is None for row in inbox.rows())


class _Stumbling(Talk):
    def answer(self, connection: Any, event: Any, now: datetime) -> Any:
        answered = super().answer(connection, event, now)
        if getattr(event, "text", "") == "つまずく":
            raise RuntimeError("a bug of ours, with 秘密の言葉 in it")
        return answered


def test_an_event_that_raises_is_set_aside_after_three_tries_and_blocks_nobody(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    talk = _Stumbling(
        cipher=inbox.database.cipher, words=load_talk_words(), settings_url="", on_linked=lambda *_: None
    )
    inbox.receive(said(user(1), "つまずく"), said(user(2), "受信設定"))
    with caplog.at_level(logging.DEBUG):
        inbox.work(talk)
        assert len(inbox.line.replies) == 1
        for _ in range(2):
            inbox.clock.forward(seconds=6)
            inbox.work(talk)
    assert [(row[0], row[1]) for row in inbox.rows()] == [("set_aside", "runtimeerror"), ("done", "")]
    assert inbox.rows()[0][2] is None
    assert inbox.state_of(user(1)) is None, "what it changed before it raised is taken back"
    assert "秘密" not in caplog.text
    assert tallies(inbox.database)["event.set_aside"] == 1


def test_a_reply_without_an_answer_is_unknown_and_never_said_again(inbox: Inbox) -> None:
    inbox.line.trouble = LineError(status=None, permanent=False, reason="line_unreachable")
    inbox.receive(said(user(1), "受信設定"))
    inbox.work()
    inbox.line.trouble = None
    inbox.clock.forward(minutes=30)
    inbox.work()
    assert len(inbox.line.replies) == 1
    assert tallies(inbox.database)["reply.unknown"] == 1


def test_a_refused_reply_is_counted_with_its_reason(inbox: Inbox) -> None:
    inbox.line.trouble = LineError(status=400, permanent=True)
    inbox.receive(said(user(1), "受信設定"))
    inbox.work()
    assert tallies(inbox.database)["reply.refused.line_refused"] == 1


def test_an_event_whose_key_was_destroyed_is_set_aside_with_the_reason(inbox: Inbox) -> None:
    inbox.receive(said(user(1), "受信設定"))
    inbox.transit.destroy("2026-11-20")
    inbox.work()
    assert [(row[0], row[1]) for row in inbox.rows()] == [("set_aside", "key_destroyed")]


def test_a_worker_that_died_leaves_its_events_to_the_next_when_the_lease_ends(inbox: Inbox) -> None:
    inbox.receive(said(user(1), "受信設定"))
    with inbox.database.write() as connection:
        assert len(claim_events(connection, inbox.clock(), limit=10)) == 1
    if not inbox.database.is_embedded:  # there, another process may still be at it
        assert inbox.work() == 0
        inbox.clock.forward(seconds=61)
    assert inbox.work() == 1
    assert len(inbox.line.replies) == 1


def test_while_one_worker_holds_a_person_another_leaves_that_person_alone(inbox: Inbox) -> None:
    inbox.receive(said(user(1), "一"))
    with inbox.database.write() as connection:
        claim_events(connection, inbox.clock(), limit=10)
    inbox.receive(said(user(1), "二"), said(user(2), "三"))
    with inbox.database.write() as connection:
        claimed = claim_events(connection, inbox.clock() + timedelta(seconds=1), limit=10)
    assert len(claimed) == 1


def test_workers_side_by_side_serve_every_event_once(
    database_url: str, database: Database, tmp_path: Path, clock: Clock
) -> None:
    if database.is_embedded:
        pytest.skip("the embedded store has one process")
    save_items(database, *sample_items())
    inbox = Inbox(database, tmp_path, clock)
    inbox.receive(*(said(user(n % 40), "受信設定", NOW_MS - 400 + n) for n in range(400)))
    others = [open_database(database_url, HOST_KEY) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda d=d: asyncio.run(inbox.worker(database=d).run_once())) for d in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert count_waiting(connection) == 0
    tokens = [token for token, _ in inbox.line.replies]
    assert len(tokens) == len(set(tokens)) == 400
    for other in others:
        other.close()


def test_no_user_id_or_word_of_a_resident_is_in_any_file_or_log(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    save_items(database, *sample_items())
    inbox = Inbox(database, tmp_path, clock)
    canary_user, canary_words = "U" + "c0ffee00" * 4, "カナリア七番の秘密"
    with caplog.at_level(logging.DEBUG):
        inbox.receive(
            event("follow", canary_user), said(canary_user, canary_words), said(canary_user, "12345678")
        )
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert any(file.name.endswith("-wal") for file in files)
        _assert_absent(files, canary_user, canary_words)
        inbox.work()
        _assert_absent(files, canary_user, canary_words)
    assert canary_user not in caplog.text
    assert canary_words not in caplog.text
    with database.read() as connection:  # nor where the file's own encryption is taken away
        for table in ("inbox", "residents", "tallies", "throttles", "talk_places"):
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    assert canary_user.encode() not in raw
                    assert canary_words.encode() not in raw
    database.close()


def _assert_absent(files: list[Path], *words: str) -> None:
    for file in files:
        raw = file.read_bytes()
        assert not any(word.encode() in raw for word in words), file.name


@pytest.mark.parametrize(
    ("said_by_line", "reads"), [("ja", "ja"), ("zh-TW", "zh"), ("en-US", "en"), ("th", "easy"), ("", "ja")]
)
def test_a_new_friend_reads_what_lines_profile_says(
    database: Database, tmp_path: Path, clock: Clock, said_by_line: str, reads: str
) -> None:
    inbox = Inbox(database, tmp_path, clock)
    inbox.line.language = said_by_line
    inbox.receive(event("follow", user(1), NOW_MS))
    inbox.work()
    with database.read() as connection:
        found = find_resident(connection, database.cipher, user(1))
    assert found is not None and (found.language, found.language_chosen) == (reads, False)
    assert len(inbox.line.replies) == 1


def test_a_friend_is_greeted_though_line_does_not_say_who_it_is(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    inbox = Inbox(database, tmp_path, clock)
    inbox.line.profile_trouble = LineError(status=None, permanent=False, reason="line_unreachable")
    inbox.receive(event("follow", user(1), NOW_MS))
    inbox.work()
    assert len(inbox.line.replies) == 1
    assert tallies(database)["language.unknown"] == 1
