"""The secret kept in the system's keyring: it ties the local file to this person's account on this machine.

Source: design "Who can read what": keyring only strengthens the replica's key; without one the passphrase
stands alone.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from desktop.log import LOGGER
from protocol.encoding import from_base64, to_base64

_SERVICE = "Madoguchi"
SECRET_BYTES = 32


class Keychain(Protocol):
    """Somewhere to keep 32 bytes per name."""

    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, secret: bytes) -> bool:
        """Whether the secret was kept."""
        ...


class SystemKeychain:
    """The keyring of the operating system; behaves as empty where there is none."""

    def get(self, name: str) -> bytes | None:
        import keyring  # slow to import, and not needed before sign-in
        from keyring.errors import KeyringError

        try:
            stored = keyring.get_password(_SERVICE, name)
            return from_base64(stored) if stored else None
        except (KeyringError, ValueError, RuntimeError) as error:
            LOGGER.info("keyring cannot be read: %s", type(error).__name__)
            return None

    def put(self, name: str, secret: bytes) -> bool:
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(_SERVICE, name, to_base64(secret))
            return keyring.get_password(_SERVICE, name) is not None
        except (KeyringError, RuntimeError) as error:
            LOGGER.info("keyring cannot be written: %s", type(error).__name__)
            return False


class MemoryKeychain:
    """Keeps secrets as long as the object lives: for scripts and tests. `works=False` is a machine
    without one.
    """

    def __init__(self, *, works: bool = True) -> None:
        self.kept: dict[str, bytes] = {}
        self._works = works

    def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def put(self, name: str, secret: bytes) -> bool:
        if self._works:
            self.kept[name] = secret
        return self._works


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)
