"""SEG-5, SEG-10, SEG-12 against the real relay over TLS: what the fake one answers is what the real one
does. LINE is a stub.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from desktop.features.office import Office
from desktop.replica.records import DeliveryQuery
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.messages import TextMessage
from protocol.moments import japan_day
from protocol.schedules import At, Recurrence, Repeating
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town
from tests.relay.line_stub import LineStub, running_line_stub
from tests.relay.town import add_friends

FRIENDS = 1200


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_line_stub(LineStub()) as line:
        token = {"line_channel_token": SecretStr("token"), "line_channel_secret": SecretStr("secret")}
        with running_town(tmp_path, clock, line_api_base=line.base, **token) as made:
            add_friends(made.relay.relay.database, FRIENDS, clock())
            yield made


def delivery(office: Office, id: str) -> Delivery:
    found = office.deliveries.get(id)
    assert found is not None
    return found.body


def in_time(office: Office, condition: Callable[[], object]) -> None:
    """The relay works by itself: rounds until it has."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        office.sync()


def members(town: Town) -> tuple[Machine, Machine]:
    """An editor and an approver, both confirmed."""
    admin = town.begin()
    town.make_keys(admin)
    department = town.department(admin, "総務課")
    made = [town.invite(admin, name, department, role=role) for name, role in _ROLES]
    for member in made:
        town.confirm(admin, member)
    return made[0], made[1]


_ROLES = (("mori", "editor"), ("kacho", "approver"))


def typhoon(office: Office, **facts: object) -> DeliveryDraft:
    text = TextMessage(text="台風が近づいています。")
    return office.deliveries.new("台風").model_copy(update={"messages": (text,)} | facts)


def test_a_second_person_gives_back_then_lets_go_and_the_hold_is_stopped(town: Town) -> None:
    writer, approver = members(town)
    draft = typhoon(writer.office)
    confirmation = writer.office.confirming.prepare(draft)
    assert writer.office.rights.others_may("deliveries", "approve")
    check = confirmation.check
    assert confirmation.problems == () and check is not None
    assert (check.count, check.needs_second, check.hold_seconds) == (FRIENDS, True, 60)
    writer.office.confirming.ask_approval(confirmation)
    town.sync(writer, approver)
    assert [shown.id for shown in approver.office.home.today().asked] == [draft.id]
    approver.office.confirming.give_back(draft.id, "日付を入れてください。")
    town.sync(approver, writer)
    (returned,) = writer.office.home.today().returned
    assert returned.body.returned == "日付を入れてください。"
    better = draft.model_copy(update={"messages": (TextMessage(text="20日、台風が近づきます。"),)})
    writer.office.deliveries.save(better)
    writer.office.confirming.ask_approval(writer.office.confirming.prepare(better))
    town.sync(writer, approver)
    seen = approver.office.confirming.prepare(better)
    assert not seen.own_request and not seen.needs_second
    approver.office.confirming.send(seen, seen.warnings)
    approver.office.sync()
    assert delivery(approver.office, draft.id).state == "held"
    writer.office.sync()
    writer.office.confirming.stop(draft.id)
    town.sync(writer, approver)
    stopped = delivery(approver.office, draft.id)
    assert (stopped.state, stopped.numbers.accepted) == ("draft", 0)


def test_what_was_held_goes_out_and_its_correction_goes_to_the_same_people(town: Town, clock: Clock) -> None:
    admin = town.begin().office
    draft = typhoon(admin)
    confirmation = admin.confirming.prepare(draft)
    assert not confirmation.needs_second  # nobody else is there to be asked
    assert confirmation.check is not None and confirmation.check.nobody_to_approve
    assert not admin.rights.others_may("deliveries", "approve")
    admin.confirming.send(confirmation, confirmation.warnings)
    admin.sync()
    assert delivery(admin, draft.id).due_at == clock() + timedelta(seconds=60)
    clock.forward(seconds=61)
    in_time(admin, lambda: delivery(admin, draft.id).state == "sent")
    assert delivery(admin, draft.id).numbers.accepted == FRIENDS
    correction = admin.confirming.prepare(admin.deliveries.correct(draft.id))
    assert correction.problems == ()
    assert correction.check is not None and correction.check.count == FRIENDS
    admin.deliveries.archive(draft.id)
    admin.sync()
    assert admin.deliveries.count(DeliveryQuery(archived=True)) == 1


def test_a_moment_and_a_rule_wait_and_stand_on_the_calendar(town: Town, clock: Clock) -> None:
    admin = town.begin().office
    tomorrow = clock() + timedelta(days=1)
    rule = Recurrence(pattern="weekly", weekdays=tuple(range(7)), first=japan_day(clock()))
    drafts = (
        typhoon(admin, when=At(at=tomorrow)),
        typhoon(admin, title="毎日の知らせ", when=Repeating(rule=rule, time="09:00")),
    )
    for draft in drafts:
        confirmation = admin.confirming.prepare(draft)
        assert confirmation.problems == ()
        admin.confirming.send(confirmation, confirmation.warnings)
        admin.sync()
    assert [delivery(admin, draft.id).state for draft in drafts] == ["scheduled", "repeating"]
    day = japan_day(tomorrow)
    planned = admin.planning.month(day.year, day.month)
    on_the_day = {one.title for one in planned if japan_day(one.moment) == day}
    assert on_the_day == {"台風", "毎日の知らせ"}
    admin.confirming.stop(drafts[1].id)
    admin.sync()
    assert delivery(admin, drafts[1].id).state == "draft"


def test_what_the_town_decides_is_kept_by_the_relay(town: Town) -> None:
    admin = town.begin().office
    rules, seen = admin.town_rules.sending()
    admin.town_rules.save_sending(rules.model_copy(update={"hold_seconds": 5}), seen)
    admin.sync()
    check = admin.confirming.prepare(typhoon(admin)).check
    assert check is not None and check.hold_seconds == 5
