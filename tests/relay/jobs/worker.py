"""A worker in a thread, sending for real to a small LINE, under a clock that hurries."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from relay.jobs.duties import sending_duties
from relay.jobs.loop import run_duties
from relay.line.client import LineClient
from relay.line.multicast import MulticastClient
from relay.store.runs import Run, find_run
from tests.relay.features.office import Office


class HurryingClock:
    """Time that runs `speed` times as fast as it should, so that waits for another try are short."""

    def __init__(self, speed: float = 20.0) -> None:
        self._speed = speed
        self._began = time.monotonic()
        self._start = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self._speed)


@contextmanager
def working(office: Office, base: str, *, per_second: int = 199) -> Iterator[None]:
    """Freezing and sending run while the block does."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def work() -> None:
        multicast = MulticastClient(base=base, token="token")
        line = LineClient(base=base, token="token")
        try:
            duties = sending_duties(
                office.database,
                office.clock,
                office.bell,
                office.index,
                office.sending,
                multicast=multicast,
                line=line,
                per_second=per_second,
            )
            await run_duties(duties, stop)
        finally:
            await multicast.aclose()
            await line.aclose()

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def run_of(office: Office, id: str) -> Run:
    with office.database.read() as connection:
        run = find_run(connection, id)
    assert run is not None
    return run


def wait_until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    """Return as soon as the condition holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)
