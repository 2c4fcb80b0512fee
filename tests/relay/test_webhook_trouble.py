"""The webhook while the store is locked, odd or full, and when its process is killed. SEC-2."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests
from sqlalchemy import event as listen
from sqlalchemy import text

from relay.store.database import Database, open_database
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.webhooks import (
    SECRET,
    body_of,
    event,
    open_door,
    said,
    sign,
    stored_ids,
    tallies,
    user,
)


def test_a_store_locked_by_another_is_answered_with_503_within_two_seconds_and_then_recovers(
    database: Database, database_url: str, tmp_path: Path, clock: Clock
) -> None:
    other = open_database(database_url, HOST_KEY)
    body = body_of(said(user(1), "待って"))
    with open_door(database, tmp_path, clock) as door:
        with other.write() as connection:
            if not other.is_embedded:
                connection.execute(text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            assert door.post(body) == 503
            assert time.monotonic() - began < 2
        assert door.post(body) == 200
    assert len(stored_ids(database)) == 1
    other.close()


def test_whoever_comes_while_the_store_is_away_is_answered_in_time(
    database: Database, database_url: str, tmp_path: Path, clock: Clock
) -> None:
    other = open_database(database_url, HOST_KEY)
    with open_door(database, tmp_path, clock) as door:
        with other.write() as connection:
            if not other.is_embedded:
                connection.execute(text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
            for number in range(4):  # the first ones hold the writers, the last ones find a batch given up
                began = time.monotonic()
                assert door.post(body_of(said(user(number), "待って"))) == 503
                assert time.monotonic() - began < 2
        assert door.post(body_of(said(user(9), "はい"))) == 200
    other.close()


def test_a_store_that_fails_in_a_way_nobody_knows_answers_503_and_then_works_again(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    break_store, mend_store = _SPOILT[database.engine.dialect.name]
    statuses: list[int] = []

    def post_all(count: int) -> None:
        bodies = [body_of(said(user(n), "はい")) for n in range(count)]
        threads = [threading.Thread(target=lambda b=b: statuses.append(door.post(b))) for b in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with open_door(database, tmp_path, clock) as door:
        assert door.post(body_of(said(user(0), "前"))) == 200
        with database.write() as connection:
            for statement in break_store:
                connection.execute(text(statement))
        post_all(40)
        assert statuses == [503] * 40
        with database.write() as connection:
            connection.execute(text(mend_store))
        statuses.clear()
        post_all(10)
        assert statuses == [200] * 10
    assert len(stored_ids(database)) == 11
    assert 0 < sum(count for name, count in tallies(database).items() if name.startswith("webhook.")) <= 40


_SPOILT = {
    "sqlite": (
        ["CREATE TRIGGER spoilt BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'odd'); END"],
        "DROP TRIGGER spoilt",
    ),
    "postgresql": (
        [
            "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE read_only_sql_transaction; END $$",
            "CREATE TRIGGER spoilt BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION odd()",
        ],
        "DROP TRIGGER spoilt ON inbox",
    ),
}


def test_a_full_disk_is_answered_with_503_and_leaves_nothing_half(tmp_path: Path, clock: Clock) -> None:
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    limit = [0]
    with database.read() as connection:
        pages = int(connection.execute(text("PRAGMA page_count")).scalar_one())

    @listen.listens_for(database.engine, "checkout")
    def _small_disk(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit[0]}")  # type: ignore[attr-defined]

    limit[0] = pages + 4
    with open_door(database, tmp_path, clock) as door:
        statuses = [door.post(body_of(*(said(user(n), "長い" * 500) for n in range(4)))) for _ in range(6)]
        assert statuses[-1] == 503
        kept = stored_ids(database)
        assert len(kept) == 4 * statuses.count(200)
        limit[0] = 100_000
        assert door.post(body_of(said(user(1), "入る"))) == 200
    assert tallies(database)["webhook.disk_full"] == statuses.count(503)
    database.close()


_SERVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import uvicorn
from relay.store.database import open_database
from relay.store.transit import TransitKeys
from relay.webhook import Webhook
folder = Path(sys.argv[1])
database = open_database(f"sqlcipher:{folder / 'relay.db'}", bytes.fromhex(sys.argv[3]))
async def app(scope, receive, send):
    global webhook
    if scope["type"] == "lifespan":
        await receive()
        webhook = Webhook(database=database, transit=TransitKeys(folder / "transit"), secrets=[sys.argv[4]],
                          clock=lambda: datetime.now(UTC), wake=lambda: None)
        await send({"type": "lifespan.startup.complete"})
        await receive()
    else:
        await webhook(scope, receive, send)
uvicorn.run(app, port=int(sys.argv[2]), log_level="critical")
"""


def test_no_acknowledged_event_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    from tests.relay.counter import free_port, wait_until

    acknowledged: set[str] = set()
    for _ in range(5):
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(tmp_path), str(port), HOST_KEY.hex(), SECRET],
            cwd=Path(__file__).parents[2],
        )
        url = f"http://127.0.0.1:{port}/line/webhook"
        before = len(acknowledged)
        stop = threading.Event()

        def load(url: str = url, stop: threading.Event = stop) -> None:
            session = requests.Session()
            while not stop.is_set():
                one = event("follow", user(1))
                body = body_of(one)
                try:
                    answer = session.post(url, data=body, headers={"x-line-signature": sign(body)}, timeout=5)
                except requests.RequestException:
                    stop.wait(0.02)
                    continue
                if answer.status_code == 200:
                    acknowledged.add(one["webhookEventId"])

        threads = [threading.Thread(target=load) for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda before=before: len(acknowledged) > before + 150, 20)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        stop.set()
        for thread in threads:
            thread.join()
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    assert acknowledged <= set(stored_ids(database))
    database.close()
