"""Small fields of moments: a day, a time, a row of toggles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from PySide6.QtCore import QDate, QTime, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDateEdit,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QTimeEdit,
    QWidget,
)

from desktop.ui.parts.labels import label
from protocol.schedules import YEARS


class DayField(QDateEdit):
    """A day in Japan's calendar, with a calendar to choose from."""

    def __init__(self, *, name: str, words: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setCalendarPopup(True)
        self.setDisplayFormat("yyyy年M月d日")
        self.setDateRange(QDate(YEARS[0], 1, 1), QDate(YEARS[-1], 12, 31))
        self.dateChanged.connect(lambda _: changed())

    def show_day(self, day: date) -> None:
        """From the program."""
        self.setDate(QDate(day.year, day.month, day.day))

    @property
    def day(self) -> date:
        shown = self.date()
        return date(shown.year(), shown.month(), shown.day())


class TimeField(QTimeEdit):
    """A time of day as HH:MM."""

    def __init__(self, *, name: str, words: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setDisplayFormat("HH:mm")
        indent(self)
        self.timeChanged.connect(lambda _: changed())

    def show_time(self, text: str) -> None:
        """From the program."""
        shown = QTime.fromString(text, "HH:mm")
        if shown.isValid():
            self.setTime(shown)

    @property
    def text_value(self) -> str:
        return self.time().toString("HH:mm")


def indent(box: QAbstractSpinBox) -> None:
    """The style sheet's padding does not reach the text of boxes with arrows."""
    box.lineEdit().setTextMargins(8, 0, 4, 0)


class Toggles(QWidget):
    """Several may be pressed. Object names: `<name>.<value>`."""

    changed = Signal()

    def __init__(self, choices: Sequence[tuple[int, str]], *, name: str, words: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._made: dict[int, QPushButton] = {}
        for value, word in choices:
            made = QPushButton(word)
            made.setObjectName(f"{name}.{value}")
            made.setAccessibleName(f"{words} {word}")
            made.setProperty("role", "segment")
            made.setCheckable(True)
            made.setAutoDefault(False)
            made.clicked.connect(lambda _=False: self.changed.emit())
            row.addWidget(made)
            self._made[value] = made
        row.addStretch(1)

    def show_chosen(self, values: Iterable[int]) -> None:
        """From the program: nothing is told."""
        chosen = set(values)
        for value, made in self._made.items():
            made.setChecked(value in chosen)

    @property
    def chosen(self) -> tuple[int, ...]:
        return tuple(value for value, made in self._made.items() if made.isChecked())


def choice_box(
    choices: Sequence[tuple[str, object]], *, name: str, words: str, changed: Callable[[], None]
) -> QComboBox:
    """Each choice: its words and the value behind them."""
    made = QComboBox()
    made.setObjectName(name)
    made.setAccessibleName(words)
    for word, value in choices:
        made.addItem(word, value)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    made.currentIndexChanged.connect(lambda _: changed())
    return made


def show_value(box: QComboBox, value: object) -> None:
    """Choose the entry with this value."""
    box.setCurrentIndex(max(0, box.findData(value)))


class Form(QGridLayout):
    """Labels at the left, fields at the right; a row can be shown or hidden as one."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(10)
        self.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QWidget, ...]] = {}

    def add(self, key: str, words: str, *fields: QWidget) -> None:
        """A row; the fields stand side by side."""
        place = len(self._rows)
        head = label(words, "muted")
        head.setBuddy(fields[0])
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for field in fields:
            row.addWidget(field)
        row.addStretch(1)
        self.addWidget(head, place, 0)
        self.addWidget(holder, place, 1)
        self._rows[key] = (head, holder)

    def show_row(self, key: str, seen: bool) -> None:
        for widget in self._rows[key]:
            widget.setVisible(seen)
