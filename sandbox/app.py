"""Puts the sandbox together: one origin for LINE's API, Login, LIFF, the phone and the control API."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from sandbox.line import (
    api_audiences,
    api_channel,
    api_content,
    api_coupons,
    api_insight,
    api_messages,
    api_tokens,
    api_users,
    control,
    control_bulk,
    control_interest,
    liff,
    login,
    narrowcasts,
    phone,
)
from sandbox.line.acts import Acts
from sandbox.line.state import Platform
from sandbox.line.webhook_sender import WebhookSender
from sandbox.settings import SandboxSettings


def create_app(settings: SandboxSettings) -> Starlette:
    """The whole sandbox as one ASGI application; its state is in ``app.state.platform``."""
    platform = Platform(settings)
    sender = WebhookSender(platform)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sender.start()
        try:
            yield
        finally:
            await sender.stop()
            await platform.close()

    app = Starlette(routes=_routes(), lifespan=lifespan, exception_handlers={404: _refused, 405: _refused})
    app.state.platform = platform
    app.state.webhook_sender = sender
    app.state.acts = Acts(platform, sender)
    return app


def _routes() -> list[BaseRoute]:
    # Routes are tried in order: what is called thousands of times comes first.
    return [
        *api_messages.routes(),
        *narrowcasts.routes(),
        *api_users.routes(),
        *api_channel.routes(),
        *api_content.routes(),
        *api_tokens.routes(),
        *api_insight.routes(),
        *api_audiences.routes(),
        *api_coupons.routes(),
        *login.routes(),
        *liff.routes(),
        *control.routes(),
        *control_bulk.routes(),
        *control_interest.routes(),
        *phone.routes(),
    ]


async def _refused(request: Request, error: Exception) -> Response:
    """Unknown paths and methods, in LINE's shape; the request id is on every answer."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    words = "Not found" if status == 404 else "Method Not Allowed"
    return JSONResponse({"message": words}, status, {"x-line-request-id": str(uuid.uuid4())})
