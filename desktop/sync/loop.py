"""Rounds without end: one lane listens, one sends, both off the screen's thread. Knows asyncio, not Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from desktop.errors import PassphraseChanged, RelayRefused, Trouble
from desktop.log import LOGGER
from desktop.sync.round import RoundOutcome, Rounds
from protocol.sync import LONG_POLL_LIMIT

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
WORTH_TELLING = 2000
"""Records; fewer are there before anybody has read how many are to come."""


@dataclass(frozen=True)
class Connection:
    """What the bottom bar tells. `trouble` is set while `offline` or `refused`."""

    state: Literal["connecting", "online", "offline", "refused"]
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Receiving:
    """How far a desktop that was far behind has come. `left` 0: not known. `paused` by the person."""

    done: int
    left: int
    paused: bool = False


def _ignore(_: object) -> None:
    pass


class SyncLoop:
    """`told` gets the connection when it changes; `changed` is called after a round that changed
    something. `receiving` hears how far a large amount is (None: done), `clock_off` how wrong the clock is.
    """

    def __init__(
        self,
        rounds: Rounds,
        executor: Executor,
        *,
        told: Callable[[Connection], None],
        changed: Callable[[], None],
        receiving: Callable[[Receiving | None], None] = _ignore,
        clock_off: Callable[[timedelta], None] = _ignore,
    ) -> None:
        self._rounds = rounds
        self._executor = executor
        self._told = told
        self._changed = changed
        self._receiving, self._clock_off = receiving, clock_off
        self._received = 0
        self._going = asyncio.Event()
        self._going.set()
        self._wake = asyncio.Event()
        self._retry = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.connection = Connection("connecting")

    def start(self) -> None:
        """Needs a running asyncio loop."""
        self._wake.set()
        self._tasks = [asyncio.ensure_future(self._send()), asyncio.ensure_future(self._listen())]

    def wake(self) -> None:
        """Something is in the outbox, or a person pressed 「今すぐ同期」."""
        self._wake.set()
        self._retry.set()

    def pause(self) -> None:
        """Take no more records for now; what was taken stays. Changes of this person still go out."""
        self._going.clear()

    def go_on(self) -> None:
        self._going.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._until_done(self._rounds.deliver, is_sending=True)

    async def _listen(self) -> None:
        while True:
            await self._until_done(lambda: self._rounds.listen(LONG_POLL_LIMIT), is_sending=False)

    async def _until_done(self, call: Callable[[], RoundOutcome], *, is_sending: bool) -> None:
        """The sending lane goes on while there is something to send; receiving is the listening lane's."""
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            try:
                outcome = await loop.run_in_executor(self._executor, call)
            except Trouble as trouble:
                self._tell(trouble)
                await self._rest(_pause_after(trouble, pause))
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except Exception as error:  # ours to mend; the lane must not die of it unseen
                LOGGER.error("bug in a round: %s", type(error).__name__, exc_info=error)
                self._tell(Trouble())
                await self._rest(LONGEST_PAUSE)
                continue
            self._set(Connection("online"))
            if outcome.changed:
                self._changed()
            if outcome.clock_off is not None:
                self._clock_off(outcome.clock_off)
            if is_sending:
                if not outcome.unsent:
                    return
                continue
            await self._follow(outcome)
            if not outcome.more:
                return

    async def _follow(self, outcome: RoundOutcome) -> None:
        """Tell how far it is, and wait here while the person wants no more."""
        if not outcome.more:
            if self._received >= WORTH_TELLING:
                self._receiving(None)
            self._received = 0
            return
        self._received += outcome.received
        if self._received + outcome.left < WORTH_TELLING:
            return
        self._receiving(Receiving(self._received, outcome.left, paused=not self._going.is_set()))
        if not self._going.is_set():
            await self._going.wait()
            self._receiving(Receiving(self._received, outcome.left))

    async def _rest(self, seconds: float) -> None:
        self._retry.clear()
        try:
            await asyncio.wait_for(self._retry.wait(), seconds)
        except TimeoutError:
            return

    def _tell(self, trouble: Trouble) -> None:
        refused = isinstance(trouble, PassphraseChanged) or (
            isinstance(trouble, RelayRefused) and trouble.reason not in ("busy", "throttled")
        )
        self._set(Connection("refused" if refused else "offline", trouble))

    def _set(self, connection: Connection) -> None:
        before = self.connection
        self.connection = connection
        if (before.state, _code(before.trouble)) != (connection.state, _code(connection.trouble)):
            LOGGER.info("connection: %s %s", connection.state, _code(connection.trouble))
            self._told(connection)


def _code(trouble: Trouble | None) -> str:
    """One refusal is not another: the reason counts."""
    return trouble.reason if isinstance(trouble, RelayRefused) else getattr(trouble, "code", "")


def _pause_after(trouble: Trouble, pause: float) -> float:
    if isinstance(trouble, RelayRefused):
        return float(trouble.retry_after or LONGEST_PAUSE)
    return pause
