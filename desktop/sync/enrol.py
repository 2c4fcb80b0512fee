"""The first contact: redeeming a one-time code, for a first account or for a further device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from desktop.errors import AnswerUnreadable, CodeDamaged
from desktop.keys.cost import LEAST, check_cost
from desktop.keys.keychain import Keychain
from desktop.keys.profile import Profile
from desktop.keys.unlock import seal_profile
from desktop.sync.address import clean_address
from desktop.sync.client import NEW_DEVICE, RelayClient
from protocol.encoding import to_base64
from protocol.enrolment import EnrolmentCode, EnrolmentCodeDamaged, parse_code
from protocol.signin import (
    EnrolAnswer,
    EnrolRequest,
    PassphraseCost,
    PassphraseKeys,
    SignInStart,
    derive_keys,
    new_cost,
    new_staff_keys,
    wrap_keys,
)


@dataclass(frozen=True)
class Enrolment:
    """What a person typed on the first screen. `cost` only for tests and small machines."""

    relay_url: str
    code: str
    login_name: str
    passphrase: str
    display_name: str = ""
    device_name: str = ""
    ca_file: str = ""
    cost: PassphraseCost | None = None


def read_code(typed: str) -> EnrolmentCode:
    """Raises CodeDamaged for a mistyped code."""
    try:
        return parse_code(typed)
    except EnrolmentCodeDamaged:
        raise CodeDamaged from None


def create_account(wish: Enrolment, keychain: Keychain, clock: Callable[[], datetime]) -> Profile:
    """Make the account and take in this device. Nothing is sent to a relay whose certificate the code
    does not name.
    """
    cost = wish.cost or new_cost()
    keys = derive_keys(wish.passphrase, cost)
    staff = new_staff_keys()
    request = EnrolRequest(
        code=read_code(wish.code).secret,
        login_name=wish.login_name,
        display_name=wish.display_name,
        cost=cost,
        login_key=to_base64(keys.login),
        sign_key=to_base64(staff.sign_public),
        seal_key=to_base64(staff.seal_public),
        wrapped_keys=wrap_keys(staff, keys.wrapping, wish.login_name),
        device_key="",
        device_name=wish.device_name,
    )
    first = _FirstContact(wish, clock)
    return first.redeem(request, keys, cost, keychain)


def add_device(wish: Enrolment, keychain: Keychain, clock: Callable[[], datetime]) -> Profile:
    """Take this device into an account that exists already, with its passphrase.

    Raises AnswerUnreadable where the relay names a cost that makes guessing cheap; nothing was sent then.
    """
    first = _FirstContact(wish, clock)
    cost = first.client.post("/staff/sign-in/start", SignInStart(login_name=wish.login_name), PassphraseCost)
    try:
        check_cost(cost, wish.cost or LEAST)
    except AnswerUnreadable:
        first.client.close()
        raise
    keys = derive_keys(wish.passphrase, cost)
    request = EnrolRequest(
        code=first.code.secret,
        login_name=wish.login_name,
        login_key=to_base64(keys.login),
        device_key="",
        device_name=wish.device_name,
    )
    return first.redeem(request, keys, cost, keychain)


class _FirstContact:
    """A client with a new device key, pinned to the certificate that the code names."""

    def __init__(self, wish: Enrolment, clock: Callable[[], datetime]) -> None:
        self.code = read_code(wish.code)
        self._wish = wish
        self._key = Ed25519PrivateKey.generate()
        self._seen = b""
        self.client = RelayClient(
            wish.relay_url,
            fits=self._fits,
            ca_file=wish.ca_file,
            device=NEW_DEVICE,
            key=self._key,
            clock=clock,
        )

    def redeem(
        self, request: EnrolRequest, keys: PassphraseKeys, cost: PassphraseCost, keychain: Keychain
    ) -> Profile:
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        request = request.model_copy(update={"device_key": to_base64(public)})
        try:
            answer = self.client.post("/staff/enrol", request, EnrolAnswer)
        finally:
            self.client.close()
        if answer.cost != cost:
            raise AnswerUnreadable  # the next sign-in would derive a cheaper key, and send it
        return seal_profile(
            answer,
            keys,
            self._key,
            keychain,
            relay_url=clean_address(self._wish.relay_url),
            pin=self._seen.hex(),
            ca_file=self._wish.ca_file,
        )

    def _fits(self, digest: bytes) -> bool:
        self._seen = digest
        return self.code.fits_pin(digest)
