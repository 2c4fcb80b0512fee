"""「配信」: every delivery, filtered, searched and sorted in SQL; open, copy, delete, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.features.exports import csv_bytes, write_xlsx
from desktop.features.history import HISTORY_HEADER, history_rows
from desktop.features.wording import words_for
from desktop.replica.records import DeliveryQuery, Shown
from desktop.ui.allowed import offer
from desktop.ui.deliveries.table import COLUMNS, WIDEST, DeliveryTable, make_view
from desktop.ui.deliveries.tabs import DeliveryTabs
from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import fit_columns
from desktop.ui.screen import Desk, Screen, header
from protocol.deliveries import Delivery

FILTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("all", "すべて", ()),
    ("draft", "下書き", ("draft",)),
    ("asked", "承認待ち", ("asked",)),
    ("planned", "予約", ("held", "scheduled")),
    ("repeating", "くり返し", ("repeating",)),
    ("sending", "配信中", ("queued", "sending", "paused")),
    ("sent", "配信済み", ("sent", "cancelled")),
    ("failed", "配信できず", ("failed", "skipped")),
    ("archived", "しまったもの", ()),
)
"""Name, words and states. What is put away is seen in the last one only."""


class DeliveriesScreen(Screen):
    page = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(14)
        self._new = new = button(
            "新しく配信する", desk.routes.new_delivery, name="deliveries.new", role="primary", icon="plus",
            theme=desk.theme,
        )  # fmt: skip
        export = button(
            "Excelに書き出す", self.export, name="deliveries.export", icon="download", theme=desk.theme
        )
        column.addWidget(header("配信", "下書き・予約・これまでの配信です。", export, new))
        column.addWidget(DeliveryTabs(desk, self.page))
        self.table = DeliveryTable(desk.office, desk.background, desk.theme)
        self.view = make_view(self.table, desk.theme)
        column.addWidget(self._filter_row())
        column.addLayout(self._search_row())
        column.addWidget(self.view, 1)
        column.addLayout(self._action_row())
        self.table.counted.connect(self._show_count)
        self.table.modelReset.connect(self._choose_first)
        self.view.doubleClicked.connect(lambda _: self.open_chosen())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.view.horizontalHeader().sectionClicked.connect(self._sort)
        for keys, done in ((Qt.Key.Key_Return, self.open_chosen), (Qt.Key.Key_Delete, self.remove_chosen)):
            shortcut = QShortcut(QKeySequence(keys), self.view)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(done)
        desk.theme.changed.connect(self._fit_columns)
        self._enable()

    def refresh(self) -> None:
        may_write = self.desk.office.may("deliveries", "edit")
        for made in (self._new, self._copy, self._remove, self._archive):
            offer(made, may_write)
        self.table.reload()

    def focus_search(self) -> None:
        """Ctrl+F."""
        self.search.setFocus()
        self.search.selectAll()

    def open_chosen(self) -> None:
        shown = self._chosen()
        if shown is not None:
            self.desk.routes.open_delivery(shown.id)

    def copy_chosen(self) -> None:
        shown = self._chosen()
        if shown is not None:
            copy = self.desk.office.deliveries.copy
            self.desk.background.local(lambda: copy(shown.id), self.desk.routes.edit_delivery)

    def remove_chosen(self) -> None:
        shown = self._chosen()
        if shown is None or shown.body.state != "draft" or not self.desk.office.may("deliveries", "edit"):
            return
        title = shown.body.draft.title or "（配信名なし）"
        if ask_first(
            self,
            "下書きを削除しますか",
            f"「{title}」を削除します。元に戻せません。",
            "下書きを削除する",
            danger=True,
        ):
            remove = self.desk.office.deliveries.remove
            self.desk.background.local(lambda: remove(shown.id), lambda _: self._after_change())

    def export(self) -> None:
        """What the list shows, all pages, as XLSX or CSV."""
        path, _ = QFileDialog.getSaveFileName(
            self, "書き出す先", "配信一覧.xlsx", "Excel ブック (*.xlsx);;CSV（UTF-8） (*.csv)"
        )
        if path:
            self.export_to(Path(path), lambda: self.desk.routes.say(f"書き出しました：{Path(path).name}"))

    def export_to(self, path: Path, done: Callable[[], None]) -> None:
        office, query = self.desk.office, self.table.query

        def write() -> None:
            states = words_for("delivery_state")
            known = office.groups.known()
            rows = history_rows(
                office.deliveries, office.results, office.staff, known.sentence, states, query
            )
            if path.suffix.lower() == ".csv":
                path.write_bytes(csv_bytes(HISTORY_HEADER, rows))
            else:
                write_xlsx(path, "配信一覧", HISTORY_HEADER, rows)

        self.desk.background.local(write, lambda _: done())

    def _filter_row(self) -> QWidget:
        row = Flow(spacing=0)
        group = QButtonGroup(self)
        for name, words, states in FILTERS:
            choice = QPushButton(words)
            choice.setObjectName(f"deliveries.filter.{name}")
            choice.setProperty("role", "segment")
            choice.setCheckable(True)
            choice.setAutoDefault(False)
            choice.setChecked(name == "all")
            choice.clicked.connect(lambda _=False, name=name, states=states: self._filter(name, states))
            group.addButton(choice)
            row.put(choice)
        return row

    def _search_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        self.search = CommitLine(name="deliveries.search", hint="配信名や本文から探す")
        self.search.setAccessibleName("配信名や本文から探す")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(self.desk.theme.px(280))
        self.search.committed.connect(lambda text: self.table.ask(replace(self.table.query, search=text)))
        row.addWidget(self.search)
        self._days = QCheckBox("くり返しの各回も出す")
        self._days.setObjectName("deliveries.days")
        self._days.toggled.connect(lambda on: self.table.ask(replace(self.table.query, grouped=not on)))
        row.addWidget(self._days)
        row.addStretch(1)
        return row

    def _action_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self._count = label("", "muted", name="deliveries.count")
        row.addWidget(self._count)
        row.addStretch(1)
        theme = self.desk.theme
        self._remove = button(
            "下書きを削除する",
            self.remove_chosen,
            name="deliveries.remove",
            role="danger",
            icon="trash",
            theme=theme,
        )
        self._archive = button("しまう", self.archive_chosen, name="deliveries.archive")
        self._copy = button("複製する", self.copy_chosen, name="deliveries.copy", icon="copy", theme=theme)
        self._open = button("開く", self.open_chosen, name="deliveries.open", icon="right", theme=theme)
        for made in (self._remove, self._archive, self._copy, self._open):
            row.addWidget(made)
        return row

    def archive_chosen(self) -> None:
        """Put away, or back into the list."""
        shown = self._chosen()
        if shown is not None and _may_be_put_away(shown.body):
            archive, archived = self.desk.office.deliveries.archive, not shown.body.archived
            self.desk.background.local(lambda: archive(shown.id, archived), lambda _: self._after_change())

    def _filter(self, name: str, states: tuple[str, ...]) -> None:
        self.table.ask(replace(self.table.query, states=states, archived=name == "archived"))

    def _sort(self, column: int) -> None:
        query: DeliveryQuery = self.table.query
        sort = COLUMNS[column][1]
        descending = not query.descending if query.sort == sort else sort != "title"
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.view.horizontalHeader().setSortIndicator(column, order)
        self.table.ask(replace(query, sort=sort, descending=descending))

    def _show_count(self, total: int) -> None:
        self._count.setText(f"{total:,} 件" if total else "当てはまる配信はありません。")

    def _choose_first(self) -> None:
        if self.table.rowCount() and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.table.index(0, 0))
        self._enable()

    def _chosen(self) -> Shown[Delivery] | None:
        index: QModelIndex = self.view.currentIndex()
        return self.table.at(index.row()) if index.isValid() else None

    def _enable(self) -> None:
        shown = self._chosen()
        self._open.setEnabled(shown is not None)
        self._copy.setEnabled(shown is not None)
        self._remove.setEnabled(shown is not None and shown.body.state == "draft")
        self._archive.setEnabled(shown is not None and _may_be_put_away(shown.body))
        is_away = shown is not None and shown.body.archived
        self._archive.setText("一覧に戻す" if is_away else "しまう")

    def _fit_columns(self) -> None:
        fit_columns(self.view, WIDEST, self.desk.theme)

    def _after_change(self) -> None:
        self.refresh()
        self.desk.routes.wake_sync()


def _may_be_put_away(delivery: Delivery) -> bool:
    """Only what nobody waits for any more."""
    return delivery.state in ("draft", "sent", "cancelled", "skipped", "failed")
