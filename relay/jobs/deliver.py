"""Sends frozen batches: claims them, calls LINE at the allowed pace, writes what came of it.

Whatever happens at any line, a batch is only ever sent again with its own key and body, so every resident is
reached at most once. What an answer means is in `features/outcomes.py`; commits are in `features/ledger.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from relay.errors import StoreUnavailable
from relay.features.ledger import Ledger, Turn
from relay.features.outcomes import (
    decide_outcome,
    is_too_late,
    not_tried,
    random_jitter,
    unknown_for_good,
)
from relay.features.segments import SegmentIndex
from relay.jobs.loop import woken_at_stop
from relay.jobs.pace import Pace
from relay.line.answers import LineAnswer
from relay.line.multicast import message_tail, multicast_body
from relay.store.batches import Claim, Outcome
from relay.store.runs import Text

IN_HAND = 320
"""Claims held at a time: what waits for its moment, and what LINE has not answered yet."""
IN_FLIGHT = 150
_TURN_EVERY = 0.04
_LOOK_EVERY = 0.5
_REFRESH_EVERY = 1.0
_LEASE_MARGIN = timedelta(seconds=2)
_STOP_LIMIT = 8.0
_AFTER_ANOTHER = 1.1
"""Seconds to wait where calls may have been made a moment ago that this pace does not know of."""
_log = logging.getLogger(__name__)

Multicast = Callable[[bytes, str], Awaitable[LineAnswer]]
Push = Callable[[str, Text, str], Awaitable[LineAnswer]]
Broadcast = Callable[[Text, str], Awaitable[LineAnswer]]


class Deliverer:
    """One worker's sender.

    `multicast` takes (body, retry key), `push` (user id, text, retry key), `broadcast` (text, retry key).
    """

    def __init__(
        self,
        ledger: Ledger,
        index: SegmentIndex,
        clock: Callable[[], datetime],
        *,
        multicast: Multicast,
        push: Push,
        broadcast: Broadcast,
        pace: Pace,
    ) -> None:
        self._ledger = ledger
        self._index = index
        self._clock = clock
        self._multicast = multicast
        self._push = push
        self._broadcast = broadcast
        self._pace = pace
        self._outcomes: list[Outcome] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._flights = asyncio.Semaphore(IN_FLIGHT)
        self._news = asyncio.Event()
        self._may_call_until: datetime | None = None
        self._turns = 0
        self._refreshed_at = -_REFRESH_EVERY
        self._paused: dict[str, int] = {}
        self._stopping = False
        self._texts: dict[tuple[str, int], Text] = {}
        self._tails: dict[tuple[str, int], bytes] = {}
        self._in_hand: Counter[str] = Counter()
        self._reading = asyncio.Lock()

    def wake(self) -> None:
        """Look for work now; call in the event loop."""
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then calls under way are awaited and their outcomes written."""
        if await asyncio.to_thread(self._ledger.take_over):
            self._pace.hold(_AFTER_ANOTHER)
        async with woken_at_stop(stop, self.wake):
            while not stop.is_set():
                await self._turn(want=IN_HAND - len(self._tasks))
                await self._rest()
        self._stopping = True
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_LIMIT)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._turn(want=0)

    async def _turn(self, want: int) -> None:
        outcomes, self._outcomes = self._outcomes, []
        self._news.clear()
        self._turns += 1
        try:
            in_hand = [run for run, claims in self._in_hand.items() if claims]
            turn = await asyncio.to_thread(self._take_turn, outcomes, want, bool(self._tasks), in_hand)
        except StoreUnavailable as trouble:
            # The calls were made and their keys are stored: kept here until the store takes them again.
            _log.warning("outcomes wait for the store: %s", trouble.reason)
            self._outcomes = outcomes + self._outcomes
            await asyncio.sleep(_LOOK_EVERY)
            return
        self._note(turn)
        for claim in turn.claims:
            self._in_hand[claim.run] += 1
            task = asyncio.create_task(self._send(claim, self._turns))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take_turn(self, outcomes: list[Outcome], want: int, is_busy: bool, in_hand: list[str]) -> Turn:
        now = time.monotonic()
        if want > 0 and now - self._refreshed_at >= _REFRESH_EVERY:
            self._index.refresh()  # who blocked the account meanwhile is left out of the next batches
            self._refreshed_at = now
        return self._ledger.turn(outcomes, want, is_busy=is_busy, in_hand=in_hand)

    def _note(self, turn: Turn) -> None:
        if turn.was_elsewhere:
            self._pace.hold(_AFTER_ANOTHER)
        self._may_call_until = turn.may_call_until
        for run in turn.stopped:  # the claims of this turn are of runs that were going on when it was made
            self._paused[run] = self._turns - 1
        for run in turn.ended:
            self._paused.pop(run, None)
            self._in_hand.pop(run, None)
            for key in [key for key in self._texts if key[0] == run]:
                del self._texts[key]
                self._tails.pop(key, None)

    async def _rest(self) -> None:
        """A short while when calls are under way, until something happens when there is nothing to do."""
        if self._tasks or self._outcomes:
            await asyncio.sleep(_TURN_EVERY)
            return
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _send(self, claim: Claim, turn: int) -> None:
        # Whatever ends this early, a cancelled call included, may have reached LINE.
        outcome = self._decide(claim, LineAnswer(status=None))
        try:
            async with self._flights:
                call = await self._prepare(claim)
                if not self._stopping:
                    await self._pace.wait()
                outcome = self._without_call(claim, turn) or await self._call(claim, call)
        except Exception:
            _log.exception("a batch could not be sent")
        finally:
            if outcome.pauses:
                # Claims of this turn and earlier ones do not know it yet.
                self._paused[claim.run] = self._turns
            self._in_hand[claim.run] -= 1
            self._outcomes.append(outcome)

    def _without_call(self, claim: Claim, turn: int) -> Outcome | None:
        """The outcome of a claim LINE must not be called for, or None."""
        now = self._clock()
        if is_too_late(claim, now):
            return unknown_for_good(claim)
        is_paused = turn <= self._paused.get(claim.run, 0)
        is_mine = self._may_call_until is not None and now <= self._may_call_until - _LEASE_MARGIN
        return not_tried(claim) if self._stopping or is_paused or not is_mine else None

    async def _call(self, claim: Claim, call: Callable[[], Awaitable[LineAnswer]]) -> Outcome:
        answer = await call()
        outcome = self._decide(claim, answer)
        if answer.status == 429 and not outcome.pauses:
            self._pace.hold(1.0)
        return outcome

    def _decide(self, claim: Claim, answer: LineAnswer) -> Outcome:
        return decide_outcome(claim, answer, self._clock(), jitter=random_jitter())

    async def _prepare(self, claim: Claim) -> Callable[[], Awaitable[LineAnswer]]:
        """Everything but the call itself, so that the moment given by the pace is the moment it leaves."""
        text = await self._text(claim.run, claim.text)
        if claim.endpoint == "broadcast":
            return lambda: self._broadcast(text, claim.retry_key)
        user_ids = self._index.user_ids(claim.members)
        if not user_ids:
            return _nobody
        if claim.endpoint == "push":
            return lambda: self._push(user_ids[0].decode("ascii"), text, claim.retry_key)
        body = multicast_body(user_ids, self._tails[claim.run, claim.text])
        return lambda: self._multicast(body, claim.retry_key)

    async def _text(self, run: str, no: int) -> Text:
        async with self._reading:
            if (run, no) not in self._texts:
                text = await asyncio.to_thread(self._ledger.text, run, no)
                self._tails[run, no] = message_tail(text.messages, silent=text.silent, unit=text.unit)
                self._texts[run, no] = text
            return self._texts[run, no]


async def _nobody() -> LineAnswer:
    """The answer for a batch whose people are all gone from the store."""
    return LineAnswer(status=404)
