"""The webhook refuses and counts what is forged or broken, and stores the rest before 200 (SEC-2, SEC-3)."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from relay.store.cipher import ColumnCipher
from relay.store.database import Database
from relay.store.transit import TransitKeys
from relay.webhook import Webhook
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.webhooks import (
    SECRET,
    body_of,
    call,
    open_door,
    said,
    sign,
    stored_ids,
    tallies,
    user,
)

OFFICIAL_BODY = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
OFFICIAL_SIGNATURE = "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="

# The body of LINE's documentation, with ids of our own.
SAMPLE = {
    "destination": "U" + "0" * 32,
    "events": [
        {
            "type": "message",
            "replyToken": "757913772c4646b784d4b7ce46d12671",
            "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR",
            "deliveryContext": {"isRedelivery": False},
            "timestamp": 1625665242211,
            "source": {"type": "user", "userId": "U" + "1" * 32},
            "mode": "active",
            "message": {
                "type": "text",
                "id": "444573844083572737",
                "quoteToken": "q3Plxr4AgKd",
                "markAsReadToken": "30yhdy232",
                "text": "粗大ごみ 髙橋 﨑 𠮷 葛󠄀 🍎 ｺﾞﾐ",
            },
        },
        {
            "type": "follow",
            "replyToken": "a",
            "follow": {"isUnblocked": False},
            "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZS",
            "deliveryContext": {"isRedelivery": False},
            "timestamp": 1,
            "source": {"type": "user", "userId": "U" + "2" * 32},
            "mode": "active",
        },
        {
            "type": "postback",
            "replyToken": "a",
            "postback": {"data": "tab=b", "params": {"newRichMenuAliasId": "tab-b", "status": "SUCCESS"}},
            "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZT",
            "deliveryContext": {"isRedelivery": False},
            "timestamp": 1,
            "source": {"type": "user", "userId": "U" + "3" * 32},
            "mode": "active",
        },
    ],
}


def test_lines_published_signature_is_accepted_and_an_empty_body_stores_nothing(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    with open_door(database, tmp_path, clock) as door:
        assert door.post(OFFICIAL_BODY, OFFICIAL_SIGNATURE) == 200
    assert stored_ids(database) == []


def test_each_event_of_a_body_is_stored_sealed_and_in_order(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    body = json.dumps(SAMPLE, ensure_ascii=False).encode()
    with open_door(database, tmp_path, clock) as door:
        assert door.post(body) == 200
    assert stored_ids(database) == [e["webhookEventId"] for e in SAMPLE["events"]]  # type: ignore[index]
    with database.read() as connection:
        row = connection.execute(text("SELECT transit_day, body_sealed FROM inbox ORDER BY no")).first()
    assert row is not None
    opened = TransitKeys(tmp_path / "transit").open(row[0], "01FZ74A0TDDPYRVKNK77XKC3ZR", bytes(row[1]))
    assert json.loads(opened) == SAMPLE["events"][0]  # type: ignore[index]
    assert "粗大".encode() not in bytes(row[1])


def test_what_is_unsigned_forged_or_altered_is_refused_counted_and_not_stored(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    body = body_of(said(user(1), "こんにちは"))
    with open_door(database, tmp_path, clock) as door:
        assert door.post(body, "") == 401
        assert requests.post(door.url, data=body, timeout=5).status_code == 401
        assert door.post(body, sign(body, "another secret")) == 401
        assert door.post(body + b" ", sign(body)) == 401
        assert door.post(body.replace(b"01TEST", b"02TEST"), sign(body)) == 401
        assert door.post(body, "日本語".encode().decode("latin-1")) == 401
    assert stored_ids(database) == []
    assert tallies(database) == {"webhook.unsigned": 2, "webhook.forged": 4}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_altered_body_or_signature_ever_passes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    body = json.dumps(SAMPLE).encode()
    signature = sign(body).encode()
    which = data.draw(st.sampled_from(["body", "signature", "junk"]))
    if which == "body":
        place = data.draw(st.integers(0, len(body) - 1))
        changed = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1 :]
        given_signature = signature
    elif which == "signature":
        place = data.draw(st.integers(0, len(signature) - 2))
        changed = body
        given_signature = (
            signature[:place]
            + bytes([signature[place] ^ data.draw(st.integers(1, 255))])
            + signature[place + 1 :]
        )
    else:
        changed, given_signature = data.draw(st.binary(max_size=400)), data.draw(st.binary(max_size=80))
        if given_signature == sign(changed).encode():
            return
    webhook = _webhook_without_store(tmp_path_factory.getbasetemp())
    assert call(webhook, changed, [(b"x-line-signature", given_signature)]) == 401


class _NoStore:
    """Stands where the database is; anything written through it fails the test."""

    is_embedded = True
    cipher = ColumnCipher(HOST_KEY)

    def write(self) -> None:
        raise AssertionError("something was stored")


def _webhook_without_store(folder: Path) -> Webhook:
    return Webhook(
        database=_NoStore(),  # type: ignore[arg-type]
        transit=TransitKeys(folder / "transit"),
        secrets=[SECRET],
        clock=lambda: pytest.fail("the time was asked for"),
        wake=lambda: None,
    )


def test_the_old_secret_is_good_while_it_is_given_and_an_empty_one_never_is(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    with open_door(database, tmp_path, clock, secrets=["the new one", SECRET, ""]) as door:
        for secret in ("the new one", SECRET):
            body = body_of(said(user(1), "はい"))
            assert door.post(body, sign(body, secret)) == 200
        body = body_of(said(user(1), "はい"))
        assert door.post(body, sign(body, "")) == 401


NOT_WHAT_LINE_SENDS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"events":{}}',
    b'{"destination":"U"}',
    b'{"events":[NaN]}',
    b'{"events":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    '{"events":["こんにちは"]}'.encode("cp932"),
    b"\xff\xfe\x00",
]


def test_a_signed_body_that_is_not_what_line_sends_is_refused_and_counted(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    with open_door(database, tmp_path, clock) as door:
        assert [door.post(body) for body in NOT_WHAT_LINE_SENDS] == [400] * len(NOT_WHAT_LINE_SENDS)
    assert stored_ids(database) == []
    assert tallies(database) == {"webhook.malformed": len(NOT_WHAT_LINE_SENDS)}


def test_a_body_nested_beyond_reason_is_refused_and_the_next_one_is_taken(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    with open_door(database, tmp_path, clock) as door:
        for depth in (1015, 100_000):
            for named in (b'"webhookEventId":"01DEEP",', b""):
                body = b'{"events":[{%b"x":%b}]}' % (named, b"[" * depth + b"]" * depth)
                assert door.post(body) == 400
        assert door.post(body_of(said(user(1), "はい"))) == 200
    assert tallies(database) == {"webhook.malformed": 4}
    assert len(stored_ids(database)) == 1


def test_a_body_that_never_comes_is_given_up_and_counted(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    webhook = Webhook(
        database=database,
        transit=TransitKeys(tmp_path / "transit"),
        secrets=[SECRET],
        clock=clock,
        wake=lambda: None,
        read_within=0.05,
    )
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError("never comes")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def once() -> None:
        await webhook({"type": "http", "method": "POST", "headers": []}, receive, send)
        await webhook.aclose()

    asyncio.run(once())
    assert statuses == [408]
    assert tallies(database) == {"webhook.too_slow": 1}


def test_strange_events_in_a_good_body_are_kept_for_the_inbox_to_count(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    good = said(user(1), "よい")
    strange = [
        5,
        None,
        "words",
        {},
        {"type": 7, "webhookEventId": 7, "source": []},
        {"webhookEventId": "\x00bad", "timestamp": "noon"},
        {"webhookEventId": "x" * 500, "timestamp": 1e300, "source": {"userId": "葛󠄀"}},
        {"type": "message", "message": {"type": "text", "text": "half a pair"}, "timestamp": -1},
    ]
    raw = json.dumps({"events": [*strange, good]}).replace("half a pair", "\\ud842").encode()
    with open_door(database, tmp_path, clock) as door:
        assert door.post(raw) == 200
        assert door.post(b'{"events":[],"events":[{"type":"follow","type":"unfollow"}]}') == 200
    assert len(stored_ids(database)) == 10
    assert good["webhookEventId"] in stored_ids(database)


def test_a_body_over_two_megabytes_is_cut_off_and_counted(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    body = b" " * (10 * 1024 * 1024)
    with open_door(database, tmp_path, clock) as door:
        assert door.post(body) == 413
        chunks = (body[:65536] for _ in range(160))
        try:
            answer = requests.post(door.url, data=chunks, headers={"x-line-signature": "x"}, timeout=10)
            assert answer.status_code == 413
        except requests.ConnectionError:
            pass  # the server hung up while we were still talking; as good
        assert requests.get(door.url, timeout=5).status_code == 405
    assert tallies(database) == {"webhook.too_large": 2}


def test_a_redelivered_event_is_stored_once_with_or_without_an_id(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    named = said(user(1), "一度だけ")
    nameless = said(user(2), "名前なし")
    del nameless["webhookEventId"]
    with open_door(database, tmp_path, clock) as door:
        for redelivery in (False, True, True):
            events = [
                {**e, "deliveryContext": {"isRedelivery": redelivery}} for e in (named, nameless, named)
            ]
            assert door.post(body_of(*events)) == 200
    assert len(stored_ids(database)) == 2


def test_many_at_once_share_commits_and_all_are_stored(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    bodies = [body_of(said(user(n), str(n)), said(user(n), "と")) for n in range(60)]
    statuses: list[int] = []
    with open_door(database, tmp_path, clock) as door:
        threads = [threading.Thread(target=lambda b=b: statuses.append(door.post(b))) for b in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 60
    assert len(stored_ids(database)) == 120


def test_refused_requests_do_not_each_write_to_the_disk(tmp_path: Path, clock: Clock) -> None:
    webhook = _webhook_without_store(tmp_path)
    for _ in range(50):
        assert call(webhook, b"{}", [(b"x-line-signature", b"x")]) == 401


def test_without_a_transit_key_nothing_is_accepted(
    database: Database, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with open_door(database, tmp_path, clock) as door:
        monkeypatch.setattr("relay.store.transit.os.link", no_space)
        assert door.post(body_of(said(user(1), "あ"))) == 503
        monkeypatch.undo()
        assert door.post(body_of(said(user(1), "い"))) == 200
    assert len(stored_ids(database)) == 1
