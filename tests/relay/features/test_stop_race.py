"""Stopping beside a worker that writes its ledger, and clocks that were wrong. SEG-7, OPS-4."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from protocol.delivery_changes import DeliveryStop
from protocol.messages import TextMessage
from protocol.staff import StaffMember
from relay.errors import Deadlocked, StoreUnavailable
from relay.features import ledger as ledger_module
from relay.features.ledger import Ledger
from relay.store.batches import Outcome
from relay.store.database import Connection, Database
from relay.store.jobs import add_job, claim_job
from relay.store.leases import take_lease
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.features.test_due import confirm
from tests.relay.town import add_friends


@pytest.fixture
def town(office: Office, sato: StaffMember) -> Office:
    """Two deliveries of 30 people each, frozen."""
    add_friends(office.database, 30, office.clock())
    for id in ("d1", "d2"):
        confirm(office, sato, id, messages=(TextMessage(text=id),))
        office.sending.freezing.freeze(id)
    return office


def worker(town: Office, owner: str) -> Ledger:
    return Ledger(town.database, town.clock, town.bell, owner=owner)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_stop_beside_the_ledger_loses_to_nobody(
    town: Office, sato: StaffMember, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = worker(town, "a")
    ledger.take_over()
    claims = ledger.turn([], 10, is_busy=False).claims
    clock.forward(seconds=2)
    publish, is_writing, goes_on = ledger_module.publish_progress, threading.Event(), threading.Event()

    def publish_slowly(connection: Connection, database: Database, id: str, now: datetime) -> None:
        publish(connection, database, id, now)
        if threading.current_thread().name == "ledger" and not is_writing.is_set():
            is_writing.set()
            goes_on.wait(0.3)  # the stop is at its locks now, or waits for its turn

    monkeypatch.setattr(ledger_module, "publish_progress", publish_slowly)
    outcomes = [
        Outcome(run=claim.run, no=claim.no, state="accepted") for claim in claims if claim.run == "d1"
    ]
    failed: list[StoreUnavailable] = []

    def turn() -> None:
        try:
            ledger.turn(outcomes, 0, is_busy=True)
        except StoreUnavailable as error:
            failed.append(error)

    thread = threading.Thread(target=turn, name="ledger")
    thread.start()
    assert is_writing.wait(10)
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d2")) == ""
    thread.join(20)
    assert failed == []
    assert [town.delivery(sato, id).state for id in ("d1", "d2")] == ["sent", "paused"]


def test_a_change_that_had_to_give_way_is_tried_once_more(
    town: Office, sato: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = town.sending.stopping._stop, []

    def stop(connection: Connection, id: str) -> int:
        tries.append(id)
        if len(tries) == 1:
            raise Deadlocked
        return real(connection, id)

    monkeypatch.setattr(town.sending.stopping, "_stop", stop)
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d2")) == ""
    assert town.delivery(sato, "d2").state == "paused"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_postgresql_calls_a_deadlock_is_told_as_one(database: Database) -> None:
    class Postponed(Exception):
        sqlstate = "40P01"

    def fail(*rest: object) -> None:
        from sqlalchemy.exc import OperationalError

        raise OperationalError("", {}, Postponed())

    event.listen(database.engine, "before_cursor_execute", fail)
    with pytest.raises(Deadlocked), database.read() as connection:
        connection.exec_driver_sql("SELECT 1")


# --- clocks ---


def test_a_worker_whose_clock_was_ahead_keeps_nobody_from_sending(town: Office, clock: Clock) -> None:
    clock.forward(hours=1)
    assert worker(town, "ahead").turn([], 1, is_busy=False).claims
    clock.forward(hours=-1)
    assert len(worker(town, "right").turn([], 10, is_busy=False).claims) == 2


def test_clocks_a_little_apart_do_not_take_each_others_right_to_call(town: Office, clock: Clock) -> None:
    now = clock()
    with town.database.write() as connection:
        ahead = now + timedelta(seconds=8)
        assert take_lease(connection, "x", owner="a", now=ahead, until=ahead + timedelta(seconds=10)).is_mine
        assert not take_lease(connection, "x", owner="b", now=now, until=now + timedelta(seconds=10)).is_mine


def test_a_job_claimed_by_a_clock_that_was_ahead_is_done_by_another(town: Office, clock: Clock) -> None:
    now = clock()
    with town.database.write() as connection:
        add_job(connection, id="j", kind="k", subject="s", run_at=now)
        life = timedelta(minutes=2)
        for later in (timedelta(hours=1), timedelta()):
            at = now + later
            assert claim_job(connection, ["k"], owner="w", now=at, lease_until=at + life) is not None
        assert claim_job(connection, ["k"], owner="v", now=now, lease_until=now + life) is None
