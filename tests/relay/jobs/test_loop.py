"""Queued jobs are done once, tried again when they fail, and never block each other. OPS-4."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from relay.features.news import NewsBell
from relay.jobs.duties import sweep_doors
from relay.jobs.loop import JobQueue, Repeated, run_duties
from relay.store.database import Database
from relay.store.devices import take_nonce
from relay.store.jobs import add_job, claim_job
from relay.store.staff_tables import nonces
from relay.store.tables import jobs
from tests.conftest import Clock


def put_job(database: Database, clock: Clock, id: str, kind: str = "write", *, later: int = 0) -> None:
    with database.write() as connection:
        add_job(connection, id=id, kind=kind, subject=id, run_at=clock() + timedelta(seconds=later))


def states(database: Database) -> dict[str, str]:
    with database.read() as connection:
        return {row.id: row.state for row in connection.execute(select(jobs))}


class Notes:
    """Does what jobs ask for by writing their subject down; fails for those named bad."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.done: list[str] = []
        self.bad: set[str] = set()
        self.given_up: list[str] = []
        kinds = {"write": self._write}
        self.queue = JobQueue(database, clock, NewsBell(), kinds, owner="me", given_up=self.given_up.append)

    def _write(self, subject: str) -> None:
        if subject in self.bad:
            raise RuntimeError("cannot")
        self.done.append(subject)

    def take_all(self) -> None:
        while self.queue.take_one():
            pass


def test_jobs_are_done_once_in_their_order_and_not_before_their_time(
    database: Database, clock: Clock
) -> None:
    notes = Notes(database, clock)
    put_job(database, clock, "later", later=60)
    put_job(database, clock, "now")
    put_job(database, clock, "other", kind="of another worker")
    notes.take_all()
    assert notes.done == ["now"]
    clock.forward(seconds=61)
    notes.take_all()
    notes.take_all()
    assert notes.done == ["now", "later"]
    assert states(database) == {"now": "done", "later": "done", "other": "waiting"}


def test_a_failing_job_comes_again_later_and_is_given_up_in_the_end(database: Database, clock: Clock) -> None:
    notes = Notes(database, clock)
    notes.bad.add("bad")
    put_job(database, clock, "bad")
    put_job(database, clock, "good", later=1)
    notes.take_all()
    clock.forward(seconds=1)
    notes.take_all()
    assert notes.done == ["good"]
    for _ in range(10):
        clock.forward(hours=1)
        notes.take_all()
    assert states(database)["bad"] == "failed"
    assert notes.given_up == ["bad"]


def test_a_job_that_failed_once_succeeds_at_the_second_try(database: Database, clock: Clock) -> None:
    notes = Notes(database, clock)
    notes.bad.add("shy")
    put_job(database, clock, "shy")
    notes.take_all()
    notes.bad.clear()
    clock.forward(seconds=3)
    notes.take_all()
    assert notes.done == ["shy"]


def test_a_job_whose_worker_died_is_taken_by_another_when_its_lease_ends(
    database: Database, clock: Clock
) -> None:
    put_job(database, clock, "left")
    with database.write() as connection:
        until = clock() + timedelta(minutes=2)
        assert claim_job(connection, ["write"], owner="dead", now=clock(), lease_until=until) is not None
    notes = Notes(database, clock)
    notes.take_all()
    assert notes.done == []
    clock.forward(minutes=3)
    notes.take_all()
    assert notes.done == ["left"]


def test_one_failing_duty_does_not_stop_the_others() -> None:
    async def story() -> int:
        stop = asyncio.Event()
        count = 0

        def fail() -> None:
            raise RuntimeError("always")

        def work() -> None:
            nonlocal count
            count += 1
            if count == 3:
                loop.call_soon_threadsafe(stop.set)

        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            await run_duties([Repeated("bad", fail, 0.01), Repeated("good", work, 0.01)], stop)
        return count

    assert asyncio.run(story()) >= 3


def test_the_doors_forget_nonces_only_when_their_requests_are_too_old_anyway(
    database: Database, clock: Clock
) -> None:
    with database.write() as connection:
        assert take_nonce(connection, device="d", nonce="n", now=clock())
    clock.forward(minutes=15)
    sweep_doors(database, clock())
    with database.write() as connection:
        assert not take_nonce(connection, device="d", nonce="n", now=clock())
    clock.forward(minutes=6)
    sweep_doors(database, clock())
    with database.read() as connection:
        assert connection.execute(select(nonces)).all() == []
