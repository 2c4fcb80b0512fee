"""What a person or an administrator may set for this desktop: by environment, and on the settings screen."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

Theme = Literal["auto", "light", "dark"]
TEXT_SIZES = (90, 100, 115, 130, 150)  # percent
LOCK_MINUTES = (3, 5, 10)  # of doing nothing; the last is the longest a town's rules allow


@dataclass(frozen=True)
class DesktopConfig:
    """Read from `MADOGUCHI_DESKTOP_PROFILE` and `MADOGUCHI_DESKTOP_CA_FILE`.

    `ca_file`: a PEM file to trust instead of the pin, where a town's proxy opens TLS.
    """

    profile: Path | None = None
    ca_file: Path | None = None


def read_config(environment: Mapping[str, str] = os.environ) -> DesktopConfig:
    profile = environment.get("MADOGUCHI_DESKTOP_PROFILE")
    ca_file = environment.get("MADOGUCHI_DESKTOP_CA_FILE")
    return DesktopConfig(
        profile=Path(profile) if profile else None, ca_file=Path(ca_file) if ca_file else None
    )


@dataclass(frozen=True)
class ScreenSettings:
    """How this person likes the screen. Nothing secret, so it is known before sign-in."""

    theme: Theme = "auto"
    text_size: int = 100
    lock_minutes: int = LOCK_MINUTES[-1]

    def with_text_size(self, percent: int) -> ScreenSettings:
        return replace(self, text_size=min(TEXT_SIZES, key=lambda size: abs(size - percent)))

    def with_lock_minutes(self, minutes: int) -> ScreenSettings:
        """Between three and ten, whatever a file says."""
        return replace(self, lock_minutes=min(max(minutes, LOCK_MINUTES[0]), LOCK_MINUTES[-1]))


def load_screen_settings(path: Path) -> ScreenSettings:
    """The stored settings; the defaults where the file is missing or not ours."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        theme = stored.get("theme")
        settings = ScreenSettings(theme=theme if theme in ("auto", "light", "dark") else "auto")
        settings = settings.with_lock_minutes(int(stored.get("lock_minutes", LOCK_MINUTES[-1])))
        return settings.with_text_size(int(stored.get("text_size", 100)))
    except (OSError, ValueError, AttributeError, TypeError):
        return ScreenSettings()


def save_screen_settings(path: Path, settings: ScreenSettings) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(settings)), encoding="utf-8")
