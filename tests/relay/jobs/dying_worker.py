"""A worker that kills itself at its n-th step: `python -m tests.relay.jobs.dying_worker KEY`, told on stdin.

Each line is JSON: url of the store, base of LINE, `kill_at` (0: never), `epoch` and `speed` of the shared
clock. It is answered with the pid of a forked worker (everything is imported once). A step is a write, a
commit that has happened, or a call to LINE before it leaves and after its answer.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import linebot.v3.messaging  # noqa: F401  (imported late by the relay: a second for each child)
from sqlalchemy import Engine, event

from protocol.deliveries import Quota
from relay.line import multicast
from relay.store.database import open_database
from tests.relay.features.office import Office
from tests.relay.jobs.worker import working

_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT", "REPLACE")


class SharedClock:
    """Time that hurries, and is the same in every process that knows its beginning."""

    def __init__(self, epoch: float, speed: float) -> None:
        self._epoch = epoch
        self._speed = speed

    def __call__(self) -> datetime:
        passed = (time.time() - self._epoch) * self._speed
        return datetime(2026, 11, 20, 0, 30, tzinfo=UTC) + timedelta(seconds=passed)


class Steps:
    """Counts what may be interrupted, and dies where told."""

    def __init__(self, kill_at: int) -> None:
        self._kill_at = kill_at
        self._passed = 0

    def listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "commit", lambda _: self.take())
        event.listen(Engine, "after_cursor_execute", self._after)
        send = multicast.MulticastClient.send

        async def counted(client: Any, body: bytes, retry_key: str) -> Any:
            self.take()
            answer = await send(client, body, retry_key)
            self.take()
            return answer

        multicast.MulticastClient.send = counted  # type: ignore[method-assign]

    def take(self) -> None:
        self._passed += 1
        if self._passed == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _before(self, _: Any, __: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(_WRITES):
            self.take()

    def _after(self, _: Any, __: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith("COMMIT"):
            self.take()


def serve(key: bytes, told: dict[str, Any]) -> None:
    faulthandler.register(signal.SIGUSR1)  # says where it stands when it seems to hang
    database = open_database(told["url"], key)
    office = Office(database, SharedClock(told["epoch"], told["speed"]))
    office.quota = Quota(limit=None)
    Steps(told["kill_at"]).listen()
    with working(office, told["base"]):
        while True:
            signal.pause()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not kept as zombies
    key = bytes.fromhex(sys.argv[1])
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            serve(key, told)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
