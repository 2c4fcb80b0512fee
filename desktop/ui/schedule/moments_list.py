"""The next moments of a rule, with what holidays do to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from desktop.features.planning import Upcoming
from desktop.ui.moments import with_weekday
from desktop.ui.parts.cards import clear
from desktop.ui.parts.labels import badge, label
from desktop.ui.theme import Theme


class MomentsList(QFrame):
    """Object names: `<name>`, and `<name>.<place>` of each moment."""

    def __init__(self, theme: Theme, *, name: str, title: str) -> None:
        super().__init__()
        self._name, self._theme = name, theme
        self._last: tuple[Upcoming, ...] | None = None
        self.setObjectName(name)
        self.setProperty("role", "sunken")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        column.addWidget(label(title, "subheading"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)

    def show_moments(self, moments: Sequence[Upcoming], now: datetime) -> None:
        """The same ones change nothing."""
        if tuple(moments) == self._last:
            return
        self._last = tuple(moments)
        clear(self._grid)
        for place, one in enumerate(moments):
            words = label(
                with_weekday(one.moment, now), "muted" if one.falls_out else "", name=f"{self._name}.{place}"
            )
            if one.falls_out:
                font = words.font()
                font.setStrikeOut(True)
                words.setFont(font)
            words.setAccessibleName(f"{with_weekday(one.moment, now)} {one.note}".strip())
            self._grid.addWidget(words, place, 0)
            if one.note:
                self._grid.addWidget(badge(one.note, "warning" if one.falls_out else "info"), place, 1)
        if not moments:
            self._grid.addWidget(label("この決まりに当てはまる日はありません。", "muted"), 0, 0)
