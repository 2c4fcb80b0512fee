"""Control calls about statistics: bubbles seen, links followed, and crowds without names for demos."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.line.control import BadRequest, control_route, json_of, platform_of, resident_of


async def crowd(request: Request) -> Any:
    """``{"requestId" or "unit": ..., "openings": n, "clicks": {url: n}}``: so many people more."""
    platform, given = platform_of(request), await json_of(request)
    interest = platform.interest
    if "unit" in given:
        counts = interest.newest_of_unit(str(given["unit"]))
    else:
        counts = interest.of_request(str(given.get("requestId")))
    if counts is None:
        raise BadRequest("nothing_sent", 404)
    openings, clicks = given.get("openings", 0), given.get("clicks", {})
    if not _is_count(openings) or not isinstance(clicks, dict) or not all(map(_is_count, clicks.values())):
        raise BadRequest("bad_counts")
    interest.add_crowd(counts, openings, clicks)
    return {"crowd": counts.crowd}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000


async def followed(request: Request) -> Any:
    """``{"messageId": ..., "uri": ...}``: this resident followed a link of a bubble."""
    platform, given = platform_of(request), await json_of(request)
    resident = resident_of(request)
    platform.interest.click(
        str(given.get("messageId")), str(given.get("uri")), resident.user_id, platform.now()
    )
    return {"ok": True}


def routes() -> list[Route]:
    return [
        control_route("/sandbox/interest", crowd, "POST"),
        control_route("/sandbox/residents/{user_id}/followed", followed, "POST"),
    ]
