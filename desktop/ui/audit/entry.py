"""One entry of the audit log, and whether the person's signature on it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.features.audit import CheckedEntry, SignedPage, kind_words, outcome_words
from desktop.features.wording import words_for, words_of_reason
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk

_TONES = {"signed": "success", "wrong": "error", "unproven": "info", "no_change": "info", "not_kept": "info"}


class EntrySheet(Sheet):
    """`about` searches everything that was done to one thing."""

    def __init__(
        self,
        parent: QWidget,
        desk: Desk,
        checked: CheckedEntry,
        page: SignedPage,
        about: Callable[[str], Any],
    ) -> None:
        entry = checked.detail.entry
        super().__init__(parent, f"操作記録 {entry.no + 1:,} 番", name="audit_entry", width=640)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        facts = (
            ("日時", short(entry.at, desk.office.clock())),
            ("職員", page.name_of(entry.staff)),
            ("操作", kind_words(entry.kind)),
            ("対象", page.objects_of(entry) or "–"),
            ("対象の番号", entry.object or "–"),
            ("結果", outcome_words(entry)),
            ("理由", words_of_reason(entry.reason).what if entry.reason else "–"),
            ("端末の番号", entry.device or "–"),
        )
        for row, (name, words) in enumerate(facts):
            grid.addWidget(label(name, "muted"), row, 0)
            said = label(words, wrap=True)
            said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(said, row, 1)
        self.column.addLayout(grid)
        self.signature = Banner(desk.theme, name="audit_entry.signature", hidden=False)
        self.signature.tell(_TONES[checked.signature], words_for("signature")[checked.signature])
        self.column.addWidget(self.signature)
        first = entry.object.split(" ")[0]
        actions: list[QWidget | int] = [1]
        if first:
            actions.insert(0, button(
                "この対象を探す", lambda: self._search(first, about), name="audit_entry.about", role="quiet"
            ))  # fmt: skip
        self.end_with(*actions, button("閉じる", self.accept, name="audit_entry.close", role="primary"))

    def _search(self, thing: str, about: Callable[[str], Any]) -> None:
        self.accept()
        about(thing)
