"""The big stop, going on, taking back the rest: nobody twice, and the numbers add up. SEG-7, SEG-12."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from protocol.deliveries import DeliveryDraft, DeliveryNumbers, Quota
from protocol.delivery_changes import (
    DeliveryArchive,
    DeliveryAsk,
    DeliveryCancel,
    DeliveryResume,
    DeliverySave,
    DeliverySend,
    DeliveryStop,
)
from protocol.messages import TextMessage
from protocol.schedules import At
from protocol.staff import StaffMember
from relay.features.ledger import Ledger
from relay.store.batches import Outcome
from relay.store.records import find_version
from relay.store.runs import find_run
from relay.store.tables import batches, jobs
from tests.conftest import Clock
from tests.relay.features.office import AT_ONCE, Office
from tests.relay.town import add_friends

PEOPLE = 1200


def confirm(office: Office, who: StaffMember, **parts: object) -> None:
    draft = DeliveryDraft.model_validate(
        {"id": "d1", "title": "大雨のお知らせ", "messages": (TextMessage(text="大雨です"),), **parts}
    )
    version = office.do(who, "delivery.save", DeliverySave(draft=draft)).version
    payload = DeliverySend(delivery="d1", recipients_seen=PEOPLE)
    assert office.reason(who, "delivery.send", payload, version) == ""


def stop(office: Office, who: StaffMember) -> str:
    return office.reason(who, "delivery.stop", DeliveryStop(delivery="d1"))


def resume(office: Office, who: StaffMember) -> str:
    with office.database.read() as connection:
        version = find_version(connection, "delivery", "d1")
    return office.reason(who, "delivery.resume", DeliveryResume(delivery="d1"), version)


def cancel(office: Office, who: StaffMember) -> str:
    return office.reason(who, "delivery.cancel", DeliveryCancel(delivery="d1"))


def numbers(office: Office, who: StaffMember) -> DeliveryNumbers:
    found = office.delivery(who, "d1").numbers
    parts = found.waiting + found.accepted + found.refused + found.unknown + found.cancelled
    assert found.recipients == parts
    return found


@pytest.fixture
def town(office: Office) -> Office:
    add_friends(office.database, PEOPLE, office.clock())
    return office


@pytest.fixture
def worker(town: Office) -> Ledger:
    return Ledger(town.database, town.clock, town.bell, owner="worker")


def accepted(no: int) -> Outcome:
    return Outcome(run="d1", no=no, state="accepted", http_status=200)


def test_what_waits_becomes_a_draft_again_and_forgets_its_confirmation(
    town: Office, sato: StaffMember, suzuki: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=At(at=clock() + timedelta(days=1)))
    assert stop(town, suzuki) == ""
    delivery = town.delivery(sato, "d1")
    assert (delivery.state, delivery.sent_by, delivery.due_at) == ("draft", "", None)
    assert delivery.written_by == sato.id
    assert town.reason(sato, "delivery.ask", DeliveryAsk(delivery="d1"), 3) == ""
    assert stop(town, sato) == ""  # the question is taken back
    assert town.delivery(sato, "d1").asked_by == ""
    assert stop(town, sato) == "not_stoppable"
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="nowhere")) == "not_found"


def test_a_queued_delivery_that_was_stopped_is_not_frozen_until_it_goes_on(
    town: Office, sato: StaffMember
) -> None:
    confirm(town, sato)
    assert stop(town, sato) == ""
    assert (town.delivery(sato, "d1").state, town.delivery(sato, "d1").reason) == ("paused", "stopped")
    town.sending.freezing.freeze("d1")
    with town.database.read() as connection:
        assert connection.execute(select(batches)).all() == []
    assert numbers(town, sato).waiting == PEOPLE
    assert resume(town, sato) == ""
    assert town.delivery(sato, "d1").state == "queued"
    with town.database.read() as connection:
        assert len(connection.execute(select(jobs)).all()) == 2
    town.sending.freezing.freeze("d1")
    town.sending.freezing.freeze("d1")
    assert town.delivery(sato, "d1").state == "sending"
    with town.database.read() as connection:
        assert len(connection.execute(select(batches)).all()) == 3


def test_what_is_stopped_before_it_was_frozen_can_be_cancelled_whole(town: Office, sato: StaffMember) -> None:
    confirm(town, sato)
    assert cancel(town, sato) == "not_paused"
    stop(town, sato)
    assert cancel(town, sato) == ""
    town.sending.freezing.freeze("d1")
    assert town.delivery(sato, "d1").state == "cancelled"
    assert numbers(town, sato).cancelled == PEOPLE
    assert [resume(town, sato), cancel(town, sato)] == ["not_paused", "not_paused"]


def test_stopped_halfway_the_rest_waits_and_goes_on_with_its_keys(
    town: Office, sato: StaffMember, worker: Ledger, clock: Clock
) -> None:
    confirm(town, sato)
    town.sending.freezing.freeze("d1")
    (first,) = worker.turn([], 1, is_busy=False).claims
    assert stop(town, sato) == ""
    assert worker.turn([], 10, is_busy=True).claims == []  # nothing more is handed out
    worker.turn([accepted(first.no)], 0, is_busy=False)
    assert (numbers(town, sato).accepted, numbers(town, sato).waiting) == (500, 700)
    assert town.delivery(sato, "d1").state == "paused"
    with town.database.read() as connection:
        keys = {no: key for no, key in connection.execute(select(batches.c.no, batches.c.retry_key))}
    assert resume(town, sato) == ""
    clock.forward(seconds=1)
    rest = worker.turn([], 10, is_busy=False).claims
    assert [claim.retry_key for claim in rest] == [keys[1], keys[2]]
    worker.turn([accepted(1), accepted(2)], 0, is_busy=False)
    assert town.delivery(sato, "d1").state == "sent"
    assert numbers(town, sato).accepted == PEOPLE


def test_when_the_calls_under_way_were_the_last_ones_it_is_sent(
    town: Office, sato: StaffMember, worker: Ledger
) -> None:
    confirm(town, sato)
    town.sending.freezing.freeze("d1")
    claims = worker.turn([], 10, is_busy=False).claims
    assert stop(town, sato) == ""
    worker.turn([accepted(claim.no) for claim in claims], 0, is_busy=False)
    assert town.delivery(sato, "d1").state == "sent"
    assert numbers(town, sato).accepted == PEOPLE


def test_the_rest_is_cancelled_while_a_call_is_under_way_and_everything_is_counted(
    town: Office, sato: StaffMember, worker: Ledger, clock: Clock
) -> None:
    confirm(town, sato)
    town.sending.freezing.freeze("d1")
    claims = worker.turn([], 2, is_busy=False).claims
    assert [stop(town, sato), cancel(town, sato)] == ["", ""]
    clock.forward(seconds=1)
    timeout = Outcome(run="d1", no=claims[1].no, state="waiting", next_try_at=clock())
    worker.turn([accepted(claims[0].no), timeout], 0, is_busy=False)
    clock.forward(seconds=1)
    worker.turn([], 10, is_busy=False)
    assert town.delivery(sato, "d1").state == "cancelled"
    found = numbers(town, sato)
    assert (found.accepted, found.unknown, found.cancelled) == (500, 500, 200)
    assert resume(town, sato) == "not_paused"


def test_a_broadcast_under_way_cannot_be_stopped(town: Office, sato: StaffMember) -> None:
    confirm(town, sato)
    town.sending.freezing.freeze("d1")
    with town.database.write() as connection:
        connection.execute(update(batches).values(endpoint="broadcast"))
    assert stop(town, sato) == "not_stoppable"
    with town.database.read() as connection:
        run = find_run(connection, "d1")
    assert run is not None and run.state == "sending"


def test_going_on_asks_line_for_room_and_stopping_asks_for_nothing(town: Office, sato: StaffMember) -> None:
    confirm(town, sato)
    town.sending.freezing.freeze("d1")
    town.quota = None
    assert stop(town, sato) == ""
    assert resume(town, sato) == "line_unreachable"
    town.quota = Quota(limit=5000, used=4000)
    assert resume(town, sato) == "over_quota"
    town.quota = Quota(limit=5000, used=0)
    assert resume(town, sato) == ""


def test_administrators_are_told_when_line_stops_a_delivery_and_not_when_people_do(
    town: Office, sato: StaffMember, worker: Ledger, clock: Clock
) -> None:
    confirm(town, sato)
    town.sending.freezing.freeze("d1")
    claims = worker.turn([], 2, is_busy=False).claims
    limit = [Outcome(run="d1", no=claim.no, state="waiting", pauses="over_quota") for claim in claims]
    worker.turn(limit, 0, is_busy=False)
    assert (town.delivery(sato, "d1").state, town.delivery(sato, "d1").reason) == ("paused", "over_quota")
    assert [resume(town, sato), stop(town, sato)] == ["", ""]
    notices = [record.body for record in town.seen(sato, "notice").values()]
    assert [(body["code"], body["subject"]) for body in notices] == [("delivery_paused", "大雨のお知らせ")]


def test_putting_away_changes_nothing_else_and_can_be_taken_back(town: Office, sato: StaffMember) -> None:
    confirm(town, sato)
    before = town.delivery(sato, "d1")
    for archived in (True, False):
        payload = DeliveryArchive(delivery="d1", archived=archived)
        assert town.reason(sato, "delivery.archive", payload) == ""
        assert town.delivery(sato, "d1") == before.model_copy(update={"archived": archived})


def test_a_stop_in_the_hold_needs_no_version(town: Office, sato: StaffMember) -> None:
    town.set_rules(AT_ONCE.model_copy(update={"hold_seconds": 60}))
    confirm(town, sato)
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d1"), 99) == ""
    assert town.delivery(sato, "d1").state == "draft"
