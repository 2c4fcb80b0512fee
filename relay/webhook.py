"""LINE's webhook: verify the signature on the raw bytes, store every event, answer after the commit.

Nothing is processed here; `relay/jobs/inbox.py` does that. A bare ASGI callable without framework or ORM,
because LINE gives up after two seconds and a million friends may answer at once (design "Hot paths").
Decision: `docs/decisions/010-one-commit-for-all-waiting-webhooks.md`. Requirements: SEC-2, SEC-3.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from relay.errors import StoreUnavailable
from relay.slow_bodies import BodyClock, BodyTooSlow
from relay.store.database import Database
from relay.store.inbox import NewEvent, hashed_event_id, microseconds
from relay.store.inbox_writer import event_writer
from relay.store.tallies import add_tallies
from relay.store.transit import TransitKeys

BODY_LIMIT = 2 * 1024 * 1024  # bytes; LINE's own bodies are far smaller
ANSWER_WITHIN = 1.8  # seconds; LINE counts an answer after two as failed and redelivers
SLOW_BODY_LIMIT = 10.0  # seconds a body may take
WAITING_LIMIT = 20_000  # events in memory; beyond it LINE is told to come again
TALLY_EVERY = 5.0  # seconds between writes of refusals, so that forged requests cannot keep the disk busy

_EVENT_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NOTHING = (b"content-length", b"0")
_log = logging.getLogger(__name__)


class _BodyRefused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _Batch:
    """Events of all requests that wait for the same commit. `on_late` is called when its time is over."""

    def __init__(self, on_late: Callable[[_Batch], None]) -> None:
        self.events: list[NewEvent] = []
        self.requests: list[asyncio.Future[bool]] = []
        # Whatever holds the store up, nobody waits longer: LINE comes again with the same event ids.
        self._deadline = asyncio.get_running_loop().call_later(ANSWER_WITHIN, on_late, self)

    def finish(self, *, stored: bool = False) -> None:
        """The first call counts: what is late to be stored was already answered with 503."""
        self._deadline.cancel()
        for request in self.requests:
            if not request.done():
                request.set_result(stored)


class Webhook:
    """The ASGI application of the webhook's path.

    `secrets`: the channel secret, and for a short while the one before it, because LINE ends the old secret
    at once when a new one is issued. `wake` is called after each commit that brought events, `on_refused` for
    every request that was not taken, with the status it is answered with.
    """

    def __init__(
        self,
        *,
        database: Database,
        transit: TransitKeys,
        secrets: Sequence[str],
        clock: Callable[[], datetime],
        wake: Callable[[], object],
        on_refused: Callable[[Scope, int], object] = lambda scope, status: None,
        read_within: float = SLOW_BODY_LIMIT,
    ) -> None:
        self._database = database
        self._transit = transit
        self.use_secrets(secrets)
        self._clock = clock
        self._wake = wake
        self._on_refused = on_refused
        self._bodies = BodyClock(read_within)
        self._gathering: _Batch | None = None
        self._late: list[_Batch] = []
        self._subject_key = database.cipher.derive("inbox subject")
        self._writer = event_writer(database)
        self._writing = 0
        self._waiting_events = 0
        self._tallies: Counter[str] = Counter()
        self._tally_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status = await self._take(scope, receive)
        if status >= 400:
            self._on_refused(scope, status)
        await _answer(send, status)

    def use_secrets(self, secrets: Sequence[str]) -> None:
        """From the next request on."""
        self._secrets = [secret.encode("utf-8") for secret in secrets if secret]

    async def aclose(self) -> None:
        """Write what waits; call when no more requests come."""
        self._bodies.stop()
        while self._tasks:
            await asyncio.gather(*self._tasks)
        if self._tally_timer is not None:
            self._tally_timer.cancel()
        if self._tallies:
            await self._write_tallies()
        await self._writer.aclose()

    async def _take(self, scope: Scope, receive: Receive) -> int:
        """The HTTP status to answer with."""
        if scope["method"] != "POST":
            return 405
        try:
            body = await self._read_body(scope, receive)
            self._verify(scope, body)
            events = _parse_events(body)
        except _BodyRefused as refusal:
            self._count(refusal.reason)
            return refusal.status
        if not events:
            return 200  # LINE's connection check
        if self._waiting_events + len(events) > WAITING_LIMIT:
            self._count("webhook.busy")
            return 503
        try:
            stored = self._put(events)
        except OSError:  # the day's transit key cannot be written or read
            self._count("webhook.no_transit_key")
            return 503
        except RecursionError:  # nested so deep that it cannot be written again; LINE sends nothing like it
            self._count("webhook.malformed")
            return 400
        return 200 if await stored else 503

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > BODY_LIMIT:
                raise _BodyRefused(413, "webhook.too_large")
        try:
            return await self._bodies.limit(_read_parts(receive))
        except BodyTooSlow:
            raise _BodyRefused(408, "webhook.too_slow") from None

    def _verify(self, scope: Scope, body: bytes) -> None:
        claimed = b""
        for name, value in scope["headers"]:
            if name == b"x-line-signature":
                claimed = value
                break
        if not claimed:
            raise _BodyRefused(401, "webhook.unsigned")
        for secret in self._secrets:
            signature = base64.b64encode(hmac.digest(secret, body, hashlib.sha256))
            if hmac.compare_digest(signature, claimed):
                return
        raise _BodyRefused(401, "webhook.forged")

    def _put(self, events: list[Any]) -> asyncio.Future[bool]:
        """Whether they were stored, in time."""
        now = self._clock()
        received_at = microseconds(now)
        sealed = [self._seal(event, now, received_at) for event in events]  # all or, when it fails, none
        loop = asyncio.get_running_loop()
        batch = self._gathering
        if batch is None:
            batch = self._gathering = _Batch(self._give_up)
            if self._writing < self._writer.at_once:
                self._writing += 1
                # At the end of this tick, so that every request read in it joins the same commit.
                loop.call_soon(self._begin_writing)
        batch.events += sealed
        self._waiting_events += len(sealed)
        request = loop.create_future()
        batch.requests.append(request)
        return request

    def _seal(self, event: Any, now: datetime, received_at: int) -> NewEvent:
        event_id = event.get("webhookEventId") if isinstance(event, dict) else None
        if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
            event_id = hashed_event_id(event)
        day, sealed = self._transit.seal(now, event_id, _event_bytes(event))
        return NewEvent(
            event_id=event_id,
            received_at=received_at,
            event_at=_event_time(event, received_at),
            subject=self._subject(event),
            transit_day=day,
            body_sealed=sealed,
        )

    def _subject(self, event: Any) -> bytes:
        source = event.get("source") if isinstance(event, dict) else None
        user_id = source.get("userId") if isinstance(source, dict) else None
        if not isinstance(user_id, str) or not user_id.isascii():
            return b""
        return hashlib.blake2b(user_id.encode("ascii"), key=self._subject_key, digest_size=16).digest()

    def _give_up(self, batch: _Batch) -> None:
        """Its requests are answered; nobody may join it, because its deadline will not come again."""
        batch.finish()
        if batch is self._gathering:
            self._gathering = None
            self._late.append(batch)

    def _next_batch(self) -> _Batch | None:
        """What was answered with 503 is stored too: when LINE repeats it, its id is known."""
        if self._late:
            return self._late.pop(0)
        batch, self._gathering = self._gathering, None
        return batch

    def _begin_writing(self) -> None:
        task = asyncio.get_running_loop().create_task(self._write_batches())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_batches(self) -> None:
        """Commit batch after batch until nobody waits; while one is written the next one gathers."""
        try:
            while (batch := self._next_batch()) is not None:
                await self._write(batch)
        finally:
            self._writing -= 1

    async def _write(self, batch: _Batch) -> None:
        try:
            await self._writer.store(batch.events)
            batch.finish(stored=True)
            self._wake()
        except StoreUnavailable as trouble:
            self._count(f"webhook.{trouble.reason}")
        except Exception as error:  # one odd failure must not end the loop; its text could quote an event
            _log.error("a batch was not stored: %s", type(error).__name__)
            self._count("webhook.failed")
        finally:
            batch.finish()
            self._waiting_events -= len(batch.events)

    def _count(self, name: str) -> None:
        self._tallies[name] += 1
        if self._tally_timer is None:
            loop = asyncio.get_running_loop()
            self._tally_timer = loop.call_later(TALLY_EVERY, self._begin_tallying)

    def _begin_tallying(self) -> None:
        self._tally_timer = None
        task = asyncio.get_running_loop().create_task(self._write_tallies())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_tallies(self) -> None:
        counts, self._tallies = self._tallies, Counter()

        def write() -> None:
            with self._database.write() as connection:
                add_tallies(connection, self._clock(), counts)

        try:
            await asyncio.to_thread(write)
        except Exception as error:
            _log.warning("refusals wait to be counted: %s", type(error).__name__)
            self._tallies.update(counts)  # kept in memory until the store takes them


async def _read_parts(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _BodyRefused(400, "webhook.cut_off")
        part: bytes = message.get("body", b"")
        parts.append(part)
        size += len(part)
        more = message.get("more_body", False)
        if size > BODY_LIMIT:
            raise _BodyRefused(413, "webhook.too_large")
    return b"".join(parts)


def _parse_events(body: bytes) -> list[Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = _parse_leniently(body)
    events = parsed.get("events") if isinstance(parsed, dict) else None
    if not isinstance(events, list):
        raise _BodyRefused(400, "webhook.malformed")
    return events


def _parse_leniently(body: bytes) -> Any:
    # A half surrogate pair typed by one resident must not cost the other events of the same body.
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _BodyRefused(400, "webhook.malformed") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _event_bytes(event: Any) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError:  # half surrogate pairs, integers beyond 64 bits, nested too deep for orjson
        return json.dumps(event, separators=(",", ":")).encode("ascii")


def _event_time(event: Any, received_at: int) -> int:
    """LINE's time of the event; the time of receipt where it is missing or makes no sense."""
    stamp = event.get("timestamp") if isinstance(event, dict) else None
    if isinstance(stamp, int | float) and not isinstance(stamp, bool) and 0 < stamp * 1000 <= received_at:
        return int(stamp * 1000)
    return received_at


async def _answer(send: Send, status: int) -> None:
    headers = [_NOTHING]
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
