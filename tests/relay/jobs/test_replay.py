"""The sandbox's record, replayed: texts, broadcast, stop, resume, cancel under scripted faults.

Requirements: SEG-7, SEG-12, OPS-4.

The long suite with killed processes and databases is `test_fault_suite.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sqlalchemy import update

from protocol.deliveries import Quota
from protocol.delivery_changes import DeliveryCancel, DeliveryResume, DeliveryStop
from protocol.messages import TextMessage, Variant
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.store.database import Database
from relay.store.residents import set_language
from relay.store.tables import batches
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.relay.features.office import Office
from tests.relay.jobs.test_deliver import confirm
from tests.relay.jobs.test_routes import confirm_broadcast
from tests.relay.jobs.worker import HurryingClock, run_of, wait_until, working
from tests.relay.replay import replay, settle

ENGLISH = Variant(language="en", messages=(TextMessage(text="Today"),))
FAULTS: list[dict[str, Any]] = [
    {"status": 429},
    {"drop_answer": True},
    {"status": 500, "after_accepting": True},
    {"drop_request": True},
    {"status": 500},
]


@pytest.fixture
def office(database: Database) -> Office:
    office = Office(database, HurryingClock())
    office.quota = Quota(limit=None)
    return office


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(SandboxSettings(channel_token="token")) as running:
        yield running


def script(sandbox: RunningSandbox, endpoint: str, faults: list[dict[str, Any]]) -> None:
    described = [{"endpoint": endpoint, **fault} for fault in faults]
    assert requests.post(f"{sandbox.url}/sandbox/faults", json=described, timeout=10).status_code == 200


def test_two_texts_under_every_fault_reach_everybody_once(
    office: Office, sato: StaffMember, sandbox: RunningSandbox
) -> None:
    settle(office.database, sandbox.platform, 1700, office.clock())
    with office.database.write() as connection:
        for number in range(1, 611):
            set_language(connection, number, "en", chosen=True)
    script(sandbox, "multicast", FAULTS)
    with working(office, sandbox.url):
        id = confirm(office, sato, 1700, variants=(ENGLISH,))
        wait_until(lambda: run_of(office, id).state == "sent")
    found = replay(office.database, office.index, sandbox.platform.ledger, id)
    assert (found.reached, found.numbers.accepted, found.batches) == (1700, 1700, 5)
    assert found.repeated >= len(FAULTS)
    read = [resident.talk[-1].message["text"] for resident in sandbox.platform.residents]
    assert (read.count("Today"), read.count("本日")) == (610, 1090)


def test_a_broadcast_whose_answer_is_lost_arrives_once(
    office: Office, sato: StaffMember, sandbox: RunningSandbox
) -> None:
    settle(office.database, sandbox.platform, 40, office.clock())
    script(sandbox, "broadcast", [{"drop_answer": True}, {"status": 500}])
    with working(office, sandbox.url):
        id = confirm_broadcast(office, sato, 40)
        wait_until(lambda: run_of(office, id).state == "sent")
    found = replay(office.database, office.index, sandbox.platform.ledger, id)
    assert (found.reached, found.calls, found.numbers.accepted) == (40, 3, 40)


def test_stopped_resumed_stopped_and_cancelled_adds_up(
    office: Office, sato: StaffMember, sandbox: RunningSandbox
) -> None:
    settle(office.database, sandbox.platform, 6000, office.clock())

    def do(kind: str, payload: Wire) -> None:
        version = office.records(sato, "delivery")[sent].version
        result = office.do(sato, kind, payload, version)
        assert result.outcome == "applied", result.reason

    sent = confirm(office, sato, 6000)
    with working(office, sandbox.url, per_second=20):
        calls = sandbox.platform.ledger.calls
        wait_until(lambda: len(calls) >= 2)
        do("delivery.stop", DeliveryStop(delivery=sent))
        wait_until(lambda: office.delivery(sato, sent).numbers.accepted == 500 * len(calls))
        seen = len(calls)
        do("delivery.resume", DeliveryResume(delivery=sent))
        wait_until(lambda: len(calls) >= seen + 2)
        do("delivery.stop", DeliveryStop(delivery=sent))
        do("delivery.cancel", DeliveryCancel(delivery=sent))
        wait_until(lambda: run_of(office, sent).finished_at is not None)
    found = replay(office.database, office.index, sandbox.platform.ledger, sent)
    assert found.numbers.accepted == found.reached > 0
    assert found.numbers.cancelled == 6000 - found.reached > 0


def test_the_checker_finds_what_does_not_fit(
    office: Office, sato: StaffMember, sandbox: RunningSandbox
) -> None:
    settle(office.database, sandbox.platform, 30, office.clock())
    with working(office, sandbox.url):
        id = confirm(office, sato, 30)
        wait_until(lambda: run_of(office, id).state == "sent")
    ledger = sandbox.platform.ledger
    replay(office.database, office.index, ledger, id)
    with office.database.write() as connection:
        connection.execute(update(batches).values(state="cancelled"))
    with pytest.raises(AssertionError, match="cancelled, but somebody got it"):
        replay(office.database, office.index, ledger, id)
    with office.database.write() as connection:
        connection.execute(update(batches).values(state="accepted"))
    sent = ledger.deliveries[-1]
    ledger.deliveries.append(sent)
    with pytest.raises(AssertionError, match="twice"):
        replay(office.database, office.index, ledger, id)
    ledger.deliveries.clear()
    with pytest.raises(AssertionError, match="0 of 30 got it"):
        replay(office.database, office.index, ledger, id)


def test_the_checker_finds_a_batch_that_was_called_with_two_keys(
    office: Office, sato: StaffMember, sandbox: RunningSandbox
) -> None:
    """The mutant: a worker that makes a new key for its second try, which LINE takes for a new message."""
    settle(office.database, sandbox.platform, 30, office.clock())
    script(sandbox, "multicast", [{"drop_answer": True}])
    calls = sandbox.platform.ledger.calls
    with working(office, sandbox.url):
        id = confirm(office, sato, 30)
        wait_until(lambda: len(calls) > 0)
        with office.database.write() as connection:
            connection.execute(update(batches).values(retry_key=str(uuid.uuid4())))
        wait_until(lambda: run_of(office, id).state == "sent")
    assert {len(resident.talk) for resident in sandbox.platform.residents} == {2}
    with pytest.raises(AssertionError, match="key is of no batch"):
        replay(office.database, office.index, sandbox.platform.ledger, id)
