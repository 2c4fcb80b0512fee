"""The cast of the sandbox's tests: a sandbox, a script that talks to it, a receiver in the relay's place."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from playwright.sync_api import Browser, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings

CHROMIUM = "/usr/bin/chromium"
_QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def wait_until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What the condition answers once it is true; fails when it never is."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        pause.wait(0.01)
    raise AssertionError("waited in vain")


class HandClock:
    """Runs by hand, in UTC; read from the sandbox's thread."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Script:
    """Talks to the sandbox: LINE's API with the channel's token, and the control API."""

    url: str
    token: str
    http: requests.Session = field(default_factory=requests.Session)

    def line(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.token if token is None else token}"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.http.request(method, self.url + path, json=body, headers=sent, timeout=10)

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.http.post(self.url + path, json={} if body is None else body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.http.get(self.url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settings(self, **changes: Any) -> None:
        answer = self.http.put(f"{self.url}/sandbox/settings", json=changes, timeout=10)
        assert answer.status_code == 200, answer.text

    def residents(self, *names: str, follow: bool = True) -> list[str]:
        made = self.post("/sandbox/residents", {"names": list(names)})["residents"]
        ids = [each["userId"] for each in made]
        if follow:
            self.post("/sandbox/do", {"userIds": ids, "action": "follow"})
        return ids

    def act(self, user_id: str, action: str, **given: Any) -> Any:
        return self.post(f"/sandbox/residents/{user_id}/{action}", given)

    def talk(self, user_id: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.get(f"/sandbox/residents/{user_id}/talk")["messages"]
        return messages

    def push(self, user_id: str, *messages: dict[str, Any], **headers: str) -> requests.Response:
        return self.line(
            "POST", "/v2/bot/message/push", {"to": user_id, "messages": list(messages)}, **headers
        )

    def fault(self, **described: Any) -> None:
        self.post("/sandbox/faults", [described])


def text(words: str = "断水のお知らせ", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


@contextmanager
def served(app: Any, **given: Any) -> Iterator[int]:
    """The port of an ASGI application that runs in a thread."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1, **given
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listener.close()


@dataclass
class Receiver:
    """Stands in the relay's place and keeps what came. ``statuses`` are answered in turn, then 200."""

    url: str = ""
    received: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    hold: threading.Event | None = None

    async def take(self, request: Request) -> Response:
        self.received.append((await request.body(), dict(request.headers)))
        if self.hold is not None:
            await asyncio.to_thread(self.hold.wait, 5)
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw, _ in self.received]

    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies() for event in body["events"]]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The events once ``count`` of them are here."""
        wait_until(lambda: len(self.events()) >= count)
        return self.events()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def start(clock: HandClock) -> Iterator[Callable[..., RunningSandbox]]:
    """Starts sandboxes with the settings a test needs; all end with the test."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(running_sandbox(SandboxSettings(clock=clock, **given)))


@pytest.fixture
def sandbox(start: Callable[..., RunningSandbox]) -> RunningSandbox:
    return start()


@pytest.fixture
def script(sandbox: RunningSandbox) -> Iterator[Script]:
    with requests.Session() as session:
        yield Script(sandbox.url, sandbox.settings.channel_token, session)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    taking = Receiver()
    app = Starlette(routes=[Route("/webhook", taking.take, methods=["POST"])])
    with served(app) as port:
        taking.url = f"http://127.0.0.1:{port}/webhook"
        yield taking


@pytest.fixture
def connected(script: Script, receiver: Receiver) -> Receiver:
    """The receiver, known to the sandbox as the channel's webhook."""
    script.settings(webhook_url=receiver.url)
    return receiver


@pytest.fixture
def openapi_folder() -> Path:
    folder = os.environ.get("MADOGUCHI_LINE_OPENAPI")
    if not folder:
        pytest.skip("LINE's OpenAPI files are not at hand (MADOGUCHI_LINE_OPENAPI is not set)")
    return Path(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET.split())
        yield chromium
        chromium.close()
