"""Wakes the rounds that wait for news. Holds no data: a woken round looks into the store itself."""

from __future__ import annotations

import asyncio
import threading


class NewsBell:
    """Rung from any thread after a commit; every round waiting in an event loop wakes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def ring(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # the loop ended while we rang; nobody waits there any more
                continue

    def hand_out(self) -> asyncio.Event:
        """An event set at the next ring. Take it before looking into the store, so that no ring is missed."""
        event = asyncio.Event()
        with self._lock:
            self._waiting.add((asyncio.get_running_loop(), event))
        return event

    def take_back(self, event: asyncio.Event) -> None:
        with self._lock:
            self._waiting.discard((asyncio.get_running_loop(), event))
