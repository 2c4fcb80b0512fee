"""One rule: which kind, on which days, in which districts; everything by clicking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from desktop.features.waste import rule_words
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of, scrolling
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import DayField, Form, Toggles, choice_box, show_value
from desktop.ui.screen import Desk
from protocol.items import Choice
from protocol.schedules import LAST, Recurrence
from protocol.waste import WasteCalendar, WasteRule
from protocol.waste_days import WEEKDAYS, ordered_kinds

_PATTERNS = (("毎週", "weekly"), ("毎月（第何曜日）", "nth_weekday"), ("毎月（日にち）", "monthly"))
_HOLIDAYS = (
    ("祝日も収集する", "keep"), ("祝日は休む", "skip"), ("前の平日に振り替える", "before"),
    ("次の平日に振り替える", "after"),
)  # fmt: skip
_NTHS = (*((n, f"第{n}") for n in range(1, 6)), (LAST, "最終"))
_DAYS = (*((f"{n}日", n) for n in range(1, 32)), ("末日", LAST))
_COLUMNS = 4


class DistrictChoice(QWidget):
    """A box for each district, under its area, whose box ticks them all."""

    def __init__(self, districts: Sequence[Choice], *, name: str, changed: Callable[[], None]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(8)
        self._boxes: dict[str, QCheckBox] = {}
        self._changed = changed
        groups: dict[str, list[Choice]] = {}
        for district in districts:
            groups.setdefault(district.group, []).append(district)
        row = 0
        for place, (group, members) in enumerate(groups.items()):
            title = group or "地区"
            grid.addWidget(label(title, "subheading"), row, 0, 1, _COLUMNS - 1)
            ids = [member.id for member in members]
            every = button(
                f"{title}をすべて選ぶ",
                partial(self._toggle, ids),
                name=f"{name}.all.{place}",
                role="quiet",
            )
            grid.addWidget(every, row, _COLUMNS - 1)
            row += 1
            for number, member in enumerate(members):
                box = QCheckBox(member.label)
                box.setObjectName(f"{name}.{member.id}")
                box.toggled.connect(lambda _: self._changed())
                grid.addWidget(box, row + number // _COLUMNS, number % _COLUMNS)
                self._boxes[member.id] = box
            row += -(-len(members) // _COLUMNS)
        grid.setRowStretch(row, 1)

    def show_chosen(self, ids: Sequence[str]) -> None:
        for id, box in self._boxes.items():
            box.setChecked(id in ids)

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple(id for id, box in self._boxes.items() if box.isChecked())

    def _toggle(self, ids: Sequence[str]) -> None:
        on = not all(self._boxes[id].isChecked() for id in ids)
        for id in ids:
            self._boxes[id].setChecked(on)


class RuleSheet(Sheet):
    """`decided(rule)` when the person pressed the verb."""

    decided = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        desk: Desk,
        calendar: WasteCalendar,
        districts: Sequence[Choice],
        rule: WasteRule,
    ) -> None:
        super().__init__(parent, "収集日の決まり", name="waste_rule", width=820)
        self._rule = rule
        self._form = form = Form()
        kinds = [(kind.name, kind.id) for kind in ordered_kinds(calendar)]
        self.kind = choice_box(kinds, name="waste_rule.kind", words="ごみの種類", changed=self._fit)
        form.add("kind", "ごみの種類", self.kind)
        self.pattern = choice_box(_PATTERNS, name="waste_rule.pattern", words="くり返し方", changed=self._fit)
        form.add("pattern", "くり返し方", self.pattern)
        self.nths = Toggles(_NTHS, name="waste_rule.nth", words="第何")
        form.add("nths", "第何", self.nths)
        self.weekdays = Toggles(tuple(enumerate(WEEKDAYS)), name="waste_rule.weekday", words="曜日")
        form.add("weekdays", "曜日", self.weekdays)
        self.day = choice_box(_DAYS, name="waste_rule.day", words="日にち", changed=self._fit)
        form.add("day", "日にち", self.day)
        self.holiday = choice_box(_HOLIDAYS, name="waste_rule.holiday", words="祝日のとき", changed=self._fit)
        form.add("holiday", "祝日のとき", self.holiday)
        self.first = DayField(name="waste_rule.first", words="始まりの日", changed=self._fit)
        form.add("first", "始まりの日", self.first)
        self.said = label("", "muted", wrap=True, name="waste_rule.said")
        self.districts = DistrictChoice(districts, name="waste_rule.district", changed=self._fit)
        # One part that scrolls, so that verb and cancel are seen on a low screen with large letters too.
        flow = QWidget()
        inner = QVBoxLayout(flow)
        inner.setContentsMargins(0, 0, 12, 0)
        inner.setSpacing(12)
        inner.addLayout(form)
        inner.addWidget(self.said)
        inner.addWidget(label("地区", "subheading"))
        inner.addWidget(self.districts)
        area = scrolling(flow)
        area.setFixedHeight(
            max(desk.theme.px(240), min(desk.theme.px(520), parent.window().height() - desk.theme.px(240)))
        )
        self.column.addWidget(area)
        self.wrong = label("", "error", wrap=True, name="waste_rule.wrong")
        self.wrong.hide()
        self.column.addWidget(self.wrong)
        go = button("決まりを入れる", self._go, name="waste_rule.go", role="primary")
        self.column.addLayout(row_of(1, button("やめる", self.reject, name="waste_rule.cancel"), go))
        for toggles in (self.nths, self.weekdays):
            toggles.changed.connect(self._fit)
        self._show(rule)

    @property
    def rule(self) -> WasteRule:
        pattern = self.pattern.currentData()
        made = Recurrence(
            pattern=pattern,
            weekdays=self.weekdays.chosen if pattern != "monthly" else (),
            nths=self.nths.chosen if pattern == "nth_weekday" else (),
            day=self.day.currentData() if pattern == "monthly" else 1,
            first=self.first.day,
            until=self._rule.rule.until,
            on_holiday=self.holiday.currentData(),
        )
        return self._rule.model_copy(
            update={"kind": self.kind.currentData(), "districts": self.districts.chosen, "rule": made}
        )

    def _show(self, rule: WasteRule) -> None:
        shown = rule.rule
        show_value(self.kind, rule.kind)
        show_value(self.pattern, shown.pattern)
        self.nths.show_chosen(shown.nths)
        self.weekdays.show_chosen(shown.weekdays)
        show_value(self.day, shown.day)
        show_value(self.holiday, shown.on_holiday)
        self.first.show_day(shown.first)
        self.districts.show_chosen(rule.districts)
        self._form_rows()
        self._fit()

    def _form_rows(self) -> None:
        pattern = self.pattern.currentData()
        self._form.show_row("nths", pattern == "nth_weekday")
        self._form.show_row("weekdays", pattern != "monthly")
        self._form.show_row("day", pattern == "monthly")

    def _fit(self) -> None:
        if not hasattr(self, "wrong"):
            return  # still being put together
        self._form_rows()
        rule = self.rule
        is_whole = bool(rule.rule.weekdays) or rule.rule.pattern == "monthly"
        days = rule_words(rule.rule) if is_whole else "曜日を選んでください"
        self.said.setText(f"{days}　・　{len(rule.districts)}地区")

    def _go(self) -> None:
        rule = self.rule
        needs_days = rule.rule.pattern != "monthly" and not rule.rule.weekdays
        needs_nths = rule.rule.pattern == "nth_weekday" and not rule.rule.nths
        missing = [
            word
            for word, is_missing in (
                ("ごみの種類", not rule.kind), ("第何", needs_nths), ("曜日", needs_days),
                ("地区", not rule.districts),
            )
            if is_missing
        ]  # fmt: skip
        self.wrong.setText(f"{'・'.join(missing)}を選んでください。")
        self.wrong.setVisible(bool(missing))
        if not missing:
            self.decided.emit(rule)
            self.accept()
