"""Secrets are made, never fixed; the environment and the command line are read (OPS-4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.__main__ import introduction, parse
from sandbox.settings import SandboxSettings, UnknownSetting


def test_secrets_are_made_afresh_and_never_shown_in_a_repr() -> None:
    one, other = SandboxSettings(), SandboxSettings()
    for name in ("channel_secret", "channel_token", "login_channel_secret"):
        assert getattr(one, name) != getattr(other, name)
        assert getattr(one, name) not in repr(one)


def test_the_environment_is_read_and_what_is_given_wins() -> None:
    environment = {
        "SANDBOX_CHANNEL_SECRET": "from environment",
        "SANDBOX_QUOTA_VALUE": "200",
        "SANDBOX_RATE_LIMITS": "off",
        "SANDBOX_WEBHOOK_TIMEOUT": "0.5",
        "MADOGUCHI_LINE_OPENAPI": "somewhere",
    }
    settings = SandboxSettings.from_environment(environment, channel_secret="given", webhook_url=None)
    assert settings.channel_secret == "given"
    assert (settings.quota_value, settings.rate_limits, settings.webhook_timeout) == (200, False, 0.5)
    assert settings.openapi_folder == Path("somewhere")


def test_an_unknown_or_ill_typed_change_is_refused() -> None:
    settings = SandboxSettings()
    for name in ("no_such_thing", "clock", "openapi_folder"):
        with pytest.raises(UnknownSetting, match=name):
            settings.changed({name: "x"})
    for changes in ({"quota_value": "many"}, {"rate_limits": 1}, {"webhook_url": 3}, {"webhook_ca_file": 1}):
        with pytest.raises(ValueError, match=next(iter(changes))):
            settings.changed(changes)


def test_the_command_line_prints_what_the_relay_needs() -> None:
    options = vars(parse(["--port", "8701", "--liff-endpoint", "https://localhost/pages", "--quota", "9"]))
    del options["host"], options["port"]
    settings = SandboxSettings.from_environment({"SANDBOX_PUBLIC_URL": "http://localhost:8701"}, **options)
    assert (settings.liff_endpoint_url, settings.quota_value) == ("https://localhost/pages", 9)
    words = introduction(settings)
    assert f"MADOGUCHI_LINE_CHANNEL_SECRET={settings.channel_secret}" in words
    assert "MADOGUCHI_LIFF_URL_BASE=http://localhost:8701/liff" in words
