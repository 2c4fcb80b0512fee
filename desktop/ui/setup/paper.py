"""What goes on paper: recovery sheets, codes. Plain words, large enough to be read in a safe's poor light."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget

from desktop.features.exports import japan_time
from desktop.keys.passphrase import Word
from desktop.keys.recovery import NEEDED, SHEETS, Sheet
from desktop.ui.stylesheet import LETTERS
from protocol.staff import StaffMember

_COLUMNS = 4
_MARGIN_MM = 5  # beside the two centimetres every document gets
_BODY_POINTS = 11


def sheet_paper(sheet: Sheet, town_name: str, root_words: tuple[Word, ...], now: datetime) -> QTextDocument:
    """One recovery sheet. The town's own eight words stand on it, so that one knows what it belongs to."""
    day = japan_time(now)[:10]
    return _paper(
        f"<p style='font-size:18pt'><b>復元の紙　{sheet.number} / {SHEETS}</b></p>"
        f"<p>{escape(town_name)}　「まどぐち」　{day}</p>"
        f"<p>{SHEETS}枚のうち{NEEDED}枚がそろうと、町の鍵を開けます。1枚だけでは何も開きません。"
        "ほかの紙と別の場所の金庫にしまってください。写真を撮ったり、この紙のコピーをとったりしないでください。</p>"
        f"{_table(sheet.words)}"
        "<p>&nbsp;</p><p>この町の鍵の8つの言葉（人に見せてよいものです）</p>"
        f"{_table(root_words)}"
        "<p>&nbsp;</p><p>しまった場所：＿＿＿＿＿＿＿＿＿＿＿＿　　受け持つ人：＿＿＿＿＿＿＿＿＿＿</p>"
    )


def code_paper(
    member: StaffMember, code: str, until: str, relay_url: str, root_words: tuple[Word, ...]
) -> QTextDocument:
    """A code and what the person needs beside it."""
    words = (
        "<p>登録のあとで、画面に出る「町の鍵の8つの言葉」が次と同じかを確かめてください。</p>"
        f"{_table(root_words)}"
        if root_words
        else ""
    )
    return _paper(
        "<p style='font-size:18pt'><b>「まどぐち」の登録コード</b></p>"
        f"<p>{escape(member.display_name)} さん</p>"
        f"<p style='font-family:{LETTERS}'>利用者名：{escape(member.login_name)}<br>"
        f"つなぎ先：{escape(relay_url)}</p>"
        f"<p style='font-size:16pt'><b>{escape(code)}</b></p>"
        f"<p>{escape(until)} まで、1回だけ使えます。</p>{words}"
    )


def print_paper(parent: QWidget, paper: QTextDocument) -> bool:
    """Ask for a printer; whether it was printed."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    if not QPrintDialog(printer, parent).exec():
        return False
    paper.print_(printer)
    return True


def save_pdf(paper: QTextDocument, path: Path) -> None:
    """For a printer that hangs on another machine. Raises OSError where nothing can be written."""
    path.touch()
    writer = QPdfWriter(str(path))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            margins,
            QPageLayout.Unit.Millimeter,
        )
    )
    paper.print_(writer)


def _table(words: tuple[Word, ...]) -> str:
    cells = [
        f"<td width='25%'><span style='font-size:9pt'>{number}.</span> "
        f"<b style='font-size:13pt'>{escape(word.kana)}</b><br>"
        f"<span style='font-size:10pt; font-family:{LETTERS}'>{escape(word.romaji)}</span></td>"
        for number, word in enumerate(words, start=1)
    ]
    rows = ["".join(cells[start : start + _COLUMNS]) for start in range(0, len(cells), _COLUMNS)]
    inner = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table width='100%' cellpadding='6' border='1' cellspacing='0'>{inner}</table>"


def _paper(html: str) -> QTextDocument:
    document = QTextDocument()
    # In points: the program's own font is measured in pixels of the screen, which are dust on paper.
    font = QFont(["BIZ UDPGothic", "Noto Sans JP"])
    font.setPointSizeF(_BODY_POINTS)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet("p { line-height: 140%; }")
    document.setHtml(html)
    return document
