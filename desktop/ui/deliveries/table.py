"""The table of deliveries: one model over pages read by SQL, fixed row height, no proxy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTableView

from desktop.features.history import who_sent
from desktop.features.office import Office
from desktop.features.wording import words_for
from desktop.replica.delivery_columns import kind_of, moment_of
from desktop.replica.records import DeliveryQuery, DeliverySort, Shown
from desktop.ui.background import Background
from desktop.ui.moments import WIDEST_MOMENT, short
from desktop.ui.parts.rows import bare_list, fit_columns
from desktop.ui.theme import Theme
from protocol.deliveries import BEFORE_SENDING, Delivery

PAGE = 100
COLUMNS: tuple[tuple[str, DeliverySort], ...] = (
    ("状態", "state"),
    ("種類", "nature"),
    ("配信名", "title"),
    ("日時", "moment"),
    ("職員", "person"),
    ("対象", "recipients"),
    ("成功", "accepted"),
    ("失敗・不明", "failed"),
)
_TITLE, _MOMENT, _NUMBERS = 2, 3, (5, 6, 7)
WIDEST = (
    "配信できず", "自動（ごみ）", "配信名配信名", f"次 {WIDEST_MOMENT}", "水沢 結香子", "100,000", "100,000",
    "失敗・不明",
)  # fmt: skip
"""As wide as what comes there. Longer words of a title or a state are seen whole by opening it."""
_GOING = ("held", "scheduled", "repeating", "queued", "sending")
_Index = QModelIndex | QPersistentModelIndex


class DeliveryTable(QAbstractTableModel):
    """Rows come page by page, as the view asks for them."""

    counted = Signal(int)

    def __init__(self, office: Office, background: Background, theme: Theme) -> None:
        super().__init__()
        self._office, self._background, self._theme = office, background, theme
        self._rows: list[Shown[Delivery]] = []
        self._total = 0
        self._fetching = False
        self._names: dict[str, str] = {}
        self._states, self._kinds = words_for("delivery_state"), words_for("delivery_kind")
        self.query = DeliveryQuery(limit=PAGE, archived=False, grouped=True)

    def ask(self, query: DeliveryQuery) -> None:
        """Show another selection from the top."""
        self.query = replace(query, limit=PAGE, offset=0)
        self.reload()

    def reload(self) -> None:
        """The same rows again, as many as are on the screen."""
        query = replace(self.query, limit=max(PAGE, len(self._rows)), offset=0)
        office = self._office

        def read() -> tuple[list[Shown[Delivery]], int, dict[str, str]]:
            names = {member.id: member.display_name for member in office.staff.all()}
            return office.deliveries.page(query), office.deliveries.count(query), names

        self._background.local(read, self._replace)

    def at(self, row: int) -> Shown[Delivery] | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _replace(self, read: tuple[list[Shown[Delivery]], int, dict[str, str]]) -> None:
        rows, total, names = read
        if rows == self._rows and names == self._names:
            self._total = total
            self.counted.emit(total)
            return
        same = [row.id for row in rows] == [row.id for row in self._rows]
        if same and rows:
            self._rows, self._names = rows, names
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
        else:
            self.beginResetModel()
            self._rows, self._names = rows, names
            self.endResetModel()
        self._total = total
        self.counted.emit(total)

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and len(self._rows) < self._total and not self._fetching

    def fetchMore(self, parent: _Index) -> None:
        self._fetching = True
        query = replace(self.query, offset=len(self._rows))
        self._background.local(
            lambda: self._office.deliveries.page(query), lambda rows: self._append(query, rows)
        )

    def _append(self, query: DeliveryQuery, rows: list[Shown[Delivery]]) -> None:
        self._fetching = False
        if query.offset != len(self._rows) or not rows:
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
            return _alignment(section)
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        shown = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(shown, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            return QColor(self._state_colour(shown))
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == _TITLE:
            return shown.body.draft.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()][0]} {self._cell(shown, index.column())}"
        return None

    def _cell(self, shown: Shown[Delivery], column: int) -> str:
        delivery, numbers = shown.body, shown.body.numbers
        if column == 0:
            return self.state_words(shown)
        if column == 1:
            return self._kinds[kind_of(delivery)]
        if column == _TITLE:
            return delivery.draft.title or "（配信名なし）"
        if column == _MOMENT:
            return self._moment(delivery)
        if column == 4:
            return who_sent(delivery, self._names)
        if delivery.state in BEFORE_SENDING:
            return "–"
        return f"{(numbers.recipients, numbers.accepted, numbers.refused + numbers.unknown)[column - 5]:,}"

    def _moment(self, delivery: Delivery) -> str:
        """When it went out or will; of a rule the next time."""
        words = short(moment_of(delivery), self._office.clock())
        is_next = delivery.state == "repeating" and delivery.due_at is not None
        return f"次 {words}" if is_next else words

    def state_words(self, shown: Shown[Delivery]) -> str:
        words = self._states[shown.body.state]
        if shown.refused:
            return f"{words}・要確認"
        if shown.body.state == "draft" and shown.body.returned:
            return "差し戻し"
        return f"{words}・送信待ち" if shown.waiting else words

    def _state_colour(self, shown: Shown[Delivery]) -> str:
        colours = self._theme.colours
        if shown.refused or shown.body.state == "failed":
            return colours.error
        if shown.waiting or shown.body.state in ("paused", "asked", "skipped") or shown.body.returned:
            return colours.warning
        if shown.body.state == "sent":
            return colours.success
        return colours.accent_text if shown.body.state in _GOING else colours.muted


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def make_view(table: DeliveryTable, theme: Theme) -> QTableView:
    view = bare_list(table, theme, name="deliveries.table", words="配信の一覧", row_height=48)
    head = view.horizontalHeader()
    fit_columns(view, WIDEST, theme)
    head.setSectionResizeMode(_TITLE, QHeaderView.ResizeMode.Stretch)
    head.setSortIndicatorShown(True)
    head.setSortIndicator(_MOMENT, Qt.SortOrder.DescendingOrder)
    view.setSortingEnabled(False)
    head.setSectionsClickable(True)
    return view
