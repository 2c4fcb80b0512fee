"""One rule: which kind, on which days, in which districts; everything by clicking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from desktop.features.waste import rule_words
from desktop.features.wording import words_of_reason
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of, scrolling
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import Form, choice_box, show_value
from desktop.ui.schedule.rule import RecurrenceFields
from desktop.ui.screen import Desk
from protocol.items import Choice
from protocol.schedules import OnHoliday, Recurrence
from protocol.waste import WasteCalendar, WasteRule
from protocol.waste_days import ordered_kinds

_HOLIDAYS: dict[OnHoliday, str] = {
    "keep": "祝日も収集する",
    "skip": "祝日は休む",
    "before": "前の平日に振り替える",
    "after": "次の平日に振り替える",
}
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
        form = Form()
        kinds = [(kind.name, kind.id) for kind in ordered_kinds(calendar)]
        self.kind = choice_box(kinds, name="waste_rule.kind", words="ごみの種類", changed=self._fit)
        form.add("kind", "ごみの種類", self.kind)
        self.fields = RecurrenceFields(self._fit, name="waste_rule", on_holiday=_HOLIDAYS)
        self.said = label("", "muted", wrap=True, name="waste_rule.said")
        self.districts = DistrictChoice(districts, name="waste_rule.district", changed=self._fit)
        # One part that scrolls, so that verb and cancel are seen on a low screen with large letters too.
        flow = QWidget()
        inner = QVBoxLayout(flow)
        inner.setContentsMargins(0, 0, 12, 0)
        inner.setSpacing(12)
        inner.addLayout(form)
        inner.addWidget(self.fields)
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
        self._show(rule)

    @property
    def rule(self) -> WasteRule:
        return self._rule.model_copy(
            update={
                "kind": self.kind.currentData(),
                "districts": self.districts.chosen,
                "rule": self.fields.rule,
            }
        )

    def _show(self, rule: WasteRule) -> None:
        show_value(self.kind, rule.kind)
        self.fields.show_rule(rule.rule)
        self.districts.show_chosen(rule.districts)
        self._fit()

    def _fit(self) -> None:
        if not hasattr(self, "wrong"):
            return  # still being put together
        rule = self.rule
        missing = _missing_days(rule.rule)
        days = f"{'・'.join(missing)}を選んでください" if missing else rule_words(rule.rule)
        self.said.setText(f"{days}　・　{len(rule.districts)}地区")

    def _go(self) -> None:
        rule = self.rule
        missing = [
            *([] if rule.kind else ["ごみの種類"]),
            *_missing_days(rule.rule),
            *([] if rule.districts else ["地区"]),
        ]
        wrong = f"{'・'.join(missing)}を選んでください。" if missing else ""
        if not wrong and rule.rule.until is not None and rule.rule.until < rule.rule.first:
            wrong = words_of_reason("dates_reversed").both
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        if not wrong:
            self.decided.emit(rule)
            self.accept()


def _missing_days(rule: Recurrence) -> list[str]:
    """What has to be chosen before the rule has any day."""
    if rule.pattern not in ("weekly", "nth_weekday"):
        return []
    no_nths = rule.pattern == "nth_weekday" and not rule.nths
    return [*(["第何"] if no_nths else []), *([] if rule.weekdays else ["曜日"])]
