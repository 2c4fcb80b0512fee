"""One sending of 2,000 batches by the relay's own duties, from 「送信」 on: `sender STORE_FOLDER LINE_BASE`.

Prints seconds from the first call to the run's end, the share of one core, the memory held, the seconds the
index took to load, and the seconds from 「送信」 to the first call: the signed change is applied, a million
people are chosen, cut into batches with their keys and committed, and the first batch is claimed.
"""

import asyncio
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import psutil

from protocol.deliveries import DeliveryDraft, Quota
from protocol.delivery_changes import DeliverySave, DeliverySend
from protocol.messages import TextMessage
from relay.jobs.duties import sending_duties
from relay.jobs.loop import run_duties
from relay.line.answers import LineAnswer
from relay.line.client import LineClient
from relay.line.multicast import MulticastClient
from relay.store.database import open_database
from relay.store.runs import find_run
from tests.bench.servers.million import FRIENDS, KEY
from tests.relay.features.office import Office

TEXT = "あすの夜、大雨になる見込みです。川の近くに行かないでください。"
PER_SECOND = 195


def utc_now() -> datetime:
    return datetime.now(UTC)


class Noting(MulticastClient):
    """Keeps the moment of the first call."""

    first_at = 0.0

    async def send(self, body: bytes, retry_key: str) -> LineAnswer:
        self.first_at = self.first_at or time.monotonic()
        return await super().send(body, retry_key)


class Worker:
    """The duties of a worker in a thread, as in a relay on an embedded store."""

    def __init__(self, office: Office, base: str) -> None:
        self._office = office
        self._base = base
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self.line: Noting | None = None
        self._thread = Thread(target=lambda: self._loop.run_until_complete(self._work()))
        self._thread.start()

    async def _work(self) -> None:
        office = self._office
        self.line, sdk = Noting(base=self._base, token="bench"), LineClient(base=self._base, token="bench")
        duties = sending_duties(
            office.database,
            utc_now,
            office.bell,
            office.index,
            office.sending,
            multicast=self.line,
            line=sdk,
            per_second=PER_SECOND,
        )
        await run_duties(duties, self._stop)
        await self.line.aclose()
        await sdk.aclose()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def wait_for_end(office: Office, id: str) -> float:
    """The moment the run is over."""
    while True:
        with office.database.read() as connection:
            known = find_run(connection, id)
        if known is not None and known.state not in ("queued", "sending"):
            return time.monotonic()
        time.sleep(0.02)


def main() -> None:
    folder, base = Path(sys.argv[1]), sys.argv[2]
    database = open_database(f"sqlcipher:{folder / 'relay.db'}", KEY)
    office = Office(database, utc_now)
    office.quota = Quota(limit=None)
    who = office.add_person(f"bench-{uuid.uuid4()}")
    loading = time.monotonic()
    office.index.refresh()
    loading = time.monotonic() - loading
    worker = Worker(office, base)
    draft = DeliveryDraft(id=str(uuid.uuid4()), title="bench", messages=(TextMessage(text=TEXT),))
    office.do(who, "delivery.save", DeliverySave(draft=draft))
    used, pressed = sum(os.times()[:2]), time.monotonic()
    sent = DeliverySend(delivery=draft.id, recipients_seen=FRIENDS)
    result = office.do(who, "delivery.send", sent, 1)
    assert result.outcome == "applied", result.reason
    ended = wait_for_end(office, draft.id)
    cpu = sum(os.times()[:2]) - used
    memory = psutil.Process().memory_info().rss / 1e6
    assert worker.line is not None
    first = worker.line.first_at
    worker.stop()
    accepted = office.delivery(who, draft.id).numbers.accepted
    database.close()
    assert accepted == FRIENDS, accepted
    print(f"figures {ended - first} {cpu / (ended - pressed)} {memory} {loading} {first - pressed}")


if __name__ == "__main__":
    main()
