"""The left rail: where one can go, with icon and word, each at least 44 px high."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout

from desktop.ui import icons
from desktop.ui.theme import Theme

PLACES = (
    ("home", "ホーム", "home"),
    ("deliveries", "配信", "deliveries"),
    ("inbox", "届いたもの", "inbox"),
    ("items", "受信設定", "items"),
    ("people", "利用者", "people"),
    ("waiting", "送信待ち", "waiting"),
    ("records", "操作記録", "records"),
    ("manual", "マニュアル", "manual"),
    ("settings", "設定", "settings"),
)
"""Name, word and icon, in order; the last two stand at the bottom."""

PAGES = {"records": "audit"}
"""Where a button's page has another name than the button."""


def page_of(place: str) -> str:
    return PAGES.get(place, place)


class Rail(QFrame):
    def __init__(self, theme: Theme, go: Callable[[str], None]) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "rail")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 12)
        column.setSpacing(4)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, tuple[QToolButton, str]] = {}
        for index, (name, word, icon) in enumerate(PLACES):
            if index == len(PLACES) - 2:
                column.addStretch(1)
            column.addWidget(self._button(name, word, icon, f"Ctrl+{index + 1}", go))
        theme.changed.connect(self._draw)
        self._draw()

    def choose(self, name: str) -> None:
        """Mark where the person is; a name not on the rail leaves the mark as it is."""
        if name in self._buttons:
            self._buttons[name][0].setChecked(True)

    def show_only(self, may_see: Callable[[str], bool]) -> None:
        """Buttons of pages the person may not see go."""
        for name, (made, _) in self._buttons.items():
            made.setVisible(may_see(page_of(name)))

    def _button(self, name: str, word: str, icon: str, keys: str, go: Callable[[str], None]) -> QToolButton:
        made = QToolButton()
        made.setObjectName(f"rail.{name}")
        made.setProperty("role", "rail")
        made.setText(word)
        made.setAccessibleName(word)
        made.setToolTip(f"{word}（{keys}）")
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setCheckable(True)
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        made.clicked.connect(lambda _=False: go(page_of(name)))
        self._group.addButton(made)
        self._buttons[name] = (made, icon)
        return made

    def _draw(self) -> None:
        colours, size = self._theme.colours, self._theme.px(24)
        for made, icon in self._buttons.values():
            made.setIcon(icons.icon(icon, colours.rail_text, size, chosen=colours.accent_text))
            made.setIconSize(QSize(size, size))
