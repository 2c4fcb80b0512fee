"""What the fake relay does with deliveries: sends, stops, goes on and tests, at once and as a test wishes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from protocol.changes import Change
from protocol.deliveries import Delivery, DeliveryNumbers, find_draft_problems
from protocol.sync import TestRun

if TYPE_CHECKING:
    from tests.desktop.fake_relay import FakeRelay


def send(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.send`: the reason of a refusal, and the version."""
    thing, now = change.payload["delivery"], datetime.now(UTC)
    known = relay.records.get(("delivery", thing))
    if known is None or known.version != change.based_on:
        return "version_conflict", 0
    delivery = Delivery.parse(known.body)
    if delivery.state != "draft":
        return "already_sent", 0
    problems = find_draft_problems(delivery.draft, relay.items())
    if problems:
        return problems[0].code, 0
    people = relay.count(delivery.draft.segment)
    state = {
        "state": "sending", "sent_by": change.staff, "confirmed_at": now, "started_at": now,
        "numbers": DeliveryNumbers(recipients=people, waiting=people),
    }  # fmt: skip
    version = relay.put("delivery", thing, delivery.model_copy(update=state)).version
    if relay.deliver_at_once:
        relay.finish_sending(thing, people - 2, 2)
    return "", version


def resume(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.resume`."""
    thing = change.payload["delivery"]
    delivery, version = relay.delivery(thing), relay.records["delivery", thing].version
    if delivery.state != "paused":
        return "not_paused", 0
    if version != change.based_on:
        return "version_conflict", 0
    going = delivery.model_copy(update={"state": "sending", "reason": ""})
    version = relay.put("delivery", thing, going).version
    if relay.deliver_at_once:
        relay.finish_sending(thing, delivery.numbers.recipients)
    return "", version


def pause(relay: FakeRelay, thing: str, *, accepted: int, reason: str = "over_quota") -> None:
    """As if LINE had stopped the delivery after so many people."""
    delivery = relay.delivery(thing)
    people = delivery.numbers.recipients
    numbers = DeliveryNumbers(recipients=people, accepted=accepted, waiting=people - accepted)
    stopped = {"state": "paused", "reason": reason, "numbers": numbers}
    relay.put("delivery", thing, delivery.model_copy(update=stopped))


def begin_test(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.test`: under way; where deliveries are at once, done."""
    run = TestRun(asked_by=change.staff, recipients=len(change.payload["staff"]))
    version = relay.put("test_run", change.id, run, audience=f"staff:{change.staff}").version
    if relay.deliver_at_once:
        move_test(relay, change.id, accepted=run.recipients, finished=True)
    return "", version


def move_test(relay: FakeRelay, id: str, **facts: Any) -> None:
    """New facts about a test under way, such as `accepted=1, finished=True`."""
    known = relay.records["test_run", id]
    run = TestRun.parse(known.body).model_copy(update=facts)
    relay.put("test_run", id, run, audience=known.audience)
