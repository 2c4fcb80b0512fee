"""Deleting an item: first what would be lost, then the verb."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.items import SegmentItem
from protocol.sync import ItemUseAnswer


class RemoveItemSheet(Sheet):
    """Needs the relay: nothing is deleted before the person has seen how many answers go with it."""

    def __init__(self, parent: QWidget, desk: Desk, item: SegmentItem) -> None:
        super().__init__(parent, f"「{item.title}」を削除しますか", name="remove_item")
        self._desk, self._item, self._use = desk, item, ItemUseAnswer(answers=0, deliveries=0)
        self._words = label("使われている数を調べています…", wrap=True, name="remove_item.words")
        self.column.addWidget(self._words)
        self.banner = Banner(desk.theme, name="remove_item.banner")
        self.column.addWidget(self.banner)
        cancel = button("やめる", self.reject, name="remove_item.cancel")
        self._go = button("答えごと削除する", self._remove, name="remove_item.go", role="danger")
        self._go.setEnabled(False)
        self.end_with(1, cancel, self._go)
        cancel.setFocus()
        use = desk.office.items.use
        desk.background.ask(lambda: use(item.id), self._show, self._failed)

    def _show(self, use: ItemUseAnswer) -> None:
        self._use = use
        self._words.setText(
            f"この項目には {use.answers:,} 人が答えています。{use.deliveries:,} 件の配信の宛先で使われています。\n"  # noqa: E501
            "削除すると、答えもすべて消えます。元に戻せません。\n"
            "新しく聞かないだけなら、「聞くのをやめる」をお使いください。答えは残ります。"
        )
        self._go.setEnabled(True)

    def _remove(self) -> None:
        remove, item, seen = self._desk.office.items.remove, self._item.id, self._use.answers
        self._desk.background.local(lambda: remove(item, seen), lambda _: self.accept(), self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self._words.setText("使われている数が分からないため、削除できません。")
        self.banner.tell("error", words_of_trouble(trouble).both)
