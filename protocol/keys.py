"""Secrets that are shared by wrapping: a department's, the directory's, the town's recovery key.

A department's secret is 32 random bytes. From it come the P-256 pair that records are sealed to and the
symmetric key of compacted chunks, so one wrap gives a member both (design 4).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.encoding import from_base64, to_base64

SECRET_BYTES = 32
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, SEC 2 section 2.4.2
_SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class CannotUnwrap(ValueError):
    """A wrap that was made for another person or key, or that was altered."""


@dataclass(frozen=True)
class SharedSecret:
    """One secret of 32 bytes and the keys it stands for."""

    raw: bytes

    def __repr__(self) -> str:
        return "SharedSecret(…)"

    @property
    def private(self) -> EllipticCurvePrivateKey:
        # 48 bytes before the remainder: the bias is below 2^-128 (FIPS 186-5, A.2.1).
        number = int.from_bytes(_expand(self.raw, b"madoguchi department pair 1", 48), "big")
        return derive_private_key(number % (_ORDER - 1) + 1, SECP256R1())

    @property
    def public(self) -> str:
        return point_text(self.private.public_key())

    @property
    def chunk_key(self) -> bytes:
        return _expand(self.raw, b"madoguchi chunks 1", 32)


def new_secret() -> SharedSecret:
    return SharedSecret(secrets.token_bytes(SECRET_BYTES))


def point_text(key: EllipticCurvePublicKey) -> str:
    """A P-256 public key as it crosses the wire: uncompressed point, base64."""
    return to_base64(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def point(text: str) -> EllipticCurvePublicKey:
    """Raises ValueError for anything that is not a point of P-256."""
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), from_base64(text))


def wrap(secret: bytes, to: str, *, key: str, reader: str) -> str:
    """Seal a secret to a P-256 public key; bound to the key's id and to the reader's id or `recovery`."""
    return to_base64(_SUITE.encrypt(secret, point(to), info=_bound_to(key, reader)))


def unwrap(sealed: str, private: EllipticCurvePrivateKey, *, key: str, reader: str) -> bytes:
    """Raises CannotUnwrap."""
    try:
        return bytes(_SUITE.decrypt(from_base64(sealed), private, info=_bound_to(key, reader)))
    except (InvalidTag, ValueError):
        raise CannotUnwrap("the wrap does not open") from None


def hpke_seal(content: bytes, to: EllipticCurvePublicKey, info: bytes) -> bytes:
    """RFC 9180 base mode, single shot: encapsulated point (65 bytes) and ciphertext."""
    return bytes(_SUITE.encrypt(content, to, info=info))


def hpke_open(sealed: bytes, private: EllipticCurvePrivateKey, info: bytes) -> bytes:
    """Raises CannotUnwrap."""
    try:
        return bytes(_SUITE.decrypt(sealed, private, info=info))
    except (InvalidTag, ValueError):
        raise CannotUnwrap("sealed to another key, or altered") from None


def lock_box(content: bytes, secret: bytes, purpose: str) -> str:
    """Encrypt under a key derived from a secret, such as what the recovery shares give."""
    nonce = secrets.token_bytes(12)
    key = _expand(secret, b"madoguchi box " + purpose.encode(), 32)
    return to_base64(nonce + AESGCM(key).encrypt(nonce, content, purpose.encode()))


def open_box(box: str, secret: bytes, purpose: str) -> bytes:
    """Raises CannotUnwrap."""
    key = _expand(secret, b"madoguchi box " + purpose.encode(), 32)
    try:
        blob = from_base64(box)
        return AESGCM(key).decrypt(blob[:12], blob[12:], purpose.encode())
    except (InvalidTag, ValueError):
        raise CannotUnwrap("the box does not open") from None


def _bound_to(key: str, reader: str) -> bytes:
    return b"madoguchi wrap 1\n" + key.encode() + b"\n" + reader.encode()


def _expand(raw: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(raw)
