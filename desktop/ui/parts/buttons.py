"""Buttons: verbs on them, one primary a screen, a name for screen readers on every icon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from desktop.ui import icons
from desktop.ui.theme import Theme


def button(
    words: str,
    clicked: Callable[[], Any],
    *,
    name: str,
    role: str = "",
    icon: str = "",
    theme: Theme | None = None,
) -> QPushButton:
    """`role`: primary, danger, quiet or nothing."""
    made = QPushButton(words)
    made.setObjectName(name)
    made.setAutoDefault(False)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if role:
        made.setProperty("role", role)
    if icon and theme is not None:
        _keep_icon(made, icon, role, theme)
    made.clicked.connect(lambda: clicked())
    return made


def icon_button(icon: str, words: str, clicked: Callable[[], Any], *, name: str, theme: Theme) -> QToolButton:
    """`words` become tool tip and accessible name."""
    made = QToolButton()
    made.setObjectName(name)
    made.setProperty("role", "icon")
    made.setAccessibleName(words)
    made.setToolTip(words)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    _keep_icon(made, icon, "icon", theme)
    made.clicked.connect(lambda: clicked())
    return made


def _keep_icon(made: QPushButton | QToolButton, icon: str, role: str, theme: Theme) -> None:
    def draw() -> None:
        colours = theme.colours
        colour = {"primary": colours.on_primary, "danger": colours.error, "icon": colours.text}.get(
            role, colours.accent_text
        )
        size = theme.px(20)
        made.setIcon(icons.icon(icon, colour, size, disabled=colours.muted))
        made.setIconSize(QSize(size, size))

    draw()
    theme.changed.connect(draw)
    made.destroyed.connect(lambda: _forget(theme, draw))


def _forget(theme: Theme, draw: Callable[[], None]) -> None:
    if QApplication.instance() is None:
        return
    try:
        theme.changed.disconnect(draw)
    except (RuntimeError, TypeError):
        return


def default_of(widget: QWidget, made: QPushButton) -> None:
    """Enter in a field of this dialog presses the button."""
    made.setAutoDefault(True)
    made.setDefault(True)
