"""「届いたもの」: everything residents sent to this person's departments; find, filter, open, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.features.exports import SUBMISSIONS_HEADER, csv_bytes, submission_rows, write_xlsx
from desktop.features.wording import words_for
from desktop.ui.allowed import offer
from desktop.ui.inbox.table import COLUMNS, SubmissionTable, make_view
from desktop.ui.inbox.to_list import ToListSheet
from desktop.ui.parts.buttons import button
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk, Screen, header

FILTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("all", "すべて", ()),
    ("new", "未対応", ("new",)),
    ("working", "対応中", ("working",)),
    ("done", "完了", ("done",)),
)


class InboxScreen(Screen):
    page = "inbox"
    place = "inbox"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(14)
        forms = button(
            "問い合わせの窓口", lambda: desk.routes.go("contact-forms"), name="inbox.forms", icon="edit",
            theme=desk.theme,
        )  # fmt: skip
        export = button(
            "Excelに書き出す", self.export, name="inbox.export", icon="download", theme=desk.theme
        )
        hint = "住民から届いたものです。読めるのは、宛先の課の職員だけです。"
        column.addWidget(header("届いたもの", hint, export, forms))
        self.table = SubmissionTable(desk.office, desk.background, desk.theme)
        self.view = make_view(self.table, desk.theme)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        column.addWidget(self._filter_row())
        column.addWidget(self.view, 1)
        column.addLayout(self._action_row())
        self.table.counted.connect(self._show_counts)
        self.table.modelReset.connect(self._choose_first)
        self.view.doubleClicked.connect(lambda _: self.open_chosen())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.view.horizontalHeader().sectionClicked.connect(self._sort)
        shortcut = QShortcut(QKeySequence(Qt.Key.Key_Return), self.view)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self.open_chosen)
        self._enable()

    def refresh(self) -> None:
        offer(self._to_list, self.desk.office.may("deliveries", "edit"))
        self.table.reload()

    def focus_search(self) -> None:
        """Ctrl+F."""
        self.search.setFocus()
        self.search.selectAll()

    def open_chosen(self) -> None:
        index = self.view.currentIndex()
        held = self.table.at(index.row()) if index.isValid() else None
        if held is not None:
            self.desk.routes.open("inbox-item", held.id)

    @property
    def chosen_residents(self) -> list[str]:
        """Who sent the chosen ones, each once."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        held = (self.table.at(row) for row in rows)
        return list(dict.fromkeys(one.resident for one in held if one is not None and one.resident))

    def put_on_list(self) -> None:
        residents = self.chosen_residents
        if residents:
            sheet = ToListSheet(self, self.desk, residents)
            sheet.sent.connect(self._put_on_list)
            sheet.finished.connect(sheet.deleteLater)
            sheet.open()

    def _put_on_list(self, words: str) -> None:
        self.desk.routes.wake_sync()
        self.desk.routes.say(words)

    def export(self) -> None:
        """What the list shows, all pages, as XLSX or CSV."""
        path, _ = QFileDialog.getSaveFileName(
            self, "書き出す先", "届いたもの.xlsx", "Excel ブック (*.xlsx);;CSV（UTF-8） (*.csv)"
        )
        if path:
            self.export_to(Path(path), lambda: self.desk.routes.say(f"書き出しました：{Path(path).name}"))

    def export_to(self, path: Path, done: Callable[[], None]) -> None:
        office, query = self.desk.office, self.table.query

        def write() -> None:
            states = words_for("submission_state")
            rows = submission_rows(office.submissions, office.staff, states, query)
            office.submissions.note_export("inbox", len(rows))  # before there is a file
            if path.suffix.lower() == ".csv":
                path.write_bytes(csv_bytes(SUBMISSIONS_HEADER, rows))
            else:
                write_xlsx(path, "届いたもの", SUBMISSIONS_HEADER, rows)

        def written(_: None) -> None:
            self.desk.routes.wake_sync()
            done()

        self.desk.background.local(write, written)

    def _filter_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        group = QButtonGroup(self)
        self._filters: dict[str, QPushButton] = {}
        for name, words, states in FILTERS:
            choice = QPushButton(words)
            choice.setObjectName(f"inbox.filter.{name}")
            choice.setProperty("role", "segment")
            choice.setCheckable(True)
            choice.setAutoDefault(False)
            choice.setChecked(name == "all")
            choice.clicked.connect(lambda _=False, states=states: self._filter(states))
            group.addButton(choice)
            row.addWidget(choice)
            self._filters[name] = choice
        row.addStretch(1)
        hint = "番号・件名・内容から探す"
        self.search = CommitLine(name="inbox.search", hint=hint)
        self.search.setAccessibleName(hint)
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(self.desk.theme.px(300))
        self.search.committed.connect(lambda text: self.table.ask(replace(self.table.query, search=text)))
        row.addWidget(self.search)
        return made

    def _action_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self._count = label("", "muted", name="inbox.count")
        row.addWidget(self._count)
        row.addStretch(1)
        self._to_list = button("リストに入れる", self.put_on_list, name="inbox.to_list")
        row.addWidget(self._to_list)
        self._open = button(
            "開く", self.open_chosen, name="inbox.open", role="primary", icon="right", theme=self.desk.theme
        )
        row.addWidget(self._open)
        return row

    def _filter(self, states: tuple[str, ...]) -> None:
        self.table.ask(replace(self.table.query, states=states))

    def _sort(self, column: int) -> None:
        query = self.table.query
        sort = COLUMNS[column][1]
        descending = not query.descending if query.sort == sort else sort in ("received_at", "number")
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.view.horizontalHeader().setSortIndicator(column, order)
        self.table.ask(replace(query, sort=sort, descending=descending))

    def _show_counts(self, total: int, counts: dict[str, int]) -> None:
        narrowed = self.table.query.search or self.table.query.states
        nothing = "当てはまるものはありません。" if narrowed else "まだ何も届いていません。"
        self._count.setText(f"{total:,} 件" if total else nothing)
        for name, words, states in FILTERS:
            many = sum(counts.get(state, 0) for state in states)
            self._filters[name].setText(f"{words}  {many:,}" if states else words)

    def _choose_first(self) -> None:
        if self.table.rowCount() and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.table.index(0, 0))
        self._enable()

    def _enable(self) -> None:
        self._open.setEnabled(self.view.currentIndex().isValid())
        self._to_list.setEnabled(bool(self.chosen_residents))
