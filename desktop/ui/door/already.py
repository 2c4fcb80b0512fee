"""Another window of the program is open already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from desktop.ui.door.frame import DoorFrame
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.theme import Theme


class AlreadyScreen(DoorFrame):
    page = "already-open"

    def __init__(self, theme: Theme, words: str, close: Callable[[], Any]) -> None:
        super().__init__(theme, "もう開いています", words)
        self.column.addLayout(row_of(1, button("閉じる", close, name="already.close", role="primary")))
