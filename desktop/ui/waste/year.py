"""A year of collections, drawn: on the screen to be clicked and walked by arrow keys, and on paper.

Colour is never the only sign: every collection has its letter, and the day says it in words when read aloud.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop.features.waste import DayMark, YearPlan
from desktop.ui.theme import Theme

_WEEK = "日月火水木金土"
_SUNDAY, _SATURDAY = 0, 6
_GAP = 0.06
"""Of a month's width, between two months."""


@dataclass(frozen=True)
class Ink:
    """Colours of the plan itself; those of the kinds are the town's."""

    text: str = "#1a1a1a"
    muted: str = "#5c5f66"
    holiday: str = "#ce0000"
    saturday: str = "#0017c1"
    line: str = "#c8ccd2"
    ground: str = "#ffffff"
    chosen: str = "#0017c1"


def paint_year(
    painter: QPainter,
    area: QRectF,
    plan: YearPlan,
    ink: Ink,
    *,
    columns: int,
    family: str,
    chosen: date | None = None,
    today: date | None = None,
) -> Mapping[date, QRectF]:
    """Twelve months in the area; where each day came to lie."""
    rows = -(-len(plan.months) // columns)
    width, height = area.width() / columns, area.height() / rows
    days: dict[date, QRectF] = {}
    for place, month in enumerate(plan.months):
        gap = width * _GAP
        frame = QRectF(
            area.x() + (place % columns) * width + gap / 2,
            area.y() + (place // columns) * height,
            width - gap,
            height - gap,
        )
        days |= _paint_month(painter, frame, plan, month, ink, family)
    for day, outline in ((today, ink.muted), (chosen, ink.chosen)):
        if day in days:
            painter.setPen(QPen(QColor(outline), max(2.0, area.width() / 500)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(days[day])
    return days


def paint_mark(painter: QPainter, box: QRectF, mark: DayMark, family: str) -> None:
    """The coloured square with its letter; a moved collection has a double frame."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(mark.colour))
    painter.drawRoundedRect(box, box.height() / 6, box.height() / 6)
    if mark.moved:
        painter.setPen(QPen(QColor(mark.ink), box.height() / 14))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inner = box.height() / 9
        painter.drawRoundedRect(box.adjusted(inner, inner, -inner, -inner), inner, inner)
    _say(
        painter,
        box,
        mark.sign,
        box.height() * (0.66 if len(mark.sign) == 1 else 0.44),
        mark.ink,
        family,
        True,
    )


def _paint_month(
    painter: QPainter, frame: QRectF, plan: YearPlan, month: date, ink: Ink, family: str
) -> dict[date, QRectF]:
    title, head = frame.height() * 0.12, frame.height() * 0.075
    cell_w, cell_h = frame.width() / 7, (frame.height() - title - head) / 6
    name = f"{month.year}年{month.month}月"
    _say(
        painter,
        QRectF(frame.x(), frame.y(), frame.width(), title),
        name,
        title * 0.66,
        ink.text,
        family,
        True,
    )
    for place, word in enumerate(_WEEK):
        box = QRectF(frame.x() + place * cell_w, frame.y() + title, cell_w, head)
        _say(painter, box, word, head * 0.72, _day_colour(place, False, ink), family)
    start = (month.weekday() + 1) % 7
    found: dict[date, QRectF] = {}
    for number in range(1, monthrange(month.year, month.month)[1] + 1):
        slot, day = start + number - 1, month.replace(day=number)
        box = QRectF(
            frame.x() + (slot % 7) * cell_w,
            frame.y() + title + head + (slot // 7) * cell_h,
            cell_w,
            cell_h,
        )
        found[day] = box
        _paint_day(painter, box, day, slot % 7, plan, ink, family)
    return found


def _paint_day(
    painter: QPainter, box: QRectF, day: date, weekday: int, plan: YearPlan, ink: Ink, family: str
) -> None:
    painter.setPen(QPen(QColor(ink.line), max(0.5, box.height() / 60)))
    painter.setBrush(QColor(ink.ground))
    painter.drawRect(box)
    number = QRectF(box.x(), box.y(), box.width(), box.height() * 0.42)
    colour = _day_colour(weekday, day in plan.holidays, ink)
    _say(painter, number, str(day.day), box.height() * 0.32, colour, family)
    marks = plan.days.get(day, ())
    if not marks:
        return
    shown = marks[:3]
    size = min(box.height() * 0.5, box.width() * 0.9 / len(shown))
    left = box.x() + (box.width() - size * len(shown)) / 2
    for place, mark in enumerate(shown):
        square = QRectF(left + place * size, box.y() + box.height() * 0.44, size * 0.94, size * 0.94)
        paint_mark(painter, square, mark, family)


def _day_colour(weekday: int, holiday: bool, ink: Ink) -> str:
    if holiday or weekday == _SUNDAY:
        return ink.holiday
    return ink.saturday if weekday == _SATURDAY else ink.text


def _say(
    painter: QPainter, box: QRectF, words: str, pixels: float, colour: str, family: str, bold: bool = False
) -> None:
    font = QFont(family)
    font.setPixelSize(max(1, round(pixels)))
    font.setBold(bold)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


class YearView(QWidget):
    """The year on the screen. `asked(day)`: clicked, or Enter on the day the arrow keys went to."""

    asked = Signal(object)

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._plan: YearPlan | None = None
        self._today = self._chosen = date.min
        self._days: Mapping[date, QRectF] = {}
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("年間カレンダー")

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(900), self._theme.px(760))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(640), self._theme.px(700))

    def show_plan(self, plan: YearPlan, today: date) -> None:
        self._plan, self._today = plan, today
        if not plan.months[0] <= self._chosen:
            self._chosen = today if today >= plan.months[0] else plan.months[0]
        self._tell()
        self.update()

    @property
    def chosen(self) -> date:
        return self._chosen

    def place_of(self, day: date) -> QPointF:
        """The middle of a day, in pixels of this widget."""
        return self._days[day].center()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._plan is None:
            return
        colours = self._theme.colours
        ink = Ink(
            text=colours.text, muted=colours.muted, holiday=colours.error, saturday=colours.accent_text,
            line=colours.line, ground=colours.surface, chosen=colours.focus,
        )  # fmt: skip
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns = 4 if self.width() > self.height() else 3
        self._days = paint_year(
            painter, QRectF(self.rect()).adjusted(2, 2, -2, -2), self._plan, ink, columns=columns,
            family=self.font().family(), chosen=self._chosen if self.hasFocus() else None, today=self._today,
        )  # fmt: skip
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        day = self._day_at(event.position())
        if day is not None:
            self._choose(day)
            self.asked.emit(day)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -7, Qt.Key.Key_Down: 7,
            Qt.Key.Key_PageUp: -28, Qt.Key.Key_PageDown: 28,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            self._choose(self._chosen + timedelta(days=step))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.asked.emit(self._chosen)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._plan is not None:
            day = self._day_at(QPointF(event.pos()))
            if day is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self._plan.words(day), self)
            return True
        return super().event(event)

    def _choose(self, day: date) -> None:
        if self._plan is None or not self._days or day not in self._days:
            return
        self._chosen = day
        self._tell()
        self.update()

    def _tell(self) -> None:
        if self._plan is not None:
            self.setAccessibleDescription(self._plan.words(self._chosen))

    def _day_at(self, position: QPointF) -> date | None:
        return next((day for day, box in self._days.items() if box.contains(position)), None)
