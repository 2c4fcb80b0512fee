"""Runs the relay's duties side by side until told to stop: those done again and again, and queued jobs.

One failing duty is logged and tried again later; it never stops the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.errors import StoreUnavailable
from relay.features.news import NewsBell
from relay.store.database import Database
from relay.store.jobs import Job, claim_job, finish_job, give_up_job, has_due_job, put_off_job, release_jobs

_JOB_LIFE = timedelta(minutes=2)
_JOB_TRIES = 10
_LOOK_EVERY = 0.5
_AFTER_TROUBLE = 2.0
_log = logging.getLogger(__name__)

Duty = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set."""


@dataclass(frozen=True)
class Repeated:
    """A duty of one short call in a thread, every so many seconds."""

    name: str
    work: Callable[[], object]
    every: float

    async def __call__(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.work)
            except StoreUnavailable as trouble:
                _log.warning("%s waits for the store: %s", self.name, trouble.reason)
            except Exception:
                _log.exception("%s failed", self.name)
            await wait_for_stop(stop, self.every)


class JobQueue:
    """Takes queued jobs, one at a time, and hands each to the function of its kind."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        bell: NewsBell,
        kinds: Mapping[str, Callable[[str], object]],
        *,
        owner: str,
        after_job: Callable[[], object] = lambda: None,
        given_up: Callable[[str], object] = lambda subject: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._kinds = kinds
        self._owner = owner
        self._after_job = after_job
        self._given_up = given_up

    async def __call__(self, stop: asyncio.Event) -> None:
        if self._database.is_embedded:  # the only process: whoever held a job before is dead
            await asyncio.to_thread(self._release)
        async with woken_at_stop(stop, self._bell.ring):
            await self._work(stop)

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            event = self._bell.hand_out()
            try:
                while not stop.is_set() and await asyncio.to_thread(self.take_one):
                    self._after_job()
                async with asyncio.timeout(_LOOK_EVERY):
                    await event.wait()
            except TimeoutError:
                continue
            except StoreUnavailable as trouble:
                _log.warning("jobs wait for the store: %s", trouble.reason)
                await wait_for_stop(stop, _AFTER_TROUBLE)
            finally:
                self._bell.take_back(event)

    def take_one(self) -> bool:
        """Do the next job that is due; whether there was one."""
        now = self._clock()
        kinds = list(self._kinds)
        with self._database.read() as connection:
            if not has_due_job(connection, kinds, now):
                return False  # an idle relay writes nothing
        with self._database.write() as connection:
            until = now + _JOB_LIFE
            job = claim_job(connection, kinds, owner=self._owner, now=now, lease_until=until)
        if job is None:
            return False
        try:
            self._kinds[job.kind](job.subject)
        except Exception as error:
            self._put_off(job, error)
            return True
        with self._database.write() as connection:
            finish_job(connection, job.id, owner=self._owner)
        self._bell.ring()
        return True

    def _put_off(self, job: Job, error: Exception) -> None:
        reason = error.reason if isinstance(error, StoreUnavailable) else "failed"
        _log.error("job %s failed (try %d): %s", job.kind, job.attempts, type(error).__name__, exc_info=error)
        with self._database.write() as connection:
            if job.attempts >= _JOB_TRIES:
                give_up_job(connection, job.id, owner=self._owner, reason=reason)
            else:
                run_at = self._clock() + timedelta(seconds=2**job.attempts)
                put_off_job(connection, job.id, owner=self._owner, run_at=run_at, reason=reason)
        if job.attempts >= _JOB_TRIES:
            self._given_up(job.subject)
            self._bell.ring()

    def _release(self) -> None:
        with self._database.write() as connection:
            release_jobs(connection, list(self._kinds))


async def run_duties(duties: Sequence[Duty], stop: asyncio.Event) -> None:
    """All duties at once, until `stop`; returns when each has finished what it was at."""
    await asyncio.gather(*(_kept_alive(duty, stop) for duty in duties))


@asynccontextmanager
async def woken_at_stop(stop: asyncio.Event, wake: Callable[[], object]) -> AsyncIterator[None]:
    """Calls `wake` when told to stop, so that a duty at rest ends at once."""

    async def watch() -> None:
        await stop.wait()
        wake()

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()


async def wait_for_stop(stop: asyncio.Event, seconds: float) -> None:
    """Return after that time, or at once when `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


async def _kept_alive(duty: Duty, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await duty(stop)
        except Exception:
            _log.exception("a duty stopped and begins again")
            await wait_for_stop(stop, _AFTER_TROUBLE)
