"""Sends signed webhooks, in order per resident unless told otherwise, and counts the answers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from sandbox.line import events
from sandbox.line.errors import Finding
from sandbox.line.state import Platform

USER_AGENT = "LineBotWebhook/2.0"
DISORDER_SECONDS = 0.3
# Disorder and duplicates are trouble on demand, not secrets.
_CHANCE = random.Random()  # noqa: S311


def sign(secret: str, raw: bytes) -> str:
    """x-line-signature: Base64 of HMAC-SHA256 over the raw body, key = channel secret."""
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How our call was answered; ``reason`` uses the words of the webhook test endpoint."""

    reason: str
    status: int = 0
    detail: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "reason": self.reason,
            "status": self.status,
            "detail": self.detail,
            "seconds": round(self.seconds, 4),
        }


NOT_CONFIGURED = Outcome("NOT_CONFIGURED", detail="no webhook URL is set")


@dataclass(slots=True)
class _Pending:
    event: dict[str, Any]
    user_id: str
    answered: asyncio.Future[Outcome]
    fault: dict[str, Any] = field(default_factory=dict)


class WebhookSender:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._queues: list[asyncio.Queue[_Pending]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.forget()

    def forget(self) -> None:
        self.counts: Counter[str] = Counter()
        self.invalid: list[dict[str, Any]] = []
        self.slowest = 0.0
        self._waiting = 0

    def start(self) -> None:
        for _ in range(max(1, self._platform.settings.webhook_concurrency)):
            queue: asyncio.Queue[_Pending] = asyncio.Queue()
            self._queues.append(queue)
            self._keep(self._work(queue))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def post(self, event: dict[str, Any], user_id: str) -> asyncio.Future[Outcome]:
        """Queues one event. The future holds how its first delivery was answered."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Outcome] = loop.create_future()
        if not self._platform.settings.webhook_url:
            self.counts["NOT_CONFIGURED"] += 1
            answered.set_result(NOT_CONFIGURED)
            return answered
        pending = _Pending(event, user_id, answered, self._platform.faults.take("webhook") or {})
        self._waiting += 1
        # One resident always has the same worker, so that events keep their order.
        queue = self._queues[hash(user_id) % len(self._queues)]
        if self._platform.settings.webhook_disorder:
            queue = _CHANCE.choice(self._queues)
            loop.call_later(_CHANCE.random() * DISORDER_SECONDS, queue.put_nowait, pending)
        else:
            queue.put_nowait(pending)
        return answered

    async def _work(self, queue: asyncio.Queue[_Pending]) -> None:
        while True:
            batch = [await queue.get()]
            most = self._platform.settings.webhook_batch_events
            while len(batch) < most and not queue.empty():
                batch.append(queue.get_nowait())
            await self._deliver(batch)

    async def _deliver(self, batch: list[_Pending]) -> None:
        settings = self._platform.settings
        sent = [event for pending in batch for event in self._with_faults(pending)]
        if settings.webhook_disorder:
            _CHANCE.shuffle(sent)
        faulty = any(pending.fault for pending in batch)
        outcome = await self._send(sent, redelivery=False, faulty=faulty)
        self._waiting -= len(batch)
        for pending in batch:
            if not pending.answered.done():
                pending.answered.set_result(outcome)
        copies = max(int(pending.fault.get("duplicate_webhook", 0)) for pending in batch)
        if _CHANCE.random() < settings.webhook_duplicate_share:
            copies += 1
        for _ in range(copies):
            await self._send(sent, redelivery=False, faulty=faulty)
        if outcome.reason != "OK" and settings.webhook_redelivery:
            self._keep(self._redeliver(sent, faulty))

    def _with_faults(self, pending: _Pending) -> list[dict[str, Any]]:
        made = [pending.event]
        if pending.fault.get("extra_properties"):
            made = [events.with_extra_properties(pending.event)]
        if pending.fault.get("unknown_message"):
            made.insert(0, events.unknown_message(self._platform, pending.user_id))
        if pending.fault.get("unknown_event"):
            made.insert(0, events.unknown_event(self._platform, pending.user_id))
        return made

    async def _redeliver(self, sent: list[dict[str, Any]], faulty: bool) -> None:
        settings = self._platform.settings
        for _ in range(settings.webhook_redelivery_attempts):
            await asyncio.sleep(settings.webhook_redelivery_interval)
            again = [{**event, "deliveryContext": {"isRedelivery": True}} for event in sent]
            if (await self._send(again, redelivery=True, faulty=faulty)).reason == "OK":
                return

    async def _send(self, sent: list[dict[str, Any]], *, redelivery: bool, faulty: bool) -> Outcome:
        settings = self._platform.settings
        now = self._platform.now()
        for event in sent:
            if "replyToken" in event:
                self._platform.reply_tokens.mark_sent(event["replyToken"], now, redelivery=redelivery)
        body = {"destination": settings.bot_user_id, "events": sent}
        if self._platform.openapi is not None and not faulty:
            self._note_invalid(self._platform.openapi.check_webhook(body), sent)
        raw = orjson.dumps(body)
        outcome = await self.send_raw(raw, sign(settings.channel_secret, raw))
        self.counts["deliveries"] += 1
        self.counts["events"] += len(sent)
        self.counts["redeliveries"] += redelivery
        return outcome

    def _note_invalid(self, found: list[Finding], sent: list[dict[str, Any]]) -> None:
        for finding in found:
            self.invalid.append({**finding.as_json(), "types": [event["type"] for event in sent]})

    async def verify(self, url: str) -> Outcome:
        """The connection check: a body without events."""
        raw = orjson.dumps({"destination": self._platform.settings.bot_user_id, "events": []})
        return await self.send_raw(raw, sign(self._platform.settings.channel_secret, raw), url=url)

    async def send_raw(self, raw: bytes, signature: str | None, *, url: str | None = None) -> Outcome:
        settings = self._platform.settings
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": USER_AGENT}
        if signature is not None:
            headers["x-line-signature"] = signature
        started = time.monotonic()
        try:
            async with self._platform.session().post(
                url or settings.webhook_url,
                data=raw,
                headers=headers,
                ssl=self._platform.trust(),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=settings.webhook_timeout),
            ) as answer:
                await answer.read()
                ok = 200 <= answer.status < 300
                outcome = Outcome(
                    "OK" if ok else "ERROR_STATUS_CODE",
                    answer.status,
                    str(answer.status),
                    time.monotonic() - started,
                )
        except TimeoutError:
            outcome = Outcome("REQUEST_TIMEOUT", 0, "no answer in time", time.monotonic() - started)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            outcome = Outcome("COULD_NOT_CONNECT", 0, type(error).__name__, time.monotonic() - started)
        self.counts[outcome.reason] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        return outcome

    def statistics(self) -> dict[str, Any]:
        return {
            **self.counts,
            "waiting": self._waiting,
            "slowestSeconds": round(self.slowest, 4),
            "invalid": self.invalid[:50],
        }
