"""A relay over TLS and a signed-in desk, on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.config import RelaySettings
from relay.serve import RunningRelay, running_relay
from tests.conftest import Clock
from tests.relay.desk import Desk, relay_settings


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> RelaySettings:
    return relay_settings(tmp_path, database_url)


@pytest.fixture
def relay(settings: RelaySettings, clock: Clock) -> Iterator[RunningRelay]:
    with running_relay(settings, clock=clock) as running:
        yield running


@pytest.fixture
def stranger(relay: RunningRelay, clock: Clock) -> Iterator[Desk]:
    """A device nobody enrolled yet."""
    desk = Desk(relay.url, relay.certificate, clock)
    yield desk
    desk.close()


@pytest.fixture
def desk(stranger: Desk, relay: RunningRelay) -> Desk:
    """A person enrolled and signed in."""
    stranger.enrol(relay.new_code())
    assert stranger.sign_in().status_code == 200
    return stranger
