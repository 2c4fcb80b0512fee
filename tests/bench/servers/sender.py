"""One sending of 2,000 batches by the real ledger, index and deliverer: `sender STORE_FOLDER LINE_BASE`.

Prints seconds from waking the deliverer to the run's end, the share of one core, and the memory held.
"""

import asyncio
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import psutil

from protocol.segments import Everyone
from relay.features.freezing import cut_batches
from relay.features.ledger import Ledger
from relay.features.news import NewsBell
from relay.features.segments import SegmentIndex
from relay.jobs.deliver import Deliverer
from relay.jobs.pace import Pace
from relay.line.answers import LineAnswer
from relay.line.multicast import MulticastClient
from relay.store.batches import add_batches
from relay.store.database import Database, open_database
from relay.store.runs import add_run, add_texts, begin_run, find_run
from tests.bench.servers.million import KEY

MESSAGES = [{"type": "text", "text": "あすの夜、大雨になる見込みです。川の近くに行かないでください。"}]


def utc_now() -> datetime:
    return datetime.now(UTC)


def freeze(database: Database, index: SegmentIndex) -> str:
    run, members = str(uuid.uuid4()), index.members(Everyone())
    with database.write() as connection:
        add_run(
            connection,
            id=run,
            kind="segment",
            delivery=run,
            silent=False,
            recipients=len(members) // 4,
            now=utc_now(),
        )
        add_texts(connection, database.cipher, run, [MESSAGES])
        add_batches(connection, run, cut_batches(members))
        begin_run(connection, run, recipients=len(members) // 4, now=utc_now())
    return run


async def push(_user_id: str, _messages: bytes, _key: str) -> LineAnswer:
    raise AssertionError("nobody is alone in a million")


async def send(database: Database, index: SegmentIndex, run: str, base: str) -> float:
    client = MulticastClient(base=base, token="bench")
    ledger = Ledger(database, utc_now, NewsBell(), owner=str(uuid.uuid4()))
    deliverer = Deliverer(ledger, index, utc_now, multicast=client.send, push=push, pace=Pace(195))
    stop = asyncio.Event()
    started = time.monotonic()
    working = asyncio.create_task(deliverer.run(stop))
    while True:
        with database.read() as connection:
            known = find_run(connection, run)
        if known is not None and known.state not in ("queued", "sending"):
            break
        await asyncio.sleep(0.02)
    seconds = time.monotonic() - started
    stop.set()
    await working
    await client.aclose()
    return seconds


def main() -> None:
    folder, base = Path(sys.argv[1]), sys.argv[2]
    database = open_database(f"sqlcipher:{folder / 'relay.db'}", KEY)
    index = SegmentIndex(database, utc_now)
    loading = time.monotonic()
    index.refresh()
    loading = time.monotonic() - loading
    run = freeze(database, index)
    used = sum(os.times()[:2])
    seconds = asyncio.run(send(database, index, run, base))
    cpu = sum(os.times()[:2]) - used
    memory = psutil.Process().memory_info().rss / 1e6
    database.close()
    print(f"figures {seconds} {cpu / seconds} {memory} {loading}")


if __name__ == "__main__":
    main()
