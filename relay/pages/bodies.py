"""What a browser sends, read within a limit of size and of time. Requirement: SEC-3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from relay.errors import Refused

_FIELD_LIMIT = 256 * 1024
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


class _InMemory(MultiPartParser):
    """Keeps files of a form in memory: nothing a resident sends lies on a disk unsealed."""

    spool_max_size = 2**62


async def read_multipart(request: Request, *, limit: int, fields: int, files: int, within: float) -> FormData:
    """A form with files. Raises Refused as `read_limited`, and `malformed` for what is no such form."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:12]) > limit:
        raise Refused("too_large", status=413)

    async def limited() -> AsyncGenerator[bytes, None]:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise Refused("too_large", status=413)
            yield part

    parser = _InMemory(
        request.headers, limited(), max_files=files, max_fields=fields, max_part_size=_FIELD_LIMIT
    )
    try:
        async with asyncio.timeout(within):
            return await parser.parse()
    except TimeoutError:
        raise Refused("malformed", status=408) from None
    except (ClientDisconnect, MultiPartException, UnicodeError):
        raise Refused("malformed", status=400) from None


def parse_form(body: bytes, *, fields: int) -> FormData:
    """A form without files. Raises Refused `malformed`."""
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=fields)
    except ValueError:
        raise Refused("malformed", status=400) from None
    return FormData([*pairs])
