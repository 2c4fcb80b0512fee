"""Where things lie: the profile folder of this person on this machine, and the files shipped with the
program.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class ProfileFolder:
    """The files of one profile. None of them is readable without the passphrase except
    `profile.json` and `passphrase.json`, which open nothing, and `screen.json`."""

    root: Path

    @property
    def profile(self) -> Path:
        return self.root / "profile.json"

    @property
    def pending(self) -> Path:
        """What a new passphrase gives, from before the relay is told until it is known to have heard."""
        return self.root / "passphrase.json"

    @property
    def screen(self) -> Path:
        return self.root / "screen.json"

    @property
    def replica(self) -> Path:
        return self.root / "replica.db"

    @property
    def unsent(self) -> Path:
        return self.root / "unsent.log"

    @property
    def lock(self) -> Path:
        return self.root / "running.lock"

    @property
    def log(self) -> Path:
        return self.root / "desktop.log"

    def make(self) -> None:
        """Create the folder, readable by this person only where the system knows such a thing."""
        self.root.mkdir(parents=True, exist_ok=True)
        if os.name == "posix":
            self.root.chmod(0o700)


def default_profile() -> ProfileFolder:
    return ProfileFolder(Path(platformdirs.user_data_dir("Madoguchi", appauthor=False)))


def resources() -> Path:
    """The folder `resources/`, beside the packages or inside a frozen build."""
    frozen = getattr(sys, "_MEIPASS", None)
    return (Path(frozen) if frozen else Path(__file__).resolve().parent.parent) / "resources"


def manual() -> Path:
    """The folder with the pages of the manual."""
    frozen = getattr(sys, "_MEIPASS", None)
    return (Path(frozen) if frozen else Path(__file__).resolve().parent.parent) / "docs" / "manual"
