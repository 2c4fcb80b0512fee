"""A month as seven columns: the day, its holiday, and what goes out, painted by a delegate."""

from __future__ import annotations

from calendar import Calendar
from datetime import date
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
)

from desktop.features.planning import Planned
from desktop.features.wording import words_for
from desktop.ui.moments import clock_time
from desktop.ui.theme import Theme
from protocol.moments import japan_day

_DAY = Qt.ItemDataRole.UserRole
_LINES = 3
"""So many deliveries are named in a cell; the list below has them all."""
_SUNDAY_FIRST = 6


class MonthView(QTableWidget):
    """Chosen day by day with the arrow keys; each cell is read aloud with everything on it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(6, 7)
        self._theme = theme
        self.setObjectName("calendar.month")
        self.setAccessibleName("カレンダー")
        self.setHorizontalHeaderLabels(list("日月火水木金土"))
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionsClickable(False)
        self.verticalHeader().setDefaultSectionSize(theme.px(104))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(_Day(theme, self))

    def show_month(
        self, year: int, month: int, planned: list[Planned], closed: dict[date, str], today: date
    ) -> None:
        """`closed`: the names of holidays and closed days."""
        weeks = Calendar(_SUNDAY_FIRST).monthdatescalendar(year, month)
        self.setRowCount(len(weeks))
        by_day: dict[date, list[Planned]] = {}
        for one in planned:
            by_day.setdefault(japan_day(one.moment), []).append(one)
        for row, week in enumerate(weeks):
            for column, day in enumerate(week):
                item = QTableWidgetItem()
                inside = day.month == month
                found = by_day.get(day, []) if inside else []
                item.setData(_DAY, (day, inside, closed.get(day, ""), found, day == today))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, _aloud(day, closed.get(day, ""), found))
                self.setItem(row, column, item)

    def day_at(self, row: int, column: int) -> date | None:
        item = self.item(row, column)
        if item is None:
            return None
        day: date = item.data(_DAY)[0]
        return day

    def choose(self, day: date) -> None:
        for row in range(self.rowCount()):
            for column in range(7):
                if self.day_at(row, column) == day:
                    self.setCurrentCell(row, column)


def _aloud(day: date, closed: str, planned: list[Planned]) -> str:
    parts = [f"{day.month}月{day.day}日", closed]
    parts += [f"{clock_time(one.moment)} {one.title or '（配信名なし）'}" for one in planned]
    return "、".join(part for part in parts if part)


class _Day(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: MonthView) -> None:
        super().__init__(parent)
        self._theme = theme
        self._states = words_for("delivery_state")

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(self._theme.px(90), self._theme.px(104))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        data: Any = index.data(_DAY)
        if data is None:
            return
        day, inside, closed, planned, is_today = data
        colours = self._theme.colours
        area: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(area, QColor(colours.primary_soft if chosen else colours.surface))
        painter.setPen(QColor(colours.accent_text if chosen else colours.line))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        inner = area.adjusted(6, 4, -6, -4)
        step = painter.fontMetrics().height() + self._theme.px(5)
        sunday = day.weekday() == _SUNDAY_FIRST
        red = inside and (closed or sunday)
        painter.setPen(QColor(colours.error if red else colours.text if inside else colours.muted))
        font = painter.font()
        font.setBold(is_today)
        painter.setFont(font)
        head = f"{day.day} 今日" if is_today else str(day.day)
        words = f"{head}　{closed}" if closed and inside else head
        self._line(painter, inner, 0, step, words)
        font.setBold(False)
        painter.setFont(font)
        for place, one in enumerate(planned[:_LINES]):
            going = one.state in ("held", "scheduled", "repeating", "queued", "sending")
            painter.setPen(QColor(colours.accent_text if going else colours.text))
            if place == _LINES - 1 and len(planned) > _LINES:
                self._line(painter, inner, place + 1, step, f"ほか{len(planned) - place}件")
            else:
                title = one.title or "（配信名なし）"
                self._line(painter, inner, place + 1, step, f"{clock_time(one.moment)} {title}")
        painter.restore()

    def _line(self, painter: QPainter, inner: QRect, place: int, step: int, words: str) -> None:
        area = QRect(inner.left(), inner.top() + place * step, inner.width(), step)
        short = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short)
