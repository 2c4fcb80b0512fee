"""Signing in: one passphrase becomes two keys, of which the relay learns one hashed and the other never.

Source: design "Who can read what"; RFC 9106 (Argon2id), RFC 5869 (HKDF). Requirements: SEC-1, ADM-7.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from protocol.encoding import from_base64, to_base64
from protocol.staff import StaffMember
from protocol.wire import Wire

PASSPHRASE_WORDS = 5
CodeKind = Literal["enrol", "device", "reset"]
_NONCE_BYTES = 12


class PassphraseCost(Wire):
    """How hard a guess is: Argon2id with this salt (base64), memory in KiB, passes and lanes."""

    salt: str
    memory_kib: int = 256 * 1024
    passes: int = 3
    lanes: int = 4


@dataclass(frozen=True)
class PassphraseKeys:
    """`login` proves the passphrase to the relay; `wrapping` opens what only this person may open."""

    login: bytes
    wrapping: bytes

    def __repr__(self) -> str:
        return "PassphraseKeys(…)"


@dataclass(frozen=True)
class StaffKeys:
    """A person's private keys: Ed25519 to sign changes, P-256 to open what is sealed to the person."""

    sign: Ed25519PrivateKey
    seal: EllipticCurvePrivateKey

    @property
    def sign_public(self) -> bytes:
        return self.sign.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def seal_public(self) -> bytes:
        return self.seal.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class EnrolRequest(Wire):
    """Redeem a one-time code: create the first account, take over an invited or reset one, or (with its
    login key) add a device to an account.

    `login_key`, `device_key`: base64; `cost`, the public keys and `wrapped_keys` (from `wrap_keys`) are empty
    for a further device and wanted for everything else.
    """

    code: str
    login_name: str
    display_name: str = ""
    cost: PassphraseCost | None = None
    login_key: str
    sign_key: str = ""
    seal_key: str = ""
    wrapped_keys: str = ""
    device_key: str
    device_name: str = ""


class EnrolAnswer(Wire):
    """`relay` is the relay's id, to which every change is bound."""

    relay: str
    device: str
    staff: StaffMember
    cost: PassphraseCost
    wrapped_keys: str


class SignInStart(Wire):
    """First step: which cost and salt belong to this login name. Unknown names get a stable made-up salt."""

    login_name: str


class SignInRequest(Wire):
    """Second step, as a signed device request. `login_key` is base64.

    `second_code`: six digits, where the account has a second factor; without it the answer is the refusal
    `second_code_needed`.
    """

    login_name: str
    login_key: str
    second_code: str = ""


class PassphraseChange(Wire):
    """`/staff/passphrase`: the old login key, and everything the new passphrase gives."""

    login_key: str
    new_cost: PassphraseCost
    new_login_key: str
    wrapped_keys: str


class SecondFactorChange(Wire):
    """`/staff/second-factor`: set with a secret (base32) and a code made with it,
    or taken away with a code.
    """

    secret: str = ""
    code: str


class CodeWish(Wire):
    """`/staff/codes`: a one-time code for a member. `kind`: `enrol` claims an invited account,
    `device` adds a machine, `reset` lets the person choose a new passphrase and new keys, whose wraps
    others must renew.
    """

    staff: str
    kind: CodeKind


class CodeAnswer(Wire):
    """`code` as people read it (`protocol.enrolment.format_code`)."""

    code: str
    expires_at: datetime


class LineChannelSave(Wire):
    """`/staff/line-channel`: the town's LINE channel. An empty property leaves what is stored.

    Never kept on a desktop and never in the audit log. What the environment sets wins and is not changed.
    """

    channel_secret: str = ""
    channel_token: str = ""
    login_channel_id: str = ""
    liff_id: str = ""


class LineChannelAnswer(Wire):
    """The connection test: `account_name` as LINE tells it, or why not in `reason`.

    `from_environment` names the properties that the environment sets.
    """

    account_name: str = ""
    basic_id: str = ""
    reason: str = ""
    from_environment: tuple[str, ...] = ()


class SignInAnswer(Wire):
    """A session. `token` goes into `Authorization: Bearer`; the relay keeps its hash only."""

    token: str
    staff: StaffMember
    cost: PassphraseCost
    wrapped_keys: str
    relay: str
    idle_minutes: int


def new_cost(*, memory_kib: int = 256 * 1024) -> PassphraseCost:
    """A cost with a fresh salt. Tests lower the memory; the relay refuses less than it is set to accept."""
    return PassphraseCost(salt=to_base64(secrets.token_bytes(16)), memory_kib=memory_kib)


def derive_keys(passphrase: str, cost: PassphraseCost) -> PassphraseKeys:
    """Both keys of 32 bytes each. Takes about a second at full cost: never on the screen's thread."""
    root = hash_secret_raw(
        normalise_passphrase(passphrase).encode("utf-8"),
        from_base64(cost.salt),
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=32,
        type=Type.ID,
    )
    return PassphraseKeys(
        login=_expand(root, b"madoguchi login"), wrapping=_expand(root, b"madoguchi wrapping")
    )


def normalise_passphrase(passphrase: str) -> str:
    """Case, hyphens and repeated spaces do not matter: words are words however they were typed."""
    return " ".join(passphrase.replace("-", " ").lower().split())


def new_staff_keys() -> StaffKeys:
    return StaffKeys(sign=Ed25519PrivateKey.generate(), seal=generate_private_key(SECP256R1()))


def wrap_keys(keys: StaffKeys, wrapping: bytes, login_name: str) -> str:
    """The private keys under the wrapping key, bound to the login name. The relay stores this blob."""
    sign = keys.sign.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    seal = keys.seal.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return to_base64(nonce + AESGCM(wrapping).encrypt(nonce, sign + seal, _bound_to(login_name)))


def unwrap_keys(wrapped: str, wrapping: bytes, login_name: str) -> StaffKeys:
    """Raises ValueError for a wrong key, another person's blob or a damaged one."""
    blob = from_base64(wrapped)
    try:
        plain = AESGCM(wrapping).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], _bound_to(login_name))
    except InvalidTag:
        raise ValueError("the keys do not open") from None
    seal = load_der_private_key(plain[32:], password=None)
    if not isinstance(seal, EllipticCurvePrivateKey):
        raise ValueError("the sealing key is of another kind")
    return StaffKeys(sign=Ed25519PrivateKey.from_private_bytes(plain[:32]), seal=seal)


def _bound_to(login_name: str) -> bytes:
    return b"madoguchi staff keys 1\n" + login_name.encode("utf-8")


def _expand(root: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(root)
