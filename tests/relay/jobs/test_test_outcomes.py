"""Who asked for a test learns what came of it, from LINE's own answers and never too early. SEG-10."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliveryTest
from protocol.messages import TextMessage, Variant
from protocol.staff import StaffMember
from protocol.sync import TestRun
from relay.features.test_runs import KEPT_PER_PERSON
from relay.store.database import Database
from relay.store.tables import line_links
from tests.relay.features.conftest import suzuki
from tests.relay.features.office import Office
from tests.relay.jobs.worker import HurryingClock, run_of, wait_until, working
from tests.relay.line_stub import FINE, Fault, LineStub, running_line_stub
from tests.relay.town import add_friends

__all__ = ["suzuki"]
DRAFT = DeliveryDraft(id="d1", title="", messages=(TextMessage(text="本日"),))
AWAY = Fault(status=None, accept=False)
NO_TOKEN = Fault(status=401, accept=False)
NO_QUOTA = Fault(status=429, accept=False, message="You have reached your monthly limit.")


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, HurryingClock())


def tie(office: Office, *people: StaffMember) -> None:
    """Each of these staff members is a friend of the account."""
    add_friends(office.database, len(people), office.clock())
    with office.database.write() as connection:
        for number, member in enumerate(people, start=1):
            tied = {"staff": member.id, "resident": number, "linked_at": office.clock()}
            connection.execute(line_links.insert().values(**tied))


def ask(office: Office, who: StaffMember, people: Sequence[StaffMember] = ()) -> str:
    """A test to these people, or to the person who asks; the id of the change."""
    test = DeliveryTest(draft=DRAFT, staff=tuple(member.id for member in people or (who,)))
    change = office.change(who, "delivery.test", test)
    (result,) = office.rounds.apply(who, (change,))
    assert (result.outcome, result.version) == ("applied", 1)
    return change.id


def outcome(office: Office, who: StaffMember, id: str) -> TestRun:
    return TestRun.parse(office.records(who, "test_run")[id].body)


def test_a_test_is_under_way_until_line_took_it(office: Office, sato: StaffMember) -> None:
    tie(office, sato)
    id = ask(office, sato)
    assert outcome(office, sato, id) == TestRun(asked_by=sato.id, recipients=1)
    with running_line_stub(LineStub()) as line, working(office, line.base):
        wait_until(lambda: outcome(office, sato, id).finished)
    assert outcome(office, sato, id) == TestRun(asked_by=sato.id, recipients=1, accepted=1, finished=True)
    assert sum(line.received.values()) == 1


def test_a_person_who_gets_it_in_two_languages_is_one_person(office: Office, sato: StaffMember) -> None:
    tie(office, sato)
    english = Variant(language="en", messages=(TextMessage(text="Today"),))
    draft = DRAFT.model_copy(update={"variants": (english,)})
    change = office.change(sato, "delivery.test", DeliveryTest(draft=draft, staff=(sato.id,)))
    office.rounds.apply(sato, (change,))
    with running_line_stub(LineStub()) as line, working(office, line.base):
        wait_until(lambda: outcome(office, sato, change.id).finished)
    known = TestRun(asked_by=sato.id, recipients=1, accepted=1, finished=True)
    assert (outcome(office, sato, change.id), sum(line.received.values())) == (known, 2)


def test_nobody_but_the_person_who_asked_is_told(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    tie(office, sato, suzuki)
    id = ask(office, sato, (sato, suzuki))
    (record,) = office.records(sato, "test_run").values()
    assert (record.id, record.audience, record.body["recipients"]) == (id, f"staff:{sato.id}", 2)
    assert office.records(suzuki, "test_run") == {}
    cursor = office.rounds.news(suzuki, {}).cursor
    ask(office, sato)
    assert not office.rounds.has_news(suzuki, cursor)
    assert office.rounds.has_news(sato, cursor)


def test_someone_line_refuses_is_counted_with_the_reason(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    tie(office, sato, suzuki)
    stub = LineStub(script=lambda call: Fault(status=400, accept=False) if call == 0 else FINE)
    with running_line_stub(stub) as line, working(office, line.base):
        id = ask(office, sato, (sato, suzuki))
        wait_until(lambda: outcome(office, sato, id).finished)
    found = outcome(office, sato, id)
    assert (found.accepted, found.refused, found.reason) == (1, 1, "line_refused")


@pytest.mark.parametrize(("fault", "reason"), [(NO_TOKEN, "line_refused"), (NO_QUOTA, "over_quota")])
def test_a_test_line_stops_for_good_ends_with_the_reason(
    office: Office, sato: StaffMember, suzuki: StaffMember, fault: Fault, reason: str
) -> None:
    tie(office, sato, suzuki)
    with running_line_stub(LineStub(script=lambda _: fault)) as line, working(office, line.base):
        id = ask(office, sato, (sato, suzuki))
        wait_until(lambda: outcome(office, sato, id).finished)
    found = outcome(office, sato, id)
    assert (found.accepted, found.refused, found.reason) == (0, 2, reason)
    assert run_of(office, id).state == "failed"
    assert not line.received


def test_while_line_is_away_the_test_says_so_and_comes_once_it_is_back(
    office: Office, sato: StaffMember
) -> None:
    tie(office, sato)
    away = [True]
    stub = LineStub(script=lambda _: AWAY if away[0] else FINE)

    def says(test: Callable[[TestRun], bool]) -> None:
        wait_until(lambda: test(outcome(office, sato, id)))

    with running_line_stub(stub) as line, working(office, line.base):
        id = ask(office, sato)
        says(lambda run: run.reason == "line_unreachable" and not run.finished)
        away[0] = False
        says(lambda run: run.finished)
    found = outcome(office, sato, id)
    assert (found.accepted, found.reason) == (1, "")
    assert sum(stub.received.values()) == 1


def test_only_the_newest_tests_of_a_person_are_kept(
    office: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    tie(office, sato, suzuki)
    others = ask(office, suzuki)
    ids = [ask(office, sato) for _ in range(KEPT_PER_PERSON + 2)]
    found = office.records(sato, "test_run")
    assert [id for id in ids if not found[id].removed] == ids[2:]
    assert [id for id in ids if found[id].removed and not found[id].body] == ids[:2]
    assert not office.records(suzuki, "test_run")[others].removed
    with running_line_stub(LineStub()) as line, working(office, line.base):
        wait_until(lambda: outcome(office, sato, ids[-1]).finished)
        wait_until(lambda: run_of(office, ids[0]).state == "sent")
    assert office.records(sato, "test_run")[ids[0]].removed
