"""Compacted records: what a department's desktops have opened, closed again in large pieces for cold starts.

One chunk holds up to `CHUNK_RECORDS` opened records under the department's symmetric chunk key, signed by the
member who made it. The relay stores it unread and drops it when a record in it changes or is erased.
A reader trusts a chunk only if the signer was a member and the hashes fit the originals it samples.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.encoding import from_base64, to_base64
from protocol.sync import Record
from protocol.wire import MalformedMessage, Wire, canonical_bytes

CHUNK_RECORDS = 1000
CHUNK_PLAIN_LIMIT = 64 * 1024 * 1024
ORIGINALS_LIMIT = 50
_CODEC = "zstd"
_HEADER_LIMIT = 16 * 1024


class ChunkHeader(Wire):
    """`first_seq` to `last_seq` of the audience's stream; `key`: the department key whose
    chunk key closes it. `body_hash`: SHA-256 (hex) of the ciphertext. `records`: how many.
    """

    id: str
    town: str
    audience: str
    key: str
    codec: str = _CODEC
    first_seq: int
    last_seq: int
    records: int
    made_by: str
    made_at: datetime
    body_hash: str = ""
    signature: str = ""


class ChunkList(Wire):
    """Answer of the ask `chunks`: newest first, for one audience."""

    chunks: tuple[ChunkHeader, ...] = ()


class ChunkQuery(Wire):
    audience: str


class OriginalsQuery(Wire):
    """Ask `originals`: the sealed submissions behind these ids, at most `ORIGINALS_LIMIT`."""

    ids: tuple[str, ...]


class Originals(Wire):
    """Answer of the ask `originals`: the records as a round would bring them, in no particular order."""

    records: tuple[Record, ...] = ()


class ChunkRefused(ValueError):
    """A chunk that was altered, is of another town or department, or was signed by a stranger."""


def close_chunk(
    header: ChunkHeader, rows: Sequence[dict[str, Any]], chunk_key: bytes, signer: Ed25519PrivateKey
) -> tuple[ChunkHeader, bytes]:
    """The signed header and the ciphertext."""
    plain = b"\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() for row in rows)
    nonce = secrets.token_bytes(12)
    packed = zstandard.compress(plain, 3)
    body = nonce + AESGCM(chunk_key).encrypt(nonce, packed, _bound(header))
    header = header.model_copy(update={"body_hash": hashlib.sha256(body).hexdigest()})
    signature = to_base64(signer.sign(_signed_bytes(header)))
    return header.model_copy(update={"signature": signature}), body


def open_chunk(header: ChunkHeader, body: bytes, chunk_key: bytes, sign_key: str) -> list[bytes]:
    """Each record as JSON bytes, oldest first. Raises ChunkRefused.

    Whether `made_by` was a member is the caller's to check before.
    """
    if hashlib.sha256(body).hexdigest() != header.body_hash or header.codec != _CODEC:
        raise ChunkRefused("the body is another")
    if not is_chunk_signed(header, sign_key):
        raise ChunkRefused("the signature does not fit")
    try:
        packed = AESGCM(chunk_key).decrypt(body[:12], body[12:], _bound(header))
        # The limit below counts only for frames that do not tell their own size.
        if zstandard.frame_content_size(packed) > CHUNK_PLAIN_LIMIT:
            raise ChunkRefused("the content is too large")
        plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=CHUNK_PLAIN_LIMIT)
    except ChunkRefused:
        raise
    except (InvalidTag, ValueError, zstandard.ZstdError):
        raise ChunkRefused("key or content do not fit") from None
    return plain.split(b"\n") if plain else []


def is_chunk_signed(header: ChunkHeader, sign_key: str) -> bool:
    """Whether the header carries a valid signature of this Ed25519 public key (base64)."""
    try:
        public = Ed25519PublicKey.from_public_bytes(from_base64(sign_key))
        public.verify(from_base64(header.signature), _signed_bytes(header))
    except (InvalidSignature, ValueError):
        return False
    return True


def chunk_bytes(header: ChunkHeader, body: bytes) -> bytes:
    """How a chunk crosses the wire: length of the header (4 bytes, big endian), its JSON, the ciphertext."""
    told = canonical_bytes(header.as_json())
    return len(told).to_bytes(4, "big") + told + body


def read_chunk_bytes(sent: bytes) -> tuple[ChunkHeader, bytes]:
    """The other way round. Raises MalformedMessage."""
    length = int.from_bytes(sent[:4], "big")
    if len(sent) < 4 + length or length > _HEADER_LIMIT:
        raise MalformedMessage("ChunkHeader", ())
    return ChunkHeader.parse(sent[4 : 4 + length]), sent[4 + length :]


def _bound(header: ChunkHeader) -> bytes:
    """What the ciphertext is tied to: everything but its own hash and the signature."""
    body = header.as_json()
    del body["body_hash"], body["signature"]
    return b"madoguchi chunk body 1\n" + canonical_bytes(body)


def _signed_bytes(header: ChunkHeader) -> bytes:
    body = header.as_json()
    del body["signature"]
    return b"madoguchi chunk 1\n" + canonical_bytes(body)
