"""「リストに入れる」: those who sent the chosen submissions, onto a list of chosen people."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.replica.records import Shown
from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from desktop.ui.segments.panels import OneOf
from protocol.lists import ResidentList


class ToListSheet(Sheet):
    """`sent(words)` when they are on their way onto the list."""

    sent = Signal(str)

    def __init__(self, parent: QWidget, desk: Desk, residents: list[str]) -> None:
        super().__init__(parent, f"{len(residents):,}人をリストに入れる", name="to_list", width=560)
        self._desk, self._residents = desk, residents
        words = "「選んだ人」のリストに入れます。リストは、配信の宛先の条件に使えます。"
        self.column.addWidget(label(words, "muted", wrap=True))
        self.lists = OneOf(
            desk.theme, name="to_list.lists", words="リスト",
            empty="「選んだ人」のリストがまだありません。「配信」の「リスト」の画面で作れます。",
        )  # fmt: skip
        self.column.addWidget(self.lists)
        self._go = button("このリストに入れる", self._put, name="to_list.go", role="primary")
        self._go.setEnabled(False)
        self.lists.changed.connect(lambda: self._go.setEnabled(bool(self.lists.chosen)))
        self.end_with(1, button("やめる", self.reject, name="to_list.cancel"), self._go)
        desk.background.local(desk.office.lists.all, self._show)

    def _show(self, shown: list[Shown[ResidentList]]) -> None:
        chosen = [one.body for one in shown if one.body.kind == "chosen"]
        self.lists.fill((one.id, f"{one.name}（{one.count:,}人）") for one in chosen)

    def _put(self) -> None:
        change, list_id, residents = self._desk.office.lists.change, self.lists.chosen, self._residents
        self._desk.background.local(lambda: change(list_id, add=residents), self._sent)

    def _sent(self, count: int) -> None:
        self.sent.emit(f"{count:,}人をリストに入れています。")
        self.accept()
