"""A relay killed in the middle of sending: nobody twice, nobody missed, the counts add up.

Requirements: SEG-7, SEG-12, OPS-4.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocol.deliveries import Quota
from relay.store.batches import claim_batches
from relay.store.database import Database, open_database
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.features.office import Office
from tests.relay.jobs.test_deliver import confirm
from tests.relay.jobs.worker import run_of, wait_until
from tests.relay.line_stub import FINE, Fault, LineStub, running_line_stub
from tests.relay.town import add_friends

PEOPLE = 20_000


def real_clock_office(url: str) -> tuple[Office, Database]:
    database = open_database(url, HOST_KEY)
    office = Office(database, lambda: datetime.now(UTC))
    office.quota = Quota(limit=None)
    return office, database


@contextmanager
def relay_process(folder: Path, url: str, base: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m relay …` as an operator starts it; killed at the end of the block, not asked."""
    key_file = folder / "relay.key"
    key_file.write_text(HOST_KEY.hex())
    environment = {
        **os.environ,
        "MADOGUCHI_DATABASE_URL": url,
        "MADOGUCHI_KEY_FILE": str(key_file),
        "MADOGUCHI_LISTEN_PORT": "0",
        "MADOGUCHI_LINE_API_BASE": base,
        "MADOGUCHI_LINE_CHANNEL_TOKEN": "token",
        "MADOGUCHI_MULTICAST_PER_SECOND": "150",
        "MADOGUCHI_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", *command], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


def everybody_once(stub: LineStub, users: list[str]) -> None:
    assert dict(stub.received) == dict.fromkeys(users, 1)
    assert stub.changed_bodies == []


def test_killed_and_restarted_the_relay_reaches_everybody_once(tmp_path: Path) -> None:
    url = f"sqlcipher:{tmp_path / 'relay.db'}"
    office, database = real_clock_office(url)
    who = office.add_person()
    users = add_friends(database, PEOPLE, office.clock())
    id = confirm(office, who, PEOPLE)
    database.close()
    # Some answers get lost as well, so that the same keys really come twice.
    lost = Fault(status=None, accept=True)
    stub = LineStub(delay=0.05, script=lambda call: lost if call % 7 == 3 and call < 30 else FINE)
    with running_line_stub(stub) as line:
        for kill_after in (1, 5, 25):
            with relay_process(tmp_path, url, line.base) as process:
                wait_until(lambda after=kill_after: stub.calls >= after or process.poll() is not None)
                assert process.poll() is None
        with relay_process(tmp_path, url, line.base):
            office, database = real_clock_office(url)
            wait_until(lambda: run_of(office, id).state == "sent")
    everybody_once(stub, users)
    numbers = office.delivery(who, id).numbers
    assert (numbers.recipients, numbers.accepted) == (PEOPLE, PEOPLE)
    database.close()


def test_a_second_relay_on_the_same_embedded_store_does_not_start(tmp_path: Path) -> None:
    url = f"sqlcipher:{tmp_path / 'relay.db'}"
    with relay_process(tmp_path, url, "http://127.0.0.1:9"):
        wait_until(lambda: (tmp_path / "relay.db.lock").exists())
        with relay_process(tmp_path, url, "http://127.0.0.1:9") as second:
            wait_until(lambda: second.poll() is not None)
            assert second.returncode == 1


def test_a_claim_of_a_dead_worker_is_taken_over_when_its_lease_ends(database: Database, clock: Clock) -> None:
    office = Office(database, clock)
    who = office.add_person()
    add_friends(database, 3, clock())
    id = confirm(office, who, 3)
    office.sending.freezing.freeze(id)

    def claim(owner: str) -> list[str]:
        with database.write() as connection:
            claims = claim_batches(
                connection,
                owner=owner,
                now=clock(),
                lease_until=clock() + timedelta(seconds=60),
                limit=10,
            )
        return [claim.retry_key for claim in claims]

    (key,) = claim("dead")
    assert claim("alive") == []
    clock.forward(seconds=61)
    assert claim("alive") == [key]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_killed_at_any_moment_again_and_again(tmp_path: Path, database_url: str, seed: int) -> None:
    dice = random.Random(seed)
    office, database = real_clock_office(database_url)
    who = office.add_person()
    users = add_friends(database, PEOPLE, office.clock())
    id = confirm(office, who, PEOPLE)
    faults = [FINE, FINE, FINE, Fault(status=None, accept=True), Fault(status=500, accept=False)]
    stub = LineStub(delay=0.05, script=lambda call: dice.choice(faults) if call < 200 else FINE)
    command = ("serve",) if database.is_embedded else ("worker",)
    with running_line_stub(stub) as line:
        for _ in range(8):
            with relay_process(tmp_path, database_url, line.base, *command):
                time.sleep(dice.uniform(0.8, 2.5))  # any moment is meant
        with relay_process(tmp_path, database_url, line.base, *command):
            wait_until(lambda: run_of(office, id).state == "sent", seconds=400)
    everybody_once(stub, users)
    assert office.delivery(who, id).numbers.accepted == PEOPLE
    database.close()
