"""「窓口・自由記述と課」: which department may read what residents write, all contact forms and free-text
questions in one table. Read here, decided where the form or question is edited (ADM-1, SEC-12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QVBoxLayout

from desktop.features.office import Office
from desktop.features.wording import words_for
from desktop.ui.allowed import may_see
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, row_of
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import chosen_row, on_choice
from desktop.ui.screen import Desk
from protocol.items import SegmentItem
from protocol.staff import Department
from protocol.submissions import ContactForm

SHOWN_ROWS = 8
"""More scroll inside the table."""
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Readable:
    """Something residents write into, and the departments that see it in their order."""

    thing: ContactForm | SegmentItem
    words: tuple[str, ...]

    @property
    def title(self) -> str:
        if isinstance(self.thing, ContactForm):
            return self.thing.title
        return f"自由記述：{self.thing.title}"


def read_objects(office: Office) -> tuple[list[Department], list[Readable]]:
    """Off the screen's thread."""
    departments, words = office.people.departments(), words_for("reading_level")

    def row(thing: ContactForm | SegmentItem) -> Readable:
        levels = (thing.access.get(each.id, "none") for each in departments)
        return Readable(thing, tuple("–" if level == "none" else words[level] for level in levels))

    forms = [row(shown.body) for shown in office.contact_forms.all()]
    return departments, forms + [row(s.body) for s in office.items.all() if s.body.kind == "text"]


class ObjectRights(QFrame):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(margin=18, spacing=10)
        outer.addWidget(frame)
        column.addWidget(label("窓口・自由記述と課", "heading"))
        column.addWidget(label(
            "住民が書いた内容は、上の表の権限に加えて、ここで「見る」か「対応する」になっている課の人だけが開けます。"
            "管理者でも、課に入っていなければ開けません。",
            "muted", wrap=True,
        ))  # fmt: skip
        self.table = ObjectTable()
        self.view = self._make_view()
        column.addWidget(self.view)
        self._nothing = label("窓口も自由記述の質問も、まだありません。", name="rights.objects.nothing")
        column.addWidget(self._nothing)
        self._open = button("開く", self.open_chosen, name="rights.objects.open")
        column.addLayout(row_of(1, self._open))
        self.view.doubleClicked.connect(lambda _: self.open_chosen())
        on_choice(self.view, self._enable)
        self._show(([], []))

    def refresh(self) -> None:
        office = self._desk.office
        self._desk.background.local(lambda: read_objects(office), self._show)

    def open_chosen(self) -> None:
        """Where its departments are decided."""
        thing = self._chosen()
        if isinstance(thing, ContactForm):
            self._desk.routes.open("contact-forms", thing.id)
        elif thing is not None:
            self._desk.routes.edit_item(thing)

    def _chosen(self) -> ContactForm | SegmentItem | None:
        return self.table.at(chosen_row(self.view))

    def _enable(self) -> None:
        thing = self._chosen()
        page = "contact-forms" if isinstance(thing, ContactForm) else "item-edit"
        self._open.setEnabled(thing is not None and may_see(self._desk.office, page))

    def _show(self, read: tuple[list[Department], list[Readable]]) -> None:
        self.table.show_objects(*read)
        rows, px = len(read[1]), self._desk.theme.px
        self.view.setVisible(bool(rows))
        self._open.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        widths = self.view.fontMetrics()
        for column, department in enumerate(read[0]):
            self.view.setColumnWidth(column, max(px(96), widths.horizontalAdvance(department.name) + px(28)))
        # One row more for the names of the departments, and room for the bar that moves them.
        self.view.setFixedHeight(px(44) * (min(rows, SHOWN_ROWS) + 1) + px(18))
        self._enable()

    def _make_view(self) -> QTableView:
        view, px = QTableView(), self._desk.theme.px
        view.setObjectName("rights.objects")
        view.setAccessibleName("窓口・自由記述と課")
        self.table.setParent(view)
        view.setModel(self.table)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setShowGrid(False)
        view.setTabKeyNavigation(False)
        view.setCornerButtonEnabled(False)
        names = view.verticalHeader()  # stays in sight while the departments move
        names.setDefaultSectionSize(px(44))
        names.setMaximumWidth(px(400))
        names.setTextElideMode(Qt.TextElideMode.ElideRight)
        names.setSectionsClickable(True)
        names.setHighlightSections(False)
        view.horizontalHeader().setHighlightSections(False)
        return view


class ObjectTable(QAbstractTableModel):
    """Rows: what residents write into. Columns: departments."""

    def __init__(self) -> None:
        super().__init__()
        self._departments: Sequence[Department] = ()
        self._rows: Sequence[Readable] = ()

    def show_objects(self, departments: Sequence[Department], rows: Sequence[Readable]) -> None:
        if (departments, rows) == (self._departments, self._rows):
            return
        self.beginResetModel()
        self._departments, self._rows = departments, rows
        self.endResetModel()

    def at(self, row: int) -> ContactForm | SegmentItem | None:
        return self._rows[row].thing if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._departments)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._departments[section].name if across else self._rows[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        return None

    def data(self, index: _Index, role: int = 0) -> Any:
        row, department = self._rows[index.row()], self._departments[index.column()]
        words = row.words[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.title} {department.name} {'見えない' if words == '–' else words}"
        return None
