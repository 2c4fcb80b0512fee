"""The profile file: what this machine must remember to sign in with the relay away. Nothing in it opens
anything.

The device's private key lies in it encrypted under the replica key, the staff keys wrapped as the relay
keeps them, the replica key itself under passphrase and keyring together.
"""

from __future__ import annotations

import os
from pathlib import Path

from desktop.errors import ProfileDamaged, ProfileMissing
from protocol.signin import PassphraseCost
from protocol.staff import StaffMember
from protocol.wire import MalformedMessage, Wire


class PassphraseSeal(Wire):
    """All that depends on the passphrase. Written beside the profile while a change of it is under way.

    `replica_box`: the local file's random key, locked by the wrapping key and the keyring's secret together.
    """

    cost: PassphraseCost
    wrapped_keys: str
    replica_box: str


class Profile(PassphraseSeal):
    """`pin` is the SHA-256 (hex) of the relay certificate's public key; empty where a CA file is trusted
    instead.
    """

    relay_url: str
    pin: str = ""
    ca_file: str = ""
    relay: str
    login_name: str
    staff: StaffMember
    device: str
    device_key: str
    keyring_name: str = ""
    root: str = ""
    """The town root's public key once a person has compared its words on this machine; empty before."""

    @property
    def seal(self) -> PassphraseSeal:
        return PassphraseSeal(cost=self.cost, wrapped_keys=self.wrapped_keys, replica_box=self.replica_box)

    def sealed_by(self, seal: PassphraseSeal) -> Profile:
        """The same machine under another passphrase."""
        return self.model_copy(update=dict(seal))


def load_profile(path: Path) -> Profile:
    """Raises ProfileMissing or ProfileDamaged."""
    try:
        return Profile.parse(path.read_bytes())
    except FileNotFoundError:
        raise ProfileMissing from None
    except (OSError, MalformedMessage):
        raise ProfileDamaged from None


def save_profile(path: Path, profile: Profile) -> None:
    """Written beside and moved into place, so that a power cut leaves the old one or the new one."""
    _write(path, profile)


def load_pending(path: Path) -> PassphraseSeal | None:
    """The change of the passphrase that was under way when the program ended; None where there is none."""
    try:
        return PassphraseSeal.parse(path.read_bytes())
    except (OSError, MalformedMessage):
        return None  # never completely written, so the relay was never told


def save_pending(path: Path, seal: PassphraseSeal) -> None:
    _write(path, seal)


def forget_pending(path: Path) -> None:
    path.unlink(missing_ok=True)


def _write(path: Path, content: Wire) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(content.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def keep_root(path: Path, root: str) -> None:
    """Note that a person compared the town root on this machine, or that two recovery sheets proved it."""
    save_profile(path, load_profile(path).model_copy(update={"root": root}))
