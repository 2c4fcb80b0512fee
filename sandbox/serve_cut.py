"""Cutting a connection without an answer, which ASGI has no word for."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "sandbox.cut"


class ConnectionCut(Exception):
    """Raised by an endpoint whose caller shall see the line go dead."""


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, plus a way to abort the transport from inside the application."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self.transport.abort}  # type: ignore[dict-item]


class _NoAnswer(Response):
    """Waits until the server has seen the line go, so that it writes nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


async def cut_connection(request: Request) -> Response:
    cut: Callable[[], None] | None = request.scope.get("extensions", {}).get(EXTENSION)
    if cut is None:
        return Response(status_code=500)
    cut()
    return _NoAnswer()
