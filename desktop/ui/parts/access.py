"""Which departments may see what, and how far: one row a department, one box a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from desktop.features.wording import words_for
from desktop.ui.parts.cards import clear
from desktop.ui.parts.labels import label
from protocol.rights import Level
from protocol.staff import Department

_LEVELS: tuple[Level, ...] = ("none", "view", "edit")


class AccessChoice(QWidget):
    """`changed(access)` when the person chose. Object names: `<name>.<place>`."""

    changed = Signal(object)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._name = name
        self._departments: tuple[Department, ...] = ()
        self._boxes: dict[str, QComboBox] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(0, 1)
        column.addLayout(self._grid)
        self._error = label("", "error", wrap=True, name=f"{name}.error")
        self._error.hide()
        column.addWidget(self._error)

    def show_access(self, departments: Sequence[Department], access: Mapping[str, Level]) -> None:
        """From the program: nothing is told."""
        if tuple(departments) != self._departments:
            self._departments = tuple(departments)
            self._build()
        for id, box in self._boxes.items():
            box.blockSignals(True)
            box.setCurrentIndex(max(0, box.findData(access.get(id, "none"))))
            box.blockSignals(False)

    def show_error(self, words: str) -> None:
        self._error.setText(words)
        self._error.setVisible(bool(words))

    @property
    def access(self) -> dict[str, Level]:
        """Department → level; those that see nothing are left out."""
        chosen = {id: box.currentData() for id, box in self._boxes.items()}
        return {id: level for id, level in chosen.items() if level != "none"}

    def _build(self) -> None:
        clear(self._grid)
        self._boxes = {}
        words = words_for("reading_level")
        for place, department in enumerate(self._departments):
            box = QComboBox()
            box.setObjectName(f"{self._name}.{place}")
            box.setAccessibleName(f"{department.name} の権限")
            for level in _LEVELS:
                box.addItem(words[level], level)
            box.currentIndexChanged.connect(lambda _: self.changed.emit(self.access))
            named = label(department.name)
            named.setBuddy(box)
            self._grid.addWidget(named, place, 0)
            self._grid.addWidget(box, place, 1)
            self._boxes[department.id] = box
        if not self._departments:
            self._grid.addWidget(label("まだ課がありません。先に課を作ってください。", "muted"), 0, 0)
