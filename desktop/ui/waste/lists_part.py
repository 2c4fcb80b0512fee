"""Two of the tabs: the rules of collection days, and the kinds of waste."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QTableView, QVBoxLayout, QWidget

from desktop.features.waste import TownWaste, rule_words
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.dialogs import Sheet, ask_first
from desktop.ui.parts.fields import CommitLine, CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, rows_view
from desktop.ui.screen import Desk
from desktop.ui.waste.rule_sheet import RuleSheet
from protocol.counting import grapheme_count
from protocol.schedules import Recurrence
from protocol.waste import WasteCalendar, WasteKind, WasteRule
from protocol.waste_days import MARK_LIMIT, NAME_LIMIT, TEXT_LIMIT, kind_marks, kind_named, ordered_kinds

_DISTRICTS_NAMED = 4


class ListPart(QWidget):
    """A list with 追加する・変更する・削除する. `changed(calendar)`: the calendar as it should be."""

    changed = Signal(object)
    part = ""
    thing = ""

    def __init__(
        self, desk: Desk, columns: tuple[str, ...], widths: tuple[int | str, ...], stretch: int
    ) -> None:
        super().__init__()
        self.desk = desk
        self.town, self.calendar = TownWaste(), WasteCalendar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(10)
        self.rows = Rows(columns, desk.theme)
        self.view: QTableView = rows_view(
            self.rows, desk.theme, name=f"waste.{self.part}", words=self.thing, widths=widths, stretch=stretch
        )
        self.view.doubleClicked.connect(lambda _: self.edit())
        self.add_button = button(
            f"{self.thing}を追加する", self.add, name=f"waste.{self.part}.add", icon="plus", theme=desk.theme
        )
        self.edit_button = button(
            "変更する", self.edit, name=f"waste.{self.part}.edit", icon="edit", theme=desk.theme
        )
        self.remove_button = button(
            "削除する",
            self.remove,
            name=f"waste.{self.part}.remove",
            role="danger",
            icon="trash",
            theme=desk.theme,
        )
        column.addLayout(row_of(self.add_button, self.edit_button, self.remove_button, 1))
        column.addWidget(self.view, 1)

    def show_town(self, town: TownWaste, calendar: WasteCalendar, *, may_edit: bool) -> None:
        self.town, self.calendar = town, calendar
        for made in (self.add_button, self.edit_button, self.remove_button):
            made.setVisible(may_edit)
        self.fill()

    def fill(self) -> None:
        raise NotImplementedError

    def add(self) -> None:
        raise NotImplementedError

    def edit(self) -> None:
        raise NotImplementedError

    def remove(self) -> None:
        raise NotImplementedError

    def _open(self, sheet: Sheet) -> None:
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()


class RulesPart(ListPart):
    """「収集日の決まり」."""

    part = "rules"
    thing = "収集日の決まり"

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk, ("種類", "収集日", "地区"), (200, "第1・第3 月・木曜日（祝日は次の平日）", 300), 2
        )

    def fill(self) -> None:
        labels = {choice.id: choice.label for choice in self.town.districts_of(self.calendar)}
        self._shown = sorted(self.calendar.rules, key=lambda rule: (self._order(rule.kind), rule.id))
        self.rows.show(
            [
                ((self._kind(rule.kind), rule_words(rule.rule), _districts(rule, labels)), "")
                for rule in self._shown
            ]
        )

    def add(self) -> None:
        kinds = ordered_kinds(self.calendar)
        if not kinds or not self.town.districts_of(self.calendar):
            return
        today = self.desk.office.waste.today()
        first = date(today.year - (today.month < 4), 4, 1)
        rule = WasteRule(
            id=self.desk.office.waste.new_id(),
            kind=kinds[0].id,
            districts=(),
            rule=Recurrence(pattern="weekly", first=first, on_holiday="keep"),
        )
        self._edit(rule)

    def edit(self) -> None:
        row = chosen_row(self.view)
        if 0 <= row < len(self._shown) and not self.edit_button.isHidden():
            self._edit(self._shown[row])

    def remove(self) -> None:
        row = chosen_row(self.view)
        if not 0 <= row < len(self._shown):
            return
        rule = self._shown[row]
        words = (
            f"「{self._kind(rule.kind)}　{rule_words(rule.rule)}」を削除します。保存するまで元に戻せます。"
        )
        if ask_first(self, "収集日の決まりを削除しますか", words, "削除する", danger=True):
            self._put(tuple(one for one in self.calendar.rules if one.id != rule.id))

    def _edit(self, rule: WasteRule) -> None:
        sheet = RuleSheet(self, self.desk, self.calendar, self.town.districts_of(self.calendar), rule)
        sheet.decided.connect(
            lambda made: self._put((*(one for one in self.calendar.rules if one.id != made.id), made))
        )
        self._open(sheet)

    def _put(self, rules: tuple[WasteRule, ...]) -> None:
        self.changed.emit(self.calendar.model_copy(update={"rules": rules}))

    def _kind(self, kind: str) -> str:
        found = kind_named(self.calendar, kind)
        return found.name if found else ""

    def _order(self, kind: str) -> int:
        found = kind_named(self.calendar, kind)
        return found.position if found else 0


class KindsPart(ListPart):
    """「ごみの種類」."""

    part = "kinds"
    thing = "ごみの種類"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, ("しるし", "種類", "色", "出し方"), (90, 220, "#dddddddd", 300), 3)

    def fill(self) -> None:
        marks = kind_marks(self.calendar)
        self._shown = ordered_kinds(self.calendar)
        self.rows.show([((marks[kind.id], kind.name, kind.colour, kind.how), "") for kind in self._shown])

    def add(self) -> None:
        last = max((kind.position for kind in self.calendar.kinds), default=-1)
        self._edit(WasteKind(id=self.desk.office.waste.new_id(), name="", position=last + 1))

    def edit(self) -> None:
        row = chosen_row(self.view)
        if 0 <= row < len(self._shown) and not self.edit_button.isHidden():
            self._edit(self._shown[row])

    def remove(self) -> None:
        row = chosen_row(self.view)
        if not 0 <= row < len(self._shown):
            return
        kind = self._shown[row]
        words = f"「{kind.name}」と、その収集日の決まりと例外を削除します。保存するまで元に戻せます。"
        if ask_first(self, "ごみの種類を削除しますか", words, "削除する", danger=True):
            kept = {
                name: tuple(one for one in parts if one.kind != kind.id)
                for name, parts in (("rules", self.calendar.rules), ("exceptions", self.calendar.exceptions))
            }
            kinds = tuple(one for one in self.calendar.kinds if one.id != kind.id)
            self.changed.emit(self.calendar.model_copy(update={"kinds": kinds, **kept}))

    def _edit(self, kind: WasteKind) -> None:
        sheet = KindSheet(self, self.desk, kind)
        sheet.decided.connect(self._put)
        self._open(sheet)

    def _put(self, kind: WasteKind) -> None:
        kinds = (*(one for one in self.calendar.kinds if one.id != kind.id), kind)
        self.changed.emit(
            self.calendar.model_copy(update={"kinds": tuple(sorted(kinds, key=lambda k: k.position))})
        )


class KindSheet(Sheet):
    """`decided(kind)` when the person pressed the verb."""

    decided = Signal(object)

    def __init__(self, parent: QWidget, desk: Desk, kind: WasteKind) -> None:
        super().__init__(parent, "ごみの種類", name="waste_kind", width=600)
        self._kind, self._colour = kind, kind.colour
        self.name = CommitLine(kind.name, name="waste_kind.name", hint="例：燃えるごみ")
        self._name = Field("種類の名前", self.name, required=True, count=grapheme_count, limit=NAME_LIMIT)
        self.mark = CommitLine(kind.mark, name="waste_kind.mark", hint="例：燃")
        self._mark = Field(
            "カレンダーのしるし", self.mark, count=grapheme_count, limit=MARK_LIMIT,
            help_text="空のままなら、名前から1文字をとります。",
        )  # fmt: skip
        self.how = CommitText(
            kind.how, name="waste_kind.how", hint="例：指定の袋に入れて、口をしばってください。"
        )
        self.how.setFixedHeight(desk.theme.px(84))
        self._how = Field("出し方", self.how, count=grapheme_count, limit=TEXT_LIMIT)
        for field in (self._name, self._mark, self._how):
            self.column.addWidget(field)
        self.colour = button("色を選ぶ", self._choose_colour, name="waste_kind.colour")
        self._sample = label("　　　　", name="waste_kind.sample")
        self.column.addLayout(row_of(label("カレンダーの色", "subheading"), self._sample, self.colour, 1))
        go = button("種類を入れる", self._go, name="waste_kind.go", role="primary")
        self.end_with(1, button("やめる", self.reject, name="waste_kind.cancel"), go)
        self._show_colour()
        self.name.setFocus()

    def _choose_colour(self) -> None:
        chosen = QColorDialog.getColor(QColor(self._colour), self, "カレンダーの色")
        if chosen.isValid():
            self._colour = chosen.name()
            self._show_colour()

    def _show_colour(self) -> None:
        self._sample.setStyleSheet(f"background: {self._colour}; border-radius: 4px;")
        self._sample.setAccessibleName(f"色 {self._colour}")

    def _go(self) -> None:
        name = self.name.text().strip()
        self._name.show_error("" if name else "種類の名前を入れてください。")
        if name:
            self.decided.emit(
                self._kind.model_copy(
                    update={
                        "name": name,
                        "mark": self.mark.text().strip(),
                        "how": self.how.toPlainText().strip(),
                        "colour": self._colour,
                    }
                )
            )
            self.accept()


def _districts(rule: WasteRule, labels: dict[str, str]) -> str:
    named = [labels.get(district, "（なくなった地区）") for district in rule.districts]
    shown = "、".join(named[:_DISTRICTS_NAMED])
    return f"{len(named)}地区：{shown}" + ("…" if len(named) > _DISTRICTS_NAMED else "")
