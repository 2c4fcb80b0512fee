"""The phone to look at: one page, its fonts and pictures, and the stream that tells it of news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.line.liff import COOKIE
from sandbox.line.residents import Resident
from sandbox.line.state import STREAM_ENDS, Platform
from sandbox.line.talk_view import talk_as_json

RESOURCES = Path(__file__).parents[2] / "resources"
PAGES = RESOURCES / "sandbox"
FONTS = RESOURCES / "desktop" / "fonts"
TALK_SHOWN = 200
HEARTBEAT_SECONDS = 15.0
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def _resident(request: Request) -> Resident | None:
    platform: Platform = request.app.state.platform
    return platform.residents.find(request.path_params["user_id"])


async def page(request: Request) -> Response:
    """Chooser without a resident; with one the phone, which that resident then holds (cookie)."""
    headers = dict(_HEADERS)
    user_id = request.path_params.get("user_id")
    if user_id is None:
        return FileResponse(PAGES / "phone.html", media_type="text/html; charset=utf-8", headers=headers)
    if _resident(request) is None:
        return RedirectResponse("/phone", 303)
    response: Response
    following = request.query_params.get("next", "")
    if following.startswith("/liff/"):
        response = RedirectResponse(following, 303)
    else:
        response = FileResponse(PAGES / "phone.html", media_type="text/html; charset=utf-8", headers=headers)
    response.set_cookie(COOKIE, user_id, path="/", samesite="lax", httponly=True)
    return response


async def talk(request: Request) -> Response:
    resident = _resident(request)
    if resident is None:
        return JSONResponse({"error": "no_such_resident"}, 404)
    platform: Platform = request.app.state.platform
    request.app.state.acts.look(resident)
    body = talk_as_json(platform, resident, TALK_SHOWN)
    body["liffBases"] = _liff_bases(platform)
    return JSONResponse(body, headers={"cache-control": "no-store"})


def _liff_bases(platform: Platform) -> list[str]:
    """Addresses which the phone opens through its own /liff/ path."""
    liff_id = platform.settings.liff_id
    bases = [f"https://liff.line.me/{liff_id}", f"https://miniapp.line.me/{liff_id}"]
    own = platform.public_url()
    return [f"{own}/liff/{liff_id}", *bases] if own else bases


async def stream(request: Request) -> Response:
    resident = _resident(request)
    if resident is None:
        return JSONResponse({"error": "no_such_resident"}, 404)
    platform: Platform = request.app.state.platform
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _news(platform, resident.user_id), media_type="text/event-stream", headers=headers
    )


async def _news(platform: Platform, user_id: str) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    watchers = platform.watchers.setdefault(user_id, set())
    watchers.add(queue)
    try:
        yield b"retry: 1000\ndata: hello\n\n"
        while True:
            try:
                what = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            while not queue.empty():
                what = queue.get_nowait()
            if what == STREAM_ENDS:
                return
            yield f"data: {what}\n\n".encode()
    finally:
        watchers.discard(queue)
        if not watchers:
            platform.watchers.pop(user_id, None)


async def media(request: Request) -> Response:
    """A picture that a message points at, from this origin, so that the browser needs no further trust."""
    platform: Platform = request.app.state.platform
    found = platform.media.find(request.path_params["key"])
    if found is None or found.state != "fetched":
        return Response(status_code=404)
    return Response(found.data, media_type=found.content_type, headers=_file_headers())


async def content(request: Request) -> Response:
    """A photo that a resident sent, shown to that resident."""
    platform: Platform = request.app.state.platform
    held = platform.contents.get(request.path_params["message_id"])
    if held is None or held.unsent:
        return Response(status_code=404)
    shown = held.kind in ("image", "video", "audio") and "svg" not in held.content_type
    kind = held.content_type if shown else "application/octet-stream"
    return Response(held.data, media_type=kind, headers=_file_headers())


def _file_headers() -> dict[str, str]:
    return {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=60",
    }


async def home(request: Request) -> Response:
    return RedirectResponse("/phone", 303)


async def no_icon(request: Request) -> Response:
    return Response(status_code=204)


def routes() -> list[BaseRoute]:
    return [
        Route("/", home),
        Route("/favicon.ico", no_icon),
        Route("/phone", page),
        Route("/phone/media/{key}", media),
        Route("/phone/content/{message_id}", content),
        Route("/phone/api/{user_id}/talk", talk),
        Route("/phone/api/{user_id}/stream", stream),
        Mount("/phone/assets", StaticFiles(directory=PAGES)),
        Mount("/phone/fonts", StaticFiles(directory=FONTS, check_dir=False)),
        Route("/phone/{user_id}", page),
    ]
