"""The Sealer: a personal answer closed on receipt so that only its departments open it (SEC-8, design 4).

A fresh key per record, AES-256-GCM over the padded body with the header as associated data, and one HPKE wrap
of that key per reader, into whose `info` the header's hash goes: neither a body nor a wrap can be moved to
another record, form, town or part without being noticed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.encoding import from_base64, to_base64
from protocol.keys import CannotUnwrap, hpke_open, hpke_seal, point
from protocol.wire import Wire, canonical_bytes

SUITE = "hpke-p256-hkdf-sha256-aes256gcm/1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_BUCKETS = (1024, 4096, 16384, 65536)
_LENGTH_BYTES = 4

Part = Literal["answer", "staff", "copy"]
"""What the resident wrote, what staff wrote about it, and what the resident may read of both."""


class SealedHeader(Wire):
    """What everyone may know of a sealed record; bound into it. `town` is the relay's id, `object` the form
    or question it answers (`contact:<id>`, `item:<id>`), `version` that object's version.

    `departments`: those it is for, so that nobody adds one later. `copy_keys`: `copy_keys_hash` of the
    resident copy's wraps as they came with it, empty where there is no copy: without it whoever keeps the
    record could put in a copy key of their own, and a renewed copy would be theirs to read.
    """

    suite: str = SUITE
    town: str
    part: Part
    id: str
    object: str
    version: int = 0
    sealed_at: datetime
    departments: tuple[str, ...] = ()
    copy_keys: str = ""


class SealedRecord(Wire):
    """`wraps` maps the id of a department key to the record's key sealed to it; all base64."""

    header: SealedHeader
    nonce: str
    body: str
    wraps: dict[str, str]


CannotOpenReason = Literal["key_missing", "key_wrong", "other_town", "other_suite", "record_damaged"]


class CannotOpen(ValueError):
    """Why a sealed record does not open, in a code; `keys` are the ids of the keys it is sealed to."""

    def __init__(self, reason: CannotOpenReason, keys: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason: CannotOpenReason = reason
        self.keys = keys


def seal(header: SealedHeader, content: Mapping[str, Any], readers: Mapping[str, str]) -> SealedRecord:
    """Close `content` (JSON without floats) for these readers: key id → public key, base64.

    Raises ValueError without any reader or with a key that is no point of P-256.
    """
    if not readers:
        raise ValueError("a sealed record needs a reader")
    bound = canonical_bytes(header.as_json())
    key, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
    body = AESGCM(key).encrypt(nonce, pad(canonical_bytes(dict(content))), bound)
    info = _info(bound)
    wraps = {id: to_base64(hpke_seal(key, point(public), info)) for id, public in readers.items()}
    return SealedRecord(header=header, nonce=to_base64(nonce), body=to_base64(body), wraps=wraps)


def open_sealed(
    record: SealedRecord, keys: Mapping[str, EllipticCurvePrivateKey], *, town: str
) -> dict[str, Any]:
    """The content, by the first of `keys` (key id → private key) it is sealed to. Raises CannotOpen."""
    header, readers = record.header, tuple(record.wraps)
    if header.suite != SUITE:
        raise CannotOpen("other_suite", readers)
    if header.town != town:
        raise CannotOpen("other_town", readers)
    known = next((id for id in readers if id in keys), None)
    if known is None:
        raise CannotOpen("key_missing", readers)
    bound = canonical_bytes(header.as_json())
    try:
        key = hpke_open(from_base64(record.wraps[known]), keys[known], _info(bound))
    except (CannotUnwrap, ValueError):
        raise CannotOpen("key_wrong", readers) from None
    try:
        padded = AESGCM(key).decrypt(from_base64(record.nonce), from_base64(record.body), bound)
        content: dict[str, Any] = json.loads(unpad(padded))
    except (InvalidTag, ValueError):
        raise CannotOpen("record_damaged", readers) from None
    return content


def record_hash(record: SealedRecord) -> str:
    """SHA-256 (hex) of the whole sealed record: how a compacted chunk names its originals."""
    return hashlib.sha256(canonical_bytes(record.as_json())).hexdigest()


def copy_keys_hash(wraps: Mapping[str, str]) -> str:
    """SHA-256 (hex) of a resident copy's wraps; empty without any."""
    return hashlib.sha256(canonical_bytes(dict(wraps))).hexdigest() if wraps else ""


def pad(content: bytes) -> bytes:
    """To 1, 4, 16 or 64 KiB, then to whole 64 KiB: the size says little about what was written."""
    framed = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    size = next((bucket for bucket in _BUCKETS if len(framed) <= bucket), 0)
    size = size or -(-len(framed) // _BUCKETS[-1]) * _BUCKETS[-1]
    return framed.ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """Raises ValueError for a length that cannot be."""
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if len(padded) < _LENGTH_BYTES + length:
        raise ValueError("padded content is cut")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]


def _info(bound: bytes) -> bytes:
    return b"madoguchi record 1\n" + hashlib.sha256(bound).digest()
