"""Two workers, one that dies at any write, a stone in the way: it still happens once. SEG-5, SEG-12."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from protocol.deliveries import DeliveryDraft
from protocol.schedules import At
from protocol.staff import StaffMember
from relay.features.moments import Moments
from relay.features.news import NewsBell
from relay.features.segments import SegmentIndex
from relay.store.database import Database, open_database
from relay.store.delivery_tables import rule_runs
from relay.store.moments import list_due
from relay.store.tables import jobs, runs
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.features.office import Office
from tests.relay.features.test_due import DAILY, all_deliveries, confirm, town

__all__ = ["town"]


def test_two_workers_make_one_delivery_of_a_day(town: Office, sato: StaffMember, clock: Clock) -> None:
    confirm(town, sato, when=DAILY)
    confirm(town, sato, "d2")
    clock.forward(minutes=30)
    index = SegmentIndex(town.database, clock)
    other = Moments(town.database, clock, town.bell, index, town.sending.freezing)
    seen = []
    for one in (town.moments, other):
        with town.database.read() as connection:
            seen.append((one, list_due(connection, clock(), 50)))
    # Both looked before either wrote.
    taken = [one._take(moment) for one, due in seen for moment in due]
    assert taken == [True, True, False, False]
    other.run_due()
    town.moments.run_due()
    with town.database.read() as connection:
        assert len(connection.execute(select(runs)).all()) == 2
        assert len(connection.execute(select(rule_runs)).all()) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_side_by_side_do_everything_that_is_due_once(
    town: Office, sato: StaffMember, clock: Clock, database_url: str
) -> None:
    confirm(town, sato, "d0", when=DAILY)
    for number in range(1, 8):
        confirm(town, sato, f"d{number}")
    clock.forward(minutes=30)
    stores = [open_database(database_url, HOST_KEY) for _ in range(4)]
    workers = [
        Moments(store, clock, NewsBell(), SegmentIndex(store, clock), town.sending.freezing)
        for store in stores
    ]
    together = threading.Barrier(len(workers))

    def work(one: Moments) -> None:
        together.wait(20)
        one.run_due()

    with ThreadPoolExecutor(len(workers)) as threads:
        for done in [threads.submit(work, one) for one in workers]:
            done.result(60)
    for store in stores:
        store.close()
    with town.database.read() as connection:
        assert len(connection.execute(select(runs)).all()) == 8
        assert len(connection.execute(select(jobs)).all()) == 8
        assert len(connection.execute(select(rule_runs)).all()) == 1
    assert town.delivery(sato, "d0").due_at == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def test_one_delivery_that_cannot_be_started_stops_no_other(
    town: Office, sato: StaffMember, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(town, sato, "d1")
    confirm(town, sato, "d2")
    real = town.sending.freezing.queue

    def queue(connection: object, draft: DeliveryDraft, **more: object) -> None:
        if draft.id == "d1":
            raise RuntimeError("a stone in the way")
        real(connection, draft, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(town.sending.freezing, "queue", queue)
    clock.forward(minutes=1)
    town.moments.run_due()
    assert [one.state for one in all_deliveries(town, sato)] == ["held", "queued"]
    monkeypatch.undo()
    town.moments.run_due()
    assert town.delivery(sato, "d1").state == "held"  # not twice a second
    clock.forward(seconds=30)
    town.moments.run_due()
    assert town.delivery(sato, "d1").state == "queued"


# --- killed at any write ---


class Killed(BaseException):
    """Stands for a process that is no more: nobody catches it, and what was not committed is rolled back."""


@contextmanager
def killed_at(database: Database, number: int) -> Iterator[None]:
    """The n-th statement that writes, or commit, is not reached."""
    passed = 0

    def before(_: object, __: object, statement: str, *rest: object) -> None:
        nonlocal passed
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "COMMIT")):
            passed += 1
            if passed == number:
                raise Killed

    event.listen(database.engine, "before_cursor_execute", before)
    try:
        yield
    except Killed:
        pass
    finally:
        event.remove(database.engine, "before_cursor_execute", before)


def new_worker(town: Office, clock: Clock) -> Moments:
    """A process just started: it remembers nothing of the one before."""
    return Moments(town.database, clock, town.bell, town.index, town.sending.freezing)


def play(town: Office, who: StaffMember, clock: Clock, points: range) -> None:
    """One held, one set for a time and a rule's three days come due while processes die again and again."""
    confirm(town, who, "d1", when=DAILY)
    confirm(town, who, "d2")
    confirm(town, who, "d3", when=At(at=clock() + timedelta(minutes=20)))
    clock.forward(minutes=30)
    for _ in range(3):
        for number in points:
            with killed_at(town.database, number):
                new_worker(town, clock).run_due()
        new_worker(town, clock).run_due()
        clock.forward(days=1)
    with town.database.read() as connection:
        for table, count in ((runs, 5), (jobs, 5), (rule_runs, 3)):
            assert len(connection.execute(select(table)).all()) == count
    assert [one.state for one in all_deliveries(town, who)].count("queued") == 5


def test_killed_at_every_write_nothing_is_doubled_or_lost(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    play(town, sato, clock, range(1, 60))
