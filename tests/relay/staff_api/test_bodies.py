"""Bodies are read within limits of size, time and number, and large ones for proved callers only. SEC-3."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from relay.errors import Refused
from relay.pages.bodies import read_limited
from relay.staff_api.answers import SMALL_BODY, LargeBodies, read_body


def a_request(
    *parts: bytes, ends: bool = True, headers: dict[str, str] | None = None
) -> tuple[Request, list[int]]:
    """A request whose body comes in these parts; without an end it stays open. And how many were taken."""
    waiting = list(parts)
    taken: list[int] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        taken.append(1)
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting) or not ends}

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive), taken


@pytest.mark.parametrize("read", [read_body, read_limited])
def test_a_body_without_a_length_is_cut_off_at_the_limit(read: Any) -> None:
    request, taken = a_request(*[b"x" * 1000] * 100)
    with pytest.raises(Refused) as refused:
        asyncio.run(read(request, 5000))
    assert (refused.value.reason, refused.value.status) == ("too_large", 413)
    assert len(taken) == 6


@pytest.mark.parametrize("read", [read_body, read_limited])
def test_a_body_that_never_ends_is_given_up(read: Any) -> None:
    request, _ = a_request(b"x", ends=False)
    with pytest.raises(Refused) as refused:
        asyncio.run(read(request, 5000, within=0.05))
    assert refused.value.status == 408


def refuse(_: Request) -> None:
    raise Refused("not_signed_in", status=401)


@pytest.mark.parametrize("headers", [{}, {"content-length": str(SMALL_BODY + 1)}, {"content-length": "²"}])
def test_nothing_large_is_read_before_the_headers_are_checked(headers: dict[str, str]) -> None:
    request, taken = a_request(b"x" * 100)
    request.scope["headers"] = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    with pytest.raises(Refused, match="not_signed_in"):
        asyncio.run(LargeBodies(refuse).read(request, 10**6))
    assert taken == []


def test_a_small_body_needs_no_look_at_the_store() -> None:
    request, _ = a_request(b"x" * 100, headers={"content-length": "100"})
    assert asyncio.run(LargeBodies(refuse).read(request, 10**6)) == b"x" * 100


def test_only_so_many_large_bodies_are_read_at_once() -> None:
    async def three() -> list[int]:
        bodies = LargeBodies(lambda _: None, at_once=2, within=0.3)
        requests = [a_request(b"x", ends=False) for _ in range(3)]
        reading = [asyncio.create_task(bodies.read(request, 10**6)) for request, _ in requests]
        await asyncio.wait(reading, timeout=0.15)
        taken = [len(taken) for _, taken in requests]
        await asyncio.gather(*reading, return_exceptions=True)
        assert len(requests[2][1]) == 1, "its turn came when the others were given up"
        return taken

    assert asyncio.run(three()) == [1, 1, 0]
