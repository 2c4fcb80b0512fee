"""What one condition asks about, a panel a kind: choices, age, number, day, language, one thing of many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.features.wording import words_for
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme
from protocol.items import NUMBER_RANGE, SegmentItem
from protocol.languages import LANGUAGES
from protocol.segments import AgeIs, DayIs, FollowedBetween, LanguageIs, NumberIs, Segment

_ID = Qt.ItemDataRole.UserRole
_DAYS_LIMIT = 3660
_LIST_HEIGHT = 140
"""At any text size: the sheet must fit on a small screen; it grows with the window."""
_AIR = 8


class Panel(QWidget):
    """`changed` when the person did something. `part` is None while something is missing."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 6, 0, 0)
        self.column.setSpacing(10)

    def part(self, thing: str) -> Segment | None:
        """`thing`: the id of the item, where the panel is about one."""
        raise NotImplementedError

    def explain(self, words: str) -> None:
        self.column.addWidget(label(words, "muted", wrap=True))


class Ticks(Panel):
    """Things to tick, with a search where they are many."""

    def __init__(self, theme: Theme, *, name: str, words: str) -> None:
        super().__init__()
        self._search = CommitLine(name=f"{name}.search", hint=f"{words}を探す")
        self._search.setAccessibleName(f"{words}を探す")
        self._search.committed.connect(self._filter)
        self.list = QListWidget()
        self.list.setObjectName(name)
        self.list.setAccessibleName(words)
        self.list.setMinimumHeight(_LIST_HEIGHT)
        self.list.itemChanged.connect(lambda _: self.changed.emit())
        self.column.addWidget(self._search)
        self.column.addWidget(self.list, 1)
        prefix = name.rpartition(".")[0]
        everything = button(
            "見えているものをすべて選ぶ", lambda: self._tick_seen(True), name=f"{prefix}.all", role="quiet"
        )
        nothing = button("すべて外す", lambda: self._tick_seen(False), name=f"{prefix}.none", role="quiet")
        self.column.addWidget(Flow(everything, nothing))

    def fill(self, things: Iterable[tuple[str, str]]) -> None:
        """Id and words of each; nothing is ticked."""
        self.list.blockSignals(True)
        self.list.clear()
        for id, words in things:
            row = QListWidgetItem(words)
            row.setData(_ID, id)
            row.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable
            )
            row.setCheckState(Qt.CheckState.Unchecked)
            self.list.addItem(row)
        self.list.blockSignals(False)
        self._search.setVisible(self.list.count() > 8)
        self._search.set_text("")

    def tick(self, ids: Iterable[str]) -> None:
        """Tick exactly these."""
        wanted = set(ids)
        for row in self._rows():
            on = row.data(_ID) in wanted
            row.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    @property
    def ticked(self) -> tuple[str, ...]:
        return tuple(row.data(_ID) for row in self._rows() if row.checkState() == Qt.CheckState.Checked)

    def _rows(self) -> list[QListWidgetItem]:
        return [self.list.item(place) for place in range(self.list.count())]

    def _filter(self, text: str) -> None:
        for row in self._rows():
            row.setHidden(text.strip() not in row.text())

    def _tick_seen(self, on: bool) -> None:
        for row in self._rows():
            if not row.isHidden():
                row.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


class LanguagePanel(Ticks):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, name="condition.languages", words="言語")
        words = words_for("language")
        self.fill([(language, words[language]) for language in LANGUAGES])

    def part(self, thing: str) -> Segment | None:
        return LanguageIs(any_of=self.ticked) if self.ticked else None


class AgePanel(Panel):
    def __init__(self) -> None:
        super().__init__()
        self.explain("空いている側は「以上」「以下」になります。")
        self.lowest = spin_box("condition.lowest", "年齢の下限", 0, 120)
        self.highest = spin_box("condition.highest", "年齢の上限", 0, 120)
        for box in (self.lowest, self.highest):
            box.valueChanged.connect(lambda _: self.changed.emit())
        self.column.addWidget(Flow(self.lowest, label("歳から"), self.highest, label("歳まで")))
        self.basis = QComboBox()
        self.basis.setObjectName("condition.basis")
        self.basis.setAccessibleName("年齢の数え方")
        self.basis.addItem("今年なる年齢で数える", "year")
        self.basis.addItem("今月の時点の年齢で数える（生まれた月の分かる人）", "month")
        self.basis.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.column.addWidget(self.basis)
        self._several = label(
            "何人分でも答えられる項目です。1人でも当てはまれば届きます。", "muted", wrap=True
        )
        self.column.addWidget(self._several)
        self.column.addStretch(1)

    def about(self, item: SegmentItem) -> None:
        self.basis.setVisible(item.ask_month)
        if not item.ask_month:
            self.basis.setCurrentIndex(0)
        self._several.setVisible(item.several)

    def show_part(self, part: AgeIs) -> None:
        set_value(self.lowest, part.lowest)
        set_value(self.highest, part.highest)
        self.basis.setVisible(self.basis.isVisibleTo(self) or part.basis == "month")
        self.basis.setCurrentIndex(self.basis.findData(part.basis))

    def part(self, thing: str) -> Segment | None:
        lowest, highest = value_of(self.lowest), value_of(self.highest)
        if lowest is None and highest is None:
            return None
        return AgeIs(item=thing, lowest=lowest, highest=highest, basis=self.basis.currentData())


class NumberPanel(Panel):
    def __init__(self) -> None:
        super().__init__()
        self.explain("空いている側は「以上」「以下」になります。")
        self.lowest = spin_box("condition.number.lowest", "数の下限", *NUMBER_RANGE)
        self.highest = spin_box("condition.number.highest", "数の上限", *NUMBER_RANGE)
        self._units = (label(""), label(""))
        for box in (self.lowest, self.highest):
            box.valueChanged.connect(lambda _: self.changed.emit())
        from_word, to_word = self._units
        self.column.addWidget(Flow(self.lowest, from_word, self.highest, to_word))
        self.column.addStretch(1)

    def about(self, item: SegmentItem) -> None:
        for word, ending in zip(self._units, ("から", "まで"), strict=True):
            word.setText(f"{item.unit}{ending}")

    def show_part(self, part: NumberIs) -> None:
        set_value(self.lowest, part.lowest)
        set_value(self.highest, part.highest)

    def part(self, thing: str) -> Segment | None:
        lowest, highest = value_of(self.lowest), value_of(self.highest)
        if lowest is None and highest is None:
            return None
        return NumberIs(item=thing, lowest=lowest, highest=highest)


class Period(Panel):
    """From a day and to a day of the calendar, either may be open."""

    def __init__(self, name: str, today: date) -> None:
        """`today`: in Japan; what the days begin from."""
        super().__init__()
        day_now = QDate(today.year, today.month, today.day)
        self.from_on, self.first = QCheckBox("この日から"), QDateEdit(day_now.addMonths(-1))
        self.to_on, self.last = QCheckBox("この日まで"), QDateEdit(day_now)
        for tick, day, end in ((self.from_on, self.first, "first"), (self.to_on, self.last, "last")):
            tick.setObjectName(f"{name}.{end}.on")
            day.setObjectName(f"{name}.{end}")
            day.setAccessibleName(tick.text())
            day.setCalendarPopup(True)
            day.setDisplayFormat("yyyy年M月d日")
            day.setEnabled(False)
            tick.toggled.connect(day.setEnabled)
            tick.toggled.connect(lambda _: self.changed.emit())
            day.dateChanged.connect(lambda _: self.changed.emit())
            self.column.addLayout(row_of(tick, day, 1))

    def show_days(self, part: FollowedBetween | DayIs) -> None:
        for tick, field, day in (
            (self.from_on, self.first, part.first),
            (self.to_on, self.last, part.last),
        ):
            tick.setChecked(day is not None)
            if day is not None:
                field.setDate(QDate(day.year, day.month, day.day))


class FollowedPanel(Period):
    def __init__(self, today: date) -> None:
        super().__init__("condition", today)
        self.column.addStretch(1)

    def part(self, thing: str) -> Segment | None:
        first = self.first.date().toPython() if self.from_on.isChecked() else None
        last = self.last.date().toPython() if self.to_on.isChecked() else None
        return FollowedBetween(first=first, last=last) if first or last else None


class DayPanel(Period):
    """Days of the calendar, or days counted from the one on which it goes out."""

    def __init__(self, today: date) -> None:
        super().__init__("condition.day", today)
        self.counted = QCheckBox("配信する日から数える")
        self.counted.setObjectName("condition.day.counted")
        self.counted.toggled.connect(lambda _: self._switch())
        self.column.addWidget(self.counted)
        self.from_today = DayCount("condition.day.from_today", "何日から")
        self.to_today = DayCount("condition.day.to_today", "何日まで")
        for box in (self.from_today, self.to_today):
            box.changed.connect(self.changed)
        self._counting = Flow(self.from_today, label("から"), self.to_today, label("まで"))
        self.column.addWidget(self._counting)
        self.column.addStretch(1)
        self._switch()

    def show_part(self, part: DayIs) -> None:
        self.show_days(part)
        self.counted.setChecked(part.from_today is not None or part.to_today is not None)
        self.from_today.set_value(part.from_today)
        self.to_today.set_value(part.to_today)

    def part(self, thing: str) -> Segment | None:
        if self.counted.isChecked():
            since, until = self.from_today.value, self.to_today.value
            if since is None and until is None:
                return None
            return DayIs(item=thing, from_today=since, to_today=until)
        first = self.first.date().toPython() if self.from_on.isChecked() else None
        last = self.last.date().toPython() if self.to_on.isChecked() else None
        return DayIs(item=thing, first=first, last=last) if first or last else None

    def _switch(self) -> None:
        on = self.counted.isChecked()
        self._counting.setEnabled(on)
        for tick, day in ((self.from_on, self.first), (self.to_on, self.last)):
            tick.setEnabled(not on)
            day.setEnabled(not on and tick.isChecked())
        self.changed.emit()


class DayCount(QWidget):
    """So many days before or after the day it goes out, or none asked for. Object names: `<name>` and
    `<name>.side`.
    """

    changed = Signal()

    def __init__(self, name: str, words: str) -> None:
        super().__init__()
        self._number = spin_box(name, words, 0, _DAYS_LIMIT)
        self.side = QComboBox()
        self.side.setObjectName(f"{name}.side")
        self.side.setAccessibleName(f"{words} 前か後か")
        for side, sign in (("日後", 1), ("日前", -1)):
            self.side.addItem(side, sign)
        row = row_of(self._number, self.side, spacing=6)
        row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(row)
        self._number.valueChanged.connect(lambda _: self.changed.emit())
        self.side.currentIndexChanged.connect(lambda _: self.changed.emit())

    @property
    def value(self) -> int | None:
        """Days after the day it goes out; negative before it."""
        number = value_of(self._number)
        return None if number is None else number * int(self.side.currentData())

    def set_value(self, value: int | None) -> None:
        self.side.setCurrentIndex(self.side.findData(-1 if value is not None and value < 0 else 1))
        set_value(self._number, None if value is None else abs(value))


class OneOf(Panel):
    """One thing of several by name: a list, a saved group, a delivery that went out."""

    def __init__(self, theme: Theme, *, name: str, words: str, empty: str) -> None:
        super().__init__()
        self._search = CommitLine(name=f"{name}.search", hint=f"{words}を探す")
        self._search.setAccessibleName(f"{words}を探す")
        self._search.committed.connect(self._filter)
        self.list = QListWidget()
        self.list.setObjectName(name)
        self.list.setAccessibleName(words)
        self.list.setMinimumHeight(_LIST_HEIGHT)
        self.list.currentRowChanged.connect(lambda _: self.changed.emit())
        self._empty = label(empty, "muted", wrap=True)
        self.column.addWidget(self._search)
        self.column.addWidget(self.list, 1)
        self.column.addWidget(self._empty)

    def fill(self, things: Iterable[tuple[str, str]]) -> None:
        self.list.clear()
        for id, words in things:
            row = QListWidgetItem(words)
            row.setData(_ID, id)
            self.list.addItem(row)
        self._search.setVisible(self.list.count() > 8)
        self._empty.setVisible(self.list.count() == 0)
        self.list.setVisible(self.list.count() > 0)

    def choose(self, id: str) -> None:
        """By its id; nothing happens for one that is not there."""
        for place in range(self.list.count()):
            if self.list.item(place).data(_ID) == id:
                self.list.setCurrentRow(place)

    @property
    def chosen(self) -> str:
        row = self.list.currentItem()
        return str(row.data(_ID)) if row is not None and not row.isHidden() else ""

    def _filter(self, text: str) -> None:
        for place in range(self.list.count()):
            row = self.list.item(place)
            row.setHidden(text.strip() not in row.text())
        self.changed.emit()


def spin_box(name: str, words: str, lowest: int, highest: int) -> QSpinBox:
    """One step below the lowest number means that none is asked for."""
    box = QSpinBox()
    box.setObjectName(name)
    box.setAccessibleName(words)
    box.setRange(lowest - 1, highest)
    box.setSpecialValueText("指定なし")
    box.setValue(lowest - 1)
    box.setGroupSeparatorShown(True)
    box.lineEdit().setTextMargins(_AIR, 0, 0, 0)  # the style sheet's padding does not reach in there
    return box


def value_of(box: QSpinBox) -> int | None:
    return None if box.value() == box.minimum() else box.value()


def set_value(box: QSpinBox, value: int | None) -> None:
    box.setValue(box.minimum() if value is None else value)
