"""Settings: one TOML file or `MADOGUCHI_…` environment variables, same names in both; the environment wins.

`docs/configuration.md` lists every name; a test compares the two.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from protocol.audit import ACCESS_LOG_FLOOR_DAYS


class RelaySettings(BaseSettings):
    """What the relay must be told. Field `database_url` is `MADOGUCHI_DATABASE_URL`, and so on."""

    model_config = SettingsConfigDict(env_prefix="MADOGUCHI_", extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(
        default=SecretStr("sqlcipher:relay.db"),
        description="`sqlcipher:PATH` for the embedded store, or `postgresql+psycopg://…`",
    )
    key_file: Path = Field(
        default=Path("relay.key"),
        description="Host key, 32 bytes in hex, mode 0600; its folder keeps the daily transit keys",
    )
    environment: Literal["production", "test", "training"] = Field(
        default="test", description="Which environment this relay is; desktops colour their frame by it"
    )
    town_name: str = Field(default="", description="Name of the municipality")
    town_telephone: str = Field(
        default="", description="Telephone of the town hall, shown where talk and pages cannot help"
    )
    public_url: str = Field(
        default="https://localhost:8443", description="Address residents and LINE reach the relay at"
    )
    listen_host: str = Field(default="127.0.0.1", description="Address to listen on")
    listen_port: int = Field(default=8443, description="Port to listen on")
    tls_certificate: Path | None = Field(
        default=None, description="PEM chain; without it a self-signed one is made beside the key file"
    )
    tls_private_key: Path | None = Field(default=None, description="PEM private key of the certificate")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Addresses whose X-Forwarded-For is believed"
    )
    staff_allowed_addresses: tuple[str, ...] = Field(
        default=(), description="Networks (CIDR) that may use the staff API; empty allows all"
    )
    session_idle_minutes: int = Field(
        default=30, ge=10, le=30, description="A staff session ends after this many minutes without an action"
    )
    access_log_days: int = Field(
        default=200, ge=ACCESS_LOG_FLOOR_DAYS, description="Days the access log is kept; 180 at least"
    )
    min_passphrase_memory_kib: int = Field(
        default=256 * 1024,
        ge=8,
        description="Least Argon2id memory (KiB) an account may be made with; tests lower it",
    )
    line_api_base: str | None = Field(
        default=None, description="All Messaging API calls go there; unset means the real hosts"
    )
    line_channel_secret: SecretStr = Field(
        default=SecretStr(""), description="Channel secret of the Messaging API channel"
    )
    line_channel_token: SecretStr = Field(default=SecretStr(""), description="Channel access token")
    line_login_channel_id: str = Field(
        default="", description="Channel id of the LINE Login or MINI App channel"
    )
    line_login_base: str = Field(default="https://api.line.me", description="Where ID tokens are verified")
    line_ca_file: Path | None = Field(
        default=None, description="CA for the two addresses above, when not a public one"
    )
    liff_id: str = Field(default="", description="LIFF app that opens the resident pages")
    liff_url_base: str = Field(default="https://liff.line.me", description="Address LIFF links begin with")
    liff_sdk_url: str = Field(
        default="https://static.line-scdn.net/liff/edge/2/sdk.js",
        description="Where the pages load the LIFF SDK from",
    )
    multicast_per_second: int = Field(
        default=195,
        ge=1,
        le=199,
        description="Pace of multicast calls; LINE refuses more than 200 in a second",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @cached_property
    def is_embedded(self) -> bool:
        """Whether the store is one SQLCipher file, used by one process."""
        return self.database_url.get_secret_value().startswith("sqlcipher:")


def load_settings(toml_file: Path | None = None) -> RelaySettings:
    """Settings from the environment and, beneath it, the given TOML file."""
    if toml_file is None:
        return RelaySettings()

    class FromFile(RelaySettings):
        model_config = SettingsConfigDict(**{**RelaySettings.model_config, "toml_file": toml_file})

    return FromFile()
