"""The dry run says beforehand what would happen, and writes nothing. SEG-5, SEG-12."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from protocol.deliveries import DeliveryDraft, Quota
from protocol.delivery_changes import DeliverySave, DeliverySend
from protocol.messages import TextMessage, Variant
from protocol.schedules import At, Recurrence, Repeating
from protocol.segments import HasAnswered
from protocol.sending_rules import SendingRules
from protocol.staff import StaffMember
from protocol.sync import CheckAnswer
from relay.store.counters import next_number
from relay.store.records import find_version
from relay.store.tables import residents, runs
from tests.conftest import Clock
from tests.relay.features.office import AT_ONCE, Office
from tests.relay.town import add_friends


def check(office: Office, who: StaffMember, **parts: object) -> CheckAnswer:
    draft = DeliveryDraft.model_validate(
        {"id": "d1", "title": "お知らせ", "messages": (TextMessage(text="本日"),), **parts}
    )
    return office.checking.check(draft, who.id)


def codes(answer: CheckAnswer) -> list[str]:
    return [problem.code for problem in answer.problems]


def speak(office: Office, language: str, first: int, last: int) -> None:
    """These residents chose the language they read."""
    with office.database.write() as connection:
        for number in range(first, last + 1):
            values = {"language": language, "changed_seq": next_number(connection, "residents")}
            connection.execute(update(residents).where(residents.c.no == number).values(**values))


@pytest.fixture
def town(office: Office) -> Office:
    add_friends(office.database, 1200, office.clock())
    return office


def test_it_tells_people_calls_time_and_what_is_left(
    town: Office, sato: StaffMember, suzuki: StaffMember
) -> None:
    town.set_rules(SendingRules(quiet_from="00:00", quiet_until="00:00"))
    answer = check(town, sato)
    assert (answer.count, answer.friends, answer.route, answer.calls, answer.seconds) == (
        1200, 1200, "multicast", 3, 1,
    )  # fmt: skip
    assert (answer.needs_second, answer.must_type_number, answer.hold_seconds) == (True, True, 60)
    assert answer.quota == Quota(limit=5000, used=0)
    assert (answer.languages, answer.texts, answer.problems, answer.warnings) == ({"ja": 1200}, 1, (), ())
    with town.database.read() as connection:
        assert find_version(connection, "delivery", "d1") == 0
        assert connection.execute(select(runs)).all() == []


def test_alone_in_the_town_nobody_else_is_asked_for(town: Office, sato: StaffMember) -> None:
    town.set_rules(SendingRules())
    assert not check(town, sato).needs_second


def test_one_person_is_reached_by_push_and_everybody_at_once_cannot_be_stopped(
    office: Office, sato: StaffMember
) -> None:
    add_friends(office.database, 1, office.clock())
    assert check(office, sato).route == "push"
    broadcast = check(office, sato, route="broadcast")
    assert (broadcast.route, broadcast.calls, broadcast.warnings) == ("broadcast", 1, ("unstoppable",))


def test_what_is_wrong_is_told_and_nothing_is_counted(town: Office, sato: StaffMember) -> None:
    answer = check(town, sato, title="", segment=HasAnswered(item="gone"))
    assert (codes(answer), answer.count) == (["title_missing", "item_unknown"], 0)


def test_nobody_or_too_many_for_the_rest_is_a_problem_before_anybody_confirms(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    town.quota = Quota(limit=1000, used=0)
    assert codes(check(town, sato)) == ["over_quota"]
    next_month = At(at=clock() + timedelta(days=30))
    assert codes(check(town, sato, when=next_month)) == []  # LINE counts anew by then
    town.quota = None
    assert check(town, sato).quota_reason in ("", "line_unreachable")


def test_the_next_ten_dates_are_those_on_which_it_goes_out(town: Office, sato: StaffMember) -> None:
    weekly = Recurrence(pattern="weekly", weekdays=(1,), first=date(2026, 11, 1), on_holiday="before")
    answer = check(town, sato, when=Repeating(rule=weekly))
    assert len(answer.moments) == 10
    assert answer.moments[0].isoformat() == "2026-11-24T00:00:00+00:00"


def test_many_who_read_another_language_are_asked_about_until_there_is_a_text_for_them(
    town: Office, sato: StaffMember
) -> None:
    speak(town, "en", 1, 59)
    assert check(town, sato).warnings == ()  # fewer than one in twenty
    speak(town, "en", 60, 60)
    answer = check(town, sato)
    assert (answer.warnings, answer.languages) == (("many_languages_missing",), {"ja": 1140, "en": 60})
    english = Variant(language="en", messages=(TextMessage(text="Today"),))
    answer = check(town, sato, variants=(english,))
    assert (answer.warnings, answer.texts, answer.calls) == ((), 2, 4)


def test_what_was_promised_to_a_held_delivery_is_not_promised_twice(town: Office, sato: StaffMember) -> None:
    town.set_rules(AT_ONCE.model_copy(update={"hold_seconds": 60}))
    town.quota = Quota(limit=2000, used=0)
    draft = DeliveryDraft(id="d0", title="先", messages=(TextMessage(text="先の"),))
    version = town.do(sato, "delivery.save", DeliverySave(draft=draft)).version
    assert (
        town.reason(sato, "delivery.send", DeliverySend(delivery="d0", recipients_seen=1200), version) == ""
    )
    assert codes(check(town, sato)) == ["over_quota"]
