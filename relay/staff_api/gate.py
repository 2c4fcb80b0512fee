"""The door of the staff API: address, signed request, nonce, session. No body is parsed before.

Requirements: SEC-1, SEC-3, SEC-9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from protocol.devices import CLOCK_TOLERANCE_SECONDS, SignedParts, is_request_signed, read_signed_parts
from protocol.encoding import from_base64
from protocol.rights import ACTION_NEEDS, ASK_NEEDS, Need
from relay.errors import Refused
from relay.features.devices import note_seen
from relay.features.rights import find_grid, require
from relay.features.sign_in import SignedIn, SignIn
from relay.staff_api.addresses import AddressRules, one_caller
from relay.store.database import Database
from relay.store.devices import Device, find_device, take_nonce

NEW_DEVICE = "new"
_NONCE_LIMIT = 40


@dataclass(frozen=True)
class Caller:
    """A request whose signature was proved: the device, and where it called from."""

    device: Device
    address: str


class Gate:
    """Decides who calls. Every method raises Refused; none of them reads what the body says."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        sign_in: SignIn,
        rules: AddressRules,
        *,
        on_stranger: Callable[[str], object] = lambda address: None,
    ) -> None:
        """`on_stranger` is told of every address that is not allowed; it must not write at once."""
        self._database = database
        self._clock = clock
        self._sign_in = sign_in
        self._rules = rules
        self._on_stranger = on_stranger

    def address(self, request: Request) -> str:
        """Where the request comes from, as throttles count it. Raises Refused `address_not_allowed`."""
        address = caller_address(request, self._rules)
        if not self._rules.allows(address):
            self._on_stranger(one_caller(address))
            raise Refused("address_not_allowed", status=403)
        return one_caller(address)

    def check_headers(self, request: Request) -> None:
        """What can be told before the body is read: a known device, now, with a live session."""
        self.address(request)
        self._live_session(request, self._known_device(self._fresh_parts(request)))

    def is_new_device(self, request: Request) -> bool:
        parts = read_signed_parts(request.headers)
        return parts is not None and parts.device == NEW_DEVICE

    def check_new_device(self, request: Request, body: bytes, device_key: str) -> None:
        """The request is signed by the very key it wants to enrol, now and once."""
        parts = self._fresh_parts(request)
        if parts.device != NEW_DEVICE:
            raise Refused("bad_signature", status=401)
        self._check_signature(request, body, parts, device_key)
        self._take_nonce(parts)

    def check_device(self, request: Request, body: bytes) -> Caller:
        """The request is signed by a known device, now and once."""
        address = self.address(request)
        parts = self._fresh_parts(request)
        device = self._known_device(parts)
        self._check_signature(request, body, parts, device.public_key)
        self._take_nonce(parts)
        note_seen(self._database, device, self._clock())
        return Caller(device=device, address=address)

    def check_action(self, request: Request, body: bytes, *, need: Need | None = None) -> SignedIn:
        """As `check_session`, and this request keeps the session awake."""
        signed_in = self.check_session(request, body, need=need)
        self._sign_in.keep_awake(signed_in)
        return signed_in

    def check_session(self, request: Request, body: bytes, *, need: Need | None = None) -> SignedIn:
        """The device has a live session of somebody who may call this route, as `protocol.rights` says.

        On its own for polls, which keep no session awake. `need` stands in for the table's where the endpoint
        itself looks closer; a route that is not in the table is refused all the same.
        """
        signed_in = self._live_session(request, self.check_device(request, body).device)
        listed = need_of(request)
        with self._database.read() as connection:
            grid = find_grid(connection, self._database.cipher)
        require(signed_in.member, listed if need is None else need, grid)
        request.state.staff = signed_in.member.id  # for the access log
        return signed_in

    def check_again(self, request: Request) -> SignedIn:
        """Whether a request let in a while ago still would be: after a wait, before anything is told."""
        return self._live_session(request, self._known_device(self._parts(request)))

    def _known_device(self, parts: SignedParts) -> Device:
        with self._database.read() as connection:
            device = find_device(connection, self._database.cipher, parts.device)
        if device is None:
            raise Refused("device_unknown", status=401)
        if device.revoked:
            raise Refused("device_revoked", status=401)
        return device

    def _live_session(self, request: Request, device: Device) -> SignedIn:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused("not_signed_in", status=401)
        return self._sign_in.check(device, token)

    def _fresh_parts(self, request: Request) -> SignedParts:
        parts = self._parts(request)
        if abs(self._clock() - parts.time) > timedelta(seconds=CLOCK_TOLERANCE_SECONDS):
            raise Refused("clock_skew", status=401)
        return parts

    def _parts(self, request: Request) -> SignedParts:
        parts = read_signed_parts(request.headers)
        if parts is None or len(parts.nonce) > _NONCE_LIMIT or len(parts.device) > 36:
            raise Refused("device_unknown", status=401)
        return parts

    def _check_signature(self, request: Request, body: bytes, parts: SignedParts, key: str) -> None:
        try:
            public_key = from_base64(key)
        except ValueError:
            raise Refused("malformed", status=400) from None
        path = path_as_sent(request)
        if not is_request_signed(parts, public_key, method=request.method, path=path, body=body):
            raise Refused("bad_signature", status=401)

    def _take_nonce(self, parts: SignedParts) -> None:
        with self._database.write() as connection:
            first = take_nonce(connection, device=parts.device, nonce=parts.nonce, now=self._clock())
        if not first:
            raise Refused("replayed", status=401)


def caller_address(request: Request, rules: AddressRules) -> str:
    """The address of whoever really calls; "" where there is none."""
    peer = request.client.host if request.client else ""
    return rules.caller(peer, request.headers.getlist("x-forwarded-for"))


def need_of(request: Request) -> Need:
    """What the route of a request needs. Raises Refused `not_allowed` for one that is not listed."""
    path: str = request.scope["path"]
    first, _, rest = path.removeprefix(request.scope.get("root_path", "")).strip("/").partition("/")
    need = ASK_NEEDS.get(rest) if first == "ask" else ACTION_NEEDS.get(first)
    if need is None:
        raise Refused("not_allowed", status=403)
    return need


def path_as_sent(request: Request) -> str:
    """Path and query exactly as they came, which is what was signed."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("ascii", "replace")
