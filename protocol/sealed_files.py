"""Photos and files of residents, sealed in chunks of 64 KiB before they are stored.

The key lies in the sealed record that names the file; the stored file is named by the hash of its ciphertext
and travels like every other file (design 3). The last chunk is marked, so a cut file does not open.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.encoding import from_base64, to_base64
from protocol.files import file_name
from protocol.wire import Wire

PLAIN_CHUNK = 64 * 1024
_TAG_BYTES = 16


class SealedFile(Wire):
    """Stands in a sealed record's content under `files`. `sha256` names the ciphertext."""

    sha256: str
    key: str
    size: int
    content_type: str
    name: str = ""


class FileDamaged(ValueError):
    """A sealed file that was altered, cut, or sealed under another key."""


def seal_file(content: bytes, *, content_type: str, name: str = "") -> tuple[SealedFile, bytes]:
    """The manifest and the ciphertext to store."""
    key = secrets.token_bytes(32)
    aead = AESGCM(key)
    starts = range(0, max(len(content), 1), PLAIN_CHUNK)
    sealed = b"".join(
        aead.encrypt(_nonce(no, last=no == len(starts) - 1), content[start : start + PLAIN_CHUNK], None)
        for no, start in enumerate(starts)
    )
    manifest = SealedFile(
        sha256=file_name(sealed), key=to_base64(key), size=len(content), content_type=content_type, name=name
    )
    return manifest, sealed


def open_file(manifest: SealedFile, sealed: bytes) -> bytes:
    """Raises FileDamaged."""
    if file_name(sealed) != manifest.sha256:
        raise FileDamaged("another file")
    aead = AESGCM(from_base64(manifest.key))
    starts = range(0, max(len(sealed), 1), PLAIN_CHUNK + _TAG_BYTES)
    try:
        content = b"".join(
            aead.decrypt(
                _nonce(no, last=no == len(starts) - 1), sealed[start : start + PLAIN_CHUNK + _TAG_BYTES], None
            )
            for no, start in enumerate(starts)
        )
    except InvalidTag:
        raise FileDamaged("a chunk does not open") from None
    if len(content) != manifest.size:
        raise FileDamaged("the size differs")
    return content


def _nonce(no: int, *, last: bool) -> bytes:
    # The key is used for this file alone, so a counter is a safe nonce.
    return no.to_bytes(11, "big") + (b"\1" if last else b"\0")
