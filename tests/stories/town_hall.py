"""One town on this machine: the sandbox and the relay as processes, as a town would run them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from relay.store.cipher import load_or_make_host_key
from relay.store.database import open_database
from tests.stories.sample_town import fill_relay, load_sample_town
from tests.stories.story_clock import CLOCK_FILE, StoryClock

START_SECONDS = 60
_CHANNEL = (
    "MADOGUCHI_LINE_CHANNEL_SECRET",
    "MADOGUCHI_LINE_CHANNEL_TOKEN",
    "MADOGUCHI_LINE_LOGIN_CHANNEL_ID",
    "MADOGUCHI_LIFF_ID",
)
_CODE = re.compile(r"\b(?:[0-9A-Z]{5}-){6}[0-9A-Z]{5}\b")


class DidNotStart(RuntimeError):
    """A part ended or did not answer; its log says why."""


@dataclass(frozen=True)
class TownHall:
    """A running sandbox and relay. `code` is a one-time code of that relay."""

    folder: Path
    sandbox_url: str
    relay_url: str
    certificate: Path
    code: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    clock: StoryClock | None = None

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the sandbox's control API."""
        answer = requests.request(method, f"{self.sandbox_url}/sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def reset_code(self, login_name: str) -> str:
        """For somebody whose passphrase is lost, made on the relay's own host."""
        return _new_code(self.environment, "--login", login_name, "--reset")

    def administrator_code(self) -> str:
        """For one more administrator, made on the relay's own host."""
        return _new_code(self.environment)

    def talk(self, user_id: str) -> list[dict[str, Any]]:
        """What stands in a resident's talk, oldest first."""
        found: list[dict[str, Any]] = self.sandbox("GET", f"residents/{user_id}/talk")["messages"]
        return found


@contextmanager
def town_hall(
    folder: Path,
    *,
    residents: int = 3000,
    ports: tuple[int, int] = (0, 0),
    line: bool = True,
    least_memory_kib: int | None = None,
    clock: StoryClock | None = None,
) -> Iterator[TownHall]:
    """Start sandbox and relay with the sample town in them. `ports` of both; 0 takes a free one.

    `line` False: the relay does not know the LINE channel yet, somebody will enter it.
    `least_memory_kib`: what the relay asks of a passphrase's cost, where the story's people pay less.
    `clock`: one that the story moves, for the relay and the sandbox.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sandbox_port, relay_port = (port or _free_port() for port in ports)
    sandbox_url = f"http://127.0.0.1:{sandbox_port}"
    relay_url = f"https://localhost:{relay_port}"
    with ExitStack() as processes:
        words = [
            "sandbox",
            "--port",
            str(sandbox_port),
            "--liff-endpoint",
            f"{relay_url}/pages/",
        ]
        processes.enter_context(_running(words, folder / "sandbox.log", os.environ))
        _wait_for(sandbox_port, folder / "sandbox.log")
        settings = _call(sandbox_url, "GET", "settings")
        environment = _relay_environment(folder, settings, sandbox_url, relay_url, relay_port)
        if not line:
            environment = {name: value for name, value in environment.items() if name not in _CHANNEL}
        if least_memory_kib is not None:
            environment["MADOGUCHI_MIN_PASSPHRASE_MEMORY_KIB"] = str(least_memory_kib)
        _fill(folder, sandbox_url, residents)
        relay = ["relay"]
        if clock is not None:
            environment[CLOCK_FILE] = str(clock.file)
            clock.follow(lambda ahead: _call(sandbox_url, "PUT", "settings", {"clock_offset": ahead}))
            relay = ["tests.stories.story_clock", "relay"]
        processes.enter_context(_running(relay, folder / "relay.log", os.environ | environment))
        _wait_for(relay_port, folder / "relay.log")
        certificate = folder / "relay-cert.pem"
        _fetch_certificate(relay_port, certificate)
        webhook = {"webhook_url": f"{relay_url}/line/webhook", "webhook_ca_file": str(certificate)}
        _call(sandbox_url, "PUT", "settings", webhook)
        code = _new_code(os.environ | environment)
        yield TownHall(folder, sandbox_url, relay_url, certificate, code, os.environ | environment, clock)


def _relay_environment(
    folder: Path, line: dict[str, Any], sandbox_url: str, relay_url: str, port: int
) -> dict[str, str]:
    return {
        "MADOGUCHI_DATABASE_URL": f"sqlcipher:{folder / 'relay.db'}",
        "MADOGUCHI_KEY_FILE": str(folder / "relay.key"),
        "MADOGUCHI_ENVIRONMENT": "training",
        "MADOGUCHI_TOWN_NAME": load_sample_town().name,
        "MADOGUCHI_PUBLIC_URL": relay_url,
        "MADOGUCHI_LISTEN_PORT": str(port),
        "MADOGUCHI_LINE_API_BASE": sandbox_url,
        "MADOGUCHI_LINE_CHANNEL_SECRET": line["channel_secret"],
        "MADOGUCHI_LINE_CHANNEL_TOKEN": line["channel_token"],
        "MADOGUCHI_LINE_LOGIN_BASE": sandbox_url,
        "MADOGUCHI_LINE_LOGIN_CHANNEL_ID": line["login_channel_id"],
        "MADOGUCHI_LIFF_ID": line["liff_id"],
        "MADOGUCHI_LIFF_URL_BASE": f"{sandbox_url}/liff",
        "MADOGUCHI_LIFF_SDK_URL": f"{sandbox_url}/liff/sdk.js",
    }


def _fill(folder: Path, sandbox_url: str, count: int) -> None:
    """Residents become friends before the sandbox knows a webhook; the relay's store knows them."""
    made = _call(sandbox_url, "POST", "residents", {"count": count, "seed": "minatono"})["residents"]
    _call(sandbox_url, "POST", "do", {"userIds": "all", "action": "follow"})
    key = load_or_make_host_key(folder / "relay.key")
    database = open_database(f"sqlcipher:{folder / 'relay.db'}", key)
    fill_relay(database, load_sample_town(), [each["userId"] for each in made], datetime.now(UTC))
    database.close()


def _call(sandbox_url: str, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{sandbox_url}/sandbox/{path}", json=body, timeout=60)
    answer.raise_for_status()
    return json.loads(answer.text)


@contextmanager
def _running(words: list[str], log: Path, environment: Any) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise DidNotStart(f"nothing answers on port {port}; see {log}")


def _fetch_certificate(port: int, file: Path) -> None:
    import ssl

    file.write_text(ssl.get_server_certificate(("localhost", port)))


def _new_code(environment: Any, *words: str) -> str:
    """As whoever runs the relay makes one, beside the running relay."""
    made = subprocess.run(
        [sys.executable, "-m", "relay", "new-code", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = _CODE.search(made.stdout)
    if found is None:
        raise DidNotStart(f"the relay made no code: {made.stderr.strip()}")
    return found.group()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
