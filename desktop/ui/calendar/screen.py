"""「カレンダー」: a month of what went and will go out, and the same as a list that can be read aloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.planning import Planned
from desktop.features.sending_rules import closed_days
from desktop.features.wording import words_for
from desktop.ui.calendar.month import MonthView
from desktop.ui.deliveries.tabs import DeliveryTabs
from desktop.ui.moments import WIDEST_MOMENT, day_and_time
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, rows_view
from desktop.ui.screen import Desk, Screen, header
from protocol.moments import japan_day

_COLUMNS = ("日時", "配信名", "状態")


@dataclass(frozen=True)
class _Read:
    year: int
    month: int
    planned: list[Planned]
    closed: dict[date, str]


class CalendarScreen(Screen):
    page = "delivery-calendar"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._today = japan_day(desk.office.clock())
        self._year, self._month = self._today.year, self._today.month
        self._planned: list[Planned] = []
        self._last: _Read | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(12)
        column.addWidget(header("配信", "いつ、何が出るかを月ごとに見ます。くり返しの予定も出ます。"))
        column.addWidget(DeliveryTabs(desk, self.page))
        column.addWidget(self._months())
        self.view = MonthView(desk.theme)
        column.addWidget(self.view, 1)
        self.rows = Rows(_COLUMNS, desk.theme)
        self.list = rows_view(
            self.rows, desk.theme, name="calendar.list", words="この月に出るもの",
            widths=(WIDEST_MOMENT, 300, "見送り・これから"), stretch=1,
        )  # fmt: skip
        self.list.hide()
        column.addWidget(self.list, 1)
        self._chosen = label("", "muted", wrap=True, name="calendar.chosen")
        self._open = button("開く", self._open_chosen, name="calendar.open", icon="right", theme=desk.theme)
        column.addLayout(row_of(self._chosen, 1, self._open))
        self.view.currentCellChanged.connect(lambda *_: self._tell())
        self.view.cellDoubleClicked.connect(lambda *_: self._open_chosen())
        self.list.doubleClicked.connect(lambda _: self._open_chosen())
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._tell())

    def refresh(self) -> None:
        planning, rules = self.desk.office.planning, self.desk.office.town_rules
        year, month = self._year, self._month

        def read() -> _Read:
            closed = {one.day: one.name for one in closed_days(year, rules.holidays()[0]) if not one.struck}
            return _Read(year, month, planning.month(year, month), closed)

        self.desk.background.local(read, self._show)

    def go_to(self, year: int, month: int) -> None:
        self._year, self._month = year, month
        self.refresh()

    def _months(self) -> QWidget:
        made = QWidget()
        theme = self.desk.theme
        before = icon_button("left", "前の月", lambda: self._step(-1), name="calendar.before", theme=theme)
        after = icon_button("right", "次の月", lambda: self._step(1), name="calendar.after", theme=theme)
        self._title = label("", "heading", name="calendar.title")
        today = button(
            "今月",
            lambda: self.go_to(self._today.year, self._today.month),
            name="calendar.today",
            role="quiet",
        )
        self._switch = button("一覧で見る", self._turn, name="calendar.switch")
        made.setLayout(row_of(before, self._title, after, today, 1, self._switch))
        return made

    def _step(self, months: int) -> None:
        count = self._year * 12 + self._month - 1 + months
        self.go_to(count // 12, count % 12 + 1)

    def _turn(self) -> None:
        as_list = self.list.isHidden()
        self.list.setVisible(as_list)
        self.view.setVisible(not as_list)
        self._switch.setText("カレンダーで見る" if as_list else "一覧で見る")
        self._tell()

    def _show(self, read: _Read) -> None:
        if (read.year, read.month) != (self._year, self._month) or read == self._last:
            return
        self._last, self._planned = read, read.planned
        self._title.setText(f"{read.year}年{read.month}月")
        self.view.show_month(read.year, read.month, read.planned, read.closed, self._today)
        states = words_for("delivery_state")
        self.rows.show([(_row(one, states), "") for one in read.planned])
        if (read.year, read.month) == (self._today.year, self._today.month):
            self.view.choose(self._today)
        self._tell()

    def _on_the_day(self) -> list[Planned]:
        if not self.list.isHidden():
            place = chosen_row(self.list)
            return self._planned[place : place + 1] if place >= 0 else []
        day = self.view.day_at(self.view.currentRow(), self.view.currentColumn())
        return [one for one in self._planned if japan_day(one.moment) == day]

    def _tell(self) -> None:
        found = self._on_the_day()
        titles = "、".join(one.title or "（配信名なし）" for one in found)
        self._chosen.setText(titles or "この日に出るものはありません。")
        self._open.setEnabled(bool(found))

    def _open_chosen(self) -> None:
        found = self._on_the_day()
        if found:
            self.desk.routes.open_delivery(found[0].delivery)


def _row(one: Planned, states: dict[str, str]) -> tuple[str, str, str]:
    state = "これから" if one.expected else states[one.state]
    return day_and_time(one.moment), one.title or "（配信名なし）", state
