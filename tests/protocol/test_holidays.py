"""Holidays: the law's, against a second source, and the town's own (SEG-5)."""

from __future__ import annotations

from datetime import date, timedelta

import holidays as oracle

from protocol.holidays import holiday_name, is_closed, is_working_day, nearest_working_day
from protocol.schedules import Holidays

LAW = Holidays()


def test_every_holiday_of_twenty_years_is_the_one_a_second_source_knows() -> None:
    known = oracle.country_holidays("JP", years=range(2015, 2036))
    day = date(2015, 1, 1)
    while day.year < 2036:
        assert is_closed(day, LAW) == (day in known), day
        day += timedelta(days=1)


def test_a_day_between_two_holidays_and_the_monday_after_one_are_closed_too() -> None:
    assert holiday_name(date(2026, 9, 22), LAW) == "国民の休日"
    assert holiday_name(date(2026, 5, 6), LAW).endswith("振替休日")


def test_the_town_closes_further_days_and_works_on_national_ones() -> None:
    town = Holidays(
        closed={date(2026, 12, 29): "年末休み", date(2026, 12, 30): ""}, open=(date(2026, 11, 3),)
    )
    assert holiday_name(date(2026, 12, 29), town) == "年末休み"
    assert holiday_name(date(2026, 12, 30), town) == "閉庁日"
    assert not is_closed(date(2026, 11, 3), town)
    assert is_closed(date(2026, 11, 3), LAW)


def test_a_weekend_is_no_holiday_and_no_working_day() -> None:
    saturday = date(2026, 7, 4)
    assert not is_closed(saturday, LAW)
    assert not is_working_day(saturday, LAW)


def test_the_nearest_working_day_lies_outside_holidays_and_weekends() -> None:
    # 3 to 6 May 2026: Sunday to Wednesday, all closed.
    assert nearest_working_day(date(2026, 5, 5), LAW, "before") == date(2026, 5, 1)
    assert nearest_working_day(date(2026, 5, 5), LAW, "after") == date(2026, 5, 7)
    assert nearest_working_day(date(2026, 5, 7), LAW, "after") == date(2026, 5, 7)


def test_a_month_that_is_closed_throughout_has_no_working_day() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=n): "" for n in range(120)}
    assert nearest_working_day(date(2026, 2, 15), Holidays(closed=closed), "after") is None
