"""Whatever LINE or the network do, everybody is reached once and the counts add up. SEG-7, SEG-10, OPS-6."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from protocol.deliveries import DeliveryDraft, Quota
from protocol.delivery_changes import DeliveryResume, DeliverySave, DeliverySend, DeliveryTest
from protocol.ids import new_id
from protocol.messages import TextMessage
from protocol.staff import StaffMember
from relay.store.database import Database
from relay.store.runs import sum_ledger
from relay.store.tables import batches, line_links
from tests.relay.features.office import Office
from tests.relay.jobs.worker import HurryingClock, run_of, wait_until, working
from tests.relay.line_stub import FINE, Fault, LineStub, running_line_stub
from tests.relay.town import add_friends

QUOTA = Fault(status=429, accept=False, message="You have reached your monthly limit.")
TOO_FAST = Fault(status=429, accept=False, message="The API rate limit has been exceeded. Try again later.")
FAULTS = [
    Fault(status=500, accept=False),
    Fault(status=500, accept=True),  # taken, but the answer says otherwise
    Fault(status=None, accept=False),
    Fault(status=None, accept=True),  # taken, the answer lost
]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, HurryingClock())


@pytest.fixture
def line() -> Iterator[LineStub]:
    with running_line_stub(LineStub()) as stub:
        yield stub


def confirm(office: Office, who: StaffMember, people: int, **parts: object) -> str:
    """A confirmed delivery to everyone; its id."""
    id = new_id(office.clock())
    draft = DeliveryDraft(**{"id": id, "title": "お知らせ", "messages": (TextMessage(text="本日"),), **parts})
    assert office.do(who, "delivery.save", DeliverySave(draft=draft)).outcome == "applied"
    result = office.do(who, "delivery.send", DeliverySend(delivery=id, recipients_seen=people), 1)
    assert result.outcome == "applied", result.reason
    return id


def test_everybody_is_reached_once_and_desktops_see_the_end(
    office: Office, sato: StaffMember, line: LineStub
) -> None:
    users = add_friends(office.database, 1201, office.clock())
    with working(office, line.base):
        id = confirm(office, sato, 1201)
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(line.received) == dict.fromkeys(users, 1)
    delivery = office.delivery(sato, id)
    assert (delivery.state, delivery.reason) == ("sent", "")
    assert (delivery.numbers.recipients, delivery.numbers.accepted) == (1201, 1201)
    assert delivery.started_at is not None and delivery.finished_at is not None
    assert line.messages[0] == [{"type": "text", "text": "本日"}]


def test_one_person_alone_is_reached_by_push(office: Office, sato: StaffMember, line: LineStub) -> None:
    add_friends(office.database, 1, office.clock())
    with working(office, line.base):
        id = confirm(office, sato, 1)
        wait_until(lambda: run_of(office, id).state == "sent")
    assert line.paths == {"push": 1}


@pytest.mark.parametrize("people", [1, 2])  # by push, by multicast
def test_a_silent_delivery_says_so_to_line(
    office: Office, sato: StaffMember, line: LineStub, people: int
) -> None:
    add_friends(office.database, people, office.clock())
    with working(office, line.base):
        id = confirm(office, sato, people, silent=True)
        wait_until(lambda: run_of(office, id).state == "sent")
    (body,) = line.bodies.values()
    assert json.loads(body)["notificationDisabled"] is True


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.sampled_from([*FAULTS, FINE]), max_size=8))
def test_under_any_faults_nobody_is_reached_twice_and_nobody_missed(
    office: Office, faults: list[Fault]
) -> None:
    who = office.add_person(new_id(office.clock()))
    people = office.index.friends()
    if people == 0:
        people = len(add_friends(office.database, 1501, office.clock()))
    stub = LineStub(script=lambda call: faults[call] if call < len(faults) else FINE)
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm(office, who, people)
        wait_until(lambda: run_of(office, id).state in ("sent", "failed"))
    assert set(stub.received.values()) == {1}
    assert len(stub.received) == people
    assert stub.changed_bodies == []
    numbers = office.delivery(who, id).numbers
    assert (numbers.accepted, numbers.recipients) == (people, people)


def test_a_pace_line_finds_too_fast_is_held_and_everybody_reached_once(
    office: Office, sato: StaffMember
) -> None:
    users = add_friends(office.database, 1501, office.clock())
    stub = LineStub(script=lambda call: TOO_FAST if call < 2 else FINE)
    with running_line_stub(stub) as line, working(office, line.base):
        id = confirm(office, sato, 1501)
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(stub.received) == dict.fromkeys(users, 1)


def test_people_line_refuses_are_counted_and_the_rest_is_reached(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 1000, office.clock())
    refuse_first = LineStub(script=lambda call: Fault(status=400, accept=False) if call == 0 else FINE)
    with running_line_stub(refuse_first) as line, working(office, line.base):
        id = confirm(office, sato, 1000)
        wait_until(lambda: run_of(office, id).state == "sent")
    delivery = office.delivery(sato, id)
    assert (delivery.numbers.accepted, delivery.numbers.refused) == (500, 500)
    assert (delivery.state, delivery.reason) == ("sent", "line_refused")


def test_a_delivery_nobody_got_has_failed(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 600, office.clock())
    refuse = LineStub(script=lambda _: Fault(status=400, accept=False))
    with running_line_stub(refuse) as line, working(office, line.base):
        id = confirm(office, sato, 600)
        wait_until(lambda: run_of(office, id).state == "failed")
    assert office.delivery(sato, id).numbers.refused == 600


def test_the_monthly_limit_pauses_and_resuming_reaches_the_rest_once(
    office: Office, sato: StaffMember
) -> None:
    users = add_friends(office.database, 2500, office.clock())
    spent = [True]
    stub = LineStub(script=lambda call: QUOTA if spent[0] and call >= 2 else FINE)
    with running_line_stub(stub) as line, working(office, line.base, per_second=50):
        id = confirm(office, sato, 2500)
        wait_until(lambda: office.delivery(sato, id).state == "paused")
        wait_until(lambda: office.delivery(sato, id).numbers.accepted >= 1000)
        delivery = office.delivery(sato, id)
        assert (delivery.reason, delivery.numbers.waiting) == ("over_quota", 1500)
        spent[0] = False
        shown = office.records(sato, "delivery")[id].version
        go_on = DeliveryResume(delivery=id)
        assert office.do(sato, "delivery.resume", go_on, shown).outcome == "applied"
        assert office.do(sato, "delivery.resume", go_on, shown).reason == "not_paused"
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(stub.received) == dict.fromkeys(users, 1)


def test_a_batch_without_an_answer_for_23_hours_is_unknown_and_never_sent_again(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 501, office.clock())
    cut = LineStub(script=lambda call: Fault(status=None, accept=False))
    with running_line_stub(cut) as line, working(office, line.base):
        id = confirm(office, sato, 501)
        wait_until(lambda: cut.calls >= 2)
    with office.database.write() as connection:
        long_ago = office.clock() - timedelta(hours=23)
        connection.execute(update(batches).where(batches.c.no == 0).values(first_try_at=long_ago))
    fine = LineStub()
    with running_line_stub(fine) as line, working(office, line.base):
        wait_until(lambda: run_of(office, id).state == "sent")
    numbers = office.delivery(sato, id).numbers
    assert (numbers.unknown, numbers.accepted) == (500, 1)
    assert len(fine.received) == 1


def test_a_restarted_worker_goes_on_with_the_same_keys(office: Office, sato: StaffMember) -> None:
    users = add_friends(office.database, 3000, office.clock())
    stub = LineStub(delay=0.05)
    with running_line_stub(stub) as line:
        with working(office, line.base, per_second=20):
            id = confirm(office, sato, 3000)
            wait_until(lambda: stub.calls >= 2)
        with office.database.read() as connection:
            keys = set(connection.execute(select(batches.c.retry_key)).scalars())
        with working(office, line.base):
            wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(stub.received) == dict.fromkeys(users, 1)
    assert set(stub.bodies) == keys


def test_a_test_reaches_the_staff_member_marked_as_a_test(
    office: Office, sato: StaffMember, line: LineStub
) -> None:
    (user,) = add_friends(office.database, 1, office.clock())
    with office.database.write() as connection:
        connection.execute(line_links.insert().values(staff=sato.id, resident=1, linked_at=office.clock()))
    draft = DeliveryDraft(id="d1", title="", messages=(TextMessage(text="本日"),))
    with working(office, line.base):
        change = office.change(sato, "delivery.test", DeliveryTest(draft=draft, staff=(sato.id,)))
        office.rounds.apply(sato, (change,))
        wait_until(lambda: run_of(office, change.id).state == "sent")
    assert dict(line.received) == {user: 1}
    assert line.messages == [[{"type": "text", "text": "【テスト配信】\n本日"}]]


def test_two_workers_share_the_pace_and_reach_everybody_once(
    office: Office, sato: StaffMember, line: LineStub
) -> None:
    if office.database.is_embedded:
        pytest.skip("an embedded store has one worker")
    office.quota = Quota(limit=None)
    users = add_friends(office.database, 60_000, office.clock())
    other = Office(office.database, office.clock)
    with working(office, line.base), working(other, line.base):
        id = confirm(office, sato, 60_000)
        wait_until(lambda: run_of(office, id).state == "sent")
    assert dict(line.received) == dict.fromkeys(users, 1)
    assert line.most_in_a_second() <= 200
    with office.database.read() as connection:
        assert sum_ledger(connection, id).accepted == 60_000
