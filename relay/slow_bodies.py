"""A limit on how long a body may take to come, with one timer for all requests.

A timer of its own for each of 20,000 requests a second cost a sixth of the webhook's time (bench `ingest`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class BodyTooSlow(Exception):
    """The body did not come in time."""


class BodyClock:
    """Ends what takes longer than `within` seconds, at the latest twice that. For one event loop."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._reading: dict[asyncio.Task[Any], float] = {}  # oldest first: all have the same time
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def limit(self, reading: Awaitable[T]) -> T:
        """What `reading` gives. Raises BodyTooSlow."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._reading[task] = loop.time() + self._within
        if self._timer is None:
            self._timer = loop.call_later(self._within, self._sweep, loop)
        try:
            return await reading
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise BodyTooSlow from None
        finally:
            self._late.discard(task)
            del self._reading[task]

    def stop(self) -> None:
        """No more requests come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, ends in self._reading.items():
            if ends <= now and task not in self._late:
                self._late.add(task)
                task.cancel()
        self._timer = loop.call_later(self._within, self._sweep, loop) if self._reading else None
