"""「どんな人か」: bars for who meets a segment, without names; a group of fewer than five stays hidden."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.recipients import Known
from desktop.features.who import FEW, Bar, Chart, charts_of
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, clear, scrolling
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from desktop.ui.theme import Theme
from protocol.segments import Segment
from protocol.sync import PeopleAnswer

_HEIGHT, _GAP, _WORDS_SHARE, _NUMBER = 28, 4, 0.34, 110


class WhoSheet(Sheet):
    """Asks the relay once, when it is opened."""

    def __init__(self, parent: QWidget, desk: Desk, known: Known, segment: Segment) -> None:
        super().__init__(parent, "どんな人に届くか", name="who", width=720)
        self._desk, self._known = desk, known
        self._total = label("数えています…", "lead", name="who.total")
        self.column.addWidget(self._total)
        self.banner = Banner(desk.theme, name="who.banner")
        self.column.addWidget(self.banner)
        flow = QWidget()
        self._charts = QVBoxLayout(flow)
        self._charts.setContentsMargins(0, 0, 12, 0)
        self._charts.setSpacing(10)
        area = scrolling(flow)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName("宛先の内訳")
        area.setMinimumHeight(desk.theme.px(280))
        self.column.addWidget(area, 1)
        self.column.addWidget(
            label(
                "名前は出ません。5人より少ないところは、人が分からないように数を出しません。",
                "small",
                wrap=True,
            )
        )
        self.end_with(1, button("閉じる", self.accept, name="who.close", role="primary"))
        people = desk.office.groups.people
        desk.background.ask(lambda: people(segment), self._show, self._failed)

    def _show(self, answer: PeopleAnswer) -> None:
        self._total.setText(f"いま {FEW}" if "count" in answer.few else f"いま {answer.count:,} 人")
        clear(self._charts)
        for chart in charts_of(answer, self._known):
            self._charts.addWidget(label(chart.title, "subheading"))
            self._charts.addWidget(Bars(chart, self._desk.theme))
            if chart.note:
                self._charts.addWidget(label(chart.note, "small", wrap=True))
        self._charts.addStretch(1)

    def _failed(self, trouble: Trouble) -> None:
        self._total.setText("いまは数えられません")
        self.banner.tell("warning", words_of_trouble(trouble).both)


class Bars(QWidget):
    """Horizontal bars with their words and numbers; read aloud as one sentence a bar."""

    def __init__(self, chart: Chart, theme: Theme) -> None:
        super().__init__()
        self._chart, self._theme = chart, theme
        self.setObjectName(f"who.chart.{chart.name}")
        self.setAccessibleName(chart.title)
        self.setAccessibleDescription("、".join(f"{bar.words} {bar.number}" for bar in chart.bars))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self._row * max(1, len(chart.bars)))

    @property
    def bars(self) -> tuple[Bar, ...]:
        return self._chart.bars

    @property
    def _row(self) -> int:
        return self._theme.px(_HEIGHT) + _GAP

    def sizeHint(self) -> QSize:
        return QSize(480, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._theme.colours
        words, number = self.width() * _WORDS_SHARE, self._theme.px(_NUMBER)
        room = self.width() - words - number - 2 * 8
        most = max((bar.people for bar in self.bars), default=0)
        for place, bar in enumerate(self.bars):
            top, height = place * self._row, self._row - _GAP
            painter.setPen(QColor(colours.text))
            named = painter.fontMetrics().elidedText(bar.words, Qt.TextElideMode.ElideRight, int(words) - 8)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, words - 8, height), middle | Qt.AlignmentFlag.AlignLeft, named)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.sunken))
            painter.drawRoundedRect(QRectF(words, top + height * 0.22, room, height * 0.56), 3, 3)
            if bar.people and most:
                painter.setBrush(QColor(colours.primary))
                long = max(3.0, room * bar.people / most)
                painter.drawRoundedRect(QRectF(words, top + height * 0.22, long, height * 0.56), 3, 3)
            painter.setPen(QColor(colours.muted if bar.few else colours.text))
            at = QRectF(self.width() - number, top, number, height)
            painter.drawText(at, middle | Qt.AlignmentFlag.AlignRight, bar.number)
        painter.end()
