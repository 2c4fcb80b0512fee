"""The row of tabs above the screens of one place."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.ui.allowed import may_see
from desktop.ui.screen import Desk

Tabs = tuple[tuple[str, str], ...]
"""Page and word."""


class ScreenTabs(QWidget):
    """One button a screen; the chosen one is pressed and stays so. Who may not see a screen gets no tab.

    `name` begins the object names, `place` the words read aloud.
    """

    def __init__(self, desk: Desk, chosen: str, tabs: Tabs, *, name: str, place: str) -> None:
        super().__init__()
        self._desk, self._chosen = desk, chosen
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._tabs: dict[str, QPushButton] = {}
        for page, word in tabs:
            tab = QPushButton(word)
            tab.setObjectName(f"{name}.tab.{page}")
            tab.setAccessibleName(f"{place} {word}")
            tab.setProperty("role", "segment")
            tab.setCheckable(True)
            tab.setAutoDefault(False)
            tab.setChecked(page == chosen)
            tab.clicked.connect(partial(self._go, page))
            self._tabs[page] = tab
            row.addWidget(tab)
        row.addStretch(1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for page, tab in self._tabs.items():
            tab.setVisible(page == self._chosen or may_see(self._desk.office, page))

    def _go(self, page: str, _: bool = False) -> None:
        self._tabs[page].setChecked(page == self._chosen)  # the other screen has a row of its own
        if page != self._chosen:
            self._desk.routes.go(page)
