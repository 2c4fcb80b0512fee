"""Every answer of the relay carries the protective headers: every route, an unknown one, an error. SEC-3."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Route

from relay.pages.security import ProtectedAnswers
from relay.serve import RunningRelay, running_relay
from tests.conftest import Clock
from tests.relay.desk import relay_settings

_PATHS = [
    "/health",
    "/nowhere",
    "/media/unknown",
    "/static/unknown",
    "/pages",
    "/pages/session",
    "/pages/settings",
    "/staff/nowhere",
    "/staff/enrol",
    "/staff/sign-in/start",
    "/staff/sign-in",
    "/staff/sign-out",
    "/staff/sync",
    "/staff/ask/segment-count",
    "/staff/ask/quota",
    "/staff/ask/item-use",
    "/staff/files/" + "0" * 64,
    "/staff/files/" + "0" * 64 + "/state",
]


@pytest.fixture
def relay(tmp_path: Path, clock: Clock) -> Iterator[RunningRelay]:
    with running_relay(
        relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}"), clock=clock
    ) as running:
        yield running


def check(headers: Any) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"


def test_every_route_answers_with_them(relay: RunningRelay) -> None:
    with requests.Session() as http:
        http.trust_env = False
        http.verify = str(relay.certificate)
        for path in _PATHS:
            for method in ("GET", "POST", "PUT", "DELETE"):
                answer = http.request(method, relay.url + path, timeout=10)
                assert answer.status_code < 500, path
                check(answer.headers)


def test_an_error_of_ours_answers_with_them() -> None:
    async def fail(_: Any) -> Any:
        raise RuntimeError("a bug")

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(ProtectedAnswers(Starlette(routes=[Route("/", fail)]))(scope, receive, send))
    assert sent[0]["status"] == 500
    check({name.decode(): value.decode() for name, value in sent[0]["headers"]})
