"""A colleague was quicker: what is there now beside what this person wanted, and the choice between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import clear, row_of
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme

Lines = Sequence[tuple[str, str]]
"""Name and value of what is compared."""


class ConflictChoice(QFrame):
    """Hidden until `ask`. Object names: `<name>.rewrite`, `<name>.keep`, `<name>.now`, `<name>.mine`."""

    def __init__(self, theme: Theme, *, name: str, hidden: bool = True) -> None:
        """`hidden=False` for one that is asked before it gets its place: shown then, it would be a window."""
        super().__init__()
        self._name, self._theme = name, theme
        self.asked: object = None
        """What the choice is about, for whoever asks."""
        self.setObjectName(name)
        self.setProperty("banner", "warning")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(18, 16, 18, 16)
        self._column.setSpacing(12)
        if hidden:
            self.hide()

    def ask(self, now: Lines, mine: Lines, *, rewrite: Callable[[], Any], keep: Callable[[], Any]) -> None:
        """Show both sides. `mine` empty: what was wanted cannot be shown, so only keeping is left."""
        clear(self._column)
        self._column.addWidget(label("先にほかの職員が更新しました", "heading"))
        self._column.addWidget(
            label("あなたの変更はまだ反映されていません。どちらの内容にするかを選んでください。", wrap=True)
        )
        sides = QHBoxLayout()
        sides.setSpacing(12)
        sides.addWidget(self._side("いまの内容", now, f"{self._name}.now"), 1)
        if mine:
            sides.addWidget(self._side("あなたの変更", mine, f"{self._name}.mine"), 1)
        self._column.addLayout(sides)
        take = button("いまの内容にする", keep, name=f"{self._name}.keep")
        choices: list[QWidget | int] = [1, take]
        if mine:
            choices.append(button("わたしの内容で書き直す", rewrite, name=f"{self._name}.rewrite"))
        self._column.addLayout(row_of(*choices))
        if self.parentWidget() is not None:
            self.show()

    def _side(self, title: str, lines: Lines, name: str) -> QFrame:
        frame = QFrame()
        frame.setObjectName(name)
        frame.setProperty("role", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(6)
        column.addWidget(label(title, "subheading"))
        for what, words in lines:
            column.addWidget(label(what, "small"))
            column.addWidget(label(words or "（なし）", wrap=True))
        column.addStretch(1)
        return frame
