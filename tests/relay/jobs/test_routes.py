"""Broadcast, texts, the rest cancelled, people who leave meanwhile: each by its own rules. SEG-7, SEG-9."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave, DeliverySend
from protocol.ids import new_id
from protocol.messages import TextMessage, Variant
from protocol.results import DeliveryResult
from protocol.staff import StaffMember
from relay.features.ledger import cancel_rest
from relay.features.outcomes import GIVE_UP_AFTER
from relay.store.database import Database
from relay.store.delivery_tables import aggregation_units
from relay.store.residents import BLOCKED, find_resident, set_state
from relay.store.runs import pause_run
from relay.store.tables import batches
from tests.relay.features.office import Office
from tests.relay.jobs.test_deliver import FAULTS, confirm
from tests.relay.jobs.worker import HurryingClock, run_of, wait_until, working
from tests.relay.line_stub import FINE, Fault, LineStub, running_line_stub
from tests.relay.town import add_friends


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, HurryingClock())


def confirm_broadcast(office: Office, who: StaffMember, people: int) -> str:
    draft = DeliveryDraft(
        id=new_id(office.clock()), title="全員へ", messages=(TextMessage(text="本日"),), route="broadcast"
    )
    office.do(who, "delivery.save", DeliverySave(draft=draft))
    confirmed = DeliverySend(delivery=draft.id, recipients_seen=people, accepted=("unstoppable",))
    result = office.do(who, "delivery.send", confirmed, 1)
    assert result.outcome == "applied", result.reason
    return draft.id


@pytest.mark.parametrize("fault", [FINE, FAULTS[1], FAULTS[3]])
def test_a_broadcast_reaches_every_friend_once_whatever_its_answer(
    office: Office, sato: StaffMember, fault: Fault
) -> None:
    users = add_friends(office.database, 1201, office.clock())
    stub = LineStub(friends=users, script=lambda call: fault if call == 0 else FINE)
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm_broadcast(office, sato, 1201)
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(stub.received) == dict.fromkeys(users, 1)
    assert set(stub.paths) == {"broadcast"} and len(stub.bodies) == 1
    assert office.delivery(sato, id).numbers.accepted == 1201
    (body,) = stub.bodies.values()
    assert "customAggregationUnits" not in json.loads(body)


def test_each_reads_the_own_language_and_all_are_counted_under_one_name(
    office: Office, sato: StaffMember
) -> None:
    users = add_friends(office.database, 700, office.clock())
    office.index.split = lambda members, by: {"en": members[:1200]}  # type: ignore[method-assign]
    english = Variant(language="en", messages=(TextMessage(text="Today"),))
    stub = LineStub()
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm(office, sato, 700, variants=(english,))
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(stub.received) == dict.fromkeys(users, 1)
    bodies = [json.loads(body) for body in stub.bodies.values()]
    read = {body["messages"][0]["text"]: len(body["to"]) for body in bodies}
    assert read == {"Today": 300, "本日": 400}
    unit = run_of(office, id).unit
    assert unit and {tuple(body["customAggregationUnits"]) for body in bodies} == {(unit,)}
    result = DeliveryResult.parse(office.records(sato, "result")[id].body)
    assert (result.unit, result.reason, result.delivered) == (unit, "not_ready_yet", None)


def test_below_twenty_people_no_name_is_spent(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 19, office.clock())
    stub = LineStub()
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm(office, sato, 19)
        wait_until(lambda: run_of(office, id).state == "sent")
    (body,) = stub.bodies.values()
    assert "customAggregationUnits" not in json.loads(body)
    assert DeliveryResult.parse(office.records(sato, "result")[id].body).reason == "too_few_people"


def test_the_thousand_and_first_name_of_a_month_is_not_used_and_the_result_says_so(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 20, office.clock())
    with office.database.write() as connection:
        connection.execute(
            aggregation_units.insert(),
            [{"month": "2026-11", "name": f"n{number}", "run": "r"} for number in range(1000)],
        )
    stub = LineStub()
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm(office, sato, 20)
        wait_until(lambda: run_of(office, id).state == "sent")
    (body,) = stub.bodies.values()
    assert "customAggregationUnits" not in json.loads(body)
    assert DeliveryResult.parse(office.records(sato, "result")[id].body).reason == "no_unit_left"


def test_the_rest_of_a_stopped_delivery_is_cancelled_and_the_counts_add_up(
    office: Office, sato: StaffMember
) -> None:
    users = add_friends(office.database, 5000, office.clock())
    stub = LineStub(delay=0.3)
    with running_line_stub(stub) as line, working(office, line.base, per_second=20):
        id = confirm(office, sato, 5000)
        wait_until(lambda: stub.calls >= 2)
        # Some calls are under way now: their answers still count.
        with office.database.write() as connection:
            assert pause_run(connection, id, "stopped")
            assert cancel_rest(connection, office.database, id, office.clock())
        wait_until(lambda: run_of(office, id).finished_at is not None)
        calls = stub.calls
    delivery = office.delivery(sato, id)
    numbers = delivery.numbers
    assert (delivery.state, numbers.waiting, numbers.unknown) == ("cancelled", 0, 0)
    assert numbers.accepted == 500 * calls == len(stub.received)
    assert numbers.accepted + numbers.cancelled == 5000 and numbers.cancelled > 0
    assert set(stub.received) < set(users) and set(stub.received.values()) == {1}


def test_cancelling_what_was_tried_without_an_answer_leaves_it_unknown(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 1000, office.clock())
    stub = LineStub(script=lambda call: Fault(status=None, accept=call == 0))
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm(office, sato, 1000)
        wait_until(lambda: stub.calls >= 2)
    with office.database.write() as connection:
        pause_run(connection, id, "stopped")
        assert cancel_rest(connection, office.database, id, office.clock())
    numbers = office.delivery(sato, id).numbers
    assert (numbers.unknown, numbers.waiting, numbers.cancelled) == (1000, 0, 0)


def test_a_dead_workers_calls_do_not_hold_a_cancelled_delivery_open(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 1000, office.clock())
    id = confirm(office, sato, 1000)
    office.sending.freezing.freeze(id)
    with office.database.write() as connection:
        lost = {"state": "claimed", "owner": "dead", "lease_until": office.clock() + timedelta(minutes=1)}
        connection.execute(update(batches).where(batches.c.no == 0).values(**lost))
        pause_run(connection, id, "stopped")
        cancel_rest(connection, office.database, id, office.clock())
    assert run_of(office, id).finished_at is None
    with office.database.write() as connection:
        connection.execute(update(batches).where(batches.c.no == 0).values(lease_until=office.clock()))
    stub = LineStub()
    with running_line_stub(stub) as line, working(office, line.base):
        wait_until(lambda: run_of(office, id).finished_at is not None)
    assert (stub.calls, office.delivery(sato, id).numbers.cancelled) == (0, 1000)


def test_who_blocks_the_account_meanwhile_is_left_out_of_later_batches(
    office: Office, sato: StaffMember
) -> None:
    users = add_friends(office.database, 1000, office.clock())
    stub = LineStub(delay=0.2, script=lambda call: Fault(status=500, accept=False) if call == 1 else FINE)
    id = confirm(office, sato, 1000)
    office.sending.freezing.freeze(id)
    with office.database.write() as connection:
        resident = find_resident(connection, office.database.cipher, users[7])
        assert resident is not None
        set_state(connection, resident, state=BLOCKED, at=office.clock())
    office.index.refresh()
    with running_line_stub(stub) as line, working(office, line.base):
        wait_until(lambda: run_of(office, id).state == "sent")
    assert set(users) - set(stub.received) == {users[7]}
    assert stub.changed_bodies == []
    assert office.delivery(sato, id).numbers.recipients == 1000


def test_a_broadcast_without_an_answer_for_a_day_is_unknown_for_everybody(
    office: Office, sato: StaffMember
) -> None:
    users = add_friends(office.database, 30, office.clock())
    stub = LineStub(friends=users, script=lambda _: Fault(status=None, accept=True))
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm_broadcast(office, sato, 30)
        wait_until(lambda: stub.calls >= 1)
    with office.database.write() as connection:
        connection.execute(update(batches).values(first_try_at=office.clock() - GIVE_UP_AFTER))
    fine = LineStub(friends=users)
    with running_line_stub(fine) as line, working(office, line.base):
        wait_until(lambda: run_of(office, id).state == "sent")
    assert (fine.calls, office.delivery(sato, id).numbers.unknown) == (0, 30)
