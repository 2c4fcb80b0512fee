"""A list from Excel or CSV: columns named, every line shown with what would become of it, then done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QGridLayout, QWidget

from desktop.errors import Trouble
from desktop.features.waste_import import COLUMN_WORDS, Read, guess_columns, read_sheet, write_errors
from desktop.features.waste_import import Sheet as Table
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, rows_view
from desktop.ui.schedule.fields import choice_box, show_value
from desktop.ui.screen import Desk
from desktop.ui.waste.year_part import CANNOT_WRITE

FILES = "Excel・CSV (*.xlsx *.csv *.txt)"
EXCEL = "Excel (*.xlsx);;CSV（UTF-8） (*.csv)"
_OUTCOMES = {"new": "追加", "changed": "変更", "same": "変更なし", "wrong": "エラー"}
_TONES = {"new": "accent_text", "changed": "warning", "same": "muted", "wrong": "error"}
_NO_COLUMN = "（使わない）"
_SHOWN_CELLS = 6
_IN_A_ROW = 5


class ImportSheet(Sheet):
    """`decided(read, instead)` when the person pressed the verb. Nothing has changed until then.

    `columns`: property → names its column may have; `read`: what the lines mean with these columns;
    `instead`: words of the box that replaces what is there, or empty for none.
    """

    decided = Signal(object, bool)

    def __init__(
        self,
        parent: QWidget,
        desk: Desk,
        title: str,
        path: Path,
        columns: Mapping[str, Sequence[str]],
        read: Callable[[Table, Mapping[str, int]], Read],
        *,
        instead: str = "",
    ) -> None:
        window, theme = parent.window(), desk.theme
        super().__init__(
            parent, title, name="waste_import", width=min(theme.px(920), window.width() - theme.px(48))
        )
        self._desk, self._columns, self._read_lines = desk, columns, read
        self._table: Table | None = None
        self.read = Read()
        self._summary = label("読んでいます…", wrap=True, name="waste_import.summary")
        self.column.addWidget(self._summary)
        self.banner = Banner(desk.theme, name="waste_import.banner")
        self.column.addWidget(self.banner)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        self._boxes: dict[str, QComboBox] = {}
        for place, name in enumerate(columns):
            words = COLUMN_WORDS[name]
            box = choice_box([], name=f"waste_import.column.{name}", words=f"{words}の列", changed=self._look)
            head = label(f"{words}の列", "muted")
            head.setBuddy(box)
            grid.addWidget(head, place // _IN_A_ROW * 2, place % _IN_A_ROW)
            grid.addWidget(box, place // _IN_A_ROW * 2 + 1, place % _IN_A_ROW)
            self._boxes[name] = box
        self.column.addLayout(grid)
        self.rows = Rows(("行", "結果", "内容", "理由"), desk.theme, coloured=1)
        self.view = rows_view(
            self.rows, desk.theme, name="waste_import.table", words="読み込む内容",
            widths=(64, "変更なし", 360, 240), stretch=2,
        )  # fmt: skip
        self.view.setMinimumHeight(theme.px(44 * 3))
        self.column.addWidget(self.view, 1)
        self.instead = QCheckBox(instead)
        self.instead.setObjectName("waste_import.instead")
        self.column.addWidget(self.instead)
        self.instead.setVisible(bool(instead))
        self._errors = button("エラーの行を書き出す", self._save_errors, name="waste_import.errors")
        self._errors.hide()
        self._go = button("取り込む", self._decide, name="waste_import.go", role="primary")
        self._go.setEnabled(False)
        self.end_with(self._errors, 1, button("やめる", self.reject, name="waste_import.cancel"), self._go)
        # As many lines as the window has room for; verb and cancel are always seen.
        self.resize(self.minimumWidth(), min(theme.px(680), window.height() - theme.px(32)))
        desk.background.local(lambda: read_sheet(path), self._show_table, self._failed)

    def save_errors(self, path: Path) -> None:
        """The lines that cannot be taken, with their reasons."""
        if self._table is None:
            return
        try:
            write_errors(path, self._table, self.read)
        except OSError:
            self.banner.tell("error", CANNOT_WRITE)

    def _show_table(self, table: Table) -> None:
        self._table = table
        guessed = guess_columns(table, self._columns)
        for name, box in self._boxes.items():
            box.blockSignals(True)
            box.clear()
            box.addItem(_NO_COLUMN, -1)
            for place, head in enumerate(table.header):
                box.addItem(head or f"{place + 1}列目", place)
            show_value(box, guessed.get(name, -1))
            box.blockSignals(False)
        self._look()

    def _look(self) -> None:
        table = self._table
        if table is None:
            return
        columns = {
            name: box.currentData() for name, box in self._boxes.items() if box.currentData() is not None
        }
        columns = {name: place for name, place in columns.items() if place >= 0}
        self._desk.background.local(lambda: self._read_lines(table, columns), self._show_read, self._failed)

    def _show_read(self, read: Read) -> None:
        self.read = read
        order = {"wrong": 0, "new": 1, "changed": 2, "same": 3}
        self.rows.show([
            (
                (str(each.line), _OUTCOMES[each.outcome], "　".join(each.cells[:_SHOWN_CELLS]), each.reason),
                _TONES[each.outcome],
            )
            for each in sorted(read.lines, key=lambda each: (order[each.outcome], each.line))
        ])  # fmt: skip
        said = "、".join(
            f"{word} {read.counts[key]}件" for key, word in _OUTCOMES.items() if read.counts.get(key)
        )
        self._summary.setText(f"{said or '行がありません'}。まだ何も変わっていません。")
        self._errors.setVisible(bool(read.counts.get("wrong")))
        usable = sum(read.counts.get(key, 0) for key in ("new", "changed"))
        self._go.setEnabled(usable > 0)
        self._go.setText(f"{usable}件を取り込む" if usable else "取り込むものがありません")

    def _decide(self) -> None:
        self.decided.emit(self.read, self.instead.isChecked())
        self.accept()

    def _save_errors(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "エラーの行を書き出す", "直す行.xlsx", EXCEL)
        if name:
            self.save_errors(Path(name))

    def _failed(self, trouble: Trouble) -> None:
        self._summary.setText("読み込めませんでした。")
        self.banner.tell("error", words_of_trouble(trouble).both)
