"""The pace of calls: a schedule, and a window that no second ever holds more calls than LINE allows.

A schedule alone lets 201 to 208 calls into some second when the machine stalls; the window stops that.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque

LINE_LIMIT = 200
_WINDOW = 1.03
"""A little more than the second LINE counts, for what a busy machine and the network squeeze together."""
_CATCH_UP = 0.1


class Pace:
    """Hands out moments to call, `per_second` on average; `hold` when another worker was sending."""

    def __init__(self, per_second: int) -> None:
        self._gap = 1.0 / per_second
        self._limit = min(LINE_LIMIT - 1, math.ceil(per_second * _WINDOW) + 1)
        self._next = 0.0
        self._stamps: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return at the moment the call may be made; callers come in the order they asked."""
        async with self._turn:
            while (delay := self._delay(time.monotonic())) > 0:  # noqa: ASYNC110  # a time, no event
                await asyncio.sleep(delay)
            now = time.monotonic()
            self._stamps.append(now)
            # After a stall a few calls may follow faster, so that the average is kept.
            self._next = max(self._next or now, now - _CATCH_UP) + self._gap

    def hold(self, seconds: float) -> None:
        """Nothing goes out for that long: LINE said it was too fast, or somebody else was sending."""
        self._next = max(self._next, time.monotonic() + seconds)

    def _delay(self, now: float) -> float:
        while self._stamps and self._stamps[0] <= now - _WINDOW:
            self._stamps.popleft()
        until_schedule = self._next - now
        if len(self._stamps) < self._limit:
            return until_schedule
        return max(until_schedule, self._stamps[0] + _WINDOW - now)
