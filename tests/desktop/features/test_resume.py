"""SEG-7: a delivery LINE stopped is continued from the desk, after a look at what is still allowed."""

from __future__ import annotations

import pytest

from desktop.features.deliveries import DeliveryRefused
from desktop.features.office import Office
from protocol.deliveries import Delivery, Quota
from protocol.messages import TextMessage
from protocol.sync import QuotaAnswer
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_sending import pause


@pytest.fixture
def stopped(office: Office, relay: FakeRelay) -> str:
    """The id of a delivery to 4,321 people that stopped after 1,000."""
    relay.deliver_at_once = False
    draft = office.deliveries.new("断水").model_copy(update={"messages": (TextMessage(text="断水します"),)})
    office.confirming.send(office.confirming.prepare(draft))
    office.sync()
    pause(relay, draft.id, accepted=1000)
    office.sync()
    return draft.id


def shown(office: Office, id: str) -> Delivery:
    found = office.deliveries.get(id)
    assert found is not None
    return found.body


def test_the_rest_goes_out_when_someone_continues_it(office: Office, relay: FakeRelay, stopped: str) -> None:
    relay.deliver_at_once = True
    continuation = office.confirming.prepare_resume(stopped)
    assert (continuation.waiting, continuation.may_go_on) == (3321, True)
    office.confirming.resume(continuation)
    assert shown(office, stopped).state == "sending"
    office.sync()
    assert (shown(office, stopped).state, shown(office, stopped).numbers.accepted) == ("sent", 4321)


def test_a_rest_that_does_not_fit_is_named_with_both_numbers(
    office: Office, relay: FakeRelay, stopped: str
) -> None:
    relay.quota = QuotaAnswer(quota=Quota(limit=5000, used=4000))
    continuation = office.confirming.prepare_resume(stopped)
    assert [(p.code, p.limit, p.actual) for p in continuation.problems] == [("over_quota", 1000, 3321)]
    with pytest.raises(DeliveryRefused):
        office.confirming.resume(continuation)


def test_with_line_or_the_relay_away_nothing_is_continued(
    office: Office, relay: FakeRelay, stopped: str
) -> None:
    relay.quota = QuotaAnswer(reason="line_unreachable")
    assert [p.code for p in office.confirming.prepare_resume(stopped).problems] == ["line_unreachable"]
    relay.stop()
    assert [p.code for p in office.confirming.prepare_resume(stopped).problems] == ["quota_unknown"]


def test_what_is_not_stopped_is_not_continued(office: Office, relay: FakeRelay, stopped: str) -> None:
    assert [p.code for p in office.confirming.prepare_resume("nothing").problems] == ["not_found"]
    relay.finish_sending(stopped, 4321)
    office.sync()
    assert [p.code for p in office.confirming.prepare_resume(stopped).problems] == ["not_paused"]


def test_a_refused_continuation_shows_the_delivery_stopped_again(
    office: Office, relay: FakeRelay, stopped: str
) -> None:
    office.confirming.resume(office.confirming.prepare_resume(stopped))
    relay.refuse_next("over_quota")
    office.sync()
    found = office.deliveries.get(stopped)
    assert found is not None and (found.body.state, found.refused) == ("paused", "over_quota")
