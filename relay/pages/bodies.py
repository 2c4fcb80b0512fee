"""What a browser sends, read within a limit of size and of time. Requirement: SEC-3."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from relay.errors import Refused

READ_WITHIN = 15.0
"""Seconds a body may take; a form of ours has a few kilobytes."""


async def read_limited(request: Request, limit: int, *, within: float = READ_WITHIN) -> bytes:
    """The whole body. Raises Refused `too_large` (413) or `malformed` (408 too slow, 400 cut off)."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:12]) > limit:
        raise Refused("too_large", status=413)
    body = bytearray()
    try:
        async with asyncio.timeout(within):
            async for part in request.stream():  # the announced length may be missing
                body += part
                if len(body) > limit:
                    raise Refused("too_large", status=413)
    except TimeoutError:
        raise Refused("malformed", status=408) from None
    except ClientDisconnect:
        raise Refused("malformed", status=400) from None
    return bytes(body)
