"""Encryption at rest: values sealed to their column and row, and keyed indexes to find them by.

One host key, kept outside the database and its backups; a key of its own for every column is derived from it.
Requirement: SEC-2.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from relay.errors import WrongKey

KEY_BYTES = 32
_NONCE_BYTES = 12


class ColumnCipher:
    """Seals and opens values with keys derived from the host key. Holds no state but the key."""

    def __init__(self, host_key: bytes) -> None:
        if len(host_key) != KEY_BYTES:
            raise WrongKey(f"the host key has {len(host_key)} bytes, not {KEY_BYTES}")
        self._host_key = host_key
        self._aead = lru_cache(maxsize=None)(lambda column: AESGCM(self.derive(f"column {column}")))
        self._index_key = lru_cache(maxsize=None)(lambda column: self.derive(f"index {column}"))

    def __repr__(self) -> str:
        return "ColumnCipher(…)"

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; equal purposes give equal keys."""
        return HKDFExpand(SHA256(), KEY_BYTES, f"madoguchi {purpose}".encode()).derive(self._host_key)

    def seal(self, column: str, row: str, value: bytes) -> bytes:
        """`column` is `table.column`, `row` the primary key: a value moved to another place does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead(column).encrypt(nonce, value, row.encode())

    def open(self, column: str, row: str, sealed: bytes) -> bytes:
        """Raises WrongKey for a wrong key, a moved or an altered value."""
        try:
            return self._aead(column).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], row.encode())
        except InvalidTag:
            raise WrongKey(f"a value of {column} does not open") from None

    def opener(self, column: str) -> Callable[[str, bytes], bytes]:
        """`open` for many values of one column in a row, with nothing looked up for each."""
        decrypt = self._aead(column).decrypt

        def open_one(row: str, sealed: bytes) -> bytes:
            try:
                return decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], row.encode())
            except InvalidTag:
                raise WrongKey(f"a value of {column} does not open") from None

        return open_one

    def seal_text(self, column: str, row: str, text: str) -> bytes:
        return self.seal(column, row, text.encode("utf-8"))

    def open_text(self, column: str, row: str, sealed: bytes) -> str:
        return self.open(column, row, sealed).decode("utf-8")

    def index(self, column: str, value: str) -> bytes:
        """A keyed hash to look a value up by equality without storing it."""
        return hmac.digest(self._index_key(column), value.encode("utf-8"), hashlib.sha256)


def load_or_make_host_key(file: Path) -> bytes:
    """The host key, made on first use with mode 0600. Raises WrongKey when the file holds something else."""
    try:
        text = file.read_text("ascii").strip()
    except FileNotFoundError:
        return _make_host_key(file)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise WrongKey("the key file does not hold 64 hexadecimal digits") from None


def _make_host_key(file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(KEY_BYTES)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of the same host was faster
        return bytes.fromhex(file.read_text("ascii").strip())
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(key.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    return key
