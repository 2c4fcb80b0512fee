"""Destroys what requests leave behind: transit keys, event ids, page sessions, accesses, half uploads.

What staff leave behind is swept in `duties.py`. Retention is written in docs/architecture.md.
Requirements: SEC-2, SEC-12.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.audit import ACCESS_LOG_FLOOR_DAYS
from relay.store.access_log import forget_accesses
from relay.store.database import Database
from relay.store.files import forget_half_files
from relay.store.inbox import forget_events, has_waiting_of_day
from relay.store.pages import forget_page_sessions
from relay.store.transit import TransitKeys

KEEP_EVENT_IDS = timedelta(days=30)
KEEP_HALF_FILES = timedelta(days=7)
"""How long an upload that broke off can go on: half a film is a hundred megabytes nobody can use."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Purged:
    """What one sweep took away. `days_waiting`: transit keys kept because an event is still to be done."""

    days_destroyed: tuple[str, ...]
    days_waiting: tuple[str, ...]
    event_ids: int
    page_sessions: int
    accesses: int = 0
    half_files: int = 0


class Purge:
    """Call `run_once` every few minutes, in one process or in several."""

    def __init__(
        self,
        *,
        database: Database,
        transit: TransitKeys,
        clock: Callable[[], datetime],
        access_log_days: int = ACCESS_LOG_FLOOR_DAYS,
    ) -> None:
        self._database = database
        self._transit = transit
        self._clock = clock
        # Whatever a caller says, what the town may have to show is not thrown away earlier.
        self._keep_accesses = timedelta(days=max(access_log_days, ACCESS_LOG_FLOOR_DAYS))

    def run_once(self) -> Purged:
        """Raises StoreUnavailable."""
        now = self._clock()
        destroyed, waiting = self._destroy_keys(now)
        with self._database.write() as connection:
            purged = Purged(
                days_destroyed=tuple(destroyed),
                days_waiting=tuple(waiting),
                event_ids=forget_events(connection, now - KEEP_EVENT_IDS),
                page_sessions=forget_page_sessions(connection, now),
                accesses=forget_accesses(connection, before=now - self._keep_accesses),
                half_files=forget_half_files(connection, now - KEEP_HALF_FILES),
            )
        if purged.days_waiting:
            _log.warning("events of %s still wait, so their keys are kept", ", ".join(purged.days_waiting))
        return purged

    def _destroy_keys(self, now: datetime) -> tuple[list[str], list[str]]:
        destroyed: list[str] = []
        waiting: list[str] = []
        for day in self._transit.days_older_than_life(now):
            with self._database.read() as connection:
                is_waiting = has_waiting_of_day(connection, day)
            if is_waiting:
                waiting.append(day)
            else:
                self._transit.destroy(day)
                destroyed.append(day)
        return destroyed, waiting
