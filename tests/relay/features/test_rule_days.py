"""A rule under a changed calendar, corrected on its day, its ids taken, stones in its way. SEG-5, SEG-12."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave, DeliveryStop, DeliveryTest, HolidaysSave
from protocol.messages import TextMessage
from protocol.moments import japan_day, moment_anew, next_moments
from protocol.schedules import Holidays, Recurrence, Repeating
from protocol.staff import StaffMember
from relay.features.rule_deliveries import id_of_rule_day, skip_rule_day
from relay.store.runs import add_run
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.features.test_due import DAILY, all_deliveries, confirm, days_of_series, town

__all__ = ["town"]
FRIDAY = date(2026, 11, 27)
CLOSED = Holidays(closed={FRIDAY: "臨時休"})


def fridays(on_holiday: str) -> Repeating:
    values = {"pattern": "weekly", "weekdays": (4,), "first": date(2026, 11, 21), "on_holiday": on_holiday}
    return Repeating(rule=Recurrence.parse(values), time="08:00")


def save_holidays(town: Office, who: StaffMember, holidays: Holidays) -> None:
    known = town.records(who, "holidays").get("town")
    payload = HolidaysSave(holidays=holidays)
    assert town.reason(who, "holidays.save", payload, known.version if known else 0) == ""


def at_eight(day: int, month: int = 11) -> datetime:
    """08:00 in Japan on this day."""
    return datetime(2026, month, day, 8, tzinfo=UTC) - timedelta(hours=9)


def test_a_holiday_taken_back_after_its_day_was_sent_sends_it_no_second_time(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    save_holidays(town, sato, CLOSED)
    confirm(town, sato, when=fridays("before"))
    clock.now = at_eight(26)
    town.moments.run_due()
    save_holidays(town, sato, Holidays())
    save_holidays(town, sato, Holidays(closed={date(2026, 12, 25): "年末"}))
    clock.now = at_eight(27)
    town.moments.run_due()
    assert days_of_series(town, sato) == [("ごみの日（11月26日分）", "queued")]
    assert town.delivery(sato, "d1").due_at == at_eight(4, 12)


def test_a_holiday_taken_back_before_its_day_moves_the_day_back(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    save_holidays(town, sato, CLOSED)
    confirm(town, sato, when=fridays("before"))
    save_holidays(town, sato, Holidays())
    for day in (26, 27):
        clock.now = at_eight(day)
        town.moments.run_due()
    assert days_of_series(town, sato) == [("ごみの日（11月27日分）", "queued")]


def test_a_day_closed_after_the_rule_was_confirmed_falls_out(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=fridays("skip"))
    save_holidays(town, sato, CLOSED)
    assert town.delivery(sato, "d1").due_at == at_eight(4, 12)
    clock.now = at_eight(27)
    town.moments.run_due()
    assert days_of_series(town, sato) == []


def test_a_rule_whose_last_day_was_closed_has_come_to_its_end(town: Office, sato: StaffMember) -> None:
    when = fridays("skip")
    last = when.rule.model_copy(update={"until": FRIDAY})
    confirm(town, sato, when=when.model_copy(update={"rule": last}))
    save_holidays(town, sato, CLOSED)
    series = town.delivery(sato, "d1")
    assert (series.state, series.due_at) == ("sent", None)


def test_a_day_that_would_come_to_lie_in_the_past_keeps_its_moment() -> None:
    now = at_eight(26) + timedelta(hours=1)
    assert moment_anew(fridays("before"), at_eight(27), now, Holidays(), CLOSED) == at_eight(27)
    assert moment_anew(fridays("skip"), at_eight(4, 12), now, CLOSED, Holidays()) == at_eight(27)


@pytest.mark.parametrize("on_holiday", ["keep", "skip", "before", "after"])
def test_the_same_calendar_gives_the_same_moment(on_holiday: str) -> None:
    when, now = fridays(on_holiday), at_eight(21)
    (due,) = next_moments(when, now, CLOSED, 1)
    assert moment_anew(when, due, now, CLOSED, CLOSED) == due


# --- corrected on its day ---


def test_a_rule_corrected_on_a_day_it_has_had_goes_on_tomorrow_and_says_so(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY)
    clock.forward(minutes=30)
    town.moments.run_due()
    assert town.reason(sato, "delivery.stop", DeliveryStop(delivery="d1")) == ""
    version = town.records(sato, "delivery")["d1"].version
    later = DeliverySave(
        draft=town.delivery(sato, "d1").draft.model_copy(
            update={"when": DAILY.model_copy(update={"time": "11:00"})}
        )
    )
    assert town.reason(sato, "delivery.save", later, version) == ""
    shown = town.checking.check(later.draft, sato.id).moments
    assert len(shown) > 1 and shown[0] == datetime(2026, 11, 21, 2, tzinfo=UTC)


def test_a_rule_that_comes_to_a_day_it_has_had_shows_it_as_skipped(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY)
    with town.database.write() as connection:
        skip_rule_day(connection, rule="d1", day=japan_day(clock()), now=clock())
    clock.forward(minutes=30)
    town.moments.run_due()
    (day,) = [one for one in all_deliveries(town, sato) if one.series]
    assert (day.state, day.reason, day.draft.title) == ("skipped", "already_sent", "ごみの日（11月20日分）")
    assert [one.body["code"] for one in town.seen(sato, "notice").values()] == ["delivery_skipped"]


# --- ids somebody took ---


def test_who_takes_the_id_of_a_rules_day_keeps_it_and_the_day_goes_out(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    confirm(town, sato, when=DAILY)
    taken = id_of_rule_day("d1", japan_day(clock()))
    theirs = DeliveryDraft(id=taken, title="先に書いたもの")
    assert town.reason(sato, "delivery.save", DeliverySave(draft=theirs)) == ""
    clock.forward(minutes=30)
    town.moments.run_due()
    assert town.delivery(sato, taken).draft == theirs
    assert days_of_series(town, sato) == [("ごみの日（11月20日分）", "queued")]


def test_a_draft_and_a_test_take_no_id_that_has_a_run_or_a_delivery(
    town: Office, sato: StaffMember, clock: Clock
) -> None:
    with town.database.write() as connection:
        add_run(connection, id="t1", kind="test", delivery="x", silent=False, recipients=0, now=clock())
    draft = DeliveryDraft(id="t1", title="題", messages=(TextMessage(text="本日"),))
    assert town.reason(sato, "delivery.save", DeliverySave(draft=draft)) == "duplicate_id"
    payload = DeliveryTest(draft=draft, staff=(sato.id,))
    change = town.change(sato, "delivery.test", payload)
    assert (
        town.reason(sato, "delivery.save", DeliverySave(draft=draft.model_copy(update={"id": change.id})))
        == ""
    )
    (result,) = town.rounds.apply(sato, (change,))
    assert result.reason == "duplicate_id"


# --- stones in the way ---


def test_what_fails_again_and_again_keeps_no_place_before_what_comes_later(
    town: Office, sato: StaffMember, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.features.moments._AT_ONCE", 2)
    for number in range(4):
        confirm(town, sato, f"d{number}")
    real = town.sending.freezing.queue

    def queue(connection: object, draft: DeliveryDraft, **more: object) -> None:
        if draft.id != "d3":
            raise RuntimeError("a stone in the way")
        real(connection, draft, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(town.sending.freezing, "queue", queue)
    clock.forward(minutes=1)
    town.moments.run_due()
    assert town.delivery(sato, "d3").state == "queued"
