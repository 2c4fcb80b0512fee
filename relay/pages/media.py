"""`/media/…` and `/imagemap/…`: what LINE and phones fetch of a delivery, under addresses nobody can guess.

Large files go out in pieces as they lie in the store, so that a film never lies in memory; players ask for
parts of it (RFC 9110, "Range Requests"). Requirement: SEG-6.
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from relay.errors import StoreUnavailable
from relay.features.files import Files, PublicMedia
from relay.features.imagemaps import Imagemaps

SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "content-disposition": "inline",
}
_FOR_EVER = {**SAFE, "cache-control": "public, max-age=31536000, immutable"}
_NOTHING = {"cache-control": "no-store"}
_TOKEN_LENGTH = 43
_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


class MediaPages:
    """Needs no session and tells nothing but the file."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._imagemaps = Imagemaps(files)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/media/{token}", self.media, methods=["GET"]),
            Route("/imagemap/{token}/{width}", self.imagemap, methods=["GET"]),
        ]

    async def media(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        try:
            found = await run_in_threadpool(self._files.find_public, token) if _may_be(token) else None
        except StoreUnavailable:
            return Response(status_code=503, headers=_NOTHING)
        if found is None:
            return Response(status_code=404, headers=_NOTHING)
        return await _part(request, self._files, found)

    async def imagemap(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        width: str = request.path_params["width"]
        known = _may_be(token) and width.isascii() and width.isdecimal() and len(width) <= 4
        try:
            found = await run_in_threadpool(self._imagemaps.find, token, int(width)) if known else None
        except StoreUnavailable:
            return Response(status_code=503, headers=_NOTHING)
        if found is None:
            return Response(status_code=404, headers=_NOTHING)
        return Response(found.content, media_type=found.content_type, headers=_FOR_EVER)


async def _part(request: Request, files: Files, media: PublicMedia) -> Response:
    """The whole file or the part that was asked for."""
    headers = {**_FOR_EVER, "content-type": media.content_type, "accept-ranges": "bytes"}
    wanted = _wanted(request.headers.get("range", ""), media.size)
    if wanted is None:
        return Response(status_code=416, headers={**_NOTHING, "content-range": f"bytes */{media.size}"})
    first, last, status = wanted
    if status == 206:
        headers["content-range"] = f"bytes {first}-{last}/{media.size}"
    headers["content-length"] = str(last - first + 1)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(files.pieces(media, first, last), status_code=status, headers=headers)


def _wanted(asked: str, size: int) -> tuple[int, int, int] | None:
    """(first byte, last byte, status); None where nothing of it exists. Several parts at once: the whole."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return 0, size - 1, 200
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, size - 1, 206) if length else None
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (first, last, 206) if first <= last else None


def _may_be(token: str) -> bool:
    return len(token) <= _TOKEN_LENGTH and token.isascii() and "\0" not in token
