"""One condition, chosen by clicking: which item, and which of its answers; or when people became friends."""

from __future__ import annotations

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.features.recipients import Condition
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme
from protocol.items import SegmentItem
from protocol.segments import AgeIs, ChoiceIs, FollowedBetween, HasAnswered, Segment, segment_sentence

_FOLLOWED = "followed"
_WHOLE = "whole"
_CHOICE, _AGE, _DATES, _KEPT = range(4)


class ConditionSheet(Sheet):
    """`chosen(condition)` when the person pressed the verb."""

    chosen = Signal(object)

    def __init__(
        self, parent: QWidget, theme: Theme, items: dict[str, SegmentItem], condition: Condition | None
    ) -> None:
        super().__init__(
            parent, "条件を変える" if condition else "条件を追加する", name="condition", width=600
        )
        self._items = items
        self._condition = condition
        self.column.addWidget(label("何でしぼりますか", "subheading"))
        self.what = QComboBox()
        self.what.setObjectName("condition.what")
        self.what.setAccessibleName("何でしぼりますか")
        self._fill_what()
        self.column.addWidget(self.what)
        self._panels = QStackedWidget()
        for panel in (self._choice_panel(theme), self._age_panel(), self._date_panel(), self._kept_panel()):
            self._panels.addWidget(panel)
        self.column.addWidget(self._panels, 1)
        self.excluded = QCheckBox("この条件に当てはまる人を除く")
        self.excluded.setObjectName("condition.excluded")
        self.column.addWidget(self.excluded)
        self._sentence = label("", "muted", wrap=True, name="condition.sentence")
        self.column.addWidget(self._sentence)
        self._go = button("この条件にする", self._accept, name="condition.go", role="primary")
        self.end_with(1, button("やめる", self.reject, name="condition.cancel"), self._go)
        self.what.currentIndexChanged.connect(lambda _: self._switch())
        self.excluded.toggled.connect(lambda _: self._preview())
        self._switch()
        if condition is not None:
            self._show(condition)
        self._preview()

    def _fill_what(self) -> None:
        if self._condition is not None and not isinstance(
            self._condition.part, ChoiceIs | AgeIs | HasAnswered | FollowedBetween
        ):
            self.what.addItem("まとまった条件（このまま使う）", _WHOLE)
        for item in sorted(self._items.values(), key=lambda item: item.position):
            used = (
                isinstance(self._condition, Condition)
                and getattr(self._condition.part, "item", "") == item.id
            )
            if item.kind == "text":  # sealed: the relay cannot choose by it
                continue
            if not item.retired or used:
                self.what.addItem(item.title + ("（いまは聞いていません）" if item.retired else ""), item.id)
        self.what.addItem("友だちになった日", _FOLLOWED)

    def _choice_panel(self, theme: Theme) -> QWidget:
        panel, column = _panel()
        self.answered = QCheckBox("どの答えでもよい（答えた人すべて）")
        self.answered.setObjectName("condition.answered")
        self._search = CommitLine(name="condition.search", hint="選択肢を探す")
        self._search.setAccessibleName("選択肢を探す")
        self._search.committed.connect(self._filter)
        self.choices = QListWidget()
        self.choices.setObjectName("condition.choices")
        self.choices.setAccessibleName("選択肢")
        self.choices.setMinimumHeight(theme.px(220))
        self.choices.itemChanged.connect(lambda _: self._preview())
        self.answered.toggled.connect(self.choices.setDisabled)
        self.answered.toggled.connect(lambda _: self._preview())
        column.addWidget(self._search)
        column.addWidget(self.choices, 1)
        everything = button(
            "見えているものをすべて選ぶ", lambda: self._tick_all(True), name="condition.all", role="quiet"
        )
        nothing = button("すべて外す", lambda: self._tick_all(False), name="condition.none", role="quiet")
        column.addLayout(row_of(everything, nothing, 1))
        column.addWidget(self.answered)
        return panel

    def _age_panel(self) -> QWidget:
        panel, column = _panel()
        column.addWidget(
            label(
                "今年何歳になる人にしぼりますか。空いている側は「以上」「以下」になります。",
                "muted",
                wrap=True,
            )
        )
        self.lowest, self.highest = _age_box("condition.lowest"), _age_box("condition.highest")
        for box in (self.lowest, self.highest):
            box.valueChanged.connect(lambda _: self._preview())
        column.addLayout(row_of(self.lowest, label("歳から"), self.highest, label("歳まで"), 1))
        column.addStretch(1)
        return panel

    def _date_panel(self) -> QWidget:
        panel, column = _panel()
        today = QDate.currentDate()
        self.from_on, self.first = QCheckBox("この日から"), QDateEdit(today.addMonths(-1))
        self.to_on, self.last = QCheckBox("この日まで"), QDateEdit(today)
        for tick, field, name in ((self.from_on, self.first, "first"), (self.to_on, self.last, "last")):
            tick.setObjectName(f"condition.{name}.on")
            field.setObjectName(f"condition.{name}")
            field.setAccessibleName(tick.text())
            field.setCalendarPopup(True)
            field.setDisplayFormat("yyyy年M月d日")
            field.setEnabled(False)
            tick.toggled.connect(field.setEnabled)
            tick.toggled.connect(lambda _: self._preview())
            field.dateChanged.connect(lambda _: self._preview())
            column.addLayout(row_of(tick, field, 1))
        column.addStretch(1)
        return panel

    def _kept_panel(self) -> QWidget:
        panel, column = _panel()
        words = segment_sentence(self._condition.part, self._items) if self._condition else ""
        column.addWidget(label(words, wrap=True))
        column.addWidget(label("ほかのものを選ぶと、この条件と置き換わります。", "muted", wrap=True))
        column.addStretch(1)
        return panel

    def _switch(self) -> None:
        what = self.what.currentData()
        item = self._items.get(what)
        if what == _WHOLE:
            self._panels.setCurrentIndex(_KEPT)
        elif what == _FOLLOWED:
            self._panels.setCurrentIndex(_DATES)
        elif item is not None and item.kind == "birth_year":
            self._panels.setCurrentIndex(_AGE)
        elif item is not None:
            self._fill_choices(item)
            self._panels.setCurrentIndex(_CHOICE)
        self._preview()

    def _fill_choices(self, item: SegmentItem) -> None:
        self.choices.blockSignals(True)
        self.choices.clear()
        chosen = getattr(self._condition.part, "any_of", ()) if self._condition else ()
        for choice in item.choices:
            if choice.retired and choice.id not in chosen:
                continue
            words = f"{choice.group}　{choice.label}" if choice.group else choice.label
            row = QListWidgetItem(words)
            row.setData(Qt.ItemDataRole.UserRole, choice.id)
            row.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable
            )
            row.setCheckState(Qt.CheckState.Unchecked)
            self.choices.addItem(row)
        self.choices.blockSignals(False)
        self.answered.setChecked(False)
        self._search.setVisible(len(item.choices) > 8)
        self._search.set_text("")

    def _show(self, condition: Condition) -> None:
        part = condition.part
        self.excluded.setChecked(condition.excluded)
        if isinstance(part, FollowedBetween):
            self.what.setCurrentIndex(self.what.findData(_FOLLOWED))
            for tick, field, day in (
                (self.from_on, self.first, part.first),
                (self.to_on, self.last, part.last),
            ):
                tick.setChecked(day is not None)
                if day is not None:
                    field.setDate(QDate(day.year, day.month, day.day))
        elif isinstance(part, ChoiceIs | AgeIs | HasAnswered):
            self.what.setCurrentIndex(max(0, self.what.findData(part.item)))
            self._switch()
            if isinstance(part, ChoiceIs):
                self.tick(part.any_of)
            elif isinstance(part, HasAnswered):
                self.answered.setChecked(True)
            else:
                self.lowest.setValue(self.lowest.minimum() if part.lowest is None else part.lowest)
                self.highest.setValue(self.highest.minimum() if part.highest is None else part.highest)

    def tick(self, choice_ids: tuple[str, ...]) -> None:
        """Tick exactly these choices."""
        for place in range(self.choices.count()):
            row = self.choices.item(place)
            on = row.data(Qt.ItemDataRole.UserRole) in choice_ids
            row.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _filter(self, text: str) -> None:
        for place in range(self.choices.count()):
            row = self.choices.item(place)
            row.setHidden(text.strip() not in row.text())

    def _tick_all(self, on: bool) -> None:
        for place in range(self.choices.count()):
            row = self.choices.item(place)
            if not row.isHidden():
                row.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _part(self) -> Segment | None:
        """The condition as it stands, or None while something is missing."""
        what = self.what.currentData()
        if what == _WHOLE:
            return self._condition.part if self._condition else None
        if what == _FOLLOWED:
            first = self.first.date().toPython() if self.from_on.isChecked() else None
            last = self.last.date().toPython() if self.to_on.isChecked() else None
            return FollowedBetween(first=first, last=last) if first or last else None
        item = self._items.get(what)
        if item is None:
            return None
        if item.kind == "birth_year":
            return AgeIs(item=what, lowest=_age(self.lowest), highest=_age(self.highest))
        if self.answered.isChecked():
            return HasAnswered(item=what)
        ticked = tuple(
            self.choices.item(place).data(Qt.ItemDataRole.UserRole)
            for place in range(self.choices.count())
            if self.choices.item(place).checkState() == Qt.CheckState.Checked
        )
        return ChoiceIs(item=what, any_of=ticked) if ticked else None

    def _preview(self) -> None:
        part = self._part()
        self._go.setEnabled(part is not None)
        if part is None:
            self._sentence.setText("しぼる内容を選んでください。")
        else:
            self._sentence.setText(Condition(part, self.excluded.isChecked()).sentence(self._items))

    def _accept(self) -> None:
        part = self._part()
        if part is not None:
            self.chosen.emit(Condition(part, self.excluded.isChecked()))
            self.accept()


def _panel() -> tuple[QWidget, QVBoxLayout]:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 6, 0, 0)
    column.setSpacing(10)
    return made, column


def _age_box(name: str) -> QSpinBox:
    box = QSpinBox()
    box.setObjectName(name)
    box.setRange(-1, 120)
    box.setSpecialValueText("指定なし")
    box.setValue(-1)
    return box


def _age(box: QSpinBox) -> int | None:
    return None if box.value() < 0 else box.value()
