"""「ごみ収集」: the year, the rules, the kinds, the messages; one calendar, saved as a whole."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from desktop.errors import Trouble
from desktop.features.waste import TownWaste, WasteInvalid, first_of_year
from desktop.features.waste_import import (
    Read,
    read_rules,
    rule_rows,
    with_rules,
    write_list,
)
from desktop.features.waste_rule_cells import RULE_COLUMNS, RULES_HEADER
from desktop.features.wording import words_of_problem, words_of_reason, words_of_trouble
from desktop.ui.allowed import offer
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.waste.import_sheet import EXCEL, FILES, ImportSheet
from desktop.ui.waste.lists_part import KindsPart, RulesPart
from desktop.ui.waste.messages_part import MessagesPart
from desktop.ui.waste.year_part import CANNOT_WRITE, YearPart
from protocol.waste import WasteCalendar
from protocol.waste_days import find_calendar_warnings

_TABS = (
    ("year", "年間カレンダー"),
    ("rules", "収集日の決まり"),
    ("kinds", "ごみの種類"),
    ("messages", "お知らせ"),
)


class WasteScreen(Screen):
    page = "waste"
    place = "waste"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._town: TownWaste | None = None
        self._calendar = WasteCalendar()
        self._seen = 0
        self._is_edited = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 28, 20)
        outer.setSpacing(12)
        words = button(
            "分別辞典",
            lambda: desk.routes.go("waste-words"),
            name="waste.words",
            icon="manual",
            theme=desk.theme,
        )
        self._import = button("Excelから取り込む", self._choose_import, name="waste.import")
        self._export = button(
            "書き出す", self._choose_export, name="waste.export", icon="download", theme=desk.theme
        )
        hint = "収集日を決めると、住民のトークとページで答え、希望した人に朝か前の晩に知らせます。"
        outer.addWidget(header("ごみ収集", hint, words, self._import, self._export))
        self.banner = Banner(desk.theme, name="waste.banner")
        outer.addWidget(self.banner)
        self.year, self.rules = YearPart(desk), RulesPart(desk)
        self.kinds, self.messages = KindsPart(desk), MessagesPart(desk)
        outer.addLayout(self._tabs())
        outer.addWidget(self._stack, 1)
        outer.addWidget(self._actions())
        for part in (self.year, self.rules, self.kinds, self.messages):
            part.changed.connect(self.change)
        self.year.told.connect(lambda tone, said: self.banner.tell(tone, said))

    # -- what the window and scripts call ----------------------------------------------------------------

    def refresh(self) -> None:
        self.desk.background.local(self.desk.office.waste.town, self._show)

    @property
    def calendar(self) -> WasteCalendar:
        return self._calendar

    def show_tab(self, name: str) -> None:
        place = [tab for tab, _ in _TABS].index(name)
        self._stack.setCurrentIndex(place)
        self._tab_buttons[place].setChecked(True)

    def change(self, calendar: WasteCalendar) -> None:
        """From one of the tabs: shown at once, kept by 「保存する」."""
        if calendar == self._calendar:
            return
        self._calendar, self._is_edited = calendar, True
        self._fill()

    def save(self) -> None:
        waste, calendar, seen = self.desk.office.waste, self._calendar, self._seen

        def put() -> str:
            try:
                waste.save(calendar, seen)
            except WasteInvalid as invalid:
                return words_of_problem(invalid.problems[0]).both
            return ""

        self.desk.background.local(put, self._saved, self._failed)

    def import_rules(self, path: Path) -> None:
        """Show what a list of districts and days would make of the calendar."""
        town, calendar, waste = self._town, self._calendar, self.desk.office.waste
        if town is None:
            return
        first = first_of_year(waste.today())
        sheet = ImportSheet(
            self, self.desk, "収集日の一覧を取り込む", path, RULE_COLUMNS,
            lambda table, columns: read_rules(
                table, columns, calendar, town.districts_of(calendar), first, waste.new_id
            ),
            instead="同じ種類の決まりを、この一覧のものに入れ替える",
        )  # fmt: skip
        sheet.decided.connect(self._take_rules)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def export_rules(self, path: Path) -> None:
        if self._town is None:
            return
        rows = rule_rows(self._calendar, self._town.districts_of(self._calendar))
        try:
            write_list(path, "収集日", RULES_HEADER, rows)
        except OSError:
            self.banner.tell("error", CANNOT_WRITE)
            return
        self.banner.tell("success", f"{len(rows)}行を書き出しました。")

    # -- parts ---------------------------------------------------------------------------------------------

    def _tabs(self) -> QHBoxLayout:
        self._stack = QStackedWidget()
        row = QHBoxLayout()
        row.setSpacing(0)
        group = QButtonGroup(self)
        self._tab_buttons: list[QPushButton] = []
        for place, (name, words) in enumerate(_TABS):
            tab = QPushButton(words)
            tab.setObjectName(f"waste.tab.{name}")
            tab.setAccessibleName(f"ごみ収集 {words}")
            tab.setProperty("role", "segment")
            tab.setCheckable(True)
            tab.setAutoDefault(False)
            tab.setChecked(place == 0)
            tab.clicked.connect(lambda _=False, name=name: self.show_tab(name))
            group.addButton(tab)
            row.addWidget(tab)
            self._tab_buttons.append(tab)
        row.addStretch(1)
        for part in (self.year, self.rules, self.kinds, self.messages):
            self._stack.addWidget(part)
        return row

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = row_of(spacing=12)
        self._state = label("", "muted", wrap=True, name="waste.state")
        row.addWidget(self._state, 1)
        self._undo = button("変更を捨てる", self._discard, name="waste.discard", role="quiet")
        self._save = button("保存する", self.save, name="waste.save", role="primary")
        row.addWidget(self._undo)
        row.addWidget(self._save)
        column = QVBoxLayout(bar)
        column.setContentsMargins(0, 10, 0, 0)
        column.addLayout(row)
        return bar

    # -- what happens ----------------------------------------------------------------------------------------

    def _show(self, town: TownWaste) -> None:
        first_time = self._town is None
        self._town = town
        if not self._is_edited:
            self._calendar, self._seen = town.calendar, town.version
        if town.refused:
            self.banner.tell(
                "error", words_of_reason(town.refused).both,
                ("waste.see_refused", "内容を見る", self.desk.routes.waiting),
            )  # fmt: skip
        if first_time and not town.calendar.kinds:
            self.show_tab("kinds")
        self._fill()

    def _fill(self) -> None:
        town, calendar = self._town, self._calendar
        if town is None:
            return
        may_edit = self.desk.office.may("waste", "edit")
        for made in (self._import, self._save, self._undo):
            offer(made, may_edit)
        for part in (self.year, self.rules, self.kinds, self.messages):
            part.show_town(town, calendar, may_edit=may_edit)
        self._save.setEnabled(self._is_edited)
        self._undo.setEnabled(self._is_edited)
        districts = tuple(choice.id for choice in town.districts_of(calendar))
        self.desk.background.local(
            lambda: find_calendar_warnings(calendar, districts, town.holidays), self._warn
        )

    def _warn(self, warnings: tuple) -> None:  # type: ignore[type-arg]
        said = list(dict.fromkeys(words_of_problem(problem).both for problem in warnings))
        edited = ["保存していない変更があります。"] if self._is_edited else []
        self._state.setText("　".join([*edited, *said]))

    def _discard(self) -> None:
        self._is_edited = False
        self.refresh()

    def _saved(self, wrong: str) -> None:
        if wrong:
            self.banner.tell("error", wrong)
            return
        self._is_edited = False
        self.banner.tell("success", "保存しました。住民のトークとページに、すぐに出ます。")
        self.refresh()
        self.desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _take_rules(self, read: Read, instead: bool) -> None:
        waste = self.desk.office.waste
        self.change(with_rules(self._calendar, read, instead=instead, new_id=waste.new_id))
        self.banner.tell("info", "取り込みました。年間カレンダーを確かめて、「保存する」を押してください。")

    def _choose_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "収集日の一覧を選ぶ", "", FILES)
        if name:
            self.import_rules(Path(name))

    def _choose_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "収集日を書き出す", "収集日.xlsx", EXCEL)
        if name:
            self.export_rules(Path(name))
