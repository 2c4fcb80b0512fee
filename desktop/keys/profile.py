"""The profile file: what this machine must remember to sign in with the relay away. Nothing in it opens
anything.

The device's private key lies in it encrypted under the replica key, the staff keys wrapped as the relay
keeps them.
"""

from __future__ import annotations

import os
from pathlib import Path

from desktop.errors import ProfileDamaged, ProfileMissing
from protocol.signin import PassphraseCost
from protocol.staff import StaffMember
from protocol.wire import MalformedMessage, Wire


class Profile(Wire):
    """`pin` is the SHA-256 (hex) of the relay certificate's public key; empty where a CA file is trusted
    instead.
    """

    relay_url: str
    pin: str = ""
    ca_file: str = ""
    relay: str
    login_name: str
    cost: PassphraseCost
    staff: StaffMember
    wrapped_keys: str
    device: str
    device_key: str
    keyring_name: str = ""
    root: str = ""
    """The town root's public key once a person has compared its words on this machine; empty before."""


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
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(profile.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
