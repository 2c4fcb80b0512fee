"""What was confirmed for few people does not go out to many without somebody's new yes. SEG-5, SEG-12."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import DeliverySave, DeliverySend, GroupSave
from protocol.items import Answer, SegmentItem
from protocol.lists import SegmentGroup
from protocol.messages import TextMessage
from protocol.schedules import At, OnResidentDay, Recurrence, Repeating, When
from protocol.segments import Everyone, HasAnswered, InGroup, Segment
from protocol.staff import StaffMember
from relay.store.records import find_version
from relay.store.residents import write_answers
from tests.conftest import Clock
from tests.relay.features.office import AT_ONCE, Office
from tests.relay.town import add_friends

EVERYONE_BY_TWO = AT_ONCE.model_copy(update={"second_person_everyone": True})
DAILY = Repeating(
    rule=Recurrence(pattern="weekly", weekdays=tuple(range(7)), first=date(2026, 11, 1)), time="10:00"
)
"""The clock of the tests stands at 9:30 on Friday, 20 November 2026."""


@pytest.fixture
def town(office: Office, sato: StaffMember) -> Office:
    """Thirty friends; the saved group means the ten who gave a day."""
    add_friends(office.database, 30, office.clock())
    office.set_rules(EVERYONE_BY_TWO)
    item = SegmentItem(id="item", kind="date", title="日", question="?")
    office.put("item", "item", item.as_json())
    with office.database.write() as connection:
        for resident in range(1, 11):
            answer = Answer(item="item", day=date(2026, 11, 20))
            write_answers(connection, resident, [answer], office.clock())
    change_group(office, sato, HasAnswered(item="item"))
    return office


def change_group(office: Office, who: StaffMember, segment: Segment) -> None:
    with office.database.read() as connection:
        version = find_version(connection, "group", "g1")
    group = SegmentGroup(id="g1", name="みなさん", segment=segment)
    assert office.reason(who, "group.save", GroupSave(group=group), version) == ""


def confirm(office: Office, who: StaffMember, when: When) -> None:
    draft = DeliveryDraft(
        id="d1",
        title="日課",
        messages=(TextMessage(text="本日"),),
        segment=InGroup(group="g1"),
        when=when,
    )
    version = office.do(who, "delivery.save", DeliverySave(draft=draft)).version
    assert send(office, who, "d1", seen=10, version=version) == ""


def send(office: Office, who: StaffMember, id: str, *, seen: int, version: int) -> str:
    return office.reason(who, "delivery.send", DeliverySend(delivery=id, recipients_seen=seen), version)


def days(office: Office, who: StaffMember) -> list[Delivery]:
    found = [Delivery.parse(record.body) for record in office.seen(who, "delivery").values()]
    return sorted((one for one in found if one.series), key=lambda one: one.draft.title)


def notices(office: Office, who: StaffMember) -> list[str]:
    return [record.body["code"] for record in office.seen(who, "notice").values()]


def test_a_day_that_became_everyone_waits_for_somebody_elses_yes_which_holds_for_the_days_after(
    town: Office, sato: StaffMember, suzuki: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, DAILY)
    clock.forward(minutes=30)
    town.moments.run_due()
    change_group(town, town.add_person("writer", role="editor"), Everyone())
    clock.forward(days=1)
    town.moments.run_due()
    first, second = days(town, sato)
    assert (first.state, first.numbers.recipients) == ("queued", 10)
    assert (second.state, second.asked_by, second.reason) == ("asked", sato.id, "count_changed")
    assert notices(town, sato) == ["delivery_grown"]
    version = town.records(sato, "delivery")[second.draft.id].version
    assert send(town, sato, second.draft.id, seen=30, version=version) == "own_request"
    assert send(town, suzuki, second.draft.id, seen=30, version=version) == ""
    clock.forward(days=1)
    town.moments.run_due()
    assert [(one.state, one.sent_by) for one in days(town, sato)[1:]] == [("queued", suzuki.id)] * 2


def test_what_two_people_confirmed_may_not_grow_beyond_measure(
    town: Office, sato: StaffMember, suzuki: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, DAILY)
    series = town.delivery(sato, "d1").model_copy(update={"confirmed_as_many": True})
    town.put("delivery", "d1", series.as_json(), audiences=("deliveries",))
    change_group(town, sato, Everyone())
    clock.forward(minutes=30)
    town.moments.run_due()
    add_friends(town.database, 31, clock(), start=100)
    clock.forward(days=1)
    town.moments.run_due()
    assert [one.state for one in days(town, sato)] == ["queued", "asked"]


def test_one_set_for_later_that_became_everyone_is_asked_again(
    town: Office, sato: StaffMember, suzuki: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, At(at=clock() + timedelta(days=1)))
    change_group(town, sato, Everyone())
    clock.forward(days=1)
    town.moments.run_due()
    assert (town.delivery(sato, "d1").state, notices(town, sato)) == ("asked", ["delivery_grown"])


def test_a_day_of_residents_own_days_that_became_everyones_is_not_sent(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, OnResidentDay(item="item", days_before=0, time="10:00"))
    town.set_rules(AT_ONCE.model_copy(update={"second_person_from": 12}))
    with town.database.write() as connection:
        for resident in range(11, 31):
            write_answers(connection, resident, [Answer(item="item", day=date(2026, 11, 20))], clock())
    clock.forward(minutes=30)
    town.moments.run_due()
    (day,) = days(town, sato)
    assert (day.state, day.reason) == ("failed", "count_changed")
    assert notices(town, sato) == ["delivery_not_started"]
