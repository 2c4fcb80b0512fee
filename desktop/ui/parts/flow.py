"""Widgets side by side that go on in a next line where the width ends, as words do. For large letters."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class _FlowLayout(QLayout):
    def __init__(self, spacing: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:  # Qt asks many times for the same
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def sizeHint(self) -> QSize:
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        hints = [item.minimumSize() for item in self._items if not item.isEmpty()]
        return QSize(
            max((hint.width() for hint in hints), default=0),
            max((hint.height() for hint in hints), default=0),
        )

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        self._arrange(area, move=True)

    def _arrange(self, area: QRect, *, move: bool) -> int:
        """Returns the height it takes. Each line is as high as its highest, everything in its middle."""
        lines: list[tuple[list[tuple[QLayoutItem, int]], int]] = []
        line: list[tuple[QLayoutItem, int]] = []
        left = high = 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            if line and left + hint.width() > area.width():
                lines.append((line, high))
                line, left, high = [], 0, 0
            line.append((item, left))
            left += hint.width() + self.spacing()
            high = max(high, hint.height())
        if line:
            lines.append((line, high))
        top = area.top()
        for one, height in lines:
            for item, at in one:
                hint = item.sizeHint()
                if move:
                    down = top + (height - hint.height()) // 2
                    width = min(hint.width(), max(1, area.width()))
                    item.setGeometry(QRect(area.left() + at, down, width, hint.height()))
            top += height + self.spacing()
        return max(0, top - area.top() - (self.spacing() if lines else 0))


class Flow(QWidget):
    """Give it widgets with `put`; `empty` takes them out again."""

    def __init__(self, *widgets: QWidget, spacing: int = 8) -> None:
        super().__init__()
        self._layout = _FlowLayout(spacing)
        self.setLayout(self._layout)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for one in widgets:
            self.put(one)

    def put(self, widget: QWidget) -> None:
        self._layout.addWidget(widget)
        self.updateGeometry()

    def empty(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.updateGeometry()
