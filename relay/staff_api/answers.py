"""Requests read within limits; answers of the staff API: JSON, or a `Refusal` with its reason."""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from protocol.sync import Refusal
from protocol.wire import MalformedMessage, Wire
from relay.errors import Refused, StoreUnavailable

SMALL_BODY = 64 * 1024
READ_WITHIN = 15.0
"""Seconds a small body may take."""
_LARGE_WITHIN = 60.0
_LARGE_AT_ONCE = 8
_COMPRESS_FROM = 2 * 1024
_log = logging.getLogger(__name__)

Endpoint = Callable[[Any, Request], Awaitable[Response]]


async def read_body(request: Request, limit: int, *, within: float = READ_WITHIN) -> bytes:
    """The whole body. Raises Refused `too_large` before more than the limit is held in memory.

    One that takes longer than `within` seconds (408) or breaks off (400) is `malformed`.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:12]) > limit:
        raise Refused("too_large", status=413)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(within):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise Refused("too_large", status=413)
                parts.append(part)
    except TimeoutError:
        raise Refused("malformed", status=408) from None
    except ClientDisconnect:
        raise Refused("malformed", status=400) from None
    return b"".join(parts)


class LargeBodies:
    """Reads bodies beyond `SMALL_BODY`, a few at once, and only for callers that `check` lets in.

    `check` looks at the headers alone and raises Refused; the signature is proved once the body is there.
    """

    def __init__(
        self,
        check: Callable[[Request], object],
        *,
        at_once: int = _LARGE_AT_ONCE,
        within: float = _LARGE_WITHIN,
    ) -> None:
        self._check = check
        self._free = asyncio.Semaphore(at_once)
        self._within = within

    async def read(self, request: Request, limit: int) -> bytes:
        """The whole body. Raises Refused as `read_body` and `check` do."""
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:12]) <= SMALL_BODY:
            return await read_body(request, SMALL_BODY)
        await run_in_threadpool(self._check, request)
        async with self._free:
            return await read_body(request, limit, within=self._within)


def answer(request: Request, message: Wire) -> Response:
    """200 with the message, compressed where that pays and the desktop can read it."""
    body = json.dumps(message.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"cache-control": "no-store"}
    if len(body) >= _COMPRESS_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=5)
        headers["content-encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


def refusal(reason: str, status: int, retry_after: int | None = None) -> Response:
    body = json.dumps(Refusal(reason=reason, retry_after=retry_after).as_json())
    headers = {"cache-control": "no-store"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def refusing(endpoint: Endpoint) -> Endpoint:
    """Turn trouble people can act on into a refusal; bugs stay bugs and end in a 500."""

    @functools.wraps(endpoint)
    async def safe(self: Any, request: Request) -> Response:
        try:
            return await endpoint(self, request)
        except Refused as refused:
            return refusal(refused.reason, refused.status, refused.retry_after)
        except MalformedMessage as malformed:
            _log.info("refused: %s", malformed)
            return refusal("malformed", 400)
        except StoreUnavailable as trouble:
            _log.warning("store unavailable: %s", trouble.reason)
            return refusal(trouble.reason, 503, 2)

    return safe
