"""「休日」: this year's and next year's holidays, further closed days, and holidays the town works on."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.features.home import Unsettled
from desktop.features.sending_rules import ClosedDay, closed_days, with_closed, without_closed
from desktop.features.wording import words_of_reason
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, on_choice, rows_view
from desktop.ui.schedule.fields import DayField
from desktop.ui.screen import Desk, Screen, header
from protocol.moments import day_words, japan_day
from protocol.schedules import Holidays

_COLUMNS = ("日", "名前", "種類")
_Read = tuple[Holidays, int, list[Unsettled]]


class HolidaysScreen(Screen):
    page = "holidays"
    place = "settings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._changed, self._seen = Holidays(), 0
        self._year = japan_day(desk.office.clock()).year
        self._days: list[ClosedDay] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(12)
        back = button(
            "設定へ戻る", lambda: desk.routes.go("settings"), name="holidays.back", role="quiet", icon="left",
            theme=desk.theme,
        )  # fmt: skip
        column.addLayout(row_of(back, 1))
        hint = "くり返しの配信やごみの収集日を、祝日でずらすときに使います。祝日は法律のとおり入っています。"
        column.addWidget(header("休日", hint))
        self.banner = Banner(desk.theme, name="holidays.banner")
        column.addWidget(self.banner)
        column.addWidget(self._years())
        self.rows = Rows(_COLUMNS, desk.theme, coloured=2)
        self.view = rows_view(
            self.rows, desk.theme, name="holidays.table", words="休日の一覧",
            widths=("2026年12月28日（月）", 260, "町が加えた閉庁日"), stretch=1,
        )  # fmt: skip
        on_choice(self.view, self._enable)
        column.addWidget(self.view, 1)
        self._strike = button("この日は開庁する", self._strike_out, name="holidays.strike")
        column.addLayout(row_of(1, self._strike))
        column.addWidget(self._adding())

    def refresh(self) -> None:
        office = self.desk.office

        def read() -> _Read:
            changed, version = office.town_rules.holidays()
            return changed, version, office.home.refused_at("holidays", "town")

        self.desk.background.local(read, self._show)

    def _years(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        group = QButtonGroup(self)
        for year in (self._year, self._year + 1):
            choice = QPushButton(f"{year}年")
            choice.setObjectName(f"holidays.year.{year - self._year}")
            choice.setProperty("role", "segment")
            choice.setCheckable(True)
            choice.setAutoDefault(False)
            choice.setChecked(year == self._year)
            choice.clicked.connect(lambda _=False, year=year: self._go_to(year))
            group.addButton(choice)
            row.addWidget(choice)
        row.addStretch(1)
        return made

    def _adding(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("閉庁日を加える", "subheading"))
        self._day = DayField(name="holidays.day", words="閉庁日", changed=lambda: None)
        self._day.show_day(japan_day(self.desk.office.clock()))
        self._name = CommitLine(name="holidays.name", hint="例：開庁記念日")
        self._name.setAccessibleName("閉庁日の名前")
        self._name.committed.connect(lambda _: self._enable())
        self._add = button("加える", self._add_day, name="holidays.add", role="primary")
        self._add.setEnabled(False)
        row = row_of(self._day, self._name, self._add)
        row.setStretch(1, 1)
        column.addLayout(row)
        return frame

    def _show(self, read: _Read) -> None:
        self._changed, self._seen, refused = read
        if refused:
            self.banner.tell("error", words_of_reason(refused[-1].reason).both)
        else:
            self.banner.hide()
        self._draw()

    def _draw(self) -> None:
        self._days = closed_days(self._year, self._changed)
        self.rows.show([_row(one) for one in self._days])
        self._enable()

    def _go_to(self, year: int) -> None:
        self._year = year
        self._draw()

    def _chosen(self) -> ClosedDay | None:
        place = chosen_row(self.view)
        return self._days[place] if 0 <= place < len(self._days) else None

    def _enable(self) -> None:
        day = self._chosen()
        self._strike.setEnabled(day is not None)
        words = "この日は開庁する"
        if day is not None and day.by_town:
            words = "閉庁日から外す"
        elif day is not None and day.struck:
            words = "休日に戻す"
        self._strike.setText(words)
        self._add.setEnabled(bool(self._name.text().strip()))

    def _strike_out(self) -> None:
        day = self._chosen()
        if day is not None:
            self._save(without_closed(self._changed, day.day))

    def _add_day(self) -> None:
        name = self._name.text().strip()
        if name:
            self._save(with_closed(self._changed, self._day.day, name))
            self._name.set_text("")
            self._enable()

    def _save(self, changed: Holidays) -> None:
        save, seen = self.desk.office.town_rules.save_holidays, self._seen
        self._changed = changed
        self._draw()
        self.desk.background.local(lambda: save(changed, seen), lambda _: self.desk.routes.wake_sync())


def _row(one: ClosedDay) -> tuple[tuple[str, str, str], str]:
    kind = "町が加えた閉庁日" if one.by_town else "開庁する" if one.struck else "祝日"
    tone = "accent_text" if one.by_town else "muted" if one.struck else ""
    return (day_words(one.day), one.name, kind), tone
