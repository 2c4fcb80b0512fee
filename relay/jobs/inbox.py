"""Processes waiting webhook events: each once in effect, in the order of their time per person.

The change and "done" are one transaction; the reply follows it. A reply that got no answer from LINE is
*unknown* and never pushed after. What raises is tried three times and then set aside with a reason, so that
no event blocks the others. Requirement: SEG-2.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from relay.errors import LineError, StoreUnavailable, WrongKey
from relay.features.residents import note_language
from relay.features.talk import Answered, Talk
from relay.line.client import LineClient
from relay.line.events import parse_event
from relay.store.database import Connection, Database
from relay.store.inbox import (
    LEASE,
    ClaimedEvent,
    apart,
    claim_events,
    finish_event,
    is_still_claimed,
    release_claims,
    retry_event,
    set_event_aside,
)
from relay.store.tallies import add_tallies
from relay.store.transit import TransitKeys

BATCH = 200
CHUNK = 20  # events in one commit: more would keep the webhook's writer waiting
TRIES = 3
PAUSE_AFTER_FAILURE = timedelta(seconds=5)
REPLIES_AT_ONCE = 50
LOOK_EVERY = 0.5  # seconds; a worker of its own (PostgreSQL) is not woken by the webhook, and people wait
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Reply:
    subject: bytes
    answered: Answered


class InboxJob:
    """One worker. `wake` is set by the webhook; `run_once` does what waits, `run` goes on until stopped.

    `after_batch` is called in the loop after each commit that changed something.
    """

    def __init__(
        self,
        *,
        database: Database,
        transit: TransitKeys,
        talk: Talk,
        line: LineClient,
        clock: Callable[[], datetime],
        after_batch: Callable[[], object] = lambda: None,
    ) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._transit = transit
        self._talk = talk
        self._line = line
        self._clock = clock
        self._after_batch = after_batch
        self._replies = asyncio.Semaphore(REPLIES_AT_ONCE)
        self._sending: dict[bytes, asyncio.Task[None]] = {}
        self._asides: set[asyncio.Task[None]] = set()
        self._is_first = True

    async def run_once(self) -> int:
        """Process what waits now and send the replies; returns how many events were taken."""
        taken = 0
        while count := await self._take_batch():
            taken += count
        await self.settle()
        return taken

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Replies of one batch go out while the next is processed."""
        while not stop.is_set():
            self.wake.clear()
            try:
                while await self._take_batch():
                    pass
            except StoreUnavailable as trouble:
                _log.warning("the inbox waits: %s", trouble.reason)
            except Exception as error:  # a bug of ours must not end the loop; its text could quote a resident
                _log.error("the inbox stumbled: %s", type(error).__name__)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self.wake.wait()
            except TimeoutError:
                pass
        await self.settle()

    async def settle(self) -> None:
        """Wait until every reply begun was answered or given up."""
        while self._sending or self._asides:
            await asyncio.gather(*self._sending.values(), *self._asides)

    async def _take_batch(self) -> int:
        claimed, replies = await asyncio.to_thread(self._process_batch)
        if claimed:
            self._after_batch()
        for subject, group in groupby(replies, key=lambda reply: reply.subject):
            self._begin_replies(subject, [reply.answered for reply in group])
        return claimed

    # --- in a worker thread: the store ---

    def _process_batch(self) -> tuple[int, list[_Reply]]:
        now = self._clock()
        with self._database.write() as connection:
            if self._is_first and self._database.is_embedded:
                release_claims(connection)  # of the process before this one, or of a failure below
            self._is_first = False
            claimed = claim_events(connection, now, limit=BATCH)
        # Per person in the order of LINE's own time, whatever the order of arrival.
        ordered = sorted(claimed, key=lambda event: (event.subject, event.event_at, event.no))
        replies: list[_Reply] = []
        try:
            for start in range(0, len(ordered), CHUNK):
                replies += self._process_chunk(ordered[start : start + CHUNK], now + LEASE)
        except StoreUnavailable:
            self._is_first = True
            if not replies:
                raise
        return len(claimed), replies

    def _process_chunk(self, events: Sequence[ClaimedEvent], lease_until: datetime) -> list[_Reply]:
        replies: list[_Reply] = []
        failures: list[tuple[ClaimedEvent, Exception]] = []
        counts: Counter[str] = Counter()
        with self._database.write() as connection:
            for event in events:
                if not is_still_claimed(connection, event.no, lease_until):
                    continue
                try:
                    with apart(connection):
                        answered = self._process(connection, event)
                except StoreUnavailable:
                    raise
                except Exception as error:
                    failures.append((event, error))
                    continue
                counts[answered.counted] += 1
                if answered.messages and answered.reply_token:
                    replies.append(_Reply(event.subject, answered))
            for failed, why in failures:
                counts += self._note_failure(connection, failed, why)
            add_tallies(connection, self._clock(), counts)
        return replies

    def _process(self, connection: Connection, event: ClaimedEvent) -> Answered:
        body = self._transit.open(event.transit_day, event.event_id, event.body_sealed)
        parsed = parse_event(json.loads(body), received_at=event.received_at)
        answered = self._talk.answer(connection, parsed, self._clock())
        finish_event(connection, event.no)
        return answered

    def _note_failure(self, connection: Connection, event: ClaimedEvent, error: Exception) -> Counter[str]:
        # The kind of error only: its text could quote what a resident wrote.
        kind = type(error).__name__
        _log.error("event %d failed: %s", event.no, kind)
        hopeless = isinstance(error, WrongKey)
        if not hopeless and event.attempts + 1 < TRIES:
            retry_event(connection, event.no, self._clock() + PAUSE_AFTER_FAILURE)
            return Counter({"event.retried": 1})
        set_event_aside(connection, event.no, "key_destroyed" if hopeless else kind.lower()[:40])
        return Counter({"event.set_aside": 1})

    # --- in the loop: LINE ---

    def _begin_replies(self, subject: bytes, answers: Sequence[Answered]) -> None:
        before = self._sending.get(subject)
        task = asyncio.get_running_loop().create_task(self._send_replies(before, answers))
        self._sending[subject] = task

        def forget(done: asyncio.Task[None]) -> None:
            if self._sending.get(subject) is done:
                del self._sending[subject]

        task.add_done_callback(forget)

    async def _send_replies(self, before: asyncio.Task[None] | None, answers: Sequence[Answered]) -> None:
        if before is not None:
            await before  # what a person reads keeps its order
        for answered in answers:
            if answered.new_friend:  # beside the replies: what is said next need not wait for it
                self._begin_aside(self._note_language(answered.new_friend))
        counts: Counter[str] = Counter()
        for answered in answers:
            async with self._replies:
                counts[await self._send_reply(answered)] += 1
        try:
            await asyncio.to_thread(self._count, counts)
        except StoreUnavailable:
            _log.warning("replies were not counted: the store is away")

    async def _send_reply(self, answered: Answered) -> str:
        try:
            await self._line.reply(answered.reply_token, answered.messages)
        except LineError as error:
            if error.reason == "line_unreachable":
                return "reply.unknown"  # it may have arrived: saying it again could say it twice
            _log.warning("LINE refused a reply: %s %s", error.status, error.request_id)
            return f"reply.refused.{error.reason}"
        except Exception as error:
            _log.error("a reply could not be built: %s", type(error).__name__)
            return "reply.not_built"
        return "reply.sent"

    def _begin_aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _note_language(self, user_id: str) -> None:
        """What LINE says a new friend reads. Where it does not say, they get what everybody gets, and can
        choose on the page.
        """
        try:
            profile = await self._line.profile(user_id)
            if profile is not None and profile.language:
                await asyncio.to_thread(self._write_language, user_id, profile.language)
                return
        except (LineError, StoreUnavailable):
            pass
        except Exception as error:
            _log.error("a language could not be noted: %s", type(error).__name__)
        try:
            await asyncio.to_thread(self._count, Counter({"language.unknown": 1}))
        except StoreUnavailable:
            _log.warning("an unknown language was not counted: the store is away")

    def _write_language(self, user_id: str, tag: str) -> None:
        with self._database.write() as connection:
            note_language(connection, self._database.cipher, user_id, tag)

    def _count(self, counts: Counter[str]) -> None:
        with self._database.write() as connection:
            add_tallies(connection, self._clock(), counts)
