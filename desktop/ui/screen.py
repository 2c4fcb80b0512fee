"""What every screen is: a page of the work area with a manual page of the same name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.features.office import Office
from desktop.ui.background import Background
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme
from protocol.deliveries import DeliveryDraft
from protocol.items import SegmentItem


@dataclass(frozen=True)
class Routes:
    """Where a screen can send the person. Given by the window, so that screens do not know each other."""

    go: Callable[[str], None]
    """To a screen by its page name."""
    open: Callable[[str, str], None]
    """To a screen that is about one thing: page name and the thing's id."""
    home: Callable[[], None]
    items: Callable[[], None]
    edit_item: Callable[[SegmentItem], None]
    deliveries: Callable[[], None]
    new_delivery: Callable[[], None]
    edit_delivery: Callable[[DeliveryDraft], None]
    open_delivery: Callable[[str], None]
    confirm: Callable[[DeliveryDraft], None]
    waiting: Callable[[], None]
    manual: Callable[[str], None]
    link_line: Callable[[], None]
    wake_sync: Callable[[], None]
    lock: Callable[[], None]
    """Cover the screen at once."""
    say: Callable[[str], None]


@dataclass(frozen=True)
class Desk:
    """What screens share: what staff can do, the way to do it off this thread, the colours, the routes."""

    office: Office
    background: Background
    theme: Theme
    routes: Routes


class Screen(QWidget):
    """`page` names the screen, its manual page and its picture; `place` its button on the rail."""

    page: ClassVar[str] = ""
    place: ClassVar[str] = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName(f"screen.{self.page}")
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def open(self, thing: str) -> None:
        """Be about this thing from now on. Screens that are about one thing only."""

    def refresh(self) -> None:
        """The replica changed, or the screen is about to be seen."""

    def leave(self) -> None:
        """The person goes elsewhere: keep what is unfinished."""


def header(title: str, hint: str = "", *actions: QWidget) -> QWidget:
    """The title of a screen, a sentence below it, and its actions at the right."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    words = QVBoxLayout()
    words.setSpacing(6)
    words.addWidget(label(title, "title"))
    if hint:
        words.addWidget(label(hint, "muted", wrap=True))
    row.addLayout(words, 1)
    for action in actions:
        row.addWidget(action)
    return made
