"""The HTTP side of the fake relay: hands each request on and writes the answer or the refusal."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from protocol.sync import Refusal
from protocol.wire import Wire


class Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Answering(Protocol):
    """What the handler needs of the relay it serves."""

    _server: QuietServer | None

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Wire | bytes | None: ...


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up after looking at the certificate is what these tests want, not an error."""


def handler_for(relay: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            if self.server is not relay._server:
                self.close_connection = True  # this relay went away while the line was open
                return
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer, status = relay.answer(self.command, self.path, headers, body), 200
            except Refused as refused:
                answer, status = Refusal(reason=refused.reason), refused.status
            except ConnectionAbortedError:
                self.close_connection = True
                return
            content = answer if isinstance(answer, bytes) else b""
            if isinstance(answer, Wire):
                content = answer.model_dump_json().encode()
            self.send_response(204 if answer is None else status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
