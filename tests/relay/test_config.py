"""The table of settings says what the code says; secrets are in no word of the program. OPS-4, SEC-2."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from relay.__main__ import main
from relay.app import build_relay
from relay.config import RelaySettings, load_settings
from relay.serve import tell_first_code
from tests.relay.desk import relay_settings

TABLE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_documented_settings_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert [row[0] for row in rows] == list(RelaySettings.model_fields)
    for name, variable, default, meaning in rows:
        field = RelaySettings.model_fields[name]
        value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        assert variable == f"MADOGUCHI_{name.upper()}"
        assert default.strip("`") == ("–" if value in (None, "", ()) else str(value)), name
        assert meaning == field.description, name


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "relay.toml"
    file.write_text('town_name = "川の町"\nlisten_port = 9000\ntrusted_proxies = ["10.0.0.0/8"]\n', "utf-8")
    monkeypatch.setenv("MADOGUCHI_TOWN_NAME", "みなと野市")
    settings = load_settings(file)
    assert (settings.town_name, settings.listen_port) == ("みなと野市", 9000)
    assert settings.trusted_proxies == ("10.0.0.0/8",)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))  # the program sets up its own
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setenv("MADOGUCHI_KEY_FILE", str(tmp_path / "relay.key"))
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", f"sqlcipher:{tmp_path / 'relay.db'}")
    monkeypatch.setenv("MADOGUCHI_LINE_CHANNEL_TOKEN", "very-secret-token")
    monkeypatch.setenv("MADOGUCHI_LINE_CHANNEL_SECRET", "very-secret-secret")
    return tmp_path


def test_check_shows_what_is_in_force_and_no_secret(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    out = capsys.readouterr()
    assert "line_channel_token           設定済み" in out.out
    assert "very-secret" not in out.out + out.err
    assert "very-secret" not in repr(RelaySettings())


def test_a_new_code_is_printed_and_an_unknown_person_is_told(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-code"]) == 0
    assert re.fullmatch(r"(\w{5}-){6}\w{5}\n", capsys.readouterr().out)
    assert main(["new-code", "--reset"]) == 1
    assert main(["new-code", "--for", "nobody"]) == 1
    assert "登録されていません" in capsys.readouterr().err


def test_the_first_code_is_shown_at_a_terminal_and_never_written_into_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = build_relay(relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}"))
    code = re.compile(r"(\w{5}-){6}\w{5}")
    tell_first_code(relay)
    told = capsys.readouterr().out
    assert not code.search(told)
    assert "python -m relay new-code" in told
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    tell_first_code(relay)
    assert code.search(capsys.readouterr().out)
    relay.database.close()


def test_the_worker_refuses_an_embedded_store_with_words(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker"]) == 1
    assert "PostgreSQL" in capsys.readouterr().err


def test_a_wrong_key_is_told_in_words(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    (configured / "relay.key").write_text("00" * 32)
    assert main(["check"]) == 1
    assert "元の鍵ファイル" in capsys.readouterr().err


def test_a_wrong_setting_is_named_without_its_value(
    configured: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MADOGUCHI_LISTEN_PORT", "secret-by-mistake")
    assert main(["check"]) == 1
    err = capsys.readouterr().err
    assert "listen_port" in err and "secret-by-mistake" not in err


def test_the_database_file_is_for_its_owner_only(configured: Path) -> None:
    assert main(["check"]) == 0
    assert (configured / "relay.db").stat().st_mode & 0o077 == 0
