"""A mis-send needs more than one slip: warnings, a second person, the hold. SEG-12."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.deliveries import Delivery, DeliveryDraft, Quota
from protocol.delivery_changes import (
    DeliveryAsk,
    DeliveryReturn,
    DeliverySave,
    DeliverySend,
    HolidaysSave,
    SendingRulesSave,
)
from protocol.items import SegmentItem
from protocol.lists import SegmentGroup
from protocol.messages import TextMessage
from protocol.schedules import At, Holidays, OnResidentDay, Recurrence, Repeating
from protocol.segments import AnyOf, Everyone, Except, FollowedBetween, HasAnswered, InGroup
from protocol.sending_rules import SendingRules
from protocol.staff import StaffMember
from relay.features.approval import reaches_everyone
from relay.store.records import find_version
from tests.relay.features.office import AT_ONCE, Office
from tests.relay.town import add_friends

HELLO = (TextMessage(text="こんにちは"),)
TWO_PEOPLE = AT_ONCE.model_copy(update={"second_person_from": 30})


def write(office: Office, who: StaffMember, id: str = "d1", **parts: object) -> int:
    draft = DeliveryDraft(**{"id": id, "title": "お知らせ", "messages": HELLO, **parts})
    result = office.do(who, "delivery.save", DeliverySave(draft=draft))
    assert result.reason == ""
    return result.version


def version(office: Office, id: str = "d1") -> int:
    with office.database.read() as connection:
        return find_version(connection, "delivery", id)


def send(office: Office, who: StaffMember, id: str = "d1", seen: int = 30, **more: object) -> str:
    payload = DeliverySend(delivery=id, recipients_seen=seen, **more)
    return office.reason(who, "delivery.send", payload, version(office, id))


def ask(office: Office, who: StaffMember, id: str = "d1") -> str:
    return office.reason(who, "delivery.ask", DeliveryAsk(delivery=id), version(office, id))


@pytest.fixture
def people(office: Office) -> None:
    add_friends(office.database, 30, office.clock())


# --- the hold and the moment ---


def test_a_confirmed_delivery_is_held_for_the_towns_seconds(
    office: Office, sato: StaffMember, people: None
) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"hold_seconds": 60}))
    write(office, sato)
    assert send(office, sato) == ""
    delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.sent_by, delivery.numbers.waiting) == ("held", sato.id, 30)
    assert delivery.due_at == office.clock() + timedelta(seconds=60)


def test_a_delivery_for_later_waits_for_its_moment_and_never_less_than_the_hold(
    office: Office, sato: StaffMember, people: None
) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"hold_seconds": 60}))
    later, soon = office.clock() + timedelta(days=3), office.clock() + timedelta(seconds=5)
    for id, at, due in (("d1", later, later), ("d2", soon, office.clock() + timedelta(seconds=60))):
        write(office, sato, id, when=At(at=at))
        assert send(office, sato, id) == ""
        assert (office.delivery(sato, id).state, office.delivery(sato, id).due_at) == ("scheduled", due)


def test_a_moment_that_has_passed_or_a_rule_without_days_is_refused(
    office: Office, sato: StaffMember, people: None
) -> None:
    empty = Recurrence(pattern="weekly", first=office.clock().date())
    write(office, sato, "d1", when=At(at=office.clock() - timedelta(minutes=1)))
    write(office, sato, "d2", when=Repeating(rule=empty))
    write(office, sato, "d3", when=OnResidentDay(item="nothing"))
    reasons = [send(office, sato, id) for id in ("d1", "d2", "d3")]
    assert reasons == ["moment_past", "rule_empty", "item_unknown"]


def test_people_who_wait_in_a_hold_count_against_the_rest_of_the_quota(
    office: Office, sato: StaffMember, people: None
) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"hold_seconds": 60}))
    office.quota = Quota(limit=50, used=0)
    write(office, sato, "d1")
    write(office, sato, "d2")
    assert [send(office, sato, "d1"), send(office, sato, "d2")] == ["", "over_quota"]


# --- the second person ---


def test_nobody_confirms_alone_above_the_towns_number(
    office: Office, sato: StaffMember, suzuki: StaffMember, people: None
) -> None:
    office.set_rules(TWO_PEOPLE)
    write(office, sato)
    assert send(office, sato) == "second_person_needed"
    assert send(office, suzuki) == "second_person_needed"  # whoever it is: nobody asked for it
    assert ask(office, sato) == ""
    asked = office.delivery(sato, "d1")
    assert (asked.state, asked.asked_by) == ("asked", sato.id)
    assert send(office, sato) == "own_request"
    assert send(office, suzuki) == ""
    sent = office.delivery(sato, "d1")
    assert (sent.state, sent.asked_by, sent.sent_by) == ("queued", sato.id, suzuki.id)


def test_below_the_number_one_person_is_enough(
    office: Office, sato: StaffMember, suzuki: StaffMember, people: None
) -> None:
    office.set_rules(TWO_PEOPLE.model_copy(update={"second_person_from": 31}))
    write(office, sato)
    assert send(office, sato) == ""


def test_everyone_needs_a_second_person_however_it_is_written(
    office: Office, sato: StaffMember, suzuki: StaffMember, people: None
) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"second_person_everyone": True}))
    group = SegmentGroup(id="g1", name="みなさん", segment=FollowedBetween())
    office.put("group", "g1", group.as_json(), audiences=("deliveries",))
    office.put("item", "x", SegmentItem(id="x", kind="date", title="日", question="?").as_json())
    everybody = Except(part=HasAnswered(item="x"))  # nobody answered: as many as there are friends
    for id, segment in {
        "d1": AnyOf(parts=(Everyone(),)),
        "d2": FollowedBetween(),
        "d3": InGroup(group="g1"),
        "d4": everybody,
    }.items():
        write(office, sato, id, segment=segment)
        assert send(office, sato, id) == "second_person_needed", id
    assert not reaches_everyone(HasAnswered(item="x"))


def test_the_dry_run_tells_when_nobody_else_may_approve(
    office: Office, sato: StaffMember, people: None
) -> None:
    office.set_rules(TWO_PEOPLE)
    write(office, sato)
    alone = office.checking.check(office.delivery(sato, "d1").draft, sato.id)
    office.add_person("suzuki")
    together = office.checking.check(office.delivery(sato, "d1").draft, sato.id)
    assert (alone.needs_second, alone.nobody_to_approve) == (False, True)
    assert (together.needs_second, together.nobody_to_approve) == (True, False)


def test_what_is_asked_cannot_be_altered_and_comes_back_with_the_reason(
    office: Office, sato: StaffMember, suzuki: StaffMember, people: None
) -> None:
    office.set_rules(TWO_PEOPLE)
    write(office, sato)
    ask(office, sato)
    other = DeliverySave(draft=DeliveryDraft(id="d1", title="ちがう"))
    assert office.reason(sato, "delivery.save", other, 2) == "not_a_draft"
    back = DeliveryReturn(delivery="d1", reason=" ")
    assert office.reason(suzuki, "delivery.return", back, 2) == "reason_missing"
    back = DeliveryReturn(delivery="d1", reason="日付がちがいます。")
    assert office.reason(suzuki, "delivery.return", back, 2) == ""
    returned = office.delivery(sato, "d1")
    assert (returned.state, returned.asked_by, returned.returned) == ("draft", "", "日付がちがいます。")
    again = DeliverySave(draft=DeliveryDraft(id="d1", title="お知らせ", messages=HELLO))
    assert office.reason(sato, "delivery.save", again, 3) == ""
    assert office.delivery(sato, "d1").returned == "日付がちがいます。"  # until it is asked again
    ask(office, sato)
    assert office.delivery(sato, "d1").returned == ""
    assert office.reason(suzuki, "delivery.return", back, 99) == "version_conflict"


def test_what_cannot_be_sent_as_it_is_written_is_not_asked_about(
    office: Office, sato: StaffMember, people: None
) -> None:
    write(office, sato, title="")
    assert ask(office, sato) == "title_missing"
    assert office.delivery(sato, "d1").state == "draft"


def test_a_town_with_one_administrator_can_send(office: Office, sato: StaffMember, people: None) -> None:
    office.set_rules(TWO_PEOPLE)
    office.add_person("writer", role="editor")  # may write, may not approve
    office.add_person("new", role="admin", state="unconfirmed")
    write(office, sato)
    assert send(office, sato) == ""


def test_in_an_emergency_one_person_sends_with_a_reason_that_administrators_see(
    office: Office, sato: StaffMember, suzuki: StaffMember, people: None
) -> None:
    office.set_rules(TWO_PEOPLE)
    approver = office.add_person("yamada", role="approver")
    write(office, sato)
    assert send(office, approver, emergency="大雨のため") == "not_emergency"
    assert send(office, sato, emergency=" ") == "reason_missing"
    assert send(office, sato, emergency="大雨のため") == ""
    assert office.delivery(sato, "d1").bypassed == "大雨のため"
    notices = [record.body for record in office.seen(suzuki, "notice").values()]
    assert [(body["code"], body["subject"]) for body in notices] == [("emergency_sending", sato.id)]


def test_whoever_asked_may_still_send_in_an_emergency(
    office: Office, sato: StaffMember, suzuki: StaffMember, people: None
) -> None:
    office.set_rules(TWO_PEOPLE)
    write(office, sato)
    ask(office, sato)
    assert send(office, sato, emergency="避難指示のため") == ""
    assert office.delivery(sato, "d1").bypassed == "避難指示のため"


# --- what must be ticked ---


def warned(office: Office, who: StaffMember, id: str = "d1") -> list[str]:
    return list(office.checking.check(office.delivery(who, id).draft, who.id).warnings)


def test_the_dry_run_shows_the_warnings_that_must_be_ticked(
    office: Office, sato: StaffMember, people: None
) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"quiet_from": "09:00", "quiet_until": "12:00"}))
    write(office, sato, messages=(TextMessage(text="2024年7月25日の大雨について"),))
    assert warned(office, sato) == ["quiet_hours", "date_in_past"]
    assert send(office, sato) == "warning_unseen"
    assert send(office, sato, accepted=("quiet_hours",)) == "warning_unseen"
    assert send(office, sato, accepted=("quiet_hours", "date_in_past")) == ""


def test_what_was_written_long_ago_is_asked_about(office: Office, sato: StaffMember, people: None) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"stale_after_hours": 24}))
    write(office, sato)
    office.clock.forward(hours=24)  # type: ignore[attr-defined]
    assert warned(office, sato) == []
    office.clock.forward(minutes=1)  # type: ignore[attr-defined]
    assert warned(office, sato) == ["stale_content"]
    fresh = office.delivery(sato, "d1").draft.model_copy(update={"title": "書き直し"})
    assert office.checking.check(fresh, sato.id).warnings == ()


def test_the_same_words_to_the_same_people_are_asked_about_within_days(
    office: Office, sato: StaffMember, people: None
) -> None:
    office.set_rules(AT_ONCE.model_copy(update={"same_within_days": 7}))
    write(office, sato, "d1")
    assert send(office, sato, "d1") == ""
    write(office, sato, "d2")
    write(office, sato, "d3", messages=(TextMessage(text="別のお知らせ"),))
    (similar,) = office.checking.check(office.delivery(sato, "d2").draft, sato.id).similar
    assert (similar.delivery, similar.people) == ("d1", 30)
    assert send(office, sato, "d2") == "warning_unseen"
    assert send(office, sato, "d3") == ""
    office.sending.freezing.freeze("d1")
    assert warned(office, sato, "d2") == ["same_as_recent"]
    office.clock.forward(days=7, minutes=1)  # type: ignore[attr-defined]
    assert warned(office, sato, "d2") == []


# --- the rules themselves ---


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({}, ""),
        ({"quiet_from": "9時"}, "time_malformed"),
        ({"hold_seconds": -1}, "number_out_of_range"),
        ({"hold_seconds": 7200}, "number_out_of_range"),
        ({"second_person_from": -5}, "number_out_of_range"),
        ({"emergency_roles": ("king",)}, "malformed"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(
    office: Office, sato: StaffMember, rules: dict[str, object], reason: str
) -> None:
    payload = SendingRulesSave(rules=SendingRules(**rules))
    assert office.reason(sato, "sending_rules.save", payload, 1) == reason
    assert office.reason(sato, "sending_rules.save", payload, 0) == "version_conflict"


def test_the_towns_holidays_move_the_days_of_a_rule(office: Office, sato: StaffMember, people: None) -> None:
    today = office.clock().date()
    weekly = Recurrence(pattern="weekly", weekdays=tuple(range(7)), first=today, on_holiday="skip")
    write(office, sato, when=Repeating(rule=weekly, time="08:00"))
    tomorrow = office.checking.check(office.delivery(sato, "d1").draft, sato.id).moments[0]
    closed = {(tomorrow + timedelta(hours=9)).date(): "町の記念日"}
    saved = HolidaysSave(holidays=Holidays(closed=closed))
    assert office.reason(sato, "holidays.save", saved) == ""
    assert send(office, sato) == ""
    delivery: Delivery = office.delivery(sato, "d1")
    assert (delivery.state, delivery.due_at) == ("repeating", tomorrow + timedelta(days=1))
