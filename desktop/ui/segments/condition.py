"""One condition, chosen by clicking: what it asks about, and which of the answers."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QStackedWidget, QWidget

from desktop.features.recipients import Condition, Known
from desktop.features.wording import words_for
from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.segments.panels import (
    AgePanel,
    DayPanel,
    FollowedPanel,
    LanguagePanel,
    NumberPanel,
    OneOf,
    Panel,
    Ticks,
)
from desktop.ui.theme import Theme
from protocol.items import SegmentItem
from protocol.segments import (
    ASKS_ITEM,
    AgeIs,
    ChoiceIs,
    DayIs,
    FollowedBetween,
    HasAnswered,
    InGroup,
    LanguageIs,
    NumberIs,
    OnList,
    Received,
    Segment,
)

_FOLLOWED, _LANGUAGE, _LIST, _GROUP, _RECEIVED, _WHOLE = (
    "followed", "language", "list", "group", "received", "whole",
)  # fmt: skip
_OTHERS = (
    (_FOLLOWED, "友だちになった日", FollowedBetween),
    (_LANGUAGE, "言語", LanguageIs),
    (_LIST, "リスト（タグ・選んだ人・認証コード）", OnList),
    (_GROUP, "保存した宛先", InGroup),
    (_RECEIVED, "前の配信を受け取った人", Received),
)
"""What a condition asks about besides the items."""


class ChoicePanel(Ticks):
    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, name="condition.choices", words="選択肢")

    def about(self, item: SegmentItem, chosen: tuple[str, ...]) -> None:
        offered = [choice for choice in item.choices if not choice.retired or choice.id in chosen]
        self.fill(
            (choice.id, f"{choice.group}　{choice.label}" if choice.group else choice.label)
            for choice in offered
        )

    def part(self, thing: str) -> Segment | None:
        return ChoiceIs(item=thing, any_of=self.ticked) if self.ticked else None


class ListPanel(OneOf):
    def part(self, thing: str) -> Segment | None:
        return OnList(list=self.chosen) if self.chosen else None


class GroupPanel(OneOf):
    def part(self, thing: str) -> Segment | None:
        return InGroup(group=self.chosen) if self.chosen else None


class ReceivedPanel(OneOf):
    def part(self, thing: str) -> Segment | None:
        return Received(delivery=self.chosen) if self.chosen else None


class KeptPanel(Panel):
    """A condition this sheet has no fields for: it stays as it is."""

    def __init__(self, part: Segment | None, words: str) -> None:
        super().__init__()
        self._part = part
        self.column.addWidget(label(words, wrap=True))
        self.explain("ほかのものを選ぶと、この条件と置き換わります。")
        self.column.addStretch(1)

    def part(self, thing: str) -> Segment | None:
        return self._part


class ConditionSheet(Sheet):
    """`chosen(condition)` when the person pressed the verb."""

    chosen = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        known: Known,
        condition: Condition | None,
        *,
        today: date,
        group: str = "",
    ) -> None:
        """`group`: the saved group being written, which cannot name itself. `today`: in Japan."""
        title = "何でしぼるかを変える" if condition else "何でしぼりますか"
        super().__init__(parent, title, name="condition", width=620)
        self._known, self._condition, self._group = known, condition, group
        self._today = today
        self.what = QComboBox()
        self.what.setObjectName("condition.what")
        self.what.setAccessibleName("何でしぼりますか")
        self._fill_what()
        self.column.addWidget(self.what)
        self.answered = QCheckBox("どの答えでもよい（答えた人すべて）")
        self.answered.setObjectName("condition.answered")
        self.column.addWidget(self.answered)
        self._panels = QStackedWidget()
        self._make_panels(theme)
        self.column.addWidget(self._panels, 1)
        self.excluded = QCheckBox("この条件に当てはまる人を除く（ではない）")
        self.excluded.setObjectName("condition.excluded")
        self.column.addWidget(self.excluded)
        self._sentence = label("", "muted", wrap=True, name="condition.sentence")
        self.column.addWidget(self._sentence)
        self._go = button("この条件にする", self._accept, name="condition.go", role="primary")
        self.end_with(1, button("やめる", self.reject, name="condition.cancel"), self._go)
        self.what.currentIndexChanged.connect(lambda _: self._switch())
        self.excluded.toggled.connect(lambda _: self._preview())
        self.answered.toggled.connect(self._panels.setDisabled)
        self.answered.toggled.connect(lambda _: self._preview())
        self._switch()
        if condition is not None:
            self._show(condition)
        self._preview()

    def tick(self, ids: tuple[str, ...]) -> None:
        """Tick exactly these choices; for scripts."""
        self.choices.tick(ids)

    def _fill_what(self) -> None:
        part = self._condition.part if self._condition else None
        if part is not None and not isinstance(part, ASKS_ITEM + tuple(kind for _, _, kind in _OTHERS)):
            self.what.addItem("まとまった条件（このまま使う）", _WHOLE)
        for item in sorted(self._known.items.values(), key=lambda item: item.position):
            if item.kind == "text":  # sealed: the relay cannot choose by it
                continue
            if not item.retired or getattr(part, "item", "") == item.id:
                words = item.title + ("（いまは聞いていません）" if item.retired else "")
                self.what.addItem(words, item.id)
        for code, words, _ in _OTHERS:
            self.what.addItem(words, code)
        if isinstance(part, ASKS_ITEM) and part.item not in self._known.items:
            self.what.insertItem(0, "削除された項目", _WHOLE)

    def _make_panels(self, theme: Theme) -> None:
        known = self._known
        self.choices, self.age, self.number = ChoicePanel(theme), AgePanel(), NumberPanel()
        self.day, self.followed, self.languages = (
            DayPanel(self._today),
            FollowedPanel(self._today),
            LanguagePanel(theme),
        )
        self.lists = ListPanel(
            theme,
            name="condition.lists",
            words="リスト",
            empty="まだリストがありません。「リスト」の画面で作れます。",
        )
        kinds = words_for("list_kind")
        self.lists.fill(
            (one.id, f"{one.name}（{kinds[one.kind]}・{one.count:,}人）") for one in known.lists.values()
        )
        self.groups = GroupPanel(
            theme, name="condition.groups", words="保存した宛先",
            empty="まだ保存した宛先がありません。「保存した宛先」の画面で作れます。",
        )  # fmt: skip
        self.groups.fill((one.id, one.name) for one in known.groups.values() if one.id != self._group)
        self.received = ReceivedPanel(
            theme, name="condition.received", words="配信", empty="まだ届けた配信がありません。"
        )
        self.received.fill((id, title or "（配信名なし）") for id, title in known.deliveries.items())
        part = self._condition.part if self._condition else None
        self.kept = KeptPanel(part, known.sentence(part) if part is not None else "")
        for panel in (
            self.choices, self.age, self.number, self.day, self.followed, self.languages, self.lists,
            self.groups, self.received, self.kept,
        ):  # fmt: skip
            panel.changed.connect(self._preview)
            self._panels.addWidget(panel)

    def _panel(self) -> Panel:
        item = self._known.items.get(self.what.currentData())
        if item is None:
            found = {
                _FOLLOWED: self.followed, _LANGUAGE: self.languages, _LIST: self.lists,
                _GROUP: self.groups, _RECEIVED: self.received,
            }  # fmt: skip
            return found.get(self.what.currentData(), self.kept)
        by_kind: dict[str, Panel] = {"birth_year": self.age, "number": self.number, "date": self.day}
        return by_kind.get(item.kind, self.choices)

    def _switch(self) -> None:
        item, panel = self._known.items.get(self.what.currentData()), self._panel()
        self.answered.setChecked(False)
        self.answered.setVisible(item is not None)
        if item is not None:
            if isinstance(panel, ChoicePanel):
                chosen = getattr(self._condition.part, "any_of", ()) if self._condition else ()
                panel.about(item, chosen)
            elif isinstance(panel, AgePanel | NumberPanel):
                panel.about(item)
        for place in range(self._panels.count()):  # what is not seen takes no room
            other = self._panels.widget(place)
            assert other is not None
            kept = QSizePolicy.Policy.Preferred if other is panel else QSizePolicy.Policy.Ignored
            other.setSizePolicy(QSizePolicy.Policy.Preferred, kept)
        self._panels.setCurrentWidget(panel)
        self._preview()

    def _show(self, condition: Condition) -> None:
        part = condition.part
        self.excluded.setChecked(condition.excluded)
        wanted = part.item if isinstance(part, ASKS_ITEM) else _code_of(part)
        self.what.setCurrentIndex(max(0, self.what.findData(wanted)))
        self._switch()
        match part:
            case ChoiceIs():
                self.choices.tick(part.any_of)
            case AgeIs():
                self.age.show_part(part)
                self.answered.setChecked(part.lowest is None and part.highest is None)
            case NumberIs():
                self.number.show_part(part)
                self.answered.setChecked(part.lowest is None and part.highest is None)
            case DayIs():
                self.day.show_part(part)
            case HasAnswered():
                self.answered.setChecked(True)
            case FollowedBetween():
                self.followed.show_days(part)
            case LanguageIs():
                self.languages.tick(part.any_of)
            case OnList():
                self.lists.choose(part.list)
            case InGroup():
                self.groups.choose(part.group)
            case Received():
                self.received.choose(part.delivery)

    def _part(self) -> Segment | None:
        """The condition as it stands, or None while something is missing."""
        thing = self.what.currentData()
        if thing in self._known.items and self.answered.isChecked():
            return HasAnswered(item=thing)
        return self._panel().part(thing)

    def _preview(self) -> None:
        part = self._part()
        self._go.setEnabled(part is not None)
        if part is None:
            self._sentence.setText("しぼる内容を選んでください。")
        else:
            self._sentence.setText(Condition(part, self.excluded.isChecked()).sentence(self._known))

    def _accept(self) -> None:
        part = self._part()
        if part is not None:
            self.chosen.emit(Condition(part, self.excluded.isChecked()))
            self.accept()


def _code_of(part: Segment) -> str:
    return next((code for code, _, kind in _OTHERS if isinstance(part, kind)), _WHOLE)
