"""Signed requests: every call a desktop makes is signed by its device key, over method, path, body and time.

Not client certificates, because town proxies open TLS (design "Who can read what").
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.encoding import from_base64, to_base64

DEVICE_HEADER = "madoguchi-device"
TIME_HEADER = "madoguchi-time"
NONCE_HEADER = "madoguchi-nonce"
SIGNATURE_HEADER = "madoguchi-signature"

CLOCK_TOLERANCE_SECONDS = 300
_TAG = "madoguchi request 1"


@dataclass(frozen=True)
class SignedParts:
    """What a signed request claims, before anything is verified."""

    device: str
    time: datetime
    nonce: str
    signature: str


def sign_request(
    device: str, key: Ed25519PrivateKey, *, method: str, path: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The four headers. `path` includes the query exactly as it is sent."""
    time = str(int(now.timestamp()))
    nonce = to_base64(secrets.token_bytes(16))
    signature = key.sign(_signed_bytes(device, method, path, body, time, nonce))
    return {
        DEVICE_HEADER: device,
        TIME_HEADER: time,
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: to_base64(signature),
    }


def read_signed_parts(headers: Mapping[str, str]) -> SignedParts | None:
    """The claim in the headers (lower-case names), or None where one is missing or not a number."""
    try:
        time = datetime.fromtimestamp(int(headers[TIME_HEADER]), UTC)
        return SignedParts(
            device=headers[DEVICE_HEADER],
            time=time,
            nonce=headers[NONCE_HEADER],
            signature=headers[SIGNATURE_HEADER],
        )
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def is_request_signed(parts: SignedParts, public_key: bytes, *, method: str, path: str, body: bytes) -> bool:
    """Whether the signature is this device's. Freshness and replay are the caller's to check."""
    time = str(int(parts.time.timestamp()))
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            from_base64(parts.signature),
            _signed_bytes(parts.device, method, path, body, time, parts.nonce),
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _signed_bytes(device: str, method: str, path: str, body: bytes, time: str, nonce: str) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join((_TAG, device, method.upper(), path, digest, time, nonce)).encode("utf-8")
