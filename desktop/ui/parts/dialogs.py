"""Dialogs: the verb on the button, Esc cancels, the safe choice has the focus, none opens another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.labels import label


class Sheet(QDialog):
    """A dialog with a title, room for content in `self.column`, and a row of buttons at its end."""

    def __init__(self, parent: QWidget | None, title: str, *, name: str, width: int = 520) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setMinimumWidth(width)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(28, 24, 28, 24)
        self.column.setSpacing(14)
        self.column.addWidget(label(title, "heading", wrap=True))

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._grow()
        return done

    def _grow(self) -> None:
        """A dialog does not follow its content by itself once it is shown; nothing may be cut off."""
        needed = self.column.totalHeightForWidth(self.width())
        if needed > self.height():
            self.resize(self.width(), needed)

    def end_with(self, *widgets: QWidget | int) -> None:
        self.column.addLayout(row_of(*widgets))


def ask_first(parent: QWidget, title: str, words: str, verb: str, *, danger: bool = False) -> bool:
    """Whether the person pressed the verb. Esc, Enter and the close box all mean no."""
    sheet = Sheet(parent, title, name="ask_first")
    sheet.column.addWidget(label(words, wrap=True))
    cancel = button("やめる", sheet.reject, name="ask_first.cancel")
    go = button(verb, sheet.accept, name="ask_first.go", role="danger" if danger else "primary")
    sheet.end_with(1, cancel, go)
    cancel.setFocus(Qt.FocusReason.OtherFocusReason)
    return sheet.exec() == QDialog.DialogCode.Accepted
