"""Fields. Text acts on commit: what an IME is still composing is not there yet."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.ui.parts.labels import label, restyle


class CommitLine(QLineEdit):
    """A line of text. `committed` tells the text without what is being composed, and only when it changed."""

    committed = Signal(str)

    def __init__(self, text: str = "", *, name: str, hint: str = "", letters: bool = False) -> None:
        """`letters`: what is typed here is checked letter by letter."""
        super().__init__(text)
        self.setObjectName(name)
        self.setPlaceholderText(hint)
        if letters:
            self.setProperty("letters", "true")
        self._told = text
        self._composing = False
        self.textChanged.connect(self._tell)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)
        self._tell()

    def event(self, event: QEvent) -> bool:
        return False if _is_undo(event) else super().event(event)

    def set_text(self, text: str) -> None:
        """From the program: nothing is told."""
        self._told = text
        if self.text() != text:
            self.setText(text)

    def _tell(self) -> None:
        if not self._composing and self.text() != self._told:
            self._told = self.text()
            self.committed.emit(self._told)


class CommitText(QPlainTextEdit):
    """Several lines of text, with the same `committed`."""

    committed = Signal(str)

    def __init__(self, text: str = "", *, name: str, hint: str = "") -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self._told = text
        self._composing = False
        self.textChanged.connect(self._tell)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)
        self._tell()

    def event(self, event: QEvent) -> bool:
        return False if _is_undo(event) else super().event(event)

    def set_text(self, text: str) -> None:
        self._told = text
        if self.toPlainText() != text:
            self.setPlainText(text)

    def _tell(self) -> None:
        if not self._composing and self.toPlainText() != self._told:
            self._told = self.toPlainText()
            self.committed.emit(self._told)


def _is_undo(event: QEvent) -> bool:
    """Undo belongs to the whole screen, where every step has a name: the field lets the key through to
    the menu.
    """
    if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        return False
    if not isinstance(event, QKeyEvent):
        return False
    undo_or_redo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(
        QKeySequence.StandardKey.Redo
    )
    if undo_or_redo:
        event.ignore()
    return undo_or_redo


class Field(QWidget):
    """Visible label above, help below it, the field, then counter and error in words."""

    def __init__(
        self,
        title: str,
        field: CommitLine | CommitText,
        *,
        help_text: str = "",
        required: bool = False,
        needed_for: str = "",
        count: Callable[[str], int] | None = None,
        limit: int = 0,
    ) -> None:
        """`needed_for`: what cannot be done while it is empty, for a field that is not always required."""
        super().__init__()
        self.field = field
        self._count, self._limit = count, limit
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        heading = label(title, "subheading")
        heading.setBuddy(field)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(heading)
        need = f"※{needed_for}には必要" if needed_for else "※必須" if required else "※任意"
        row.addWidget(label(need, "error" if required or needed_for else "small"))
        row.addStretch(1)
        self._counter = label("", "small")
        row.addWidget(self._counter)
        column.addLayout(row)
        self._help = label(help_text, "muted", wrap=True)
        column.addWidget(self._help)
        column.addWidget(field)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        column.addWidget(self._error)
        field.setAccessibleName(title)
        self.explain(help_text)
        field.committed.connect(lambda text: self._recount(text))
        self._recount(field.text() if isinstance(field, QLineEdit) else field.toPlainText())

    def explain(self, help_text: str) -> None:
        """The help below the label; empty takes it away."""
        self._help.setText(help_text)
        self._help.setVisible(bool(help_text))
        self.field.setAccessibleDescription(help_text)

    def show_error(self, words: str) -> None:
        """Empty takes the error away."""
        self._error.setText(words)
        self._error.setVisible(bool(words))
        self.field.setProperty("wrong", "true" if words else "false")
        restyle(self.field)

    def recount(self) -> None:
        field = self.field
        self._recount(field.text() if isinstance(field, QLineEdit) else field.toPlainText())

    def _recount(self, text: str) -> None:
        if self._count is None:
            return
        used = self._count(text)
        over = used > self._limit
        self._counter.setText(f"{used:,} / {self._limit:,} 文字")
        self._counter.setProperty("role", "error" if over else "small")
        restyle(self._counter)
