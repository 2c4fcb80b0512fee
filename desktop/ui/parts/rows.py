"""A plain table for lists that come in pages: rows of words, one tone a row, chosen one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop.ui.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
Row = Sequence[str]


class Rows(QAbstractTableModel):
    """`coloured`: the column whose words take the row's tone (error, warning, success, muted or empty)."""

    def __init__(self, columns: Sequence[str], theme: Theme, *, coloured: int = -1) -> None:
        super().__init__()
        self._columns, self._theme, self._coloured = tuple(columns), theme, coloured
        self._rows: list[tuple[Row, str]] = []

    def show(self, rows: Sequence[tuple[Row, str]]) -> None:
        """Other rows, each with its tone; the same ones change nothing."""
        if list(rows) == self._rows:
            return
        same_size = len(rows) == len(self._rows)
        if same_size:
            self._rows = list(rows)
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self._columns) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def words_of(self, column: int) -> str:
        return self._columns[column]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        row, tone = self._rows[index.row()]
        words = row[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._columns[index.column()]} {words}"
        if role == Qt.ItemDataRole.ForegroundRole and tone and index.column() == self._coloured:
            return QColor(getattr(self._theme.colours, tone))
        return None


def rows_view(
    rows: Rows, theme: Theme, *, name: str, words: str, widths: Sequence[int | str], stretch: int
) -> QTableView:
    """`widths`: pixels at 100 %, or the widest words that come there and are never cut. The column `stretch`
    takes what is left. `words`: what the table is, read aloud.
    """
    view = bare_list(rows, theme, name=name, words=words, row_height=44)
    rows.setParent(view)  # or what is connected to it would outlive a locked screen
    head = view.horizontalHeader()
    head.setSectionsClickable(False)
    head.setMinimumSectionSize(theme.px(60))
    for column, width in enumerate(widths):
        view.setColumnWidth(column, _wide_enough(view, rows.words_of(column), width, theme))
    head.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    return view


def bare_list(
    model: QAbstractTableModel, theme: Theme, *, name: str, words: str, row_height: int
) -> QTableView:
    """What every list has in common: whole rows, one chosen at a time, no grid. `row_height` at 100 %."""
    view = QTableView()
    view.setObjectName(name)
    view.setAccessibleName(words)
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(theme.px(row_height))
    view.horizontalHeader().setHighlightSections(False)
    return view


def fit_columns(view: QTableView, widest: Sequence[str], theme: Theme) -> None:
    """Columns as wide as these words and their own titles, at the text size in force."""
    view.ensurePolished()
    metrics, air = view.fontMetrics(), theme.px(28)
    view.horizontalHeader().setMinimumSectionSize(metrics.horizontalAdvance("100,000") + air)
    for column, words in enumerate(widest):
        view.setColumnWidth(column, metrics.horizontalAdvance(words) + air)


def _wide_enough(view: QTableView, title: str, width: int | str, theme: Theme) -> int:
    """At any text size: the title of the column and the sample are seen whole."""
    metrics, air = view.fontMetrics(), theme.px(28)
    wanted = metrics.horizontalAdvance(width) + air if isinstance(width, str) else theme.px(width)
    return max(wanted, metrics.horizontalAdvance(title) + air)


def chosen_row(view: QTableView) -> int:
    """-1 where none is chosen."""
    index = view.currentIndex()
    return index.row() if index.isValid() else -1


def on_choice(view: QTableView, done: Callable[[], Any]) -> None:
    """Whenever another row is chosen, or the rows are others."""
    view.selectionModel().selectionChanged.connect(lambda *_: done())
    view.model().modelReset.connect(lambda: done())
