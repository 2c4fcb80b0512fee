"""Serves the built relay over TLS, in the foreground or in a thread for tests, the demo and trials."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from relay.app import Clock, Relay, build_relay, utc_now
from relay.config import RelaySettings

_START_LIMIT = 30.0
_STOP_LIMIT = 10
_FAREWELL = 0.2
_FIRST_CODE = """職員がまだ登録されていません。次のコードを職員用パソコンで入力してください。

    {code}

1時間以内に、1回だけ使えます。
"""
_NO_CODE_HERE = """職員がまだ登録されていません。登録コードは次のコマンドで作ってください。

    python -m relay new-code

"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunningRelay:
    """A relay that answers. `certificate` is the PEM file to trust."""

    url: str
    certificate: Path
    relay: Relay

    def new_code(self, for_login: str | None = None, *, reset: bool = False) -> str:
        """A one-time code, as `python -m relay new-code` prints it."""
        return self.relay.enrolment.new_code(for_login, reset=reset)


def serve(settings: RelaySettings, *, clock: Clock = utc_now) -> None:
    """Run until told to stop by a signal."""
    relay = build_relay(settings, clock=clock)
    if relay.enrolment.is_first_run():
        tell_first_code(relay)
    server = _make_server(relay, settings, stop_within=_STOP_LIMIT)
    calm_collector()
    server.run()


def calm_collector() -> None:
    """Take what was built at the start out of the garbage collector's rounds.

    Looking through the modules again and again held single webhooks up by 50 ms (bench `ingest`).
    """
    gc.collect()
    gc.freeze()


def tell_first_code(relay: Relay) -> None:
    """A code for the person who started the relay at a terminal.

    Anywhere else standard output is kept (the journal of systemd, a container's log), and a code lets whoever
    reads it in; so there it says only how to get one.
    """
    if sys.stdout.isatty():
        words = _FIRST_CODE.format(code=relay.enrolment.new_code())
    else:
        words = _NO_CODE_HERE
    sys.stdout.write(words)
    sys.stdout.flush()


@contextmanager
def running_relay(settings: RelaySettings, *, clock: Clock = utc_now) -> Iterator[RunningRelay]:
    """A relay in a thread of this process, answering when the block begins and gone when it ends.

    With `listen_port` 0 a free port is taken and `public_url` follows it.
    """
    with socket.create_server((settings.listen_host, settings.listen_port)) as listener:
        yield from _run(settings, clock, listener)


def _run(settings: RelaySettings, clock: Clock, listener: socket.socket) -> Iterator[RunningRelay]:
    port = listener.getsockname()[1]
    if settings.listen_port == 0:
        settings = settings.model_copy(
            update={"listen_port": port, "public_url": f"https://localhost:{port}"}
        )
    relay = build_relay(settings, clock=clock)
    server = _make_server(relay, settings, stop_within=1)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="relay", daemon=True)
    thread.start()
    try:
        _wait_until(lambda: server.started or not thread.is_alive())
        if not server.started:
            raise RuntimeError("the relay did not start")
        yield RunningRelay(
            url=f"https://localhost:{port}",
            certificate=relay.certificate.certificate,
            relay=relay,
        )
    finally:
        server.should_exit = True
        thread.join(_STOP_LIMIT + 5)


class _Server(uvicorn.Server):
    """Ends without waiting for clients that keep an idle connection open.

    Closing TLS waits for the other side's farewell; a client that does not read never says it.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        cutting = asyncio.create_task(self._cut_idle_connections())
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

    async def _cut_idle_connections(self) -> None:
        while True:
            await asyncio.sleep(_FAREWELL)
            for connection in list(self.server_state.connections):
                cycle = getattr(connection, "cycle", None)
                transport = getattr(connection, "transport", None)
                if transport is not None and (cycle is None or cycle.response_complete):
                    transport.abort()


def _make_server(relay: Relay, settings: RelaySettings, *, stop_within: int) -> uvicorn.Server:
    def tls_context(_: uvicorn.Config, __: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        return relay.certificate.context()

    return _Server(
        uvicorn.Config(
            relay.app,
            host=settings.listen_host,
            port=settings.listen_port,
            ssl_context_factory=tls_context,
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # `staff_api/addresses.py` reads them, and only from trusted proxies
            lifespan="on",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=stop_within,
        )
    )


def _wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + _START_LIMIT
    while not condition():
        if time.monotonic() > ends:
            raise RuntimeError("the relay did not start in time")
        time.sleep(0.01)
