"""Several of something: buttons, blocks, areas, cards. Added, moved, removed; below each other, or one
shown at a time behind tabs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QVBoxLayout, QWidget

from desktop.ui.editor.part import NOT_YET, Part, below, tell_at
from desktop.ui.parts.buttons import icon_button
from desktop.ui.parts.cards import clear, row_of
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label, restyle
from desktop.ui.screen import Desk
from protocol.problems import Problem

Make = Callable[[int, Any], Part]


def step_buttons(
    desk: Desk,
    name: str,
    what: str,
    place: int,
    count: int,
    move: Callable[[int, int], Any],
    remove: Callable[[int], Any],
    *,
    sideways: bool = False,
) -> list[QWidget]:
    """Up, down, remove. `what` names the thing for screen readers: 「2番目のボタン」."""
    up = icon_button(
        "left" if sideways else "up",
        f"{what}を前へ",
        partial(move, place, -1),
        name=f"{name}.up",
        theme=desk.theme,
    )
    down = icon_button(
        "right" if sideways else "down",
        f"{what}を後ろへ",
        partial(move, place, 1),
        name=f"{name}.down",
        theme=desk.theme,
    )
    gone = icon_button(
        "trash", f"{what}を削除", partial(remove, place), name=f"{name}.remove", theme=desk.theme
    )
    up.setEnabled(place > 0)
    down.setEnabled(place < count - 1)
    return [up, down, gone]


class _Series(Part):
    """A tuple of values. `make(place, value)` builds the editor of one, `kind(value)` tells editors apart."""

    def __init__(
        self, desk: Desk, name: str, make: Make, *, what: str, kind: Callable[[Any], str] = lambda _: ""
    ) -> None:
        super().__init__(desk, name)
        self._make, self._what, self._kind = make, what, kind
        self._value: tuple[Any, ...] = ()
        self._kinds: tuple[str, ...] = ()
        self._problems: Sequence[Problem] = ()

    def add(self, value: Any, step: str = "") -> None:
        self._put(step or f"{self._what}の追加", (*self._value, value))

    def move_one(self, place: int, steps: int) -> None:
        order = list(self._value)
        order.insert(place + steps, order.pop(place))
        self._put(f"{self._what}の並べ替え", tuple(order))

    def remove(self, place: int) -> None:
        self._put(f"{self._what}の削除", self._value[:place] + self._value[place + 1 :])

    def replace(self, place: int, step: str, value: Any) -> None:
        self.tell(step, (*self._value[:place], value, *self._value[place + 1 :]))

    def _put(self, step: str, values: tuple[Any, ...]) -> None:
        self.show_value(values)
        self.tell(step, values)

    def _built(self, place: int, value: Any) -> Part:
        made = self._make(place, value)
        made.changed.connect(lambda step, new: self.replace(place, step, new))
        made.show_value(value)
        return made


class Rows(_Series):
    """All below each other, each in a frame with a head. `fixed`: their number never changes;
    `inline`: small ones, whose buttons stand beside them."""

    def __init__(
        self, desk: Desk, name: str, make: Make, *, what: str, kind: Callable[[Any], str] = lambda _: "",
        title: Callable[[int, Any], str] | None = None, fixed: bool = False,
        inline: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(desk, name, make, what=what, kind=kind)
        self._title, self._fixed, self._inline = title, fixed, inline
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self.column.addLayout(self._rows)
        self._built_rows: list[Part] = []

    def show_value(self, value: tuple[Any, ...]) -> None:
        kinds = tuple(self._kind(one) for one in value)
        self._value = value
        if kinds != self._kinds:
            self._kinds = kinds
            self._rebuild()
        else:
            for row, one in zip(self._built_rows, value, strict=True):
                row.show_value(one)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        self._problems = problems
        for place, row in enumerate(self._built_rows):
            row.show_problems(below(problems, str(place)))
        tell_at(self.trouble, [one for one in problems if not one.at.partition(".")[0].isdigit()])

    def forget(self) -> None:
        """The next values get new editors."""
        self._kinds, self._value, self._built_rows = (), (), []
        clear(self._rows)

    def row(self, place: int) -> Part:
        return self._built_rows[place]

    def _rebuild(self) -> None:
        clear(self._rows)
        self._built_rows = []
        for place, value in enumerate(self._value):
            row = self._built(place, value)
            self._built_rows.append(row)
            self._rows.addWidget(self._framed(place, value, row))

    def _framed(self, place: int, value: Any, row: Part) -> QWidget:
        moves: list[QWidget] = []
        if not self._fixed:
            what, name = f"{place + 1}番目の{self._what}", f"{self.name}.{place}"
            moves = step_buttons(self.desk, name, what, place, len(self._value), self.move_one, self.remove)
        if self._inline:
            made = QWidget()
            beside = row_of(row, *moves, spacing=2)
            beside.setStretch(0, 1)
            made.setLayout(beside)
            return made
        frame = QFrame()
        frame.setProperty("role", "sunken")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(12, 6, 12, 12)
        inner.setSpacing(4)
        title = self._title(place, value) if self._title else f"{self._what}{place + 1}"
        head = label(title, "subheading")
        inner.addLayout(row_of(head, 1, *moves, spacing=2))
        inner.addWidget(row)
        return frame


class Tabs(_Series):
    """One shown at a time: cards side by side. `shown(place)` when another one is looked at."""

    shown = Signal(int)

    def __init__(
        self, desk: Desk, name: str, make: Make, *, what: str, add_words: str, new: Callable[[Any], Any],
        limit: int,
    ) -> None:  # fmt: skip
        super().__init__(desk, name, make, what=what)
        self._new, self._limit, self._add_words = new, limit, add_words
        self.place = 0
        self._tabs = Flow(spacing=0)
        self.column.addWidget(self._tabs)
        self._room = QVBoxLayout()
        self.column.addLayout(self._room)
        self._editor: Part | None = None
        self._seen: tuple[int, int] | None = None

    def show_value(self, value: tuple[Any, ...]) -> None:
        self._value = value
        self.place = max(0, min(self.place, len(value) - 1))
        if self._seen != (len(value), self.place):
            self._rebuild()
        elif self._editor is not None:
            self._editor.show_value(value[self.place])

    def show_problems(self, problems: Sequence[Problem]) -> None:
        self._problems = problems
        if self._editor is not None:
            self._editor.show_problems(below(problems, str(self.place)))
        wrong = sorted({int(at) for one in problems if (at := one.at.partition(".")[0]).isdigit()})
        elsewhere = [one for one in wrong if one != self.place]
        own = [one for one in problems if not one.at.partition(".")[0].isdigit()]
        tell_at(self.trouble, own)
        if elsewhere and not own:
            open_ones = [one for one in problems if one.at.partition(".")[0].isdigit()]
            calm = all(one.code in NOT_YET for one in open_ones)
            self.trouble.setProperty("role", "small" if calm else "error")
            restyle(self.trouble)
            names = "・".join(f"{self._what}{one + 1}" for one in elsewhere)
            self.trouble.setText(f"{names}にも、直すところか書きかけがあります。")
            self.trouble.setVisible(True)

    def look_at(self, place: int, _checked: bool = False) -> None:
        self.place = place
        self.show_value(self._value)
        self.show_problems(self._problems)
        self.shown.emit(place)

    def move_one(self, place: int, steps: int) -> None:
        self.place, self._seen = place + steps, None
        super().move_one(place, steps)
        self.shown.emit(self.place)

    def remove(self, place: int) -> None:
        self._seen = None
        super().remove(place)
        self.shown.emit(self.place)

    def _add(self) -> None:
        self.place = len(self._value)
        self.add(self._new(self._value[-1] if self._value else None))
        self.shown.emit(self.place)

    def _rebuild(self) -> None:
        self._seen = (len(self._value), self.place)
        self._tabs.empty()
        clear(self._room)
        group = QButtonGroup(self)
        for place in range(len(self._value)):
            tab = _tab(f"{place + 1}", f"{self._what}{place + 1}を見る", f"{self.name}.tab.{place}")
            tab.setCheckable(True)
            tab.setChecked(place == self.place)
            tab.clicked.connect(partial(self.look_at, place))
            group.addButton(tab)
            self._tabs.put(tab)
        add = _tab(f"＋ {self._add_words}", self._add_words, f"{self.name}.add")
        add.setEnabled(len(self._value) < self._limit)
        add.clicked.connect(self._add)
        self._tabs.put(add)
        if not self._value:
            self._editor = None
            return
        if len(self._value) > 1:
            what = f"{self._what}{self.place + 1}"
            for made in step_buttons(
                self.desk,
                f"{self.name}.{self.place}",
                what,
                self.place,
                len(self._value),
                self.move_one,
                self.remove,
                sideways=True,
            ):
                self._tabs.put(made)
        self._editor = self._built(self.place, self._value[self.place])
        self._room.addWidget(self._editor)


def _tab(words: str, read: str, name: str) -> QPushButton:
    made = QPushButton(words)
    made.setObjectName(name)
    made.setAccessibleName(read)
    made.setProperty("role", "segment")
    made.setAutoDefault(False)
    return made
