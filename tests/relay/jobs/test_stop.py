"""The big stop while calls are under way: what left counts, the rest waits, nobody twice. SEG-7, SEG-12."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol.deliveries import Delivery, Quota
from protocol.delivery_changes import DeliveryCancel, DeliveryResume, DeliveryStop
from protocol.staff import StaffMember
from relay.store.database import Database
from tests.relay.features.office import Office
from tests.relay.jobs.test_deliver import confirm
from tests.relay.jobs.worker import HurryingClock, run_of, wait_until, working
from tests.relay.line_stub import LineStub, running_line_stub
from tests.relay.town import add_friends

PEOPLE = 12_000


@pytest.fixture
def office(database: Database) -> Office:
    office = Office(database, HurryingClock(speed=1.0))
    office.quota = Quota(limit=None)
    return office


@pytest.fixture
def line() -> Iterator[LineStub]:
    with running_line_stub(LineStub(delay=0.05)) as stub:
        yield stub


def stopped(office: Office, who: StaffMember, line: LineStub, id: str) -> Delivery:
    """The delivery stopped after its first calls, when those under way have ended."""
    wait_until(lambda: line.calls >= 3)
    assert office.reason(who, "delivery.stop", DeliveryStop(delivery=id)) == ""
    wait_until(lambda: sum(line.received.values()) == office.delivery(who, id).numbers.accepted)
    delivery = office.delivery(who, id)
    assert (delivery.state, delivery.reason) == ("paused", "stopped")
    assert 0 < delivery.numbers.accepted < PEOPLE
    assert delivery.numbers.accepted + delivery.numbers.waiting == PEOPLE
    return delivery


@pytest.mark.slow  # what `test_replay.py` plays in small
def test_stopped_halfway_and_gone_on_with_everybody_is_reached_once(
    office: Office, sato: StaffMember, line: LineStub
) -> None:
    users = add_friends(office.database, PEOPLE, office.clock())
    with working(office, line.base, per_second=30):
        id = confirm(office, sato, PEOPLE)
        stopped(office, sato, line, id)
        version = office.records(sato, "delivery")[id].version
        assert office.reason(sato, "delivery.resume", DeliveryResume(delivery=id), version) == ""
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(line.received) == dict.fromkeys(users, 1)
    assert office.delivery(sato, id).numbers.accepted == PEOPLE


@pytest.mark.slow  # what `test_replay.py` plays in small
def test_stopped_halfway_and_cancelled_the_rest_never_gets_it(
    office: Office, sato: StaffMember, line: LineStub
) -> None:
    add_friends(office.database, PEOPLE, office.clock())
    with working(office, line.base, per_second=30):
        id = confirm(office, sato, PEOPLE)
        stopped(office, sato, line, id)
        assert office.reason(sato, "delivery.cancel", DeliveryCancel(delivery=id)) == ""
        wait_until(lambda: run_of(office, id).finished_at is not None)
    delivery = office.delivery(sato, id)
    numbers = delivery.numbers
    assert delivery.state == "cancelled"
    assert numbers.accepted == sum(line.received.values()) < PEOPLE
    assert numbers.recipients == PEOPLE == numbers.accepted + numbers.cancelled
