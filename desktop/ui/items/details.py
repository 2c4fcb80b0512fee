"""What some kinds of items need besides title and question: bounds of a number, the month of a birth."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QSpinBox, QVBoxLayout, QWidget

from desktop.ui.parts.cards import Banner, card
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from desktop.ui.segments.panels import set_value, spin_box, value_of
from protocol.counting import grapheme_count
from protocol.items import BIRTHS_LIMIT, NUMBER_RANGE, UNIT_LIMIT, ItemKind, SegmentItem

NO_BIRTHDAYS = (
    "生年月日を聞くのには使わないでください。まどぐちは、生まれた日を持たない決まりです。"
    "年齢でしぼるときは、種類を「生まれた年」にしてください。"
)
_NONE: dict[str, object] = {
    "unit": "", "lowest": None, "highest": None, "ask_month": False, "several": False,
}  # fmt: skip
_OF: dict[ItemKind, tuple[str, ...]] = {
    "number": ("unit", "lowest", "highest"),
    "birth_year": ("ask_month", "several"),
}


def without_other_details(kind: ItemKind) -> dict[str, object]:
    """What must be taken out of an item that becomes one of this kind."""
    return {name: value for name, value in _NONE.items() if name not in _OF.get(kind, ())}


class ItemDetails(QWidget):
    """`changed(update)`: the fields of a `SegmentItem` that are different now."""

    changed = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(spacing=10)
        outer.addWidget(frame)
        column.addWidget(label("答え方", "heading"))
        self._number, self._births = QWidget(), QWidget()
        self.warning = Banner(desk.theme, name="item.no_birthdays", hidden=False)
        self.warning.tell("warning", NO_BIRTHDAYS)
        for part in (self._number, self._births, self.warning):
            column.addWidget(part)
        self._make_number()
        self._make_births()

    def show_item(self, item: SegmentItem) -> None:
        """From the program: nothing is told."""
        self.setVisible(item.kind in ("number", "birth_year", "date"))
        self._number.setVisible(item.kind == "number")
        self._births.setVisible(item.kind == "birth_year")
        self.warning.setVisible(item.kind == "date")
        self.unit.set_text(item.unit)
        self._unit_field.recount()
        for made in (self.lowest, self.highest, self.ask_month, self.several):
            made.blockSignals(True)
        set_value(self.lowest, item.lowest)
        set_value(self.highest, item.highest)
        self.ask_month.setChecked(item.ask_month)
        self.several.setChecked(item.several)
        for made in (self.lowest, self.highest, self.ask_month, self.several):
            made.blockSignals(False)

    def show_problems(self, unit: str, bounds: str) -> None:
        self._unit_field.show_error(unit)
        self._error.setText(bounds)
        self._error.setVisible(bool(bounds))

    def _make_number(self) -> None:
        column = QVBoxLayout(self._number)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.unit = CommitLine(name="item.unit", hint="例：人")
        self._unit_field = Field(
            "単位", self.unit, count=grapheme_count, limit=UNIT_LIMIT, help_text="数のあとに付けて見せます。"
        )
        self.unit.committed.connect(lambda text: self.changed.emit({"unit": text}))
        column.addWidget(self._unit_field)
        column.addWidget(label("答えられる数の範囲", "subheading"))
        self.lowest = self._bound("item.lowest", "いちばん小さい数", "lowest")
        self.highest = self._bound("item.highest", "いちばん大きい数", "highest")
        column.addWidget(Flow(self.lowest, label("から"), self.highest, label("まで")))
        self._error = label("", "error", wrap=True)
        column.addWidget(self._error)
        self._error.hide()

    def _bound(self, name: str, words: str, field: str) -> QSpinBox:
        box = spin_box(name, words, *NUMBER_RANGE)
        box.valueChanged.connect(lambda _: self.changed.emit({field: value_of(box)}))
        return box

    def _make_births(self) -> None:
        column = QVBoxLayout(self._births)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.ask_month = QCheckBox("月もたずねる（答えは任意）")
        self.several = QCheckBox("何人分でも答えられる（お子さんなど）")
        for tick, name, field in (
            (self.ask_month, "item.ask_month", "ask_month"),
            (self.several, "item.several", "several"),
        ):
            tick.setObjectName(name)
            tick.toggled.connect(lambda on, field=field: self.changed.emit({field: on}))
        column.addWidget(self.ask_month)
        words = "年度の途中の年齢でしぼれます。日はたずねません。答えない人は、今年なる年齢で数えます。"
        column.addWidget(label(words, "muted", wrap=True))
        column.addWidget(self.several)
        words = f"1人の友だちが{BIRTHS_LIMIT}人分まで答えられます。1人でも当てはまれば届きます。"
        column.addWidget(label(words, "muted", wrap=True))
