"""Filling a tag: conditions, the number they meet now, and whether instead of or besides those on it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QRadioButton, QWidget

from desktop.features.recipients import Known
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import scrolling
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from desktop.ui.segments.recipients import RecipientsPart
from protocol.lists import ResidentList
from protocol.segments import Everyone, Segment, find_segment_problems


class FillSheet(Sheet):
    """`filled(segment, instead)` when the person pressed the verb, the number before the eyes."""

    filled = Signal(object, bool)

    def __init__(self, parent: QWidget, desk: Desk, one: ResidentList, known: Known) -> None:
        super().__init__(parent, f"「{one.name}」に入れる人を決める", name="fill", width=720)
        self._known = known
        self.segment: Segment = Everyone()
        words = "いま当てはまる人を入れます。あとから当てはまるようになった人は、入りません。"
        self.column.addWidget(label(words, "muted", wrap=True))
        self.recipients = RecipientsPart(
            desk, name="fill", title="条件", ending="　を入れます。", with_excluded=False
        )
        self.recipients.changed.connect(lambda _, segment: self._change(segment))
        area = scrolling(self.recipients)
        area.setMinimumHeight(desk.theme.px(240))
        self.column.addWidget(area, 1)
        self.besides = QRadioButton(f"いま入っている{one.count:,}人に加える")
        self.instead = QRadioButton(f"いま入っている{one.count:,}人と入れ替える")
        for choice, name in ((self.besides, "fill.besides"), (self.instead, "fill.instead")):
            choice.setObjectName(name)
            self.column.addWidget(choice)
        self.besides.setChecked(True)
        self._go = button("この人たちを入れる", self._accept, name="fill.go", role="primary")
        self.end_with(1, button("やめる", self.reject, name="fill.cancel"), self._go)
        self._change(Everyone())

    def _change(self, segment: Segment) -> None:
        self.segment = segment
        self.recipients.show_recipients(segment, self._known)
        self._go.setEnabled(not find_segment_problems(segment, self._known.items, self._known.named))

    def _accept(self) -> None:
        self.filled.emit(self.segment, self.instead.isChecked())
        self.accept()
