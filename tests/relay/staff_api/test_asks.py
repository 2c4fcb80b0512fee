"""Questions that need the relay: how many, how much is left, what would be lost. SEG-1, SEG-12."""

from __future__ import annotations

from protocol.changes import ItemSave
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.items import Answer
from protocol.segments import ChoiceIs, Everyone, HasAnswered
from protocol.sync import CountAnswer, CountRequest, ItemUseAnswer, ItemUseRequest, QuotaAnswer
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
