"""Lists as files for spreadsheets: CSV that Excel reads as UTF-8, and XLSX. Requirement: SEG-7.

A cell that would start a formula is kept as text: in XLSX by its type, in CSV by a leading apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from desktop.features.staff import Staff
from desktop.features.submissions import Submissions
from desktop.replica.submissions import Held, SubmissionQuery

_JAPAN = ZoneInfo("Asia/Tokyo")
_PAGE = 500
_WIDE = ("宛先", "本文", "内容", "メモ", "返信")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int
SUBMISSIONS_HEADER = (
    "番号", "受付日時", "窓口", "状態", "件名", "内容", "写真（枚）", "メモ", "返信", "担当した職員",
    "更新日時", "住民の番号",
)  # fmt: skip
"""The last column stands for the person and names nobody; a list of chosen people takes it back in."""


def submission_rows(
    submissions: Submissions, staff: Staff, states: dict[str, str], query: SubmissionQuery
) -> list[tuple[Cell, ...]]:
    """All that the list shows, whatever page is on the screen; those without a key say so."""
    names = {member.id: member.display_name for member in staff.all()}
    rows: list[tuple[Cell, ...]] = []
    while True:
        page = submissions.page(replace(query, limit=_PAGE, offset=len(rows)))
        rows += [_submission_row(held, names, states) for held in page]
        if len(page) < _PAGE:
            return rows


def _submission_row(held: Held, names: dict[str, str], states: dict[str, str]) -> tuple[Cell, ...]:
    return (
        held.number,
        japan_time(held.received_at),
        held.title,
        states[held.state],
        held.topic,
        "（開けません）" if held.unopened else held.text,
        len(held.files),
        held.note,
        held.reply,
        names.get(held.updated_by, ""),
        japan_time(held.updated_at),
        held.resident,
    )


def japan_time(moment: datetime | None) -> str:
    """「2026-11-20 13:05」, empty for None."""
    return moment.astimezone(_JAPAN).strftime("%Y-%m-%d %H:%M") if moment else ""


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with BOM and CRLF, as Excel on Windows expects."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def write_xlsx(path: Path, sheet: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """One sheet: bold frozen header, filter, numbers as numbers, everything else as text. Raises OSError."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    page = book.add_worksheet(sheet)
    bold = book.add_format({"bold": True, "bg_color": "#E8F1FE", "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for column, name in enumerate(header):
        page.write_string(0, column, name, bold)
        page.set_column(
            column,
            column,
            40 if name in _WIDE else max(12, len(name) * 2 + 2),
        )
    count = 0
    for count, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                page.write_number(count, column, cell, wrapped)
            else:
                page.write_string(count, column, cell, wrapped)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(count, 1), len(header) - 1)
    try:
        book.close()
    except FileCreateError as error:  # no OSError by itself, and what callers tell people hangs on that
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from None


def _guarded(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
