"""Merging a choice into another: first how many answers and deliveries it is about, then the verb."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.items import Choice, SegmentItem
from protocol.sync import ItemUseAnswer


class MergeSheet(Sheet):
    """Needs the relay: nothing is merged before the person has seen how many answers move."""

    def __init__(self, parent: QWidget, desk: Desk, item: SegmentItem, choice: Choice) -> None:
        super().__init__(parent, f"「{choice.label}」をほかの選択肢にまとめる", name="merge", width=600)
        self._desk, self._item, self._choice = desk, item, choice
        self._use: ItemUseAnswer | None = None
        self.column.addWidget(label("まとめる先", "subheading"))
        self.into = QComboBox()
        self.into.setObjectName("merge.into")
        self.into.setAccessibleName("まとめる先の選択肢")
        for other in item.choices:
            if other.id != choice.id and not other.retired:
                words = f"{other.group}　{other.label}" if other.group else other.label
                self.into.addItem(words, other.id)
        self.into.currentIndexChanged.connect(lambda _: self._tell())
        self.column.addWidget(self.into)
        self._words = label("使われている数を調べています…", wrap=True, name="merge.words")
        self.column.addWidget(self._words)
        self.banner = Banner(desk.theme, name="merge.banner")
        self.column.addWidget(self.banner)
        cancel = button("やめる", self.reject, name="merge.cancel")
        self._go = button("まとめる", self._merge, name="merge.go", role="danger")
        self._go.setEnabled(False)
        self.end_with(1, cancel, self._go)
        cancel.setFocus()
        use = desk.office.items.use
        desk.background.ask(lambda: use(item.id), self._show, self._failed)

    def _show(self, use: ItemUseAnswer) -> None:
        self._use = use
        self._go.setEnabled(self.into.count() > 0)
        self._tell()

    def _tell(self) -> None:
        if self._use is None:
            return
        answers = self._use.choices.get(self._choice.id, 0)
        self._words.setText(
            f"「{self._choice.label}」と答えた {answers:,} 人は、これから「{self.into.currentText()}」と"
            "答えた人として数えます。\n"
            f"この項目は {self._use.deliveries:,} 件の配信の宛先で使われています。"
            f"「{self._choice.label}」を使う条件は、まとめる先を指すようになります。\n"
            f"「{self._choice.label}」は出さなくなります。元に戻せません。"
        )

    def _merge(self) -> None:
        if self._use is None:
            return
        merge, item, choice = self._desk.office.items.merge, self._item.id, self._choice.id
        into, seen = self.into.currentData(), self._use.choices.get(choice, 0)
        self._go.setEnabled(False)
        self._desk.background.local(
            lambda: merge(item, choice, into, seen), lambda _: self.accept(), self._failed
        )

    def _failed(self, trouble: Trouble) -> None:
        self._words.setText("使われている数が分からないため、まとめられません。")
        self.banner.tell("error", words_of_trouble(trouble).both)
