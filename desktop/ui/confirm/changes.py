"""What is different from the delivery this one was made from: lines that went, lines that came."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.features.changed_text import ChangedLine
from desktop.ui.parts.cards import clear
from desktop.ui.parts.labels import badge, label
from desktop.ui.theme import Theme

_MARKS = {"gone": ("前の文", "neutral"), "new": ("今回", "info")}


class ChangesCard(QFrame):
    """Hidden until `show_changes`."""

    def __init__(self, theme: Theme, *, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(8)
        column.addWidget(label("もとの配信からの変更", "heading"))
        self._from = label("", "muted", wrap=True, name=f"{name}.from")
        column.addWidget(self._from)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        column.addLayout(self._rows)
        self.hide()

    def show_changes(
        self, title: str, lines: Sequence[ChangedLine], facts: Sequence[tuple[str, str, str]]
    ) -> None:
        self._from.setText(f"もとの配信：「{title or '（配信名なし）'}」")
        clear(self._rows)
        if not lines and not facts:
            self._rows.addWidget(label("文も宛先も、もとの配信と同じです。", wrap=True))
        for one in lines:
            self._rows.addWidget(self._line(one))
        for what, before, now in facts:
            self._rows.addWidget(label(what, "subheading"))
            self._rows.addWidget(self._line(ChangedLine("gone", before)))
            self._rows.addWidget(self._line(ChangedLine("new", now)))
        self.show()

    def _line(self, one: ChangedLine) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        words, tone = _MARKS.get(one.kind, ("", ""))
        if words:
            mark = badge(words, tone)
            mark.setMinimumWidth(self._theme.px(64))
            row.addWidget(mark)
        text = label(one.text or "（空の行）", "muted" if one.kind in ("same", "gone") else "", wrap=True)
        if one.kind == "gone":
            font = text.font()
            font.setStrikeOut(True)
            text.setFont(font)
        row.addWidget(text, 1)
        made.setAccessibleName(f"{words} {one.text}".strip())
        return made
