"""「異動の取り込み」: an Excel list read, shown line by line with what it would change, tried, applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QHeaderView, QTableView, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.transfers import (
    HEADER,
    Transfer,
    TransferKind,
    apply,
    compare,
    read_list,
    write_errors,
    write_template,
)
from desktop.features.wording import words_for, words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.labels import label
from desktop.ui.people.tabs import TabRow
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.theme import Theme

_EXCEL = "Excel (*.xlsx)"
_COLUMNS = ("行", "内容", *HEADER, "理由")
_ORDER: tuple[TransferKind, ...] = ("wrong", "new", "moved", "role", "left", "same")
_WIDEST = (170, 140, 115)  # px at 100 %: what is longer takes a second line
_MARGIN = 32
_REASONS = 280  # px at 100 % the reasons should get
_Index = QModelIndex | QPersistentModelIndex


class TransfersScreen(Screen):
    page = "transfers"
    place = "people"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: list[Transfer] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 28, _MARGIN, 24)
        column.setSpacing(14)
        template = button(
            "ひな形を保存する",
            self._save_template,
            name="transfers.template",
            icon="download",
            theme=desk.theme,
        )
        choose = button("一覧を選ぶ", self._choose, name="transfers.choose", role="primary")
        hint = "4月の異動などを、Excelの一覧からまとめて反映します。保存するまで、何も変わりません。"
        column.addWidget(header("利用者と権限", hint, template, choose))
        column.addWidget(TabRow(desk, self.page))
        self.banner = Banner(desk.theme, name="transfers.banner")
        column.addWidget(self.banner)
        self._summary = label(
            "「ひな形を保存する」で、いまの利用者の一覧がExcelで出ます。課や役割を直し、やめる人の「在籍」を「退職」にして、"
            "「一覧を選ぶ」で読み込んでください。一覧にない人は、そのまま変わりません。",
            wrap=True, name="transfers.summary",
        )  # fmt: skip
        column.addWidget(self._summary)
        self.table = TransferTable(desk.theme)
        self.view = _make_view(self.table, desk.theme)
        column.addWidget(self.view, 1)
        self._nothing = QWidget()  # holds the place of the table while there is none
        column.addWidget(self._nothing, 1)
        self._errors = button("誤りの行を書き出す", self._save_errors, name="transfers.errors")
        self._drop = button("読み込みをやめる", self.clear, name="transfers.drop", role="quiet")
        self._apply = button("この内容で反映する", self.apply, name="transfers.apply", role="primary")
        column.addLayout(row_of(self._drop, 1, self._errors, self._apply))
        self.clear()

    def read(self, path: Path) -> None:
        """Show what this list would change."""
        people = self.desk.office.people
        self.desk.background.local(lambda: compare(read_list(path), people), self._show, self._failed)

    def clear(self) -> None:
        self._found = []
        self.table.show_transfers([])
        self.view.hide()
        self._nothing.show()
        for made in (self._errors, self._drop, self._apply):
            made.hide()

    def apply(self) -> None:
        wanted = [each for each in self._found if each.kind not in ("same", "wrong")]
        wrong = sum(each.kind == "wrong" for each in self._found)
        words = f"{_counted(self._found)}。" + (f"誤りの{wrong}行は反映しません。" if wrong else "")
        words += "退職や異動のあった課の鍵は、新しく作り直します。"
        if not ask_first(self, f"{len(wanted)}人分を反映しますか", words, "反映する"):
            return
        people, found = self.desk.office.people, self._found
        self._apply.setEnabled(False)
        self.desk.background.local(lambda: apply(found, people), self._applied, self._failed)

    def _show(self, found: list[Transfer]) -> None:
        self.banner.hide()
        self._found = sorted(found, key=lambda each: each.line)
        self.table.show_transfers(self._found)
        first = next((row for row, each in enumerate(self._found) if each.kind == "wrong"), -1)
        self._summary.setText(f"{_counted(found)}。まだ何も変わっていません。")
        self._nothing.hide()
        self.view.show()
        self._fit_columns()
        if first >= 0:  # what must be looked at is in sight, whatever stands above it
            self.view.scrollTo(self.table.index(first, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
        wanted = [each for each in found if each.kind not in ("same", "wrong")]
        self._errors.setVisible(any(each.kind == "wrong" for each in found))
        self._drop.show()
        self._apply.show()
        self._apply.setText(f"{len(wanted)}人分を反映する")
        self._apply.setEnabled(bool(wanted) and self.desk.office.may("staff", "edit"))

    def _fit_columns(self) -> None:
        """As wide as what stands in them, so that most is left for the reasons."""
        self.view.resizeColumnsToContents()
        px, columns = self.desk.theme.px, range(len(_COLUMNS) - 1)
        for widest in _WIDEST:
            widths = [min(self.view.columnWidth(column), px(widest)) for column in columns]
            if self.width() - 2 * _MARGIN - sum(widths) >= px(_REASONS):
                break
        for column, width in zip(columns, widths, strict=True):
            self.view.setColumnWidth(column, width)

    def _applied(self, count: int) -> None:
        wrong = [each for each in self._found if each.kind == "wrong"]
        if wrong:
            self._show(wrong)
            self.banner.tell("warning", f"{count}人分を反映しました。誤りの{len(wrong)}行が残っています。")
        else:
            self.clear()
            self._summary.setText("")
            new = "新しい人の登録コードは「利用者」から出せます。"
            self.banner.tell("success", f"{count}人分を反映しました。{new}")
        self.desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self._apply.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "異動の一覧を選ぶ", "", _EXCEL)
        if name:
            self.read(Path(name))

    def _save_template(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "ひな形を保存する", "異動.xlsx", _EXCEL)
        if name:
            self.save_template(Path(name))

    def save_template(self, path: Path) -> None:
        people = self.desk.office.people
        self._write(lambda: write_template(path, people))

    def _save_errors(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "誤りの行を書き出す", "異動の誤り.xlsx", _EXCEL)
        if name:
            found = self._found
            self._write(lambda: write_errors(Path(name), found))

    def _write(self, write: Any) -> None:
        def guarded() -> str:
            try:
                write()
            except OSError:
                return "保存できませんでした。ファイルが開かれていないか確かめて、もう一度お試しください。"
            return ""

        def said(wrong: str) -> None:
            self.banner.tell("error" if wrong else "success", wrong or "保存しました。")

        self.desk.background.local(guarded, said)


class TransferTable(QAbstractTableModel):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[Transfer] = []
        self._kinds = words_for("transfer")

    def show_transfers(self, rows: list[Transfer]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._cell(row, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() in (1, len(_COLUMNS) - 1):
            return QColor(self._colour(row.kind))
        return None

    def _cell(self, row: Transfer, column: int) -> str:
        if column == 0:
            return str(row.line)
        if column == 1:
            return self._kinds[row.kind]
        if column == len(_COLUMNS) - 1:
            return "".join(row.reasons)
        return row.cells[column - 2]

    def _colour(self, kind: TransferKind) -> str:
        colours = self._theme.colours
        return {"wrong": colours.error, "same": colours.muted, "left": colours.warning}.get(
            kind, colours.accent_text
        )


def _counted(found: list[Transfer]) -> str:
    words = words_for("transfer")
    counts = [(kind, sum(each.kind == kind for each in found)) for kind in _ORDER]
    return "、".join(
        f"{words[kind]} {count}" + ("行" if kind == "wrong" else "人") for kind, count in counts if count
    )


def _make_view(table: TransferTable, theme: Theme) -> QTableView:
    view = QTableView()
    view.setObjectName("transfers.table")
    view.setAccessibleName("一覧の内容")
    view.setModel(table)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(True)
    view.setProperty("letters", "true")  # its font has air between the lines of a reason, too
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    view.verticalHeader().setMinimumSectionSize(theme.px(40))
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
    return view
