"""The table of what arrived: one model over pages read by SQL, fixed row height, no proxy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTableView

from desktop.features.office import Office
from desktop.features.wording import words_for
from desktop.replica.submissions import Held, SubmissionQuery, SubmissionSort
from desktop.ui.background import Background
from desktop.ui.moments import short
from desktop.ui.parts.rows import bare_list
from desktop.ui.theme import Theme

PAGE = 100
COLUMNS: tuple[tuple[str, SubmissionSort], ...] = (
    ("状態", "shown_state"),
    ("番号", "number"),
    ("受付", "received_at"),
    ("窓口", "title"),
    ("件名", "topic"),
    ("担当", "updated_by"),
)
_Index = QModelIndex | QPersistentModelIndex
Read = tuple[list[Held], int, dict[str, int], dict[str, str]]


class SubmissionTable(QAbstractTableModel):
    """Rows come page by page, as the view asks for them. `counted` tells how many match, and all by state."""

    counted = Signal(int, object)

    def __init__(self, office: Office, background: Background, theme: Theme) -> None:
        super().__init__()
        self._office, self._background, self._theme = office, background, theme
        self._rows: list[Held] = []
        self._total = 0
        self._fetching = False
        self._names: dict[str, str] = {}
        self._states, self._unopened = words_for("submission_state"), words_for("unopened")
        self.query = SubmissionQuery(limit=PAGE)

    def ask(self, query: SubmissionQuery) -> None:
        """Show another selection from the top."""
        self.query = replace(query, limit=PAGE, offset=0)
        self._rows = self._rows[:PAGE]
        self.reload()

    def reload(self) -> None:
        """The same rows again, as many as are on the screen."""
        query = replace(self.query, limit=max(PAGE, len(self._rows)), offset=0)
        office = self._office

        def read() -> Read:
            names = {member.id: member.display_name for member in office.staff.all()}
            submissions = office.submissions
            return submissions.page(query), submissions.count(query), submissions.counts(), names

        self._background.local(read, lambda read: self._replace(query, read))

    def at(self, row: int) -> Held | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _replace(self, query: SubmissionQuery, read: Read) -> None:
        if replace(query, limit=0) != replace(self.query, limit=0, offset=0):
            return  # asked for something else meanwhile
        rows, self._total, counts, names = read
        if rows != self._rows or names != self._names:
            same = [row.id for row in rows] == [row.id for row in self._rows]
            if same and rows:
                self._rows, self._names = rows, names
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            else:
                self.beginResetModel()
                self._rows, self._names = rows, names
                self.endResetModel()
        self.counted.emit(self._total, counts)

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and len(self._rows) < self._total and not self._fetching

    def fetchMore(self, parent: _Index) -> None:
        self._fetching = True
        query = replace(self.query, offset=len(self._rows))
        self._background.local(
            lambda: self._office.submissions.page(query), lambda rows: self._append(query, rows)
        )

    def _append(self, query: SubmissionQuery, rows: list[Held]) -> None:
        self._fetching = False
        if replace(query, offset=0) != self.query or query.offset != len(self._rows) or not rows:
            return
        self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
        self._rows += rows
        self.endInsertRows()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][0]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        held = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(held, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            return QColor(self._state_colour(held))
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 4 and held.unopened:
            return QColor(self._theme.colours.warning)
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (3, 4):
            return self.cell(held, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()][0]} {self.cell(held, index.column())}"
        return None

    def cell(self, held: Held, column: int) -> str:
        if column == 0:
            return self._state_words(held)
        if column == 1:
            return held.number
        if column == 2:
            return short(held.received_at, self._office.clock())
        if column == 3:
            return held.title
        if column == 4:
            return self._topic(held)
        return self._names.get(held.updated_by, "")

    def _topic(self, held: Held) -> str:
        if held.unopened:
            return self._unopened[held.unopened]
        first = held.topic or " ".join(held.text.split())
        return f"{first}　〔写真{len(held.files)}枚〕" if held.files else first

    def _state_words(self, held: Held) -> str:
        words = self._states[held.state]
        if held.refused:
            return f"{words}・要確認"
        return f"{words}・送信待ち" if held.waiting else words

    def _state_colour(self, held: Held) -> str:
        colours = self._theme.colours
        if held.refused:
            return colours.error
        if held.waiting:
            return colours.warning
        return {"new": colours.accent_text, "working": colours.text}.get(held.state, colours.muted)


def make_view(table: SubmissionTable, theme: Theme) -> QTableView:
    view = bare_list(table, theme, name="inbox.table", words="届いたものの一覧", row_height=48)
    head = view.horizontalHeader()
    head.setMinimumSectionSize(theme.px(60))
    for column, width in enumerate((120, 152, 180, 170, 300, 176)):
        view.setColumnWidth(column, theme.px(width))
    head.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
    head.setSortIndicatorShown(True)
    head.setSortIndicator(2, Qt.SortOrder.DescendingOrder)
    view.setSortingEnabled(False)
    head.setSectionsClickable(True)
    return view
