"""Rules every test lives under: loopback only, warnings fail (pyproject), a clock in the test's hands."""

from __future__ import annotations

import gc
import ipaddress
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

LONG = ("tests/stories/", "tests/relay/jobs/test_kill.py", "tests/relay/jobs/test_deliver.py")


class Clock:
    """A clock that stands still until told otherwise; call it to read the time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """Friday morning in Japan, in the week the sample town's story is told."""
    return Clock(datetime(2026, 11, 20, 0, 30, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    real_connect = socket.socket.connect
    real_connect_ex = socket.socket.connect_ex

    def check(address: Any) -> None:
        if isinstance(address, tuple) and not _is_loopback(str(address[0])):
            raise AssertionError("a test tried to leave this machine")

    def connect(self: socket.socket, address: Any) -> Any:
        check(address)
        return real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> Any:
        check(address)
        return real_connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    yield


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take a minute begin first, or one core would wait for them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """What importing two thousand tests made stays: without this the collector walks it all again and again,
    a fifth of the whole run.
    """
    gc.collect()
    gc.freeze()
