"""The row of tabs above the screens of 「配信」."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.ui.allowed import may_see
from desktop.ui.parts.cards import row_of
from desktop.ui.screen import Desk

TABS = (
    ("deliveries", "配信の一覧"),
    ("delivery-calendar", "カレンダー"),
    ("groups", "保存した宛先"),
    ("lists", "リスト"),
)
"""Page and word. Ctrl+K and the menu 「配信」 name them too."""


class DeliveryTabs(QWidget):
    """One button a screen; the chosen one is pressed and stays so. Who may not see a screen gets no tab."""

    def __init__(self, desk: Desk, chosen: str) -> None:
        super().__init__()
        self._desk, self._chosen = desk, chosen
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        row = row_of(spacing=0)
        self._tabs: dict[str, QPushButton] = {}
        for page, word in TABS:
            tab = QPushButton(word)
            tab.setObjectName(f"deliveries.tab.{page}")
            tab.setAccessibleName(f"配信 {word}")
            tab.setProperty("role", "segment")
            tab.setCheckable(True)
            tab.setAutoDefault(False)
            tab.setChecked(page == chosen)
            tab.clicked.connect(partial(self._go, page))
            self._tabs[page] = tab
            row.addWidget(tab)
        row.addStretch(1)
        outer.addLayout(row)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for page, tab in self._tabs.items():
            tab.setVisible(page == self._chosen or may_see(self._desk.office, page))

    def _go(self, page: str, _: bool = False) -> None:
        self._tabs[page].setChecked(page == self._chosen)  # the other screen has a row of its own
        if page != self._chosen:
            self._desk.routes.go(page)
