"""「受信設定」: the items in the order of asking, and the greeting before them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.features.conflicts import Conflict
from desktop.features.items import Greeting
from desktop.features.wording import words_for, words_of_reason
from desktop.replica.records import Shown
from desktop.ui.allowed import offer
from desktop.ui.items.greeting import GreetingSheet
from desktop.ui.items.remove import RemoveItemSheet
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import Banner, card, clear, flowing_column, row_of
from desktop.ui.parts.conflict import ConflictChoice
from desktop.ui.parts.labels import badge, label
from desktop.ui.refused import ask_about
from desktop.ui.screen import Desk, Screen, header
from protocol.items import SegmentItem


@dataclass(frozen=True)
class Read:
    """`conflicts`: by item, the choices that wait."""

    shown: list[Shown[SegmentItem]]
    greeting: Greeting
    conflicts: dict[str, Conflict]
    greeting_conflict: Conflict | None


class ItemsScreen(Screen):
    page = "items"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = flowing_column(self, spacing=16)
        self._add = new = button(
            "項目を追加する", self._new, name="items.new", role="primary", icon="plus", theme=desk.theme
        )
        hint = "友だちになった人に、この順番で聞きます。答えは宛先をしぼるのに使います。"
        column.addWidget(header("受信設定の項目", hint, new))
        column.addWidget(self._greeting())
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        column.addLayout(self._rows)
        column.addStretch(1)
        self._shown: list[Shown[SegmentItem]] | None = None
        self._conflicts: dict[str, Conflict] = {}
        self._may_write = True

    def refresh(self) -> None:
        may_write = self.desk.office.may("items", "edit")
        for made in (self._add, self._edit_greeting):
            offer(made, may_write)
        if may_write != self._may_write:
            self._may_write, self._shown = may_write, None  # the rows get their buttons, or lose them
        office = self.desk.office

        def read() -> Read:
            shown = office.items.all()
            found = (office.conflicts.at("item", item.id) for item in shown if item.refused)
            conflicts = {one.record[1]: one for one in found if one is not None}
            return Read(shown, office.items.greeting(), conflicts, office.conflicts.at("settings", "town"))

        self.desk.background.local(read, self._show)

    def _show(self, read: Read) -> None:
        self._greeting_words.setText(read.greeting.text or "（まだありません）")
        self._greeting_seen = read.greeting
        if read.greeting_conflict is None:
            self.choice.hide()
        else:
            ask_about(self.desk, self.choice, read.greeting_conflict, self._after_change)
        shown = read.shown
        if (shown, read.conflicts) == (self._shown, self._conflicts):
            return
        self._shown, self._conflicts = shown, read.conflicts
        focus = self.focusWidget()
        focused = focus.objectName() if focus is not None else ""
        clear(self._rows)
        for place, item in enumerate(shown):
            self._rows.addWidget(self._row(place, len(shown), item))
        if not shown:
            self._rows.addWidget(
                label("まだ項目がありません。「項目を追加する」から作ってください。", "muted")
            )
        again = self.findChild(QWidget, focused) if focused else None
        if again is not None:
            again.setFocus()

    def _greeting(self) -> QWidget:
        frame, column = card(spacing=8)
        self._greeting_seen = Greeting("", 0)
        self._greeting_words: QLabel = label("", wrap=True, name="items.greeting")
        self._edit_greeting = edit = button(
            "あいさつを直す",
            self.edit_greeting,
            name="items.edit_greeting",
            icon="edit",
            theme=self.desk.theme,
        )
        column.addLayout(
            row_of(
                label("あいさつ", "heading"), label("友だちになったときに最初に届きます", "small"), 1, edit
            )
        )
        column.addWidget(self._greeting_words)
        self.choice = ConflictChoice(self.desk.theme, name="items.greeting.conflict")
        column.addWidget(self.choice)
        return frame

    def _row(self, place: int, count: int, shown: Shown[SegmentItem]) -> QWidget:
        item = shown.body
        frame, column = card(name=f"items.row.{place}", margin=14, spacing=6)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._order(place, count, shown))
        words = QVBoxLayout()
        words.setSpacing(4)
        tags: list[QWidget | int] = [label(f"{place + 1}. {item.title}", "subheading")]
        tags.append(badge(words_for("item_kind")[item.kind], "info"))
        if item.retired:
            tags.append(badge("いまは聞いていません", "neutral"))
        if shown.waiting:
            tags.append(badge("送信待ち", "warning"))
        words.addLayout(row_of(*tags, 1))
        words.addWidget(label(item.question, "muted", wrap=True))
        if item.kind == "text":
            words.addWidget(label("ページで聞きます。読めるのは、選んだ課だけです。", "small", wrap=True))
        else:
            words.addWidget(label(_answers_words(item), "small", wrap=True))
        row.addLayout(words, 1)
        for made in self._verbs(place, shown):
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(row)
        conflict = self._conflicts.get(shown.id)
        if conflict is not None:
            choice = ConflictChoice(self.desk.theme, name=f"items.conflict.{place}", hidden=False)
            ask_about(self.desk, choice, conflict, self._after_change)
            column.addWidget(choice)
        elif shown.refused:
            banner = Banner(self.desk.theme, name=f"items.refused.{place}", hidden=False)
            see = ("items.see_refused", "内容を見る", self.desk.routes.waiting)
            banner.tell("error", words_of_reason(shown.refused).both, see)
            column.addWidget(banner)
        return frame

    def _order(self, place: int, count: int, shown: Shown[SegmentItem]) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if not self._may_write:
            return made
        theme, title = self.desk.theme, shown.body.title
        up = icon_button(
            "up",
            f"「{title}」を上へ",
            lambda: self._move(shown.id, -1),
            name=f"items.up.{place}",
            theme=theme,
        )
        down = icon_button(
            "down",
            f"「{title}」を下へ",
            lambda: self._move(shown.id, 1),
            name=f"items.down.{place}",
            theme=theme,
        )
        up.setEnabled(place > 0)
        down.setEnabled(place < count - 1)
        for keys, steps, anchor in (("Alt+Up", -1, up), ("Alt+Down", 1, down)):
            shortcut = QShortcut(QKeySequence(keys), anchor)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(lambda steps=steps: self._move(shown.id, steps))
        column.addWidget(up)
        column.addWidget(down)
        return made

    def _verbs(self, place: int, shown: Shown[SegmentItem]) -> list[QPushButton]:
        item = shown.body
        if not self._may_write:
            return []
        edit = button("直す", lambda: self.desk.routes.edit_item(item), name=f"items.edit.{place}")
        retire = button(
            "また聞く" if item.retired else "聞くのをやめる",
            lambda: self._retire(shown),
            name=f"items.retire.{place}",
            role="quiet",
        )
        remove = button("削除する", lambda: self._remove(item), name=f"items.remove.{place}", role="quiet")
        return [retire, remove, edit]

    def _new(self) -> None:
        self.desk.background.local(self.desk.office.items.new, self.desk.routes.edit_item)

    def _move(self, item_id: str, steps: int) -> None:
        move = self.desk.office.items.move
        self.desk.background.local(lambda: move(item_id, steps), lambda _: self._after_change())

    def _retire(self, shown: Shown[SegmentItem]) -> None:
        retire = self.desk.office.items.retire
        self.desk.background.local(
            lambda: retire(shown.id, retired=not shown.body.retired), lambda _: self._after_change()
        )

    def _remove(self, item: SegmentItem) -> None:
        sheet = RemoveItemSheet(self, self.desk, item)
        sheet.accepted.connect(self._after_change)
        sheet.open()

    def edit_greeting(self) -> None:
        sheet = GreetingSheet(self, self.desk, self._greeting_seen)
        sheet.accepted.connect(self._after_change)
        sheet.open()

    def _after_change(self) -> None:
        self.refresh()
        self.desk.routes.wake_sync()


def _answers_words(item: SegmentItem) -> str:
    """How it is answered, in one line."""
    if item.kind == "birth_year":
        parts = ["月も任意でたずねます" if item.ask_month else "年だけをたずねます"]
        parts += ["何人分でも答えられます"] if item.several else []
        return "。".join(parts)
    if item.kind == "number":
        lowest = f"{item.lowest:,}{item.unit}から" if item.lowest is not None else ""
        highest = f"{item.highest:,}{item.unit}まで" if item.highest is not None else ""
        return f"数で答えます {lowest}{highest}".strip()
    if item.kind == "date":
        return "日付で答えます"
    return _choices_words(item)


def _choices_words(item: SegmentItem) -> str:
    offered = [choice.label for choice in item.offered_choices]
    shown = "・".join(offered[:8])
    return f"選択肢 {len(offered)} 個：{shown}" + (" ほか" if len(offered) > 8 else "")
