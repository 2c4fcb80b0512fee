"""Questions that need the relay: how many, how much is left, what would be lost. SEG-1, SEG-4, SEG-12."""

from __future__ import annotations

from protocol.changes import ItemSave
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave, GroupSave
from protocol.items import Answer, BirthMonth, SegmentItem
from protocol.lists import SegmentGroup
from protocol.segments import ChoiceIs, Everyone, HasAnswered, InGroup
from protocol.sync import (
    CountAnswer,
    CountRequest,
    ItemUseAnswer,
    ItemUseRequest,
    PeopleAnswer,
    PeopleRequest,
    QuotaAnswer,
)
from relay.serve import RunningRelay
from relay.store.residents import write_answers
from tests.conftest import Clock
from tests.relay.desk import Desk, reason
from tests.relay.features.office import district_item
from tests.relay.town import add_friends


def test_the_count_is_of_this_moment(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    def count() -> CountAnswer:
        answer = desk.call("/staff/ask/segment-count", CountRequest(segment=Everyone()))
        return CountAnswer.parse(answer.content)

    assert (count().count, count().friends) == (0, 0)
    add_friends(relay.relay.database, 7, clock())
    assert (count().count, count().friends) == (7, 7)


def test_a_segment_nobody_can_mean_is_refused_with_its_reason(desk: Desk) -> None:
    for segment, code in (
        (HasAnswered(item="gone"), "item_unknown"),
        (ChoiceIs(item="gone", any_of=()), "item_unknown"),
    ):
        answer = desk.call("/staff/ask/segment-count", CountRequest(segment=segment))
        assert reason(answer) == code


def test_who_is_in_it_comes_in_counts_and_fewer_than_five_are_not_counted_out(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    born = SegmentItem(id="born", kind="birth_year", title="年", question="？", several=True)
    for item in (district_item(), born):
        desk.do("item.save", ItemSave(item=item))
    add_friends(relay.relay.database, 9, clock())
    with relay.relay.database.write() as connection:
        for number in range(1, 10):
            choice = "item-district-0" if number <= 5 else "item-district-1"
            years = (BirthMonth(year=2020), BirthMonth(year=2024), BirthMonth(year=1990))[: number % 3 + 1]
            answers = [Answer(item="item-district", choices=(choice,)), Answer(item="born", births=years)]
            write_answers(connection, number, answers, clock())
    got = desk.call("/staff/ask/segment-people", PeopleRequest(segment=Everyone()))
    answer = PeopleAnswer.parse(got.content)
    assert answer.count == 9
    assert answer.choices == {"item-district": {"item-district-0": 5, "item-district-1": 0}}
    assert answer.ages == {"born": {"0": 9, "30": 0}}
    assert (answer.languages, answer.followed) == ({"ja": 9}, {"2026-11": 9})
    assert set(answer.few) == {"choices.item-district.item-district-1", "ages.born.30"}
    gone = desk.call("/staff/ask/segment-people", PeopleRequest(segment=InGroup(group="gone")))
    assert reason(gone) == "group_unknown"


def test_a_saved_group_is_counted_by_its_name(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    add_friends(relay.relay.database, 2, clock())
    desk.do("group.save", GroupSave(group=SegmentGroup(id="g", name="友だち", segment=Everyone())))
    answer = desk.call("/staff/ask/segment-count", CountRequest(segment=InGroup(group="g")))
    assert CountAnswer.parse(answer.content).count == 2


def test_without_a_channel_the_quota_says_why_it_is_unknown(desk: Desk) -> None:
    answer = QuotaAnswer.parse(desk.call("/staff/ask/quota").content)
    assert (answer.quota, answer.reason) == (None, "line_not_configured")


def test_what_deleting_an_item_would_lose(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    desk.do("item.save", ItemSave(item=district_item()))
    draft = DeliveryDraft(id="d1", title="x", segment=HasAnswered(item="item-district"))
    desk.do("delivery.save", DeliverySave(draft=draft))
    add_friends(relay.relay.database, 2, clock())
    with relay.relay.database.write() as connection:
        answer = Answer(item="item-district", choices=("item-district-1",))
        write_answers(connection, 1, [answer], clock())
    use = ItemUseAnswer.parse(desk.call("/staff/ask/item-use", ItemUseRequest(item="item-district")).content)
    assert use == ItemUseAnswer(answers=1, deliveries=1, choices={"item-district-1": 1})
