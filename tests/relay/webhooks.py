"""Webhook bodies as LINE sends them, and a bare server for the webhook alone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import uvicorn
from sqlalchemy import text
from starlette.types import Receive, Scope, Send

from relay.store.database import Database
from relay.store.tallies import read_tallies
from relay.store.transit import TransitKeys
from relay.webhook import Webhook

SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"  # of LINE's published example
_numbers = itertools.count(1)


def user(number: int) -> str:
    return f"U{number:032x}"


def event(kind: str, user_id: str, at: int = 1_763_600_000_000, **parts: Any) -> dict[str, Any]:
    """One event; `at` in milliseconds since 1970."""
    number = next(_numbers)
    return {
        "type": kind,
        "mode": "active",
        "timestamp": at,
        "source": {"type": "user", "userId": user_id},
        "webhookEventId": f"01TEST{number:020d}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": f"reply{number}",
        **parts,
    }


def said(user_id: str, words: str, at: int = 1_763_600_000_000) -> dict[str, Any]:
    return event("message", user_id, at, message={"type": "text", "id": "1", "text": words})


def tapped(user_id: str, data: str, at: int = 1_763_600_000_000) -> dict[str, Any]:
    return event("postback", user_id, at, postback={"data": data})


def body_of(*events: Any) -> bytes:
    return json.dumps({"destination": user(0), "events": list(events)}, ensure_ascii=False).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def stored_ids(database: Database) -> list[str]:
    with database.read() as connection:
        return [row[0] for row in connection.execute(text("SELECT event_id FROM inbox ORDER BY no"))]


def tallies(database: Database, day: str = "2026-11-20") -> dict[str, int]:
    with database.read() as connection:
        return read_tallies(connection, day)


def call(webhook: Webhook, body: bytes, headers: Sequence[tuple[bytes, bytes]], method: str = "POST") -> int:
    """The status the webhook answers within this process, without a server."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def once() -> None:
        await webhook({"type": "http", "method": method, "headers": list(headers)}, receive, send)

    asyncio.run(once())
    return statuses[0]


@dataclass
class Door:
    """The webhook on a real socket."""

    url: str
    webhook: Webhook

    def post(self, body: bytes, signature: str | None = None, **given: Any) -> int:
        headers = {"x-line-signature": sign(body) if signature is None else signature}
        return requests.post(
            self.url, data=body, headers=headers | given.pop("headers", {}), timeout=30
        ).status_code


@contextmanager
def open_door(
    database: Database,
    folder: Path,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    secrets: Sequence[str] = (SECRET,),
) -> Iterator[Door]:
    """Serves the webhook until the block ends; then everything it counted is written."""
    made: list[Webhook] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            made.append(
                Webhook(
                    database=database,
                    transit=TransitKeys(folder / "transit"),
                    secrets=secrets,
                    clock=clock,
                    wake=lambda: None,
                )
            )
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await made[0].aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await made[0](scope, receive, send)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    pause = threading.Event()
    while not server.started:
        pause.wait(0.005)
    try:
        yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}/line/webhook", made[0])
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
