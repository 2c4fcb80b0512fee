"""Ctrl+/: every key and what it does."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import badge, label


class KeysSheet(Sheet):
    def __init__(self, parent: QWidget, keys: list[tuple[str, str]]) -> None:
        super().__init__(parent, "キーの一覧", name="keys", width=760)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(9)
        half = (len(keys) + 1) // 2
        for place, (key, words) in enumerate(keys):
            row, column = place % half, 2 * (place // half)
            grid.addWidget(badge(key), row, column)
            grid.addWidget(label(words), row, column + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.column.addLayout(grid)
        self.end_with(1, button("閉じる", self.accept, name="keys.close", role="primary"))
