"""Why an approver gave a draft back, at the top of where it is mended."""

from __future__ import annotations

from desktop.replica.records import Shown
from desktop.ui.parts.cards import Banner
from desktop.ui.screen import Desk
from protocol.deliveries import Delivery


class ReturnedNote(Banner):
    """Object name `editor.returned`. Hidden where nothing was given back."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.theme, name="editor.returned")
        self._desk = desk

    def look(self, delivery_id: str) -> None:
        get = self._desk.office.deliveries.get
        self._desk.background.local(lambda: get(delivery_id), self._show)

    def _show(self, shown: Shown[Delivery] | None) -> None:
        reason = shown.body.returned if shown is not None and shown.body.state == "draft" else ""
        if reason:
            self.tell("warning", f"差し戻されました：{reason}")
        else:
            self.hide()
