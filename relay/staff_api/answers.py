"""Requests read within limits; answers of the staff API: JSON, or a `Refusal` with its reason."""

from __future__ import annotations

import functools
import gzip
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from protocol.sync import Refusal
from protocol.wire import MalformedMessage, Wire
from relay.errors import Refused, StoreUnavailable

SMALL_BODY = 64 * 1024
_COMPRESS_FROM = 2 * 1024
_log = logging.getLogger(__name__)

Endpoint = Callable[[Any, Request], Awaitable[Response]]


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises Refused `too_large` before more than the limit is held in memory."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise Refused("too_large", status=413)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise Refused("too_large", status=413)
        parts.append(part)
    return b"".join(parts)


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
