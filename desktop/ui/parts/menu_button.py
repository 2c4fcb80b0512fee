"""A button that opens a list of things to do. The list is not modal, so that nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from desktop.ui.parts.buttons import button
from desktop.ui.theme import Theme


@dataclass(frozen=True)
class Entry:
    """One line of the list. `name` names its action for scripts."""

    name: str
    words: str
    do: Callable[[], Any]


def menu_button(
    words: str, entries: Iterable[Entry], *, name: str, theme: Theme, icon: str = "", role: str = ""
) -> QPushButton:
    made = button(words, lambda: menu.popup(made.mapToGlobal(QPoint(0, made.height()))), name=name,
                  icon=icon, theme=theme, role=role)  # fmt: skip
    menu = QMenu(made)
    menu.setObjectName(f"{name}.menu")
    for entry in entries:
        action = QAction(entry.words, menu)
        action.setObjectName(entry.name)
        action.triggered.connect(_without_state(entry.do))
        menu.addAction(action)
    return made


def _without_state(do: Callable[[], Any]) -> Callable[[], None]:
    return lambda: do()
