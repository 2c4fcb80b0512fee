"""A rule that repeats, put together by clicking: pattern, days, time, holidays, and its ends.

Deliveries and waste collection have the same fields; only a delivery has a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import get_args

from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.ui.schedule.fields import DayField, Form, TimeField, Toggles, choice_box, show_value
from protocol.schedules import LAST, OnHoliday, Pattern, Recurrence, Repeating

PATTERNS: dict[Pattern, str] = {
    "weekly": "毎週",
    "nth_weekday": "毎月（第何曜日）",
    "monthly": "毎月（日にち）",
    "yearly": "毎年",
}
ON_HOLIDAY: dict[OnHoliday, str] = {
    "keep": "そのまま送る",
    "skip": "その日は休む",
    "before": "前の平日に送る",
    "after": "次の平日に送る",
}
_WEEKDAYS = tuple(enumerate("月火水木金土日"))
_NTHS = (*((n, f"第{n}") for n in range(1, 6)), (LAST, "最終"))
_DAYS = (*((f"{n}日", n) for n in range(1, 32)), ("末日", LAST))
_YEAR = timedelta(days=365)


class RecurrenceFields(QWidget):
    """`told` is called when the person changed something. Object names: `<name>.<field>`.

    `on_holiday`: what to call the ways a holiday is met.
    """

    def __init__(
        self,
        told: Callable[[], None],
        *,
        name: str,
        on_holiday: Mapping[OnHoliday, str] = ON_HOLIDAY,
        time: TimeField | None = None,
    ) -> None:
        super().__init__()
        self._form = form = Form()
        form.setContentsMargins(0, 0, 0, 0)
        self.setLayout(form)

        def changed() -> None:
            self._fit()
            told()

        def other_pattern() -> None:
            self._begin()
            changed()

        patterns = [(words, pattern) for pattern, words in PATTERNS.items()]
        self._pattern = choice_box(
            patterns, name=f"{name}.pattern", words="くり返し方", changed=other_pattern
        )
        form.add("pattern", "くり返し方", self._pattern)
        self._nths = Toggles(_NTHS, name=f"{name}.nth", words="第何")
        self._nths.changed.connect(changed)
        form.add("nths", "第何", self._nths)
        self._weekdays = Toggles(_WEEKDAYS, name=f"{name}.weekday", words="曜日")
        self._weekdays.changed.connect(changed)
        form.add("weekdays", "曜日", self._weekdays)
        months = [(f"{n}月", n) for n in range(1, 13)]
        self._month = choice_box(months, name=f"{name}.month", words="月", changed=changed)
        form.add("month", "月", self._month)
        self._day = choice_box(_DAYS, name=f"{name}.day", words="日にち", changed=changed)
        form.add("day", "日にち", self._day)
        if time is not None:
            time.timeChanged.connect(lambda _: changed())
            form.add("time", "時刻", time)
        holidays = [(words, way) for way, words in on_holiday.items()]
        self._holiday = choice_box(holidays, name=f"{name}.holiday", words="祝日のとき", changed=changed)
        form.add("holiday", "祝日のとき", self._holiday)
        self._first = DayField(name=f"{name}.first", words="始まりの日", changed=changed)
        form.add("first", "始まりの日", self._first)
        self._ends = QCheckBox("決める")
        self._ends.setObjectName(f"{name}.ends")
        self._ends.setAccessibleName("終わりの日を決める")
        self._ends.toggled.connect(lambda _: changed())
        self._until = DayField(name=f"{name}.until", words="終わりの日", changed=changed)
        form.add("until", "終わりの日", self._ends, self._until)
        assert set(PATTERNS) == set(get_args(Pattern)) and set(on_holiday) == set(get_args(OnHoliday))

    def show_rule(self, rule: Recurrence) -> None:
        """From the program; whoever calls ignores what is told meanwhile."""
        show_value(self._pattern, rule.pattern)
        self._nths.show_chosen(rule.nths)
        self._weekdays.show_chosen(rule.weekdays)
        show_value(self._month, rule.month)
        show_value(self._day, rule.day)
        show_value(self._holiday, rule.on_holiday)
        self._first.show_day(rule.first)
        self._ends.setChecked(rule.until is not None)
        self._until.show_day(rule.until or _a_year_after(rule.first))
        self._fit()

    @property
    def rule(self) -> Recurrence:
        pattern: Pattern = self._pattern.currentData()
        with_weekdays = pattern in ("weekly", "nth_weekday")
        return Recurrence(
            pattern=pattern,
            weekdays=self._weekdays.chosen if with_weekdays else (),
            nths=self._nths.chosen if pattern == "nth_weekday" else (),
            day=1 if with_weekdays else self._day.currentData(),
            month=self._month.currentData() if pattern == "yearly" else 1,
            first=self._first.day,
            until=self._until.day if self._ends.isChecked() else None,
            on_holiday=self._holiday.currentData(),
        )

    def _begin(self) -> None:
        """A pattern begins with a day, so that it is never wrong before anything was chosen."""
        if not self._weekdays.chosen:
            self._weekdays.show_chosen((self._first.day.weekday(),))
        if not self._nths.chosen:
            self._nths.show_chosen((1,))

    def _fit(self) -> None:
        pattern = self._pattern.currentData()
        self._form.show_row("nths", pattern == "nth_weekday")
        self._form.show_row("weekdays", pattern in ("weekly", "nth_weekday"))
        self._form.show_row("month", pattern == "yearly")
        self._form.show_row("day", pattern in ("monthly", "yearly"))
        self._until.setVisible(self._ends.isChecked())


class RuleFields(RecurrenceFields):
    """A rule with the time of day. Object names: `rule.<field>`."""

    def __init__(self, told: Callable[[], None]) -> None:
        time = TimeField(name="rule.time", words="時刻", changed=lambda: None)
        super().__init__(told, name="rule", time=time)
        self._time = time

    def show_when(self, when: Repeating) -> None:
        """From the program; whoever calls ignores what is told meanwhile."""
        self._time.show_time(when.time)
        self.show_rule(when.rule)

    @property
    def when(self) -> Repeating:
        return Repeating(rule=self.rule, time=self._time.text_value)


def _a_year_after(day: date) -> date:
    return day + _YEAR
