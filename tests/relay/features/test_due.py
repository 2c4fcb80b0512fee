"""What is due happens once, at its moment or by the late rule, whoever looks. SEG-5, SEG-12."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import DeliveryResume, DeliverySave, DeliverySend, DeliveryStop
from protocol.items import Answer, BirthMonth, SegmentItem
from protocol.messages import TextMessage
from protocol.moments import japan_day
from protocol.schedules import At, OnAge, OnResidentDay, Recurrence, Repeating, When
from protocol.segments import Everyone
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.rule_deliveries import make_delivery_of_rule, title_of_day
from relay.store.delivery_tables import moments, rule_runs
from relay.store.residents import write_answers
from relay.store.tables import batches, jobs, runs
from tests.conftest import Clock
from tests.relay.features.office import AT_ONCE, Office
from tests.relay.town import add_friends

HELD = AT_ONCE.model_copy(update={"hold_seconds": 60})
DAILY = Repeating(
    rule=Recurrence(pattern="weekly", weekdays=tuple(range(7)), first=date(2026, 11, 1)), time="10:00"
)
"""The clock of the tests stands at 9:30 on Friday, 20 November 2026."""


def confirm(office: Office, who: StaffMember, id: str = "d1", **parts: object) -> str:
    """Save and confirm; its id."""
    values = {"id": id, "title": "ごみの日", "messages": (TextMessage(text="本日"),), **parts}
    draft = DeliveryDraft(**values)
    version = office.do(who, "delivery.save", DeliverySave(draft=draft)).version
    payload = DeliverySend(delivery=id, recipients_seen=30)
    assert office.reason(who, "delivery.send", payload, version) == ""
    return id


def all_deliveries(office: Office, who: StaffMember) -> list[Delivery]:
    found = [Delivery.parse(record.body) for record in office.seen(who, "delivery").values()]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at, one.draft.id))


def days_of_series(office: Office, who: StaffMember, series: str = "d1") -> list[tuple[str, str]]:
    """Title and state of what a rule made, in order."""
    return [(one.draft.title, one.state) for one in all_deliveries(office, who) if one.series == series]


@pytest.fixture
def town(office: Office) -> Office:
    add_friends(office.database, 30, office.clock())
    office.set_rules(HELD)
    return office


def test_at_the_end_of_the_hold_it_begins_and_not_before(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato)
    clock.forward(seconds=59)
    town.moments.run_due()
    assert town.delivery(sato, "d1").state == "held"
    clock.forward(seconds=1)
    town.moments.run_due()
    town.moments.run_due()
    delivery = town.delivery(sato, "d1")
    assert (delivery.state, delivery.numbers.recipients) == ("queued", 30)
    with town.database.read() as connection:
        assert len(connection.execute(select(runs)).all()) == 1
        assert len(connection.execute(select(jobs)).all()) == 1
        assert connection.execute(select(moments)).all() == []


def test_what_was_stopped_in_its_hold_never_begins(town: Office, sato: StaffMember, clock: Clock) -> None:
    confirm(town, sato)
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d1")) == ""
    clock.forward(hours=1)
    town.moments.run_due()
    delivery = town.delivery(sato, "d1")
    assert (delivery.state, delivery.sent_by, delivery.due_at) == ("draft", "", None)


def test_with_clearly_more_people_than_were_confirmed_it_does_not_begin(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, "d1")
    confirm(town, sato, "d2", when=At(at=clock() + timedelta(seconds=60)))
    add_friends(town.database, 50, clock(), start=100)
    clock.forward(seconds=60)
    town.moments.run_due()
    states = [(one.state, one.reason) for one in all_deliveries(town, sato)]
    assert states == [("failed", "count_changed"), ("queued", "")]  # one set for later may grow more


@pytest.mark.parametrize(
    ("parts", "minutes", "state"),
    [
        ({}, 5, "queued"),
        ({"late": "skip"}, 5, "queued"),  # a restart is nobody's lateness
        ({}, 120, "queued"),
        ({}, 121, "skipped"),
        ({"late": "skip"}, 6, "skipped"),
        ({"late_minutes": 30}, 31, "skipped"),
        ({"late_minutes": -5}, 4, "queued"),
        ({"late_minutes": 10**18}, 60 * 24 * 32, "skipped"),
    ],
)
def test_a_worker_that_comes_too_late_keeps_the_late_rule_and_tells(
    town: Office, sato: StaffMember, clock: Clock, parts: dict[str, Any], minutes: int, state: str
) -> None:
    at = clock() + timedelta(days=1)
    confirm(town, sato, when=At(at=at), **parts)
    clock.now = at + timedelta(minutes=minutes)
    town.moments.run_due()
    delivery = town.delivery(sato, "d1")
    assert delivery.state == state
    notices = [record.body for record in town.seen(sato, "notice").values()]
    if state == "skipped":
        assert (delivery.reason, delivery.numbers.recipients) == ("too_late", 0)
        assert [(body["code"], body["subject"]) for body in notices] == [("delivery_skipped", "ごみの日")]
    else:
        assert notices == []


def test_each_day_of_a_rule_becomes_a_delivery_of_its_own(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY)
    for _ in range(3):
        clock.forward(minutes=30)
        town.moments.run_due()
        clock.forward(hours=23, minutes=30)
    assert days_of_series(town, sato) == [
        ("ごみの日（11月20日分）", "queued"),
        ("ごみの日（11月21日分）", "queued"),
        ("ごみの日（11月22日分）", "queued"),
    ]
    series = town.delivery(sato, "d1")
    assert (series.state, series.due_at) == ("repeating", datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    one = all_deliveries(town, sato)[0]
    assert (one.sent_by, one.draft.messages) == (sato.id, series.draft.messages)


def test_after_its_last_day_a_rule_has_come_to_its_end(town: Office, sato: StaffMember, clock: Clock) -> None:
    last = DAILY.rule.model_copy(update={"until": date(2026, 11, 20)})
    confirm(town, sato, when=Repeating(rule=last, time="10:00"))
    clock.forward(minutes=30)
    town.moments.run_due()
    series = town.delivery(sato, "d1")
    assert (series.state, series.due_at, series.finished_at) == ("sent", None, clock())


def test_after_days_away_each_day_is_told_and_only_the_last_may_go_out(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY, late_minutes=60 * 24 * 30)
    clock.forward(days=3, hours=1)
    town.moments.run_due()
    assert [state for _, state in days_of_series(town, sato)] == ["skipped", "skipped", "skipped", "queued"]
    (notice,) = town.seen(sato, "notice").values()
    assert (notice.body["code"], notice.body["count"]) == ("delivery_skipped", 3)


def test_a_clock_that_jumps_back_and_forth_repeats_no_day(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY)
    for minutes in (31, -25, 30, -600, 601, 1440):
        clock.forward(minutes=minutes)
        town.moments.run_due()
    assert [title for title, _ in days_of_series(town, sato)] == [
        "ごみの日（11月20日分）",
        "ごみの日（11月21日分）",
    ]


def test_a_stopped_rule_makes_no_further_day(town: Office, sato: StaffMember, clock: Clock) -> None:
    confirm(town, sato, when=DAILY)
    clock.forward(minutes=30)
    town.moments.run_due()
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d1")) == ""
    clock.forward(days=2)
    town.moments.run_due()
    assert len(days_of_series(town, sato)) == 1


# --- residents' own days ---


def due_item(office: Office, who: StaffMember, kind: str, **more: object) -> None:
    item = SegmentItem(id="item", kind=kind, title="日", question="?", **more)
    office.put("item", "item", item.as_json())


def answer(office: Office, resident: int, **what: object) -> None:
    with office.database.write() as connection:
        write_answers(
            connection,
            resident,
            [Answer(item="item", **what)],
            office.clock(),
        )


def confirm_trigger(office: Office, who: StaffMember, when: When) -> None:
    confirm(office, who, when=when)


def members_of_runs(office: Office) -> list[list[int]]:
    with office.database.read() as connection:
        found = connection.execute(select(batches.c.members).order_by(batches.c.run, batches.c.no)).scalars()
        return [list(memoryview(bytes(members)).cast("I")) for members in found]


def test_only_those_whose_day_it_is_get_a_message_before_their_day(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    due_item(town, sato, "date")
    answer(town, 3, day=date(2026, 11, 23))
    answer(town, 4, day=date(2026, 11, 24))
    answer(town, 5, day=date(2026, 11, 23))
    confirm_trigger(town, sato, OnResidentDay(item="item", days_before=3, time="10:00"))
    clock.forward(minutes=30)
    town.moments.run_due()
    assert members_of_runs(town) == [[3, 5]]
    clock.forward(days=1)
    town.moments.run_due()
    assert [title for title, _ in days_of_series(town, sato)] == [
        "ごみの日（11月20日分）",
        "ごみの日（11月21日分）",
    ]
    clock.forward(days=1)
    town.moments.run_due()  # nobody's day leaves no delivery
    assert len(days_of_series(town, sato)) == 2
    with town.database.read() as connection:
        assert len(connection.execute(select(rule_runs)).all()) == 3


def test_whoever_reaches_the_age_this_month_gets_a_message(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    due_item(town, sato, "birth_year", ask_month=True, several=True)
    answer(town, 7, births=(BirthMonth(year=2023, month=12), BirthMonth(year=2019)))
    answer(town, 8, births=(BirthMonth(year=2023),))  # no month: the relay does not guess
    answer(town, 9, births=(BirthMonth(year=2023, month=11),))
    confirm_trigger(town, sato, OnAge(item="item", years=3, day=1, time="10:00"))
    clock.now = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    town.moments.run_due()
    assert members_of_runs(town) == [[7]]


# --- by a rule of the relay ---


def make(office: Office, *, approved: bool, due_at: datetime) -> str | None:
    draft = DeliveryDraft(
        id="any",
        title="可燃ごみ",
        messages=(TextMessage(text="本日は可燃ごみの日です。"),),
        segment=Everyone(),
    )
    with office.database.write() as connection:
        return make_delivery_of_rule(
            connection,
            office.database,
            rule="waste:eve",
            day=japan_day(due_at),
            draft=draft,
            due_at=due_at,
            approved=approved,
            now=office.clock(),
        )


def test_a_rule_of_the_relay_makes_one_delivery_a_day_however_often_it_is_tried(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    first = make(town, approved=True, due_at=clock())
    assert first is not None
    assert make(town, approved=True, due_at=clock()) is None
    town.moments.run_due()
    delivery = town.delivery(sato, first)
    assert (delivery.state, delivery.made_by_rule, delivery.sent_by) == ("queued", "waste:eve", "")
    draft = make(town, approved=False, due_at=clock() + timedelta(days=1))
    assert draft is not None
    assert town.delivery(sato, draft).state == "draft"


def test_a_title_with_its_day_stays_within_the_limit() -> None:
    assert title_of_day("ごみの日", date(2026, 7, 3)) == "ごみの日（7月3日分）"
    assert len(title_of_day("あ" * 60, date(2026, 12, 31))) == 60


def test_what_was_queued_and_met_no_worker_for_hours_is_not_sent_in_the_night(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, "d1")
    confirm(town, sato, "d2")
    clock.forward(minutes=1)
    town.moments.run_due()
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d2")) == ""
    clock.forward(hours=12)
    town.sending.freezing.freeze("d1")
    skipped = town.delivery(sato, "d1")
    assert (skipped.state, skipped.reason) == ("skipped", "too_late")
    version = town.records(sato, "delivery")["d2"].version
    assert town.reason(sato, "delivery.resume", DeliveryResume(delivery="d2"), version) == ""
    town.sending.freezing.freeze("d2")  # somebody wants it now
    assert town.delivery(sato, "d2").state == "sending"
    (notice,) = town.seen(sato, "notice").values()
    assert (notice.body["code"], notice.body["subject"]) == ("delivery_skipped", "ごみの日")


def test_a_picture_that_is_gone_at_its_moment_is_told_and_tried_no_more(
    town: Office, sato: StaffMember, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(town, sato)

    def gone(connection: object, draft: object) -> None:
        raise Refused("file_unknown")

    monkeypatch.setattr(town.sending.freezing, "check_files", gone)
    clock.forward(minutes=1)
    town.moments.run_due()
    delivery = town.delivery(sato, "d1")
    assert (delivery.state, delivery.reason) == ("failed", "file_unknown")
    (notice,) = town.seen(sato, "notice").values()
    assert notice.body["code"] == "delivery_not_started"
