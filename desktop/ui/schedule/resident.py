"""Moments that follow residents' own dates: a date they answered, and the month they reach an age."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout, QWidget

from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import Form, TimeField, choice_box, indent, show_value
from protocol.items import SegmentItem
from protocol.schedules import LAST, OnAge, OnResidentDay

_SIDES = (("日前", 1), ("日後", -1))
_MONTH_DAYS = (*((f"{n}日", n) for n in range(1, 29)), ("末日", LAST))


class ResidentDayFields(QWidget):
    """Object names: `day.item`, `day.days`, `day.side`, `day.every_year`, `day.time`."""

    def __init__(self, told: Callable[[], None]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._none = label("", "error", wrap=True, name="day.none")
        column.addWidget(self._none)
        form = Form()
        column.addLayout(form)
        self._item = choice_box((), name="day.item", words="日付の項目", changed=told)
        form.add("item", "日付の項目", self._item)
        self._days = _number("day.days", "何日", 0, 366, told)
        self._side = choice_box(_SIDES, name="day.side", words="前か後か", changed=told)
        form.add("days", "その日の", self._days, self._side)
        self._yearly = QCheckBox("毎年その日に送る（誕生日など）")
        self._yearly.setObjectName("day.every_year")
        self._yearly.toggled.connect(lambda _: told())
        form.add("every_year", "毎年", self._yearly)
        self._time = TimeField(name="day.time", words="時刻", changed=told)
        form.add("time", "時刻", self._time)

    def show_items(self, items: Mapping[str, SegmentItem]) -> None:
        found = [item for item in items.values() if item.kind == "date" and not item.retired]
        _fill(self._item, found)
        self._none.setText("日付を聞く項目がありません。「受信設定」で作ってください。" if not found else "")
        self._none.setVisible(not found)

    def show_when(self, when: OnResidentDay) -> None:
        """From the program; whoever calls ignores what is told meanwhile."""
        show_value(self._item, when.item)
        self._days.setValue(abs(when.days_before))
        show_value(self._side, -1 if when.days_before < 0 else 1)
        self._yearly.setChecked(when.every_year)
        self._time.show_time(when.time)

    @property
    def when(self) -> OnResidentDay:
        return OnResidentDay(
            item=self._item.currentData() or "",
            days_before=self._days.value() * self._side.currentData(),
            every_year=self._yearly.isChecked(),
            time=self._time.text_value,
        )


class AgeFields(QWidget):
    """Object names: `age.item`, `age.years`, `age.months`, `age.day`, `age.time`."""

    def __init__(self, told: Callable[[], None]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._none = label("", "error", wrap=True, name="age.none")
        column.addWidget(self._none)
        form = Form()
        column.addLayout(form)
        self._item = choice_box((), name="age.item", words="生まれた年の項目", changed=told)
        form.add("item", "項目", self._item)
        self._years = _number("age.years", "歳", 0, 120, told)
        self._months = _number("age.months", "か月", 0, 11, told)
        form.add("age", "年齢", self._years, label("歳"), self._months, label("か月になる月"))
        self._day = choice_box(_MONTH_DAYS, name="age.day", words="その月の何日", changed=told)
        form.add("day", "その月の", self._day)
        self._time = TimeField(name="age.time", words="時刻", changed=told)
        form.add("time", "時刻", self._time)
        note = "生まれた月を答えていない人には送りません。月は推測しません。"
        column.addWidget(label(note, "small", wrap=True))

    def show_items(self, items: Mapping[str, SegmentItem]) -> None:
        found = [
            item
            for item in items.values()
            if item.kind == "birth_year" and item.ask_month and not item.retired
        ]
        _fill(self._item, found)
        words = "生まれた年と月を聞く項目がありません。「受信設定」で月も聞くようにしてください。"
        self._none.setText(words if not found else "")
        self._none.setVisible(not found)

    def show_when(self, when: OnAge) -> None:
        """From the program; whoever calls ignores what is told meanwhile."""
        show_value(self._item, when.item)
        self._years.setValue(when.years)
        self._months.setValue(when.months)
        show_value(self._day, when.day)
        self._time.show_time(when.time)

    @property
    def when(self) -> OnAge:
        return OnAge(
            item=self._item.currentData() or "",
            years=self._years.value(),
            months=self._months.value(),
            day=self._day.currentData(),
            time=self._time.text_value,
        )


def _number(name: str, words: str, lowest: int, highest: int, told: Callable[[], None]) -> QSpinBox:
    made = QSpinBox()
    made.setObjectName(name)
    made.setAccessibleName(words)
    made.setRange(lowest, highest)
    made.valueChanged.connect(lambda _: told())
    indent(made)
    return made


def _fill(box: QComboBox, items: list[SegmentItem]) -> None:
    """The same items change nothing, so that what is chosen stays."""
    wanted = [(item.title, item.id) for item in items]
    if wanted == [(box.itemText(place), box.itemData(place)) for place in range(box.count())]:
        return
    chosen = box.currentData()
    box.clear()
    for title, id in wanted:
        box.addItem(title, id)
    show_value(box, chosen)
