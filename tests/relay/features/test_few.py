"""Nobody learns by counting what one person answered (SEG-4, SEG-12, decision 044)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave, DeliverySend, GroupSave, ListChange, ListFill, ListSave
from protocol.items import Answer
from protocol.lists import ResidentList, SegmentGroup
from protocol.messages import TextMessage
from protocol.segments import AllOf, ChoiceIs, Everyone, Except, InGroup, OnList, Segment
from protocol.staff import StaffMember
from protocol.sync import CheckAnswer
from relay.features.few import is_withheld
from relay.features.who import people_of
from relay.store.residents import write_answers
from relay.store.tables import residents
from tests.relay.features.office import Office, district_item
from tests.relay.town import add_friends

ONE = OnList(list="one")
NORTH, SOUTH = (ChoiceIs(item="item-district", any_of=(choice.id,)) for choice in district_item().choices[:2])


@pytest.fixture
def town(office: Office, sato: StaffMember) -> Office:
    """Twenty friends; the first answered 「北」 and is alone on a list."""
    add_friends(office.database, 20, office.clock())
    office.put("item", "item-district", district_item().as_json())
    with office.database.write() as connection:
        first = connection.execute(select(residents.c.id).where(residents.c.no == 1)).scalar_one()
        write_answers(connection, 1, [Answer(item="item-district", choices=NORTH.any_of)], office.clock())
    for id in ("one", "tag"):
        kind = "chosen" if id == "one" else "tag"
        office.do(sato, "list.save", ListSave(list=ResidentList(id=id, name=id, kind=kind)))
    office.do(sato, "list.change", ListChange(list="one", add=(first,)))
    return office


def check(town: Office, who: StaffMember, segment: Segment) -> CheckAnswer:
    draft = DeliveryDraft(id="d", title="t", messages=(TextMessage(text="本日"),), segment=segment)
    return town.checking.check(draft, who.id)


def test_a_list_of_one_and_a_condition_is_answered_alike_whatever_the_person_said(
    town: Office, sato: StaffMember
) -> None:
    told = [check(town, sato, AllOf(parts=(ONE, condition))) for condition in (NORTH, SOUTH)]
    assert told[0] == told[1]
    assert (told[0].few, told[0].count, told[0].languages, told[0].problems) == (True, 0, {}, ())


def test_a_saved_group_hides_no_list(town: Office, sato: StaffMember) -> None:
    group = SegmentGroup(id="g", name="g", segment=AllOf(parts=(ONE, NORTH)))
    assert town.do(sato, "group.save", GroupSave(group=group)).reason == ""
    assert check(town, sato, InGroup(group="g")).few


def test_a_list_by_itself_is_counted_and_nothing_more_is_told_of_it(town: Office, sato: StaffMember) -> None:
    answer = check(town, sato, ONE)
    assert (answer.few, answer.count, answer.languages) == (False, 1, {})
    items = {"item-district": district_item()}
    people = people_of(town.index, ONE, items, town.clock())
    assert (people.count, people.choices, people.languages, people.few) == (1, {}, {}, ())
    assert people_of(town.index, AllOf(parts=(ONE, NORTH)), items, town.clock()).few == ("count",)


def test_a_delivery_to_few_goes_out_without_saying_to_how_many(town: Office, sato: StaffMember) -> None:
    segment = AllOf(parts=(ONE, NORTH))
    draft = DeliveryDraft(id="d", title="t", messages=(TextMessage(text="本日"),), segment=segment)
    assert town.do(sato, "delivery.save", DeliverySave(draft=draft)).outcome == "applied"
    sent = town.do(sato, "delivery.send", DeliverySend(delivery="d", recipients_seen=0), 1)
    assert (sent.outcome, sent.reason) == ("applied", "")


def test_no_list_is_filled_with_the_answer_to_such_a_question(town: Office, sato: StaffMember) -> None:
    for condition in (NORTH, SOUTH):
        fill = ListFill(list="tag", segment=AllOf(parts=(ONE, condition)))
        assert town.do(sato, "list.fill", fill).reason == "too_few_for_list"


@pytest.mark.parametrize(
    ("segment", "count", "withheld"),
    [
        (Everyone(), 3, False),
        (NORTH, 3, False),
        (AllOf(parts=(ONE,)), 1, False),
        (Except(part=ONE), 2, False),
        (AllOf(parts=(ONE, OnList(list="tag"))), 1, True),
        (AllOf(parts=(ONE, NORTH)), 4, True),
        (AllOf(parts=(ONE, NORTH)), 5, False),
        (AllOf(parts=(NORTH, Except(part=ONE))), 0, True),
    ],
)
def test_only_few_people_of_lists_with_conditions_are_withheld(
    segment: Segment, count: int, withheld: bool
) -> None:
    assert is_withheld(segment, count) is withheld
