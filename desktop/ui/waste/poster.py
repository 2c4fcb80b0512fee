"""The year of a district on one sheet of paper, A4 or A3: to hang up, to hand out, as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QApplication, QWidget

from desktop.features.waste import DayMark, YearPlan
from desktop.ui.waste.year import Ink, paint_mark, paint_year

_MARGIN_MM = 10.0
_COLUMNS = 3


@dataclass(frozen=True)
class Poster:
    """What stands on the sheet besides the months."""

    plan: YearPlan
    legend: Sequence[tuple[DayMark, str]]
    town_name: str
    telephone: str
    put_out_by: str

    @property
    def title(self) -> str:
        first: date = self.plan.months[0]
        return f"{self.plan.district}　ごみ収集カレンダー　{first.year}年度"


def save_posters(posters: Sequence[Poster], path: Path, *, large: bool = False) -> None:
    """One page for each district. Raises OSError where nothing can be written."""
    path.touch()
    writer = QPdfWriter(str(path))
    writer.setPageLayout(_layout(large))
    writer.setTitle(posters[0].title if len(posters) == 1 else "ごみ収集カレンダー")
    _paint(writer, posters)


def print_posters(parent: QWidget, posters: Sequence[Poster], *, large: bool = False) -> bool:
    """Ask for a printer; whether it was printed."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageLayout(_layout(large))
    if not QPrintDialog(printer, parent).exec():
        return False
    _paint(printer, posters)
    return True


def _layout(large: bool) -> QPageLayout:
    size = QPageSize.PageSizeId.A3 if large else QPageSize.PageSizeId.A4
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    return QPageLayout(
        QPageSize(size), QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter
    )


def _paint(device: QPagedPaintDevice, posters: Sequence[Poster]) -> None:
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, poster in enumerate(posters):
        if number:
            device.newPage()
        paint_poster(painter, QRectF(painter.viewport()), poster)
    painter.end()


def paint_poster(painter: QPainter, page: QRectF, poster: Poster) -> None:
    """The whole sheet within `page`, whatever its resolution."""
    family = QApplication.font().family()
    unit = page.width() / 100
    head = QRectF(page.x(), page.y(), page.width(), unit * 7)
    _write(painter, head, poster.title, unit * 3.4, family, bold=True)
    # Two kinds in a line; the months take what is left above the legend and the foot.
    lines = -(-len(poster.legend) // 2)
    legend_height = unit * 4.6 * lines
    foot_height = unit * 4
    months = QRectF(
        page.x(),
        head.bottom(),
        page.width(),
        page.height() - head.height() - legend_height - foot_height - unit,
    )
    paint_year(painter, months, poster.plan, Ink(), columns=_COLUMNS, family=family)
    for place, (mark, how) in enumerate(poster.legend):
        box = QRectF(
            page.x() + (place % 2) * page.width() / 2,
            months.bottom() + unit + (place // 2) * unit * 4.6,
            page.width() / 2 - unit,
            unit * 4.2,
        )
        _paint_kind(painter, box, mark, how, family)
    foot = QRectF(page.x(), page.bottom() - foot_height, page.width(), foot_height)
    said = [f"{poster.put_out_by}までに出してください。" if poster.put_out_by else ""]
    said.append("二重わくは、祝日などのために振り替えた日です。")
    said.append(
        "　".join(
            part
            for part in (poster.town_name, f"電話 {poster.telephone}" if poster.telephone else "")
            if part
        )
    )
    _write(painter, foot, "　".join(part for part in said if part), unit * 1.5, family)


def _paint_kind(painter: QPainter, box: QRectF, mark: DayMark, how: str, family: str) -> None:
    size = box.height() * 0.8
    paint_mark(painter, QRectF(box.x(), box.y() + (box.height() - size) / 2, size, size), mark, family)
    words = QRectF(box.x() + size * 1.25, box.y(), box.width() - size * 1.25, box.height())
    if how:
        upper = QRectF(words.x(), words.y(), words.width(), words.height() * 0.5)
        lower = QRectF(words.x(), upper.bottom(), words.width(), words.height() * 0.5)
        _write(painter, upper, mark.name, box.height() * 0.4, family, bold=True, left=True)
        _write(painter, lower, how, box.height() * 0.3, family, left=True)
    else:
        _write(painter, words, mark.name, box.height() * 0.42, family, bold=True, left=True)


def _write(
    painter: QPainter,
    box: QRectF,
    words: str,
    pixels: float,
    family: str,
    *,
    bold: bool = False,
    left: bool = False,
) -> None:
    """One line, smaller where it would not fit."""
    font = QFont(family)
    font.setBold(bold)
    font.setPixelSize(max(1, round(pixels)))
    painter.setFont(font)
    wide = painter.fontMetrics().horizontalAdvance(words)
    if wide > box.width():
        font.setPixelSize(max(1, int(pixels * box.width() / wide)))
        painter.setFont(font)
    painter.setPen(QColor("#1a1a1a"))
    flags = Qt.AlignmentFlag.AlignVCenter | (
        Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignHCenter
    )
    painter.drawText(box, flags, words.replace("\n", "　"))
