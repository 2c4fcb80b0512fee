"""A signed-in connection: signs in when needed, and once more when the session has run out.

Where the relay wants something only the person can give (a second code, another passphrase), every lane stops
asking until the person has given it: two lanes must not ask twice, nor use up the relay's patience.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from desktop.errors import PassphraseChanged, RelayRefused, RelayUnreachable, Trouble
from desktop.sync.client import RelayClient
from protocol.encoding import to_base64
from protocol.signin import PassphraseCost, SignInAnswer, SignInRequest, SignInStart
from protocol.wire import Wire

W = TypeVar("W", bound=Wire)
T = TypeVar("T")
_SESSION_GONE = ("session_expired", "not_signed_in")


def _ignore(answer: SignInAnswer) -> None:
    pass


class Session:
    """`lanes` clients share one token, so that a long poll never delays an answer a person waits for.

    `accepted` is called, on the thread that signed in, whenever the relay took the login key given here.
    """

    def __init__(
        self,
        make_client: Callable[[], RelayClient],
        login_name: str,
        login_key: bytes,
        *,
        accepted: Callable[[SignInAnswer], None] = _ignore,
    ) -> None:
        self._make_client = make_client
        self._request = SignInRequest(login_name=login_name, login_key=to_base64(login_key))
        self._accepted = accepted
        self._clients: dict[int, RelayClient] = {}
        self._token = ""
        self._closed = False
        self._waits_for: Trouble | None = None
        self._signing_in = threading.Lock()
        self._known = threading.Lock()

    def ask(self, path: str, body: Wire | None, answer: type[W], *, wait_seconds: int = 0) -> W:
        """One request of this session, with the troubles of `RelayClient.post`."""
        return self.run(lambda client: client.post(path, body, answer, wait_seconds=wait_seconds))

    def run(self, call: Callable[[RelayClient], T]) -> T:
        """`call` with this thread's client, signed in; repeated once after a session that has ended.

        Raises PassphraseChanged, or RelayRefused `second_code_needed`, until `sign_in` has given it.
        """
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

    def cost(self) -> PassphraseCost:
        """The cost of this person's passphrase as the relay has it now."""
        client = self._client()
        start = SignInStart(login_name=self._request.login_name)
        return client.post("/staff/sign-in/start", start, PassphraseCost)

    def sign_in(self, *, login_key: bytes | None = None, second_code: str = "") -> SignInAnswer:
        """Sign in with what the person gave just now. Raises RelayRefused `wrong_passphrase`,
        `second_code_needed`, `second_code_wrong`; then everything stays as it was.
        """
        client = self._client()
        request = self._request
        if login_key is not None:
            request = request.model_copy(update={"login_key": to_base64(login_key)})
        with self._signing_in:
            answer = self._post(client, request.model_copy(update={"second_code": second_code}))
            self._request = request
        if login_key is None:
            self._accepted(answer)
        return answer

    def use(self, login_key: bytes) -> None:
        """The relay knows a new passphrase: sign in with this key from now on."""
        with self._signing_in:
            self._request = self._request.model_copy(update={"login_key": to_base64(login_key)})

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
            if self._waits_for is not None:
                raise self._waits_for
            try:
                answer = self._post(client, self._request)
            except RelayRefused as refused:
                if refused.reason == "wrong_passphrase":
                    # It has opened this machine's keys, so it was right once.
                    self._waits_for = PassphraseChanged()
                    raise self._waits_for from None
                if refused.reason == "second_code_needed":
                    self._waits_for = refused
                raise
        self._accepted(answer)

    def _post(self, client: RelayClient, request: SignInRequest) -> SignInAnswer:
        client.token = ""
        answer = client.post("/staff/sign-in", request, SignInAnswer)
        self._token, self._waits_for = answer.token, None
        return answer
