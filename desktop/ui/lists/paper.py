"""The sheet of codes to cut and hand out: eight to an A4 page, each with a QR code of the same signs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape

import segno
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFont, QImage, QTextDocument

from desktop.features.lists import MadeCode
from desktop.ui.stylesheet import LETTERS

_IN_A_ROW, _ON_A_PAGE = 2, 8
_QR_PIXELS = 92
_POINTS = 10


def code_cards(list_name: str, account_name: str, made: Sequence[MadeCode]) -> QTextDocument:
    """One card a person. The codes stand in this document and in the saved Excel, nowhere else."""
    paper = QTextDocument()
    paper.setDefaultFont(QFont(QTextDocument().defaultFont().family(), _POINTS))
    pages: list[str] = []
    for start in range(0, len(made), _ON_A_PAGE):
        cards = made[start : start + _ON_A_PAGE]
        rows = [cards[place : place + _IN_A_ROW] for place in range(0, len(cards), _IN_A_ROW)]
        body = "".join(
            f"<tr>{''.join(_card(paper, list_name, account_name, each) for each in row)}</tr>" for row in rows
        )
        broken = "page-break-before: always;" if start else ""
        pages.append(
            f"<div style='{broken}'><table width='100%' border='1' cellspacing='0' cellpadding='10'"
            f" style='border-collapse: collapse'>{body}</table></div>"
        )
    paper.setHtml("".join(pages))
    return paper


def _card(paper: QTextDocument, list_name: str, account_name: str, made: MadeCode) -> str:
    name = f"code-{made.person.number}-{id(made)}.png"
    paper.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), _qr(made.code))
    person = "　".join(part for part in (made.person.department, made.person.name) if part)
    number = f"（{escape(made.person.number)}）" if made.person.number else ""
    return (
        f"<td width='50%'><table width='100%'><tr><td>"
        f"<p>{escape(person)} 様{number}</p>"
        f"<p style='font-size:9pt'>{escape(account_name)}「{escape(list_name)}」の認証コード</p>"
        f"<p style='font-size:13pt; font-family:{LETTERS}'><b>{_in_two(made.code)}</b></p>"
        "<p style='font-size:8pt'>LINEのトークで、このコードをそのまま送ってください。"
        "ほかの人に見せないでください。</p></td>"
        f"<td width='{_QR_PIXELS}'><img src='{name}' width='{_QR_PIXELS}' height='{_QR_PIXELS}'></td>"
        "</tr></table></td>"
    )


def _in_two(code: str) -> str:
    """On two lines, broken where a person breaks it when typing."""
    groups = code.split("-")
    half = (len(groups) + 1) // 2
    return f"{escape('-'.join(groups[:half]))}-<br>{escape('-'.join(groups[half:]))}"


def _qr(code: str) -> QImage:
    """The code itself: read with the phone's camera it can be copied into the talk."""
    out = io.BytesIO()
    segno.make_qr(code, error="m").save(out, kind="png", scale=6, border=2)
    return QImage.fromData(out.getvalue())
