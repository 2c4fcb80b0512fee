"""「一斉配信」 in the editor: one call to all friends that nobody can stop. Off until asked for."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.check_words import why_no_broadcast
from desktop.ui.parts.labels import label
from desktop.ui.parts.tick_line import TickLine
from protocol.deliveries import DeliveryDraft, Route, goes_to_everyone


class RoutePart(QWidget):
    """`changed(route)` when the person did something. Offered only where a delivery goes to all friends;
    where it cannot be, the reason stands below. Object names: `editor.broadcast`, `.words`, `.why`.
    """

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._showing = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._line = TickLine(
            "一斉配信で送る（1回の呼び出し。始めると止められません）", name="editor.broadcast"
        )
        self._line.changed.connect(self._tell)
        self._why = label("", "muted", wrap=True, name="editor.broadcast.why")
        column.addWidget(self._line)
        column.addWidget(self._why)

    def show_draft(self, draft: DeliveryDraft) -> None:
        """From the program: nothing is told. What was asked for and cannot be any more can be taken back."""
        asked, why = draft.route == "broadcast", why_no_broadcast(draft)
        self._showing = True
        self._line.set_ticked(asked)
        self._showing = False
        self._line.setEnabled(asked or not why)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self.setVisible(asked or goes_to_everyone(draft))

    def _tell(self, ticked: bool) -> None:
        if not self._showing:
            route: Route = "broadcast" if ticked else "auto"
            self.changed.emit(route)
