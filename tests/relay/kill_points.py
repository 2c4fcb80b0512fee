"""A relay that kills itself at its n-th write: `python -m tests.relay.kill_points`, told what to do on stdin.

Each line `<folder> <n>` starts a relay on that folder in a forked process (everything is imported once) and
is answered with its pid and its address. It counts from the moment the file `armed` appears there; 0: never.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import linebot.v3.messaging  # noqa: F401  (imported late by the relay: a second for each child)
from sqlalchemy import Engine, event

from relay.serve import running_relay
from tests.relay.desk import relay_settings

_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT", "REPLACE")


class Points:
    """Every write statement before it runs, and every commit also after it ran."""

    def __init__(self, armed: Path, kill_at: int) -> None:
        self._armed = armed
        self._kill_at = kill_at
        self._passed = 0

    def listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)

    def _before(self, _: Any, __: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(_WRITES):
            self._pass()

    def _after(self, _: Any, __: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith("COMMIT"):
            self._pass()

    def _pass(self) -> None:
        if not self._kill_at or not self._armed.exists():
            return
        self._passed += 1
        if self._passed == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def serve(folder: Path, kill_at: int) -> None:
    Points(folder / "armed", kill_at).listen()
    nobody = "http://127.0.0.1:9"  # where nothing listens: LINE is away
    settings = relay_settings(folder, f"sqlcipher:{folder / 'relay.db'}", line_api_base=nobody)
    with running_relay(settings) as relay:
        print(relay.url, flush=True)
        while True:
            signal.pause()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not kept as zombies
    for line in sys.stdin:
        folder, kill_at = line.rsplit(" ", 1)
        pid = os.fork()
        if pid == 0:
            serve(Path(folder), int(kill_at))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
