"""Notes every request for the access log: an ASGI wrapper that knows the patterns of the routes.

Not noted: `/health`, which monitoring asks all day, and our own style and script where they were found; they
are the same for everybody. The webhook hands over what it refused.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime

from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.features.access_log import AccessLog
from relay.store.access_log import Access

NO_ROUTE = "-"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = "/health"
_OWN_FILES = "/static/{name}"

CallerAddress = Callable[[Request], str]


class AccessNotes:
    """`caller` gives the address a request comes from."""

    def __init__(
        self,
        app: ASGIApp,
        routes: Iterable[BaseRoute],
        log: AccessLog,
        caller: CallerAddress,
        clock: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._patterns = dict(route_patterns(routes))
        self._log = log
        self._caller = caller
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        at = self._clock()
        status = 500

        async def see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, see)
        finally:
            # The endpoint that answered is in the scope by now, and so is who was signed in.
            endpoint = scope.get("endpoint")
            # A router that found nothing stands there itself; it cannot be looked up.
            route = self._patterns.get(endpoint, NO_ROUTE) if isinstance(endpoint, Hashable) else NO_ROUTE
            if route != _QUIET and not (route == _OWN_FILES and status < 400):
                self.note(scope, route, status, at, staff=scope.get("state", {}).get("staff", ""))

    def note(self, scope: Scope, route: str, status: int, at: datetime, *, staff: str = "") -> None:
        method = scope["method"] if scope["method"] in _METHODS else NO_ROUTE
        address = self._caller(Request(scope))
        self._log.note(Access(at=at, address=address, method=method, route=route, status=status, staff=staff))


def route_patterns(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[Hashable, str]]:
    """Each endpoint with the pattern of its address; where it has two, the longer one."""
    for route in routes:
        if isinstance(route, Mount):
            yield from route_patterns(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            yield route.endpoint, prefix + route.path
