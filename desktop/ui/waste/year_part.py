"""The tab 「年間カレンダー」: a district's year, changed by clicking a day, printed as a poster."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from desktop.features.waste import TownWaste, YearPlan, first_of_year, legend, year_plan
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import row_of, scrolling
from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import choice_box, show_value
from desktop.ui.screen import Desk
from desktop.ui.waste.day_sheet import DaySheet
from desktop.ui.waste.poster import Poster, print_posters, save_posters
from desktop.ui.waste.year import YearView
from protocol.waste import WasteCalendar, WasteException
from protocol.waste_days import on_day

CANNOT_WRITE = "保存できませんでした。ファイルが開かれていないか確かめて、もう一度お試しください。"


class YearPart(QWidget):
    """`changed(calendar)` when a day was changed; `told(tone, words)` about files."""

    changed = Signal(object)
    told = Signal(str, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._town, self._calendar = TownWaste(), WasteCalendar()
        self._may_edit = False
        self._first = date.min
        self._plan: YearPlan | None = None
        self._shown_districts: tuple[tuple[str, str], ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(10)
        self.district = choice_box([], name="waste.year.district", words="地区", changed=self._draw)
        earlier = icon_button(
            "left", "前の年度", lambda: self._turn(-1), name="waste.year.earlier", theme=desk.theme
        )
        later = icon_button(
            "right", "次の年度", lambda: self._turn(1), name="waste.year.later", theme=desk.theme
        )
        self._year = label("", "subheading", name="waste.year.title")
        self.large = QCheckBox("A3")
        self.large.setObjectName("waste.year.large")
        self.large.setAccessibleName("A3で印刷する。外すとA4")
        self._print = button(
            "印刷する", self._print_it, name="waste.year.print", icon="printer", theme=desk.theme
        )
        self._pdf = button("この地区のPDF", self._choose_pdf, name="waste.year.pdf")
        self._all = button("全地区のPDF", self._choose_all, name="waste.year.all")
        column.addLayout(row_of(label("地区", "muted"), self.district, earlier, self._year, later, 1))
        self._hint = label("", "muted", wrap=True)
        printing = row_of(spacing=8)
        printing.addWidget(self._hint, 1)
        for made in (self.large, self._print, self._pdf, self._all):
            printing.addWidget(made)
        column.addLayout(printing)
        self.view = YearView(desk.theme, name="waste.year.view")
        self.view.asked.connect(self.open_day)
        column.addWidget(scrolling(self.view), 1)

    def show_town(self, town: TownWaste, calendar: WasteCalendar, *, may_edit: bool) -> None:
        self._town, self._calendar, self._may_edit = town, calendar, may_edit
        if self._first == date.min:
            self._first = first_of_year(self.desk.office.waste.today())
        districts = tuple((choice.label, choice.id) for choice in town.districts_of(calendar))
        if districts != self._shown_districts:
            chosen = self.district.currentData()
            self._shown_districts = districts
            self.district.blockSignals(True)
            self.district.clear()
            for words, id in districts:
                self.district.addItem(words, id)
            show_value(self.district, chosen)
            self.district.blockSignals(False)
        for made in (self._print, self._pdf, self._all):
            made.setEnabled(bool(districts) and bool(calendar.rules))
        self._hint.setText(
            "日を押すと、休み・振り替え・臨時の収集を入れられます（矢印キーとEnterでも）。"
            if districts
            else "「お知らせ」のタブで地区の項目を選ぶと、地区ごとのカレンダーが出ます。"
        )
        self._draw()

    @property
    def plan(self) -> YearPlan | None:
        return self._plan

    def show_year(self, year: int) -> None:
        """The town's year that begins in April of this one."""
        self._first = self._first.replace(year=year)
        self._draw()

    def open_day(self, day: date) -> None:
        """The sheet of one day."""
        district = self.district.currentData()
        if self._plan is None or not self._may_edit or not district or not self._calendar.kinds:
            return
        collected = [item.kind for item in on_day(self._calendar, district, day, self._town.holidays)]
        sheet = DaySheet(
            self,
            self.desk,
            self._calendar,
            day=day,
            said=self._plan.words(day),
            collected=collected,
            district=district,
            label_of=self.district.currentText(),
        )
        sheet.decided.connect(self._add)
        sheet.removed.connect(self._remove)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def save_pdf(self, path: Path, *, all_districts: bool = False) -> None:
        """One page for the district on the screen, or for each."""
        try:
            save_posters(self._posters(all_districts), path, large=self.large.isChecked())
        except OSError:
            self.told.emit("error", CANNOT_WRITE)
            return
        self.told.emit("success", "PDFを保存しました。")

    def _draw(self) -> None:
        district = self.district.currentData() or ""
        self._plan = year_plan(self._town, self._calendar, district, self._first)
        self._year.setText(f"{self._first.year}年度")
        self.view.show_plan(self._plan, self.desk.office.waste.today())

    def _turn(self, years: int) -> None:
        self.show_year(self._first.year + years)

    def _add(self, exception: WasteException) -> None:
        self._put((*self._calendar.exceptions, exception))

    def _remove(self, id: str) -> None:
        self._put(tuple(one for one in self._calendar.exceptions if one.id != id))

    def _put(self, exceptions: tuple[WasteException, ...]) -> None:
        self.changed.emit(self._calendar.model_copy(update={"exceptions": exceptions}))

    def _posters(self, all_districts: bool) -> list[Poster]:
        chosen = self.district.currentData()
        return [
            Poster(
                plan=year_plan(self._town, self._calendar, choice.id, self._first),
                legend=legend(self._calendar),
                town_name=self._town.town_name,
                telephone=self._town.telephone,
                put_out_by=self._calendar.put_out_by,
            )
            for choice in self._town.districts_of(self._calendar)
            if all_districts or choice.id == chosen
        ]

    def _print_it(self) -> None:
        print_posters(self, self._posters(False), large=self.large.isChecked())

    def _choose_pdf(self) -> None:
        self._choose(f"ごみ収集カレンダー（{self.district.currentText()}）.pdf", all_districts=False)

    def _choose_all(self) -> None:
        self._choose("ごみ収集カレンダー（全地区）.pdf", all_districts=True)

    def _choose(self, name: str, *, all_districts: bool) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "PDFで保存する", name, "PDF (*.pdf)")
        if path:
            self.save_pdf(Path(path), all_districts=all_districts)
