"""The table of people: everybody at once, since a town hall has hundreds, not millions."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTableView

from desktop.features.people import Person
from desktop.features.wording import words_for
from desktop.ui.parts.rows import bare_list
from desktop.ui.theme import Theme

COLUMNS = ("氏名", "利用者名", "課", "役割", "状態")
_STATE = 4
_Index = QModelIndex | QPersistentModelIndex


class PeopleTable(QAbstractTableModel):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[Person] = []
        self._roles, self._states = words_for("role"), words_for("member_state")

    def show_people(self, rows: list[Person]) -> None:
        if rows == self._rows:
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def at(self, row: int) -> Person | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, id: str) -> int:
        """-1 where the person is not listed."""
        return next((n for n, person in enumerate(self._rows) if person.member.id == id), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        person = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(person, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == _STATE:
            return QColor(self._colour(person))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()]} {self._cell(person, index.column())}"
        return None

    def _cell(self, person: Person, column: int) -> str:
        member = person.member
        if column == _STATE:
            return self.state_words(person)
        return (
            member.display_name,
            member.login_name,
            "、".join(person.departments) or "–",
            self._roles[member.role],
        )[column]

    def state_words(self, person: Person) -> str:
        words = self._states[person.member.state]
        if person.refused:
            return f"{words}・要確認"
        return f"{words}・送信待ち" if person.waiting else words

    def _colour(self, person: Person) -> str:
        colours = self._theme.colours
        if person.refused:
            return colours.error
        if person.waiting or person.member.state in ("invited", "unconfirmed"):
            return colours.warning
        return colours.success if person.member.state == "active" else colours.muted


def make_view(table: PeopleTable, theme: Theme) -> QTableView:
    view = bare_list(table, theme, name="people.table", words="利用者の一覧", row_height=44)
    head = view.horizontalHeader()
    for column, width in enumerate((220, 150, 260, 120, 190)):
        view.setColumnWidth(column, theme.px(width))
    head.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
    return view
