"""The left rail: where one can go, with icon and word, each at least 44 px high.

Where the letters are large or the window is low, the word stands beside the icon; where even that is too
much, the rail scrolls.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.ui import icons
from desktop.ui.parts.labels import restyle
from desktop.ui.theme import Theme

PLACES = (
    ("home", "ホーム", "home"),
    ("deliveries", "配信", "deliveries"),
    ("inbox", "届いたもの", "inbox"),
    ("items", "受信設定", "items"),
    ("waste", "ごみ収集", "waste"),
    ("people", "利用者", "people"),
    ("waiting", "送信待ち", "waiting"),
    ("records", "操作記録", "records"),
    ("manual", "マニュアル", "manual"),
    ("settings", "設定", "settings"),
)
"""Name, word and icon, in order; the last two stand at the bottom."""

PAGES = {"records": "audit"}
"""Where a button's page has another name than the button."""

_WITHOUT_KEYS = ("waste",)
"""There are nine digits; who came later leaves the keys where the fingers know them."""

_MARGIN, _SPACING, _FRAME = 12, 4, 7
"""Pixels around the buttons, between them, and of a button's own frame and focus."""
_ROOMY = 52 + 2 * 6
"""Height of a button with the word below its icon, as the style sheet has it."""


def page_of(place: str) -> str:
    return PAGES.get(place, place)


def keys_of_place(place: str) -> str:
    """「Ctrl+1」; empty for a place that has none."""
    numbered = [name for name, _, _ in PLACES if name not in _WITHOUT_KEYS]
    return f"Ctrl+{numbered.index(place) + 1}" if place in numbered else ""


class Rail(QFrame):
    def __init__(self, theme: Theme, go: Callable[[str], None]) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "rail")
        self._places = QWidget()
        column = QVBoxLayout(self._places)
        column.setContentsMargins(8, _MARGIN, 8, _MARGIN)
        column.setSpacing(_SPACING)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._places)
        for through in (self._area, self._area.viewport(), self._places):
            through.setAutoFillBackground(False)
        self._area.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._area)
        self._compact: bool | None = None
        self._group = QButtonGroup(self)
        self._buttons: dict[str, tuple[QToolButton, str]] = {}
        for index, (name, word, icon) in enumerate(PLACES):
            if index == len(PLACES) - 2:
                column.addStretch(1)
            column.addWidget(self._button(name, word, icon, keys_of_place(name), go))
        theme.changed.connect(self._redraw)
        self._draw()

    def choose(self, name: str) -> None:
        """Mark where the person is; a name not on the rail leaves the mark as it is."""
        if name in self._buttons:
            self._buttons[name][0].setChecked(True)

    def show_only(self, may_see: Callable[[str], bool]) -> None:
        """Buttons of pages the person may not see go."""
        for name, (made, _) in self._buttons.items():
            made.setVisible(may_see(page_of(name)))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Words below the icons where there is room for that, beside them where there is not."""
        seen = [made for made, _ in self._buttons.values() if not made.isHidden()]
        roomy = len(seen) * (self._theme.px(_ROOMY) + _FRAME + _SPACING) + 2 * _MARGIN
        compact = self.height() < roomy
        if compact != self._compact:
            self._compact = compact
            self._draw()

    def _button(self, name: str, word: str, icon: str, keys: str, go: Callable[[str], None]) -> QToolButton:
        made = QToolButton()
        made.setObjectName(f"rail.{name}")
        made.setProperty("role", "rail")
        made.setText(word)
        made.setAccessibleName(word)
        made.setToolTip(f"{word}（{keys}）" if keys else word)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setCheckable(True)
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        made.clicked.connect(lambda _=False: go(page_of(name)))
        self._group.addButton(made)
        self._buttons[name] = (made, icon)
        return made

    def _redraw(self) -> None:
        self._draw()
        self._fit()

    def _draw(self) -> None:
        colours, size = self._theme.colours, self._theme.px(20 if self._compact else 24)
        beside, below = (
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon,
            Qt.ToolButtonStyle.ToolButtonTextUnderIcon,
        )
        for made, icon in self._buttons.values():
            made.setIcon(icons.icon(icon, colours.rail_text, size, chosen=colours.accent_text))
            made.setIconSize(QSize(size, size))
            made.setToolButtonStyle(beside if self._compact else below)
            made.setProperty("compact", "true" if self._compact else "false")
            restyle(made)
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._places.adjustSize()
        bar = self._area.verticalScrollBar().sizeHint().width() if self._compact else 0
        self._area.setMinimumWidth(self._places.sizeHint().width() + bar)
