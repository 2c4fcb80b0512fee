"""A small LINE for the sender's tests: keeps retry keys as LINE does and answers as a test tells it to.

The full sandbox plays LINE in the stories; this one only knows how to send, and when it was asked to.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Fault:
    """What happens to one call. `accept`: LINE takes it; `status` None: the line is cut without answer."""

    status: int | None = 200
    accept: bool = True
    message: str = ""
    delay: float = 0.0


FINE = Fault()


@dataclass
class LineStub:
    """`script` gives the fault of a call from its number; the rest is what was seen."""

    base: str = ""
    delay: float = 0.0
    script: Callable[[int], Fault] = lambda _: FINE
    stamps: list[float] = field(default_factory=list)
    received: Counter[str] = field(default_factory=Counter)
    """How often each person was really reached."""
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Retry key → the body it first came with."""
    changed_bodies: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    paths: Counter[str] = field(default_factory=Counter)
    quota_limit: int | None = 5000
    friends: list[str] = field(default_factory=list)
    """Who gets a broadcast."""
    _accepted: set[str] = field(default_factory=set)

    @property
    def calls(self) -> int:
        return len(self.stamps)

    def most_in_a_second(self) -> int:
        stamps, best, first = sorted(self.stamps), 0, 0
        for last, stamp in enumerate(stamps):
            while stamps[first] <= stamp - 1.0:
                first += 1
            best = max(best, last - first + 1)
        return best

    async def send(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        number = len(self.stamps)
        self.stamps.append(time.monotonic())
        self.paths[request.path.rsplit("/", 1)[1]] += 1
        key = request.headers["x-line-retry-key"]
        if self.bodies.setdefault(key, body) != body:
            self.changed_bodies.append(key)
        fault = self.script(number)
        if self.delay or fault.delay:
            await asyncio.sleep(self.delay + fault.delay)
        if key in self._accepted:
            return _answer(409, "The retry key is already accepted")
        if fault.accept:
            self._accepted.add(key)
            self._receive(body)
        if fault.status is None:
            assert request.transport is not None
            request.transport.close()
            raise asyncio.CancelledError
        return _answer(fault.status, fault.message)

    def _receive(self, body: bytes) -> None:
        request = json.loads(body)
        to = request.get("to", self.friends)  # a broadcast names nobody
        people = to if isinstance(to, list) else [to]
        self.received.update(people)
        self.messages.append(request["messages"])

    async def quota(self, _: web.Request) -> web.Response:
        limited = {"type": "limited", "value": self.quota_limit}
        return web.json_response({"type": "none"} if self.quota_limit is None else limited)

    async def consumption(self, _: web.Request) -> web.Response:
        return web.json_response({"totalUsage": sum(self.received.values())})

    async def info(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "userId": "U" + "0" * 32,
                "basicId": "@minatono",
                "displayName": "みなと野市",
                "chatMode": "bot",
                "markAsReadMode": "auto",
            }
        )


@contextmanager
def running_line_stub(stub: LineStub) -> Iterator[LineStub]:
    """The stub on a free port of this machine, in a thread."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application(client_max_size=2**22)
        app.router.add_post("/v2/bot/message/multicast", stub.send)
        app.router.add_post("/v2/bot/message/push", stub.send)
        app.router.add_post("/v2/bot/message/broadcast", stub.send)
        app.router.add_get("/v2/bot/message/quota", stub.quota)
        app.router.add_get("/v2/bot/message/quota/consumption", stub.consumption)
        app.router.add_get("/v2/bot/info", stub.info)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        stub.base = f"http://{host}:{port}"
        return runner

    runner = loop.run_until_complete(start())

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.call_soon(ready.set)
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _answer(status: int, message: str = "") -> web.Response:
    body = {"message": message} if status >= 400 else {"sentMessages": []}
    return web.json_response(body, status=status, headers={"x-line-request-id": "r"})
