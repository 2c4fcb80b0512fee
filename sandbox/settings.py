"""What the sandbox is told at start, and what may be changed while it runs. Holds no behaviour."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Clock = Callable[[], datetime]

# The clock is a callable and the rest of these decide how the process was started.
NOT_OVER_HTTP = frozenset({"clock", "openapi_folder", "webhook_concurrency"})


class UnknownSetting(ValueError):
    """A setting with this name does not exist or cannot be changed while running."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def _digits(count: int) -> str:
    return "2" + "".join(str(secrets.randbelow(10)) for _ in range(count - 1))


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """One LINE channel, its Login channel and its LIFF app.

    Secrets are made fresh at start unless given; none has a fixed default.
    Times are seconds unless the name says otherwise.
    """

    channel_id: str = field(default_factory=lambda: _digits(10))
    channel_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    channel_token: str = field(default_factory=lambda: secrets.token_urlsafe(96), repr=False)
    login_channel_id: str = field(default_factory=lambda: _digits(10))
    login_channel_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    liff_id: str = ""
    liff_endpoint_url: str = ""
    public_url: str = ""

    display_name: str = "みなと野市"
    basic_id: str = "@000minatono"
    bot_user_id: str = "U" + "0" * 24 + "5a4d4150"
    chat_mode: str = "bot"
    verified_account: bool = True

    quota_type: str = "limited"
    quota_value: int = 30_000
    rate_limits: bool = True
    rate_scale: float = 1.0

    webhook_url: str = ""
    webhook_ca_file: str | None = None
    webhook_timeout: float = 2.0
    webhook_concurrency: int = 16
    webhook_batch_events: int = 1
    webhook_redelivery: bool = False
    webhook_redelivery_attempts: int = 3
    webhook_redelivery_interval: float = 1.0
    webhook_disorder: bool = False
    webhook_duplicate_share: float = 0.0

    fetch_media: bool = True
    require_https_media: bool = True
    content_preparation: float = 0.0
    audience_preparation: float = 2.0
    narrowcast_phase: float = 1.0
    # LINE's reference says both of ids it does not know: "skipped" and "400". See docs/sandbox.md.
    multicast_unknown_ids: str = "skip"

    openapi_folder: Path | None = None
    clock_offset: float = 0.0
    clock: Clock = utc_now

    def __post_init__(self) -> None:
        if not self.liff_id:
            object.__setattr__(self, "liff_id", f"{self.login_channel_id}-{secrets.token_hex(4)}")

    def changed(self, changes: Mapping[str, Any]) -> SandboxSettings:
        """A copy with ``changes``; raises UnknownSetting or ValueError with the name in it."""
        known = {f.name: f for f in dataclasses.fields(self)}
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known or name in NOT_OVER_HTTP:
                raise UnknownSetting(name)
            checked[name] = _as_kind(name, value, getattr(self, name))
        return dataclasses.replace(self, **checked)

    def as_json(self) -> dict[str, Any]:
        """Everything but the clock. The secrets are throw-away values and scripts need them."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "clock"}
        values["openapi_folder"] = str(self.openapi_folder) if self.openapi_folder else None
        return values

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **given: Any) -> SandboxSettings:
        """``given`` wins over ``SANDBOX_<NAME>`` wins over the default."""
        blank = cls()
        values: dict[str, Any] = {}
        for f in dataclasses.fields(cls):
            text = environ.get("SANDBOX_" + f.name.upper())
            if text is None or f.name in ("clock", "openapi_folder"):
                continue
            values[f.name] = _from_text(text, getattr(blank, f.name))
        folder = environ.get("SANDBOX_OPENAPI_FOLDER") or environ.get("MADOGUCHI_LINE_OPENAPI")
        if folder:
            values["openapi_folder"] = Path(folder)
        values.update({name: value for name, value in given.items() if value is not None})
        return cls(**values)


def _from_text(text: str, example: Any) -> Any:
    if isinstance(example, bool):
        return text.strip().lower() in ("1", "true", "yes", "on")
    if isinstance(example, int):
        return int(text)
    if isinstance(example, float):
        return float(text)
    return text


def _as_kind(name: str, value: Any, current: Any) -> Any:
    if name == "webhook_ca_file":
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} must be a path or null")
        return value
    if isinstance(current, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false")
        return value
    if isinstance(current, (int, float)):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{name} must be a number")
        return type(current)(value)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value
