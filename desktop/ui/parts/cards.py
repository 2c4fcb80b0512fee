"""Cards, banners and scrolling columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.ui import icons
from desktop.ui.parts.buttons import button
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme


def card(*, name: str = "", margin: int = 20, spacing: int = 12) -> tuple[QFrame, QVBoxLayout]:
    frame = QFrame()
    frame.setProperty("role", "card")
    if name:
        frame.setObjectName(name)
    column = QVBoxLayout(frame)
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(spacing)
    return frame, column


def scrolling(content: QWidget) -> QScrollArea:
    content.setProperty("role", "flow")
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


def flowing_column(screen: QWidget, *, spacing: int) -> QVBoxLayout:
    """A column that fills the screen and scrolls; whoever fills it ends it with a stretch."""
    outer = QVBoxLayout(screen)
    outer.setContentsMargins(0, 0, 0, 0)
    flow = QWidget()
    column = QVBoxLayout(flow)
    column.setContentsMargins(32, 28, 32, 28)
    column.setSpacing(spacing)
    outer.addWidget(scrolling(flow))
    return column


def clear(layout: QLayout) -> None:
    """Take everything out of a layout; the widgets are deleted when Qt has time."""
    while (item := layout.takeAt(0)) is not None:
        inner, widget = item.layout(), item.widget()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


_ICONS = {"error": "error", "warning": "warning", "success": "check", "info": "info"}


class Banner(QFrame):
    """A message in words at the place it is about, with at most a few things that can be done."""

    def __init__(self, theme: Theme, *, name: str = "banner", hidden: bool = True) -> None:
        """`hidden=False` for one that is told before it gets its place: shown then, it would be a window."""
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(12)
        self._icon = QLabel()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._words = label("", wrap=True, name=f"{name}.words")
        row.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        row.addLayout(self._actions)
        if hidden:
            self.hide()

    @property
    def words(self) -> str:
        return self._words.text() if not self.isHidden() else ""

    def tell(self, tone: str, words: str, *actions: tuple[str, str, Callable[[], Any]]) -> None:
        """`tone`: error, warning, success, info. Each action: object name, words, what it does."""
        self.setProperty("banner", tone)
        colours = self._theme.colours
        colour = {
            "error": colours.error, "warning": colours.warning, "success": colours.success,
        }.get(tone, colours.accent_text)  # fmt: skip
        self._icon.setPixmap(icons.pixmap(_ICONS[tone], colour, self._theme.px(22)))
        self._words.setText(words)
        self.setAccessibleName(words)
        clear(self._actions)
        for name, verb, done in actions:
            self._actions.addWidget(button(verb, done, name=name))
        self.style().unpolish(self)
        self.style().polish(self)
        if self.parentWidget() is not None:
            self.show()


def row_of(*widgets: QWidget | int, spacing: int = 8, into: type[QBoxLayout] = QHBoxLayout) -> QBoxLayout:
    """Widgets side by side; a number is a stretch."""
    row = into()  # type: ignore[call-arg]
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing)
    for widget in widgets:
        if isinstance(widget, int):
            row.addStretch(widget)
        else:
            row.addWidget(widget)
    return row
