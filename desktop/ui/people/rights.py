"""「権限表」: roles × functions in one grid, each cell a word.

Nothing changes before 「保存する」. The administrators' row is fixed: whoever could lock them out could lock
out the town.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from desktop.features.wording import words_for
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, flowing_column, row_of
from desktop.ui.parts.labels import label
from desktop.ui.people.object_rights import ObjectRights
from desktop.ui.people.tabs import TabRow
from desktop.ui.screen import Desk, Screen, header
from protocol.rights import DEFAULT_RIGHTS, FUNCTIONS, HIGHEST, LEVELS, Function, Level, RightsGrid, level_of
from protocol.staff import ROLES, Role


class RightsScreen(Screen):
    page = "rights"
    place = "people"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._stored: RightsGrid | None = None
        self._touched = False
        column = flowing_column(self, spacing=14)
        column.addWidget(header("利用者と権限", "役割ごとに、何をどこまでできるかを決めます。"))
        column.addWidget(TabRow(desk, self.page))
        frame, inner = card(margin=14, spacing=12)
        self._levels = words_for("level")
        self._boxes: dict[tuple[Role, Function], QComboBox] = {}
        inner.addWidget(_Wide(self._grid()))
        self._said = label("", "muted", name="rights.said")
        self._default = button("はじめの決まりに戻す", self._to_default, name="rights.default", role="quiet")
        self._undo = button("元に戻す", self._again, name="rights.undo")
        self._save = button("権限表を保存する", self.save, name="rights.save", role="primary")
        inner.addLayout(row_of(self._default, self._said, 1, self._undo, self._save))
        column.addWidget(frame)
        self._objects = ObjectRights(desk)
        column.addWidget(self._objects)
        column.addWidget(self._explanation())
        column.addStretch(1)

    def refresh(self) -> None:
        self._objects.refresh()
        self.desk.background.local(self.desk.office.people.grid, self._show)

    @property
    def grid(self) -> RightsGrid:
        """As chosen on the screen: only what differs from the program's own rules."""
        cells: dict[Role, dict[Function, Level]] = {}
        for (role, function), box in self._boxes.items():
            if box.currentData() != DEFAULT_RIGHTS[role][function]:
                cells.setdefault(role, {})[function] = box.currentData()
        return RightsGrid(cells=cells)

    def save(self) -> None:
        people, grid = self.desk.office.people, self.grid

        def saved(_: None) -> None:
            self._touched = False
            self._stored = grid
            self.desk.routes.say("権限表を保存しました。")
            self.desk.routes.wake_sync()
            self._mark()

        self.desk.background.local(lambda: people.save_grid(grid), saved)

    def leave(self) -> None:
        self._touched = False

    def _grid(self) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(8)
        roles, functions = words_for("role"), words_for("function")
        for column, function in enumerate(FUNCTIONS, start=1):
            head = label(functions[function], "subheading", wrap=True)
            head.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignBottom)
            grid.setColumnStretch(column, 1)
        for row, role in enumerate(ROLES, start=1):
            named = label(roles[role], "subheading")
            named.setContentsMargins(0, 0, self.desk.theme.px(8), 0)
            grid.addWidget(named, row, 0)
            for column, function in enumerate(FUNCTIONS, start=1):
                grid.addWidget(self._cell(role, function, roles[role], functions[function]), row, column)
        return made

    def _cell(self, role: Role, function: Function, role_word: str, function_word: str) -> QWidget:
        if role == "admin":
            return _fixed(self._levels[HIGHEST[function]])
        box = QComboBox()
        box.setObjectName(f"rights.{role}.{function}")
        box.setAccessibleName(f"{role_word} の {function_word}")
        for level in LEVELS[: LEVELS.index(HIGHEST[function]) + 1]:
            box.addItem(self._levels[level], level)
        box.setProperty("role", "compact")
        box.activated.connect(lambda _: self._changed())
        self._boxes[role, function] = box
        return box

    def _explanation(self) -> QWidget:
        frame, column = card(margin=18, spacing=6)
        column.addWidget(label("言葉の意味", "heading"))
        for level, meaning in (
            ("none", "画面にも出ません。"),
            ("view", "読めますが、変えられません。"),
            ("edit", "作る、直す、対応することができます。"),
            ("approve", "住民に送るなど、外に出ることを決められます。"),
        ):
            column.addWidget(label(f"{self._levels[level]}：{meaning}", wrap=True))
        return frame

    def _show(self, grid: RightsGrid) -> None:
        if self._touched:
            return  # somebody is choosing just now
        self._stored = grid
        for (role, function), box in self._boxes.items():
            box.setCurrentIndex(box.findData(level_of(role, function, grid)))
        self._mark()

    def _changed(self) -> None:
        self._touched = True
        self._mark()

    def _again(self) -> None:
        self._touched = False
        self.refresh()

    def _to_default(self) -> None:
        for (role, function), box in self._boxes.items():
            box.setCurrentIndex(box.findData(DEFAULT_RIGHTS[role][function]))
        self._changed()

    def _mark(self) -> None:
        admin = self.desk.office.rights.is_admin
        stored = self._stored or RightsGrid()
        different = any(
            level_of(role, function, stored) != box.currentData()
            for (role, function), box in self._boxes.items()
        )
        for box in self._boxes.values():
            box.setEnabled(admin)
        self._said.setText("まだ保存していません。" if different else "")
        for made in (self._save, self._undo):
            made.setEnabled(different)
            made.setVisible(admin)
        self._default.setVisible(admin)


class _Wide(QScrollArea):
    """As high as the grid; where the largest text makes the grid wider than the window, it moves sideways."""

    def __init__(self, grid: QWidget) -> None:
        super().__init__()
        self._grid = grid
        grid.setProperty("role", "flow")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(grid)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        grid, layout = self._grid, self._grid.layout()
        assert layout is not None
        width = max(self.width(), grid.minimumSizeHint().width())
        high = layout.totalHeightForWidth(width)
        bar = self.horizontalScrollBar().sizeHint().height() if width > self.width() else 0
        self.setFixedHeight(max(high, grid.minimumSizeHint().height()) + bar)


def _fixed(words: str) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "sunken")
    inner = QGridLayout(frame)
    inner.setContentsMargins(8, 8, 8, 8)
    made: QLabel = label(words, "muted")
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    inner.addWidget(made, 0, 0)
    return frame
