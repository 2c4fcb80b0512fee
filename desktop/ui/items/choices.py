"""The choices of an item: a table to type and paste into, one row a choice, kept light for sixty
districts.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop.features.items import parse_choice_lines
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.counting import grapheme_count
from protocol.items import LABEL_LIMIT, Choice

_LABEL, _GROUP, _COUNT, _STATE = range(4)
_ROWS_SEEN = 9


class Choices(QWidget):
    """`changed(choices)` when the person did something."""

    changed = Signal(object)
    merge_wanted = Signal(object)
    """A choice the person would like to see merged into another one."""

    def __init__(self, desk: Desk, make: Callable[[str, str], Choice]) -> None:
        super().__init__()
        self._desk, self._make = desk, make
        self._choices: tuple[Choice, ...] = ()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(spacing=10)
        outer.addWidget(frame)
        self._count = label("", "small", name="choices.count")
        column.addLayout(row_of(label("選択肢", "heading"), 1, self._count))
        column.addWidget(label(
            f"名前は{LABEL_LIMIT}文字まで。Excelの列をコピーして、そのまま貼り付けられます。", "muted", wrap=True  # noqa: E501
        ))  # fmt: skip
        self.banner = Banner(desk.theme, name="choices.banner")
        column.addWidget(self.banner)
        self.table = self._make_table()
        column.addWidget(self.table)
        theme = desk.theme
        up = icon_button("up", "選択肢を上へ", lambda: self._move(-1), name="choices.up", theme=theme)
        down = icon_button("down", "選択肢を下へ", lambda: self._move(1), name="choices.down", theme=theme)
        add = button(
            "選択肢を追加する", lambda: self.add((("", ""),)), name="choices.add", icon="plus", theme=theme
        )
        many = button("まとめて貼り付ける", self._paste_sheet, name="choices.paste")
        self._retire = button("出すのをやめる", self._toggle, name="choices.retire", role="quiet")
        column.addLayout(row_of(add, many, 1))
        self._merge = button("ほかの選択肢にまとめる…", self._ask_merge, name="choices.merge", role="quiet")
        column.addLayout(row_of(self._retire, self._merge, 1, up, down))
        paste = QShortcut(QKeySequence.StandardKey.Paste, self.table)
        paste.setContext(Qt.ShortcutContext.WidgetShortcut)
        paste.activated.connect(
            lambda: self.add(tuple(parse_choice_lines(QGuiApplication.clipboard().text())))
        )

    def show_choices(self, choices: tuple[Choice, ...], *, by_group: bool) -> None:
        self.table.setColumnHidden(_GROUP, not by_group and not any(choice.group for choice in choices))
        same = choices == self._choices and self.table.rowCount() == len(choices)
        self._choices = choices
        offered = sum(not choice.retired for choice in choices)
        self._count.setText(f"{offered} 個")
        if same:
            return
        self.table.blockSignals(True)
        self.table.setRowCount(len(choices))
        for row, choice in enumerate(choices):
            self._draw(row, choice)
        self.table.blockSignals(False)
        shown = min(_ROWS_SEEN, max(3, len(choices)))
        self.table.setFixedHeight(self._desk.theme.px(42) * shown + self._desk.theme.px(46))
        self._name_toggle()

    def show_errors(self, errors: dict[str, str]) -> None:
        """`choices.N.label` → words."""
        self.table.blockSignals(True)
        for row in range(self.table.rowCount()):
            words = errors.get(f"choices.{row}.label", "") or errors.get(f"choices.{row}.group", "")
            cell = self.table.item(row, _LABEL)
            colours = self._desk.theme.colours
            if cell is None:
                continue
            cell.setToolTip(words)
            cell.setBackground(QColor(colours.error_soft if words else colours.surface))
        self.table.blockSignals(False)
        if errors:
            first = min(errors, key=lambda at: int(at.split(".")[1]))
            self.banner.tell("error", f"{int(first.split('.')[1]) + 1}行目：{errors[first]}")
        else:
            self.banner.hide()

    def add(self, pairs: tuple[tuple[str, str], ...]) -> None:
        """More choices at the end; empty ones at the end are filled first."""
        kept = [
            choice for choice in self._choices if choice.label or choice.group or not any(p[0] for p in pairs)
        ]
        self._tell((*kept, *(self._make(text, group) for text, group in pairs)))
        last = len(self._choices) - 1
        if last >= 0:
            self.table.setCurrentCell(last, _LABEL)
            cell = self.table.item(last, _LABEL)
            if pairs and not pairs[-1][0] and cell is not None:
                self.table.editItem(cell)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 4)
        table.setObjectName("choices.table")
        table.setAccessibleName("選択肢の表")
        table.setHorizontalHeaderLabels(["名前", "地域（まとめ）", "文字数", ""])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(self._desk.theme.px(42))
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        head = table.horizontalHeader()
        head.setSectionResizeMode(_LABEL, QHeaderView.ResizeMode.Stretch)
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in ((_GROUP, 180), (_COUNT, 90), (_STATE, 190)):
            table.setColumnWidth(column, self._desk.theme.px(width))
        table.itemChanged.connect(self._edited)
        table.currentCellChanged.connect(lambda *_: self._name_toggle())
        return table

    def _draw(self, row: int, choice: Choice) -> None:
        used = grapheme_count(choice.label)
        cells = (
            choice.label,
            choice.group,
            f"{used} / {LABEL_LIMIT}",
            self._state_words(choice),
        )
        colours = self._desk.theme.colours
        for column, words in enumerate(cells):
            cell = QTableWidgetItem(words)
            if column in (_COUNT, _STATE):
                cell.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                over = column == _COUNT and used > LABEL_LIMIT
                cell.setForeground(QColor(colours.error if over else colours.muted))
                cell.setToolTip(words)
            elif choice.retired:
                cell.setForeground(QColor(colours.muted))
            self.table.setItem(row, column, cell)

    def _state_words(self, choice: Choice) -> str:
        into = next((other.label for other in self._choices if other.id == choice.merged_into), "")
        if choice.merged_into:
            return f"「{into}」にまとめました"
        return "いまは出しません" if choice.retired else ""

    def _ask_merge(self) -> None:
        row = self.table.currentRow()
        if 0 <= row < len(self._choices):
            self.merge_wanted.emit(self._choices[row])

    def _edited(self, cell: QTableWidgetItem) -> None:
        if cell.column() not in (_LABEL, _GROUP):
            return
        field = "label" if cell.column() == _LABEL else "group"
        row, text = cell.row(), " ".join(cell.text().split())
        changed = self._choices[row].model_copy(update={field: text})
        self._tell((*self._choices[:row], changed, *self._choices[row + 1 :]))

    def _move(self, steps: int) -> None:
        row = self.table.currentRow()
        target = row + steps
        if row < 0 or not 0 <= target < len(self._choices):
            return
        order = list(self._choices)
        order.insert(target, order.pop(row))
        self._tell(tuple(order))
        self.table.setCurrentCell(target, _LABEL)

    def _toggle(self) -> None:
        row = self.table.currentRow()
        if row < 0:
            return
        choice = self._choices[row]
        changed = choice.model_copy(update={"retired": not choice.retired})
        self._tell((*self._choices[:row], changed, *self._choices[row + 1 :]))

    def _name_toggle(self) -> None:
        row = self.table.currentRow()
        choice = self._choices[row] if 0 <= row < len(self._choices) else None
        self._retire.setText("また出す" if choice is not None and choice.retired else "出すのをやめる")
        for made in (self._retire, self._merge):
            made.setEnabled(choice is not None and not choice.merged_into)

    def _paste_sheet(self) -> None:
        sheet = Sheet(self, "まとめて貼り付ける", name="paste")
        text = CommitText(QGuiApplication.clipboard().text(), name="paste.text")
        text.setMinimumHeight(260)
        sheet.column.addWidget(Field(
            "1行に1つ", text, help_text="Excelの1列なら名前、2列なら「地域」と「名前」の順に読み取ります。"
        ))  # fmt: skip
        go = button("追加する", sheet.accept, name="paste.go", role="primary")
        sheet.end_with(1, button("やめる", sheet.reject, name="paste.cancel"), go)
        sheet.accepted.connect(lambda: self.add(tuple(parse_choice_lines(text.toPlainText()))))
        sheet.open()

    def _tell(self, choices: tuple[Choice, ...]) -> None:
        self.changed.emit(choices)
