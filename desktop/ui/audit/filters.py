"""What both logs share: the two tabs, and the choice of a period."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QPushButton, QWidget

from desktop.ui.parts.labels import label

_JAPAN = ZoneInfo("Asia/Tokyo")
PERIODS: tuple[tuple[str, int | None], ...] = (
    ("すべての期間", None),
    ("今日", 0),
    ("この7日間", 6),
    ("この30日間", 29),
    ("日を選ぶ", -1),
)
TABS = (("audit", "操作記録"), ("access-log", "アクセス記録"))


def tabs(chosen: str, go: Callable[[str], Any]) -> QWidget:
    """The two logs as one row of choices; the other one is a page of its own."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    for page, words in TABS:
        tab = QPushButton(words)
        tab.setObjectName(f"{chosen}.tab.{page}")
        tab.setProperty("role", "segment")
        tab.setCheckable(True)
        tab.setAutoDefault(False)
        tab.setChecked(page == chosen)
        tab.clicked.connect(lambda _=False, page=page, tab=tab: _choose(tab, page, chosen, go))
        row.addWidget(tab)
    row.addStretch(1)
    return made


def _choose(tab: QPushButton, page: str, chosen: str, go: Callable[[str], Any]) -> None:
    tab.setChecked(page == chosen)  # each page shows its own tab pressed
    if page != chosen:
        go(page)


class Period(QWidget):
    """A choice of period: `box` goes into the row of filters, this widget with two days below it.

    `bounds` are UTC, whole days of Japan. `changed` is called at every choice.
    """

    def __init__(self, name: str, now: Callable[[], datetime], changed: Callable[[], Any]) -> None:
        super().__init__()
        self._now = now
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.box = QComboBox()
        self.box.setObjectName(f"{name}.period")
        self.box.setAccessibleName("期間")
        self.box.addItems([words for words, _ in PERIODS])
        self.first, self.last = self._day(f"{name}.first", "最初の日"), self._day(f"{name}.last", "最後の日")
        for widget in (label("最初の日"), self.first, label("最後の日"), self.last):
            row.addWidget(widget)
        row.addStretch(1)
        self.hide()
        self.box.currentIndexChanged.connect(lambda _: self._choose(changed))
        self.first.dateChanged.connect(lambda _: changed())
        self.last.dateChanged.connect(lambda _: changed())

    @property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        days = PERIODS[self.box.currentIndex()][1]
        today = self._now().astimezone(_JAPAN).date()
        if days is None:
            return None, None
        if days >= 0:
            return _start(today - timedelta(days=days)), None
        first, last = self.first.date().toPython(), self.last.date().toPython()
        return _start(first), _start(last + timedelta(days=1))  # type: ignore[operator]

    def _choose(self, changed: Callable[[], Any]) -> None:
        self.setVisible(PERIODS[self.box.currentIndex()][1] == -1)
        changed()

    def _day(self, name: str, words: str) -> QDateEdit:
        today = self._now().astimezone(_JAPAN).date()
        made = QDateEdit(QDate(today.year, today.month, today.day))
        made.setObjectName(name)
        made.setAccessibleName(words)
        made.setCalendarPopup(True)
        made.setDisplayFormat("yyyy/MM/dd")
        return made


def _start(day: Any) -> datetime:
    """The first moment of a day in Japan."""
    return datetime.combine(day, time(), _JAPAN).astimezone(UTC)
