"""The daily keys under which webhook events wait: one file a day beside the host key, never in the database.

Destroying a day's file makes every copy of that day's rows unreadable, backups included (design "Events in").
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relay.errors import WrongKey

_NONCE_BYTES = 12
_LIFE = timedelta(hours=24)


class TransitKeys:
    """Seals and opens under the key of a day (UTC). Several processes of one host share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, AESGCM] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def __repr__(self) -> str:
        return "TransitKeys(…)"

    def seal(self, now: datetime, event_id: str, value: bytes) -> tuple[str, bytes]:
        """The day and the sealed value."""
        day = now.astimezone(UTC).date().isoformat()
        aead = self._known.get(day) or self._load(day, make=True)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return day, nonce + aead.encrypt(nonce, value, event_id.encode())

    def open(self, day: str, event_id: str, sealed: bytes) -> bytes:
        """Raises WrongKey when the day's key was destroyed or the value altered."""
        aead = self._known.get(day) or self._load(day, make=False)
        try:
            return aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], event_id.encode())
        except InvalidTag:
            raise WrongKey("an event of the inbox does not open") from None

    def days_older_than_life(self, now: datetime) -> list[str]:
        """The days whose last event is 24 hours old; the caller checks that their rows are done."""
        limit = (now.astimezone(UTC) - _LIFE).date().isoformat()
        return sorted(file.stem for file in self._folder.glob("*.key") if file.stem < limit)

    def destroy(self, day: str) -> None:
        file = self._folder / f"{day}.key"
        try:
            size = file.stat().st_size
            with file.open("r+b") as handle:  # best effort; a journalling disk may keep the old block
                handle.write(secrets.token_bytes(size))
                handle.flush()
                os.fsync(handle.fileno())
            file.unlink()
        except FileNotFoundError:
            pass
        self._known.pop(day, None)

    def _load(self, day: str, *, make: bool) -> AESGCM:
        file = self._folder / f"{day}.key"
        if not file.exists():
            if not make:
                raise WrongKey("the transit key of that day was destroyed")
            self._make(file)
        aead = AESGCM(file.read_bytes())
        self._known[day] = aead
        return aead

    def _make(self, file: Path) -> None:
        # Written aside and linked, so that no other process ever reads half a key.
        aside = file.with_suffix(f".{secrets.token_hex(4)}.new")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(aside, file)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
