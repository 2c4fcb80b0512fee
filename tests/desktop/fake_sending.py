"""What the fake relay does with deliveries: checks, holds, sends, stops, goes on, tests, as a test wishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from protocol.changes import Change
from protocol.deliveries import (
    Delivery,
    DeliveryNumbers,
    DeliveryState,
    find_draft_problems,
    find_sending_problems,
)
from protocol.delivery_changes import HolidaysSave, SendingRulesSave
from protocol.moments import next_moments
from protocol.schedules import Holidays
from protocol.sync import CheckAnswer, CheckRequest, SimilarDelivery, TestRun

if TYPE_CHECKING:
    from tests.desktop.fake_relay import FakeRelay


@dataclass
class Safety:
    """How careful the town is; not at all, until a test says so."""

    hold_seconds: int = 0
    needs_second: bool = False
    type_number_from: int = 1000
    warnings: tuple[str, ...] = ()
    similar: tuple[SimilarDelivery, ...] = ()


def check(relay: FakeRelay, body: bytes) -> CheckAnswer:
    """The dry run."""
    draft, now, safety = CheckRequest.parse(body).draft, relay.clock(), relay.safety
    people = relay.count(draft.segment)
    problems = find_draft_problems(draft, relay.items())
    problems = problems or find_sending_problems(people, relay.quota.quota)
    at_once = draft.route == "broadcast"
    warnings = (*safety.warnings, "unstoppable") if at_once else safety.warnings
    return CheckAnswer(
        count=people, friends=relay.friends, route="broadcast" if at_once else "multicast",
        calls=1 if at_once else -(-people // 500), seconds=1,
        languages={"ja": people}, quota=relay.quota.quota, quota_reason=relay.quota.reason,
        moments=tuple(next_moments(draft.when, now, Holidays(), 10)), needs_second=safety.needs_second,
        must_type_number=people >= safety.type_number_from, hold_seconds=safety.hold_seconds,
        warnings=warnings, similar=safety.similar,
        problems=problems, as_of=now,
    )  # fmt: skip


def do(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """A change about deliveries or rules: the reason of a refusal, and the version."""
    return KINDS[change.kind](relay, change)


def save(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.save`: what was returned stays returned until it is asked again."""
    written = Delivery.parse({"draft": change.payload["draft"]})
    known = relay.records.get(("delivery", written.draft.id))
    returned = Delivery.parse(known.body).returned if known is not None and not known.removed else ""
    facts = {"written_by": change.staff, "written_at": relay.clock(), "returned": returned}
    return relay.save("delivery", written.draft.id, written.model_copy(update=facts), change.based_on)


def send(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.send`: held, scheduled, repeating, or under way at once where there is no hold."""
    thing, now = change.payload["delivery"], relay.clock()
    known = relay.records.get(("delivery", thing))
    if known is None or known.version != change.based_on:
        return "version_conflict", 0
    delivery = Delivery.parse(known.body)
    if delivery.state not in ("draft", "asked"):
        return "already_sent", 0
    if delivery.state == "asked" and delivery.asked_by == change.staff:
        return "own_request", 0
    if relay.safety.needs_second and delivery.state == "draft" and not change.payload["emergency"]:
        return "second_person_needed", 0
    problems = find_draft_problems(delivery.draft, relay.items())
    if problems:
        return problems[0].code, 0
    states: dict[str, DeliveryState] = {"now": "held", "at": "scheduled"}
    moments = next_moments(delivery.draft.when, now, Holidays(), 1)
    due = moments[0] if moments else now + timedelta(seconds=relay.safety.hold_seconds)
    facts = {
        "state": states.get(delivery.draft.when.kind, "repeating"), "sent_by": change.staff,
        "confirmed_at": now, "due_at": due, "returned": "", "bypassed": change.payload["emergency"],
    }  # fmt: skip
    version = relay.put("delivery", thing, delivery.model_copy(update=facts)).version
    if delivery.draft.when.kind == "now" and not relay.safety.hold_seconds:
        version = begin(relay, thing)
    return "", version


def begin(relay: FakeRelay, thing: str) -> int:
    """The hold is over: it goes out."""
    delivery = relay.delivery(thing)
    people = relay.count(delivery.draft.segment)
    facts = {
        "state": "sending", "started_at": relay.clock(),
        "numbers": DeliveryNumbers(recipients=people, waiting=people),
    }  # fmt: skip
    version = relay.put("delivery", thing, delivery.model_copy(update=facts)).version
    if relay.deliver_at_once:
        relay.finish_sending(thing, people - 2, 2)
    return version


def ask(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.ask`."""
    return _move(relay, change, ("draft",), state="asked", asked_by=change.staff, returned="")


def give_back(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.return`."""
    return _move(relay, change, ("asked",), state="draft", returned=change.payload["reason"])


def stop(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.stop`: whatever version was seen, since a stop must never come too late."""
    delivery = relay.delivery(change.payload["delivery"])
    if delivery.state in ("queued", "sending"):
        return "", _put(relay, delivery, state="paused", reason="stopped")
    if delivery.state in ("asked", "held", "scheduled", "repeating"):
        return "", _put(relay, delivery, state="draft", due_at=None, confirmed_at=None, sent_by="")
    return "already_sent", 0


def cancel(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.cancel`."""
    numbers = relay.delivery(change.payload["delivery"]).numbers
    rest = numbers.model_copy(update={"waiting": 0, "cancelled": numbers.waiting})
    return _move(relay, change, ("paused",), state="cancelled", numbers=rest)


def archive(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`delivery.archive`."""
    delivery = relay.delivery(change.payload["delivery"])
    return "", _put(relay, delivery, archived=change.payload["archived"])


def save_rules(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`sending_rules.save`."""
    return relay.save("sending_rules", "town", SendingRulesSave.parse(change.payload).rules, change.based_on)


def save_holidays(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """`holidays.save`."""
    return relay.save("holidays", "town", HolidaysSave.parse(change.payload).holidays, change.based_on)


def _move(relay: FakeRelay, change: Change, before: tuple[str, ...], **facts: Any) -> tuple[str, int]:
    thing = change.payload["delivery"]
    delivery = relay.delivery(thing)
    if delivery.state not in before:
        return "not_asked", 0
    if relay.records["delivery", thing].version != change.based_on:
        return "version_conflict", 0
    return "", _put(relay, delivery, **facts)


def _put(relay: FakeRelay, delivery: Delivery, **facts: Any) -> int:
    return relay.put("delivery", delivery.draft.id, delivery.model_copy(update=facts)).version


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


KINDS: dict[str, Callable[[FakeRelay, Change], tuple[str, int]]] = {
    "delivery.save": save,
    "delivery.ask": ask,
    "delivery.return": give_back,
    "delivery.send": send,
    "delivery.stop": stop,
    "delivery.cancel": cancel,
    "delivery.archive": archive,
    "delivery.resume": resume,
    "delivery.test": begin_test,
    "sending_rules.save": save_rules,
    "holidays.save": save_holidays,
}
