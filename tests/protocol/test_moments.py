"""When a rule goes out, in Japan's calendar, and how it reads (SEG-5, SEG-11)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.holidays import is_closed, is_working_day
from protocol.items import SegmentItem
from protocol.moments import (
    age_month,
    days_of,
    find_when_problems,
    is_quiet,
    japan_day,
    next_moments,
    when_sentence,
)
from protocol.schedules import LAST, At, Holidays, Now, OnAge, OnResidentDay, Recurrence, Repeating, When
from protocol.sending_rules import SendingRules
from protocol.wire import MalformedMessage

LAW = Holidays()
NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
BEFORE = date(2026, 3, 31)
FIRST = date(2026, 4, 1)
ITEMS = {
    "due": SegmentItem(id="due", kind="date", title="予定日", question="?"),
    "children": SegmentItem(
        id="children", kind="birth_year", title="お子さん", question="?", ask_month=True, several=True
    ),
    "year": SegmentItem(id="year", kind="birth_year", title="生まれた年", question="?"),
}


def japan(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=9)  # type: ignore[misc, arg-type]


def days(rule: Recurrence, count: int = 6, after: date = BEFORE, changed: Holidays = LAW) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in islice(days_of(rule, after, changed), count)]


def rule(**fields: object) -> Recurrence:
    return Recurrence.model_validate({"first": FIRST, **fields})


def test_every_tuesday_and_friday() -> None:
    found = days(rule(pattern="weekly", weekdays=(1, 4)), 4)
    assert found == ["2026-04-03", "2026-04-07", "2026-04-10", "2026-04-14"]


def test_the_second_and_the_last_wednesday_of_a_month() -> None:
    found = days(rule(pattern="nth_weekday", weekdays=(2,), nths=(2, LAST)), 4)
    assert found == ["2026-04-08", "2026-04-29", "2026-05-13", "2026-05-27"]


def test_a_month_without_a_fifth_monday_or_a_31st_has_none() -> None:
    fifth = rule(pattern="nth_weekday", weekdays=(0,), nths=(5,))
    assert days(fifth, 2) == ["2026-06-29", "2026-08-31"]
    assert days(rule(pattern="monthly", day=31), 3) == ["2026-05-31", "2026-07-31", "2026-08-31"]


def test_the_last_day_of_every_month_whatever_its_length() -> None:
    found = days(rule(pattern="monthly", day=LAST), 3, after=date(2028, 1, 31))
    assert found == ["2028-02-29", "2028-03-31", "2028-04-30"]


def test_29_february_comes_in_leap_years_alone() -> None:
    assert days(rule(pattern="yearly", month=2, day=29), 5) == ["2028-02-29"]  # within five years
    assert days(rule(pattern="yearly", month=2, day=LAST), 2) == ["2027-02-28", "2028-02-29"]


def test_the_weekly_waste_message_moves_to_the_working_day_before_a_holiday() -> None:
    # 29 April 2026 is a Wednesday; 4 to 6 May are closed and the days before them a weekend.
    tuesdays = rule(pattern="weekly", weekdays=(1, 2), on_holiday="before", first=date(2026, 4, 27))
    found = days(tuesdays, 4, after=date(2026, 4, 27))
    assert found == ["2026-04-28", "2026-05-01", "2026-05-12", "2026-05-13"]


def test_days_on_holidays_are_left_out_kept_or_moved_behind() -> None:
    wednesdays = {"pattern": "weekly", "weekdays": (2,)}
    after = date(2026, 4, 28)
    assert days(rule(**wednesdays, on_holiday="keep"), 2, after) == ["2026-04-29", "2026-05-06"]
    assert days(rule(**wednesdays, on_holiday="skip"), 1, after) == ["2026-05-13"]
    assert days(rule(**wednesdays, on_holiday="after"), 2, after) == ["2026-04-30", "2026-05-07"]


def test_a_plain_saturday_is_meant_as_it_is_said() -> None:
    saturdays = rule(pattern="weekly", weekdays=(5,), on_holiday="before")
    assert days(saturdays, 2) == ["2026-04-04", "2026-04-11"]


def test_a_shift_across_the_bounds_of_the_rule_falls_out() -> None:
    new_year = Holidays(closed={date(2026, 12, day): "年末休み" for day in (29, 30, 31)})
    last = rule(pattern="monthly", day=LAST, on_holiday="after", until=date(2026, 12, 31))
    assert days(last, 9, date(2026, 11, 29), new_year) == ["2026-11-30"]
    first = rule(pattern="yearly", month=5, day=4, on_holiday="before", first=date(2026, 5, 3))
    assert days(first, 1, date(2026, 4, 1)) == ["2027-04-30"]


def test_the_end_date_belongs_to_the_rule() -> None:
    bounded = rule(pattern="weekly", weekdays=(3,), until=date(2026, 4, 9))
    assert days(bounded) == ["2026-04-02", "2026-04-09"]


RULES = st.builds(
    Recurrence,
    pattern=st.sampled_from(["weekly", "nth_weekday", "monthly", "yearly"]),
    weekdays=st.lists(st.integers(0, 6), max_size=7).map(tuple),
    nths=st.lists(st.sampled_from([1, 2, 3, 4, 5, LAST]), max_size=4).map(tuple),
    day=st.one_of(st.just(LAST), st.integers(1, 31)),
    month=st.integers(1, 12),
    first=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    until=st.one_of(st.none(), st.dates(date(2024, 6, 1), date(2029, 12, 31))),
    on_holiday=st.sampled_from(["keep", "skip", "before", "after"]),
)
TOWNS = st.builds(
    Holidays,
    closed=st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.just("閉庁日"), max_size=12),
    open=st.lists(st.sampled_from([date(2026, 5, 4), date(2026, 11, 3)]), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(RULES, TOWNS, st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 200))
def test_any_rule_gives_ordered_days_within_its_bounds_whenever_it_is_asked(
    any_rule: Recurrence, town: Holidays, after: date, later: int
) -> None:
    found = list(islice(days_of(any_rule, after, town), 40))
    assert all(earlier < following for earlier, following in pairwise(found))
    for day in found:
        assert day > after
        assert any_rule.first <= day
        assert any_rule.until is None or day <= any_rule.until
        if any_rule.on_holiday != "keep":
            assert not is_closed(day, town)
    asked_later = after + timedelta(days=later)
    rest = [day for day in found if day > asked_later]
    assert list(islice(days_of(any_rule, asked_later, town), len(rest))) == rest


@settings(max_examples=60, deadline=None)
@given(RULES, TOWNS, st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_every_day_of_the_pattern_is_there_or_the_working_day_nearest_to_it(
    any_rule: Recurrence, town: Holidays, after: date
) -> None:
    end = after + timedelta(days=200)
    plain = any_rule.model_copy(update={"on_holiday": "keep"})
    found = set(days_within(any_rule, after, end, town))
    for day in days_within(plain, after + timedelta(days=40), end - timedelta(days=40), town):
        if any_rule.on_holiday == "keep" or not is_closed(day, town):
            assert day in found
        elif any_rule.on_holiday != "skip":
            step = timedelta(days=-1 if any_rule.on_holiday == "before" else 1)
            moved = day
            while not is_working_day(moved, town):
                moved += step
            inside = any_rule.first <= moved and (any_rule.until is None or moved <= any_rule.until)
            assert (moved in found) or not inside


def days_within(any_rule: Recurrence, after: date, end: date, town: Holidays) -> list[date]:
    found = []
    for day in days_of(any_rule, after, town):
        if day > end:
            break
        found.append(day)
    return found


def test_moments_are_told_in_japans_clock() -> None:
    every_day = Repeating(rule=rule(pattern="weekly", weekdays=tuple(range(7))), time="07:30")
    found = next_moments(every_day, japan(2026, 7, 1, 7, 30), LAW, 2)
    assert found == [japan(2026, 7, 2, 7, 30), japan(2026, 7, 3, 7, 30)]
    assert next_moments(every_day, japan(2026, 7, 1, 7, 29), LAW, 1) == [japan(2026, 7, 1, 7, 30)]


def test_the_next_ten_of_what_happens_once_is_that_moment_until_it_has_passed() -> None:
    once = At(at=japan(2026, 7, 10, 9))
    assert next_moments(once, NOW, LAW, 10) == [japan(2026, 7, 10, 9)]
    assert next_moments(once, japan(2026, 7, 10, 9), LAW, 10) == []
    assert next_moments(Now(), NOW, LAW, 10) == []


def test_residents_own_days_are_looked_at_daily_and_ages_monthly() -> None:
    daily = next_moments(OnResidentDay(item="due", time="08:00"), NOW, LAW, 2)
    assert daily == [japan(2026, 7, 2, 8), japan(2026, 7, 3, 8)]
    monthly = next_moments(OnAge(item="children", years=3, day=31, time="08:00"), NOW, LAW, 3)
    assert monthly == [japan(2026, 7, 31, 8), japan(2026, 8, 31, 8), japan(2026, 9, 30, 8)]


@settings(max_examples=100)
@given(st.dates(date(2000, 1, 1), date(2060, 12, 31)), st.integers(0, 100), st.integers(0, 11))
def test_whoever_was_born_in_the_age_month_reaches_the_age_in_this_month(
    day: date, years: int, months: int
) -> None:
    year, month = age_month(day, years, months)
    assert 1 <= month <= 12
    assert (day.year - year) * 12 + day.month - month == years * 12 + months


def test_quiet_hours_pass_midnight_and_end_with_their_last_minute() -> None:
    rules = SendingRules(quiet_from="21:00", quiet_until="07:00")
    assert is_quiet(japan(2026, 7, 1, 21, 0), rules)
    assert is_quiet(japan(2026, 7, 2, 6, 59), rules)
    assert not is_quiet(japan(2026, 7, 2, 7, 0), rules)
    assert not is_quiet(japan(2026, 7, 1, 20, 59), rules)
    assert not is_quiet(japan(2026, 7, 1, 23, 0), SendingRules(quiet_from="07:00", quiet_until="07:00"))
    assert is_quiet(japan(2026, 7, 1, 12, 30), SendingRules(quiet_from="12:00", quiet_until="13:00"))


@pytest.mark.parametrize(
    ("when", "codes"),
    [
        (Now(), []),
        (At(at=NOW), ["moment_past"]),
        (At(at=NOW + timedelta(days=366 * 6)), ["moment_too_far"]),
        (At(at=NOW + timedelta(minutes=1)), []),
        (At(at=datetime.fromisoformat("2100-12-31T23:00-14:00")), ["moment_too_far"]),
        (Repeating(rule=rule(pattern="weekly"), time="09:00"), ["rule_empty"]),
        (Repeating(rule=rule(pattern="weekly", weekdays=(1, 1))), ["rule_malformed"]),
        (
            Repeating(rule=rule(pattern="nth_weekday", weekdays=(1,), nths=(2,) * 100_000)),
            ["rule_malformed"],
        ),
        (Repeating(rule=rule(pattern="monthly", until=date(9999, 12, 31))), ["date_out_of_range"]),
        (Repeating(rule=rule(pattern="weekly", weekdays=(7,)), time="09:00"), ["rule_malformed"]),
        (Repeating(rule=rule(pattern="weekly", weekdays=(1,)), time="9:00"), ["time_malformed"]),
        (Repeating(rule=rule(pattern="weekly", weekdays=(1,)), time="24:00"), ["time_malformed"]),
        (Repeating(rule=rule(pattern="monthly", day=32)), ["rule_malformed"]),
        (Repeating(rule=rule(pattern="yearly", month=13)), ["rule_malformed"]),
        (Repeating(rule=rule(pattern="yearly", month=4, day=31)), ["rule_empty"]),
        (Repeating(rule=rule(pattern="yearly", month=2, day=29)), []),
        (Repeating(rule=rule(pattern="monthly", until=date(2026, 3, 1))), ["dates_reversed"]),
        (Repeating(rule=rule(pattern="monthly", until=date(2026, 6, 30))), ["rule_empty"]),
        (Repeating(rule=rule(pattern="monthly", until=date(2026, 7, 1)), time="12:01"), []),  # today
        (Repeating(rule=rule(pattern="monthly", until=date(2026, 7, 1)), time="12:00"), ["rule_empty"]),
        (OnResidentDay(item="due", days_before=3), []),
        (OnResidentDay(item="children"), ["item_unknown"]),
        (OnResidentDay(item="due", days_before=999), ["rule_malformed"]),
        (OnAge(item="children", years=3, months=6), []),
        (OnAge(item="year", years=3), ["item_unknown"]),  # without months nobody could be found
        (OnAge(item="children", years=-1), ["rule_malformed"]),
        (OnAge(item="children", years=3, months=12), ["rule_malformed"]),
    ],
)
def test_what_is_wrong_with_a_moment_is_told(when: When, codes: list[str]) -> None:
    assert [problem.code for problem in find_when_problems(when, ITEMS, NOW)] == codes


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (Now(), "確認が済みしだい"),
        (At(at=japan(2026, 7, 10, 9, 5)), "2026年7月10日（金）9時05分"),
        (
            Repeating(rule=rule(pattern="weekly", weekdays=(4, 1), on_holiday="before")),
            "毎週火曜・金曜 9時00分、祝日は前の平日に（2026年4月1日から）",
        ),
        (
            Repeating(rule=rule(pattern="nth_weekday", weekdays=(2,), nths=(LAST, 2), on_holiday="skip")),
            "毎月第2・最終 水曜 9時00分、祝日は送らない（2026年4月1日から）",
        ),
        (
            Repeating(rule=rule(pattern="monthly", day=31, until=date(2027, 3, 31)), time="17:30"),
            "毎月31日（その日のある月だけ） 17時30分、祝日も送る（2026年4月1日から2027年3月31日まで）",
        ),
        (
            Repeating(rule=rule(pattern="yearly", month=2, day=29, on_holiday="after")),
            "毎年2月29日（うるう年だけ） 9時00分、祝日は次の平日に（2026年4月1日から）",
        ),
        (OnResidentDay(item="due", days_before=3), "「予定日」の3日前 9時00分"),
        (OnResidentDay(item="due", days_before=-7, every_year=True), "毎年、「予定日」の7日後 9時00分"),
        (OnAge(item="children", years=3, months=6), "「お子さん」で3歳6か月になる月の1日 9時00分"),
        (OnAge(item="gone", years=65, day=LAST), "「削除された項目」で65歳になる月の末日 9時00分"),
    ],
)
def test_a_moment_reads_as_a_sentence(when: When, words: str) -> None:
    assert when_sentence(when, ITEMS) == words


def test_the_day_in_japan_begins_at_its_own_midnight() -> None:
    assert japan_day(datetime(2026, 6, 30, 15, 0, tzinfo=UTC)) == date(2026, 7, 1)


@pytest.mark.parametrize("moment", ["9999-12-31T23:00-14:00", "9999-12-31T23:00Z", "0001-01-01T00:00+14:00"])
def test_a_moment_at_the_end_of_all_calendars_is_never_taken(moment: str) -> None:
    with pytest.raises(MalformedMessage):
        At.parse({"at": moment})


def test_a_rule_that_names_the_same_days_ten_thousand_times_takes_no_time() -> None:
    named_often = rule(pattern="nth_weekday", weekdays=(1,) * 10_000, nths=(2,) * 10_000)
    assert list(islice(days_of(named_often, BEFORE, LAW), 2)) == [date(2026, 4, 14), date(2026, 5, 12)]
