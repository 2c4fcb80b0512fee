"""`/go/<token>`: counts a tap on a link of a delivery and leads on. No cookie, no script, nobody's name.

Not counted: HEAD, what browsers fetch ahead, and programs that call themselves robots. LINE does not publish
how it names itself when it looks at a page for a preview; some such looks may be counted. SEG-9.
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relay.errors import StoreUnavailable
from relay.features.links import LinkCounter
from relay.pages.rendering import Renderer
from relay.pages.security import page_headers

_ROBOT = re.compile(r"bot\b|bot[/;]|crawl|spider|preview|facebookexternalhit|line-poker", re.IGNORECASE)


class LinkPage:
    """The door through which counted links pass."""

    def __init__(self, links: LinkCounter, renderer: Renderer) -> None:
        self._links = links
        self._renderer = renderer

    def routes(self) -> list[BaseRoute]:
        return [Route("/go/{token}", self.go, methods=["GET"])]

    async def go(self, request: Request) -> Response:
        token: str = request.path_params["token"]
        try:
            target = await run_in_threadpool(self._links.target, token)
        except StoreUnavailable:
            return self._trouble("busy", 503)
        if target is None:
            return self._trouble("gone", 404)
        if is_tap(request):
            self._links.note(token)
        headers = {"location": target, "cache-control": "no-store", "referrer-policy": "no-referrer"}
        return Response(status_code=302, headers=headers)

    def _trouble(self, reason: str, status: int) -> Response:
        values = {"reason": reason}
        return self._renderer.page("link.html", values, headers=page_headers(), status=status)


def is_tap(request: Request) -> bool:
    """Whether a person probably opened it."""
    ahead = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return (
        request.method == "GET"
        and "prefetch" not in ahead
        and _ROBOT.search(request.headers.get("user-agent", "")) is None
    )
