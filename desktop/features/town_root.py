"""The town's root, directory and recovery key: made together, and opened again by two sheets. Pure.

Nothing here is stored or sent; `town_keys` decides what is published. Requirement: SEC-2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.errors import SheetsOfAnotherTown
from desktop.keys.recovery import Sheet, join_sheets, new_recovery_secret, split_secret
from protocol.certificates import DIRECTORY, DepartmentKey, Trust, certify_directory, public_text
from protocol.keys import CannotUnwrap, SharedSecret, lock_box, new_secret, open_box, unwrap, wrap

BOX = "recovery"
"""Purpose of the recovery box, and the reader's name in wraps to the recovery key."""
_SEED_BYTES = 32


@dataclass(frozen=True)
class NewTown:
    """The town's keys before they are published: only in memory, until two sheets were read back."""

    root: Ed25519PrivateKey
    directory: Ed25519PrivateKey
    trust: Trust
    sheets: tuple[Sheet, ...]

    def __repr__(self) -> str:
        return "NewTown(…)"


@dataclass(frozen=True)
class Restored:
    """What two sheets opened: `keys` maps ids of department keys to their secrets."""

    directory: Ed25519PrivateKey
    keys: dict[str, SharedSecret]

    def __repr__(self) -> str:
        return f"Restored({len(self.keys)} keys)"


def new_town(now: datetime) -> NewTown:
    """Fresh keys and three sheets."""
    root, directory = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    recovery, secret = new_secret(), new_recovery_secret()
    trust = Trust(
        root=public_text(root),
        directory=certify_directory(root, public_text(directory), now, recovery=recovery.public),
        recovery=recovery.public,
        recovery_box=lock_box(root.private_bytes_raw() + recovery.raw, secret, BOX),
        directory_recovery=wrap(directory.private_bytes_raw(), recovery.public, key=DIRECTORY, reader=BOX),
    )
    return NewTown(root, directory, trust, split_secret(secret))


def open_sheets(trust: Trust, sheets: Sequence[Sheet]) -> tuple[Ed25519PrivateKey, SharedSecret]:
    """The root and the recovery key of this town. Raises SheetsUnfit."""
    try:
        opened = open_box(trust.recovery_box, join_sheets(sheets), BOX)
    except CannotUnwrap:
        raise SheetsOfAnotherTown from None
    root = Ed25519PrivateKey.from_private_bytes(opened[:_SEED_BYTES])
    recovery = SharedSecret(opened[_SEED_BYTES:])
    if public_text(root) != trust.root or recovery.public != trust.recovery:
        raise SheetsOfAnotherTown
    return root, recovery


def open_directory(trust: Trust, recovery: SharedSecret) -> Ed25519PrivateKey:
    """The key that vouches for people and departments. Raises SheetsOfAnotherTown."""
    try:
        seed = unwrap(trust.directory_recovery, recovery.private, key=DIRECTORY, reader=BOX)
    except CannotUnwrap:
        raise SheetsOfAnotherTown from None
    directory = Ed25519PrivateKey.from_private_bytes(seed)
    if public_text(directory) != trust.directory.key:
        raise SheetsOfAnotherTown
    return directory


def open_recovery_wrap(key: DepartmentKey, recovery: SharedSecret) -> SharedSecret | None:
    """A department's secret by the recovery key; None where it does not open to the certified key."""
    try:
        secret = SharedSecret(unwrap(key.recovery_wrap, recovery.private, key=key.id, reader=BOX))
    except CannotUnwrap:
        return None
    return secret if secret.public == key.public else None
