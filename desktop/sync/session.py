"""A signed-in connection: signs in when needed, and once more when the session has run out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from desktop.errors import RelayRefused, RelayUnreachable
from desktop.sync.client import RelayClient
from protocol.encoding import to_base64
from protocol.signin import SignInAnswer, SignInRequest
from protocol.wire import Wire

W = TypeVar("W", bound=Wire)
T = TypeVar("T")
_SESSION_GONE = ("session_expired", "not_signed_in")


class Session:
    """`lanes` clients share one token, so that a long poll never delays an answer a person waits for."""

    def __init__(self, make_client: Callable[[], RelayClient], login_name: str, login_key: bytes) -> None:
        self._make_client = make_client
        self._request = SignInRequest(login_name=login_name, login_key=to_base64(login_key))
        self._clients: dict[int, RelayClient] = {}
        self._token = ""
        self._closed = False
        self._signing_in = threading.Lock()
        self._known = threading.Lock()

    def ask(self, path: str, body: Wire | None, answer: type[W], *, wait_seconds: int = 0) -> W:
        """One request of this session, with the troubles of `RelayClient.post`."""
        return self.run(lambda client: client.post(path, body, answer, wait_seconds=wait_seconds))

    def run(self, call: Callable[[RelayClient], T]) -> T:
        """`call` with this thread's client, signed in; repeated once after a session that has ended."""
        client = self._client()
        if not self._token:
            self._sign_in(client, "")
        used = client.token = self._token
        try:
            return call(client)
        except RelayRefused as refused:
            if refused.reason not in _SESSION_GONE:
                raise
        self._sign_in(client, used)
        client.token = self._token
        return call(client)

    def sign_out(self) -> None:
        """Forget the session here; the relay's part ends by idling if it cannot be told."""
        client = self._client()
        if self._token:
            client.token = self._token
            self._token = ""
            client.send("POST", "/staff/sign-out", b"")

    def close(self) -> None:
        """No request after this; one that waits is cut off."""
        with self._known:
            self._closed = True
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self) -> RelayClient:
        thread = threading.get_ident()
        with self._known:
            if self._closed:
                raise RelayUnreachable
            if thread not in self._clients:
                self._clients[thread] = self._make_client()
            return self._clients[thread]

    def _sign_in(self, client: RelayClient, failed_token: str) -> None:
        with self._signing_in:
            if self._token and self._token != failed_token:
                return  # another lane was quicker
            client.token = ""
            self._token = client.post("/staff/sign-in", self._request, SignInAnswer).token
