"""An Excel list of people compared with the codes of a list: shown, tried, and only then done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from desktop.errors import Trouble
from desktop.features.code_lists import (
    HEADER,
    CodeChange,
    CodeChangeKind,
    apply,
    compare,
    read_people,
    valid_codes,
    write_errors,
)
from desktop.features.lists import MadeCode
from desktop.features.wording import words_for, words_of_trouble
from desktop.ui.lists.paper import code_cards
from desktop.ui.moments import WIDEST_NAME
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, on_choice, rows_view
from desktop.ui.screen import Desk
from desktop.ui.setup.paper import print_paper, save_pdf
from protocol.lists import ResidentList

_ORDER: tuple[CodeChangeKind, ...] = ("wrong", "new", "gone", "stays")
_TONES = {"wrong": "error", "new": "accent_text", "gone": "warning", "stays": "muted"}
_EXCEL = "Excel (*.xlsx)"
_CANNOT_WRITE = "保存できませんでした。ファイルが開かれていないか確かめて、もう一度お試しください。"


class ImportCodesSheet(Sheet):
    """`applied(words)` when codes were made or revoked. The codes stay in this window until it is closed."""

    applied = Signal(str)

    def __init__(self, parent: QWidget, desk: Desk, one: ResidentList, path: Path) -> None:
        super().__init__(parent, f"「{one.name}」の一覧を読み込む", name="import", width=860)
        self._desk, self._list = desk, one
        self._found: list[CodeChange] = []
        self._made: list[MadeCode] = []
        self._summary = label("読んでいます…", wrap=True, name="import.summary")
        self.column.addWidget(self._summary)
        self.banner = Banner(desk.theme, name="import.banner")
        self.column.addWidget(self.banner)
        self.rows = Rows(("行", "内容", *HEADER, "理由"), desk.theme, coloured=1)
        self.view = rows_view(
            self.rows, desk.theme, name="import.table", words="一覧の内容",
            widths=(64, "新しく作る", 100, WIDEST_NAME, 140, 160), stretch=5,
        )  # fmt: skip
        self.view.setMinimumHeight(desk.theme.px(44 * 6))
        self.column.addWidget(self.view, 1)
        self._reason = label("", "error", wrap=True, name="import.reason")
        self.column.addWidget(self._reason)
        on_choice(self.view, self._show_reason)
        self.take_away = QCheckBox()
        self.take_away.setObjectName("import.take_away")
        self.take_away.setChecked(True)
        self.take_away.toggled.connect(lambda _: self._name_verb())
        self.column.addWidget(self.take_away)
        self.take_away.hide()
        self._errors = button("誤りの行を書き出す", self._save_errors, name="import.errors")
        self._print = button(
            "配る紙を印刷する", self._print_cards, name="import.print", icon="printer", theme=desk.theme
        )
        self._pdf = button("PDFで保存する", self._choose_pdf, name="import.pdf")
        self._close = button("やめる", self.reject, name="import.close")
        self._go = button("反映する", self._choose_file, name="import.go", role="primary")
        for made in (self._errors, self._print, self._pdf):
            made.hide()
        self._go.setEnabled(False)
        self.end_with(self._errors, 1, self._close, self._pdf, self._print, self._go)
        lists = desk.office.lists
        desk.background.local(
            lambda: compare(read_people(path), valid_codes(lists, one.id)), self._show, self._failed
        )

    @property
    def wanted(self) -> list[CodeChange]:
        """What would be done: new codes, and those taken away where the person left that ticked."""
        kinds = ("new", "gone") if self.take_away.isChecked() else ("new",)
        return [change for change in self._found if change.kind in kinds]

    def apply(self, path: Path) -> None:
        """Make the codes and write the sheet to hand out to `path`; then the changes."""
        wanted, one, lists = self.wanted, self._list, self._desk.office.lists
        self._go.setEnabled(False)

        def run() -> list[MadeCode] | None:
            try:
                made = apply(wanted, one, lists, path)
            except OSError:
                return None
            if made:
                lists.note_export("codes", len(made))
            return made

        self._desk.background.local(run, self._applied, self._failed)

    def save_cards(self, path: Path) -> None:
        """The sheets to cut, as PDF."""
        try:
            save_pdf(self._cards(), path)
        except OSError:
            self.banner.tell("error", _CANNOT_WRITE)
            return
        self.banner.tell("success", "PDFを保存しました。")

    # -- what happens ----------------------------------------------------------------------------------

    def _show(self, found: list[CodeChange]) -> None:
        self._found = sorted(found, key=lambda each: (_ORDER.index(each.kind), each.line))
        words = words_for("code_change")
        self.rows.show([
            (
                (
                    str(each.line or ""), words[each.kind], each.person.number, each.person.name,
                    each.person.department, "".join(each.reasons),
                ),
                _TONES[each.kind],
            )
            for each in self._found
        ])  # fmt: skip
        counts = Counter(each.kind for each in found)
        said = "、".join(f"{words[kind]} {counts[kind]}人" for kind in _ORDER if counts[kind])
        self._summary.setText(f"{said or '人がいません'}。まだ何も変わっていません。")
        self._errors.setVisible(bool(counts["wrong"]))
        if self._found:
            self.view.selectRow(0)
        self.take_away.setText(f"一覧にない{counts['gone']}人のコードを取り消す（リストからも外れます）")
        self.take_away.setVisible(bool(counts["gone"]))
        self._name_verb()

    def _show_reason(self) -> None:
        """Of the chosen line, in full: large letters leave the column little room."""
        row = chosen_row(self.view)
        change = self._found[row] if 0 <= row < len(self._found) else None
        words = (
            f"{change.line}行目：{''.join(change.reasons)}" if change is not None and change.reasons else ""
        )
        self._reason.setText(words)

    def _name_verb(self) -> None:
        wanted = self.wanted
        new = sum(each.kind == "new" for each in wanted)
        gone = len(wanted) - new
        parts = [f"{new}人のコードを作る" if new else "", f"{gone}人を取り消す" if gone else ""]
        self._go.setText("・".join(part for part in parts if part) or "変わるところがありません")
        self._go.setEnabled(bool(wanted))

    def _choose_file(self) -> None:
        if not any(each.kind == "new" for each in self.wanted):
            self.apply(Path())
            return
        name, _ = QFileDialog.getSaveFileName(self, "配る認証コードの保存先", "認証コード.xlsx", _EXCEL)
        if name:
            self.apply(Path(name))

    def _applied(self, made: list[MadeCode] | None) -> None:
        if made is None:
            self._go.setEnabled(True)
            self.banner.tell("error", _CANNOT_WRITE)
            return
        self._made = made
        gone = sum(each.kind == "gone" for each in self.wanted)
        words = "、".join(
            part
            for part in (
                f"{len(made)}人のコードを作りました" if made else "",
                f"{gone}人のコードを取り消しました" if gone else "",
            )
            if part
        )
        self._go.hide()
        self.take_away.hide()
        self._close.setText("閉じる")
        self._print.setVisible(bool(made))
        self._pdf.setVisible(bool(made))
        kept = (
            "コードは保存したExcelにだけあります。この画面を閉じると、印刷もできなくなります。"
            if made
            else ""
        )
        self._summary.setText(f"{words}。{kept}")
        self.applied.emit(f"{words}。")

    def _failed(self, trouble: Trouble) -> None:
        self._summary.setText("読み込めませんでした。" if not self._found else self._summary.text())
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _cards(self) -> QTextDocument:
        return code_cards(self._list.name, self._desk.office.home.account_name(), self._made)

    def _print_cards(self) -> None:
        print_paper(self, self._cards())

    def _choose_pdf(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "PDFで保存する", "認証コード.pdf", "PDF (*.pdf)")
        if name:
            self.save_cards(Path(name))

    def _save_errors(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "誤りの行を書き出す", "認証コードの誤り.xlsx", _EXCEL)
        if not name:
            return
        try:
            write_errors(Path(name), self._found)
        except OSError:
            self.banner.tell("error", _CANNOT_WRITE)
