"""The access log: gathered in memory, written every second, never in the way of a request. SEC-5.

An entry holds the route's pattern and no path, query, token or user id (security B11).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from protocol.audit import AUDIT_PAGE, AccessLogQuery, AccessPage
from relay.errors import Refused, StoreUnavailable
from relay.store.access_log import Access, add_accesses, search_accesses
from relay.store.database import Database
from relay.store.tallies import add_tallies

WAITING_LIMIT = 50_000
LOST = "access_log.lost"
_HIGHEST = 2**62


class AccessLog:
    """`note` from any thread; `flush` writes. `kept_days`: how long entries stay, for whoever reads them."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, kept_days: int) -> None:
        self._database = database
        self._clock = clock
        self._kept_days = kept_days
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[Access] = []
        self._lost = 0

    def note(self, access: Access) -> None:
        with self._lock:
            if len(self._waiting) < WAITING_LIMIT:
                self._waiting.append(access)
            else:  # the store is away and somebody floods us; the number is kept
                self._lost += 1

    def flush(self) -> None:
        """Write what waits, in the order it was noted. Raises StoreUnavailable, and then keeps it."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, []
                lost, self._lost = self._lost, 0
            if not waiting and not lost:
                return
            try:
                with self._database.write() as connection:
                    add_accesses(connection, self._database.cipher, waiting)
                    add_tallies(connection, self._clock(), {LOST: lost})
            except StoreUnavailable:
                with self._lock:
                    self._waiting = waiting + self._waiting
                    self._lost += lost
                raise

    def search(self, query: AccessLogQuery) -> AccessPage:
        """A page of entries, newest first. Raises Refused `malformed`."""
        limit = max(1, min(query.limit, AUDIT_PAGE))
        times = (query.since, query.until)
        if any(time is not None and time.tzinfo is None for time in times):
            raise Refused("malformed", status=400)
        if query.before is not None and not 0 <= query.before < _HIGHEST:
            raise Refused("malformed", status=400)
        if (query.status is not None and not 0 <= query.status < 1000) or "\0" in query.route:
            raise Refused("malformed", status=400)
        self.flush()
        with self._database.read() as connection:
            found = search_accesses(connection, self._database.cipher, query, limit + 1)
        return AccessPage(entries=tuple(found[:limit]), more=len(found) > limit, kept_days=self._kept_days)
