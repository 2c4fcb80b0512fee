"""Ctrl+K: type a word, choose a screen, delivery, item or manual page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from desktop.features.finding import Hit, find_anything
from desktop.features.wording import words_for
from desktop.replica.records import Shown
from desktop.ui.allowed import may_see
from desktop.ui.deliveries.tabs import TABS
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.rail import PLACES
from desktop.ui.screen import Desk
from protocol.items import SegmentItem

TOWN_PAGES = (("sending-rules", "配信の決まり"), ("holidays", "休日"))
_KINDS = {"screen": "画面", "delivery": "配信", "item": "受信設定", "manual": "マニュアル"}
FURTHER = TABS[1:]
WASTE_PAGES = (("waste-words", "分別辞典"),)
"""Screens that stand behind a tab, not on the rail."""
_DATA = Qt.ItemDataRole.UserRole


class FindSheet(Sheet):
    def __init__(self, parent: QWidget, desk: Desk, go: Callable[[str], None]) -> None:
        super().__init__(parent, "何でも探す", name="find", width=640)
        self._desk, self._go_to = desk, go
        self.words = CommitLine(name="find.words", hint="画面・配信・項目・マニュアルの言葉")
        self.words.setAccessibleName("探す言葉")
        self.column.addWidget(self.words)
        self.list = QListWidget()
        self.list.setObjectName("find.list")
        self.list.setAccessibleName("見つかったもの")
        self.list.setMinimumHeight(desk.theme.px(360))
        self.column.addWidget(self.list)
        self.column.addWidget(label("↑↓ で選び、Enter で開きます。Esc で閉じます。", "small"))
        self.words.committed.connect(self._find)
        self.words.returnPressed.connect(self._open)
        self.list.itemActivated.connect(lambda _: self._open())
        self._find("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.list.count():
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
            return
        super().keyPressEvent(event)

    def _find(self, text: str) -> None:
        office, words = self._desk.office, text.strip()
        self._desk.background.local(
            lambda: find_anything(words, office.deliveries, office.items, office.manual),
            lambda hits: self._show(words, hits),
        )

    def _show(self, words: str, hits: list[Hit]) -> None:
        if words != self.words.text().strip():
            return
        self.list.clear()
        for name, word, _ in sorted(PLACES, key=lambda place: place[1] != words):
            if words in word:
                self._add("screen", name, word, "")
        for page, word in FURTHER:
            if words and words in word and may_see(self._desk.office, page):
                self._add("screen", page, word, "配信")
        for page, word in TOWN_PAGES:
            if words and words in word and may_see(self._desk.office, page):
                self._add("screen", page, word, "設定")
        for page, word in WASTE_PAGES:
            if words and words in word and may_see(self._desk.office, page):
                self._add("screen", page, word, "ごみ収集")
        states = words_for("delivery_state")
        for hit in hits:
            hint = states.get(hit.hint, hit.hint) if hit.kind == "delivery" else hit.hint
            self._add(hit.kind, hit.id, hit.title, hint)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _add(self, kind: str, thing: str, title: str, hint: str) -> None:
        short = hint.replace("\n", " ")[:36]
        item = QListWidgetItem(f"{_KINDS[kind]}　{title}" + (f"　– {short}" if short else ""))
        item.setData(_DATA, (kind, thing))
        self.list.addItem(item)

    def _open(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        kind, thing = item.data(_DATA)
        self.accept()
        routes = self._desk.routes
        if kind == "screen":
            self._go_to(thing)
        elif kind == "delivery":
            routes.open_delivery(thing)
        elif kind == "manual":
            routes.manual(thing)
        else:
            items = self._desk.office.items
            self._desk.background.local(lambda: items.get(thing), self._edit_item)

    def _edit_item(self, shown: Shown[SegmentItem] | None) -> None:
        if shown is not None:
            self._desk.routes.edit_item(shown.body)
