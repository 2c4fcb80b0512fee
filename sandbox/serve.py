"""Runs the sandbox in a thread, for tests and demos that live in the same process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import uvicorn

from sandbox.app import create_app
from sandbox.line.state import Platform
from sandbox.serve_cut import CuttableProtocol
from sandbox.settings import SandboxSettings

START_SECONDS = 30.0
TICK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """``platform`` belongs to the server's thread: read it, change it over HTTP."""

    url: str
    platform: Platform

    @property
    def settings(self) -> SandboxSettings:
        return self.platform.settings


class SandboxDidNotStart(RuntimeError):
    """The server did not come up, most likely because the port is taken."""


class SandboxServer(uvicorn.Server):
    """Says when it has started, and ends the phones' streams before it stops."""

    def __init__(self, platform: Platform, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self._platform = platform

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.up.set()

    async def main_loop(self) -> None:
        # uvicorn looks ten times a second whether to stop; tests start and stop hundreds of these.
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            await asyncio.sleep(TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._platform.close_streams()
        await super().shutdown(sockets=sockets)


def uvicorn_config(app: object, **given: object) -> uvicorn.Config:
    """Settings common to the command line and to threads."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=CuttableProtocol,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        server_header=False,
        ws="none",
        **given,  # type: ignore[arg-type]
    )


@contextmanager
def running_sandbox(
    settings: SandboxSettings, port: int = 0, host: str = "127.0.0.1"
) -> Iterator[RunningSandbox]:
    """Serves until the block ends; port 0 takes a free one. ``public_url`` is filled in when empty."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    url = f"http://{host}:{listener.getsockname()[1]}"
    if not settings.public_url:
        settings = replace(settings, public_url=url)
    app = create_app(settings)
    server = SandboxServer(app.state.platform, uvicorn_config(app))
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    try:
        if not server.up.wait(START_SECONDS):
            raise SandboxDidNotStart(url)
        yield RunningSandbox(url, app.state.platform)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
