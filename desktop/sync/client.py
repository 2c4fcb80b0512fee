"""The only network code of the desktop: HTTPS to one host, its certificate checked before the first byte
is sent.

A pinned connection compares the SHA-256 of the certificate's public key right after the handshake and
before any
request is written. Proxies come from the environment; redirects are never followed.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import weakref
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ProtocolError

from desktop.errors import (
    AnswerUnreadable,
    CertificateChanged,
    CertificateUntrusted,
    RelayRefused,
    RelayUnreachable,
)
from desktop.sync.address import clean_address
from protocol.devices import sign_request
from protocol.sync import Refusal
from protocol.wire import MalformedMessage, Wire

CONNECT_SECONDS = 5
READ_SECONDS = 15
NEW_DEVICE = "new"
W = TypeVar("W", bound=Wire)
Fits = Callable[[bytes], bool]
"""Whether a certificate whose SubjectPublicKeyInfo has this SHA-256 is the relay's."""


class _WrongCertificate(HTTPError):
    """Raised inside urllib3, where only its own errors may pass."""


class _ClosedMeanwhile(HTTPError):
    """Raised inside urllib3: the client was closed while this line was being made."""


class RelayClient:
    """Signed requests of one device. Not for several threads at once: each lane has its own."""

    def __init__(
        self,
        url: str,
        *,
        fits: Fits | None,
        ca_file: str = "",
        device: str,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
    ) -> None:
        self._url = clean_address(url)
        self._device = device
        self._key = key
        self._clock = clock
        self._session = requests.Session()
        self._lines: weakref.WeakSet[Any] = weakref.WeakSet()
        self._closed = False
        self._session.mount(
            "https://", _PinnedAdapter(None if ca_file else fits, self._lines, lambda: self._closed)
        )
        self._verify: bool | str = ca_file or False
        self.token = ""

    def post(self, path: str, body: Wire | None, answer: type[W], *, wait_seconds: int = 0) -> W:
        """Raises RelayUnreachable, RelayRefused, CertificateChanged, CertificateUntrusted,
        AnswerUnreadable.
        """
        content = body.model_dump_json().encode("utf-8") if body is not None else b""
        return self._read(self.send("POST", path, content, wait_seconds=wait_seconds), answer)

    def put(self, path: str, content: bytes, answer: type[W]) -> W:
        return self._read(self.send("PUT", path, content), answer)

    def get(self, path: str, answer: type[W]) -> W:
        return self._read(self.send("GET", path, b""), answer)

    def get_bytes(self, path: str) -> bytes:
        return self.send("GET", path, b"").content

    def send(self, method: str, path: str, body: bytes, *, wait_seconds: int = 0) -> requests.Response:
        """One request, tried once more over a new line when the kept one was dead; the relay knows
        repeats.
        """
        try:
            response = self._try(method, path, body, wait_seconds)
        except requests.ConnectionError as error:
            if not isinstance(error.args[0] if error.args else None, ProtocolError):
                raise _trouble_of(error) from error
            response = self._try_again(method, path, body, wait_seconds)
        except (requests.RequestException, HTTPError) as error:
            raise _trouble_of(error) from error
        if not 200 <= response.status_code < 300:
            raise _refusal_of(response)
        return response

    def _try_again(self, method: str, path: str, body: bytes, wait_seconds: int) -> requests.Response:
        try:
            return self._try(method, path, body, wait_seconds)
        except (requests.RequestException, HTTPError) as error:
            raise _trouble_of(error) from error

    def _try(self, method: str, path: str, body: bytes, wait_seconds: int) -> requests.Response:
        if self._closed:
            raise RelayUnreachable
        headers = sign_request(
            self._device, self._key, method=method, path=path, body=body, now=self._clock()
        )
        headers["content-type"] = "application/json" if method == "POST" else "application/octet-stream"
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return self._session.request(
            method,
            self._url + path,
            data=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, READ_SECONDS + wait_seconds),
            verify=self._verify,
            allow_redirects=False,
        )

    def close(self) -> None:
        """Also cuts the line of a long poll another thread waits on, so that the program can end at once."""
        self._closed = True
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._session.close()

    def _read(self, response: requests.Response, answer: type[W]) -> W:
        try:
            return answer.parse(response.content or b"{}")  # 204: done, nothing to say
        except MalformedMessage as error:
            raise AnswerUnreadable from error


def pin_fits(pin: str) -> Fits:
    """The check against a full SHA-256 in hex, as the profile keeps it."""
    return lambda digest: digest.hex() == pin


class _PinnedAdapter(HTTPAdapter):
    def __init__(self, fits: Fits | None, lines: weakref.WeakSet[Any], is_closed: Callable[[], bool]) -> None:
        self._fits = fits
        self._lines = lines
        self._is_closed = is_closed
        super().__init__(pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _watched_pools(self._fits, self._lines, self._is_closed)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _watched_pools(self._fits, self._lines, self._is_closed)
        return manager


def _watched_pools(
    fits: Fits | None, lines: weakref.WeakSet[Any], is_closed: Callable[[], bool]
) -> Mapping[str, Any]:
    """Pools whose connections check the pin (where there is one) and can be cut from another thread."""

    class PinnedConnection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            line: Any = self.sock  # an SSL socket by now
            if fits is not None:
                certificate = line.getpeercert(binary_form=True)
                if not certificate or not fits(public_key_hash(certificate)):
                    self.close()
                    raise _WrongCertificate("certificate is not the pinned one")
                self.is_verified = True  # by the pin, which is stricter than a name and an authority
            lines.add(line)
            if is_closed():  # while it was being made: `close` did not see it, and it would wait on
                self.close()
                raise _ClosedMeanwhile("closed while connecting")

    class PinnedPool(HTTPSConnectionPool):
        ConnectionCls = PinnedConnection

    return {"https": PinnedPool}


def public_key_hash(certificate: bytes) -> bytes:
    """SHA-256 over the SubjectPublicKeyInfo of a DER certificate."""
    key = load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def _trouble_of(error: Exception) -> Exception:
    seen: BaseException | None = error
    while seen is not None:
        reason = getattr(seen, "reason", None) or next(
            (arg for arg in seen.args if isinstance(arg, BaseException)), None
        )
        if isinstance(seen, _WrongCertificate):
            return CertificateChanged()
        seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
    if isinstance(error, requests.exceptions.SSLError):
        return CertificateUntrusted()
    return RelayUnreachable()


def _refusal_of(response: requests.Response) -> Exception:
    try:
        refusal = Refusal.parse(response.content)
    except MalformedMessage:
        return RelayUnreachable() if response.status_code >= 500 else AnswerUnreadable()
    return RelayRefused(refusal.reason, status=response.status_code, retry_after=refusal.retry_after)
