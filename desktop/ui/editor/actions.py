"""What a tap does: one editor for buttons, areas and quick replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from desktop.features.composing import ACTIONS, PAGES, action_value, as_action, with_action_value
from desktop.ui.editor.part import Part, TextEntry, below
from desktop.ui.editor.rows import Rows
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import clear
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.action_limits import (
    AREA_LABEL_LIMIT,
    AREA_SAY_LIMIT,
    CARD_LABEL_LIMIT,
    COPY_LIMIT,
    LABEL_LIMIT,
    SAY_LIMIT,
    Place,
)
from protocol.messages import Action, OpenLink
from protocol.problems import Problem
from protocol.web_links import LINK_LIMIT

_VALUE_AT = {"link": "url", "page": "page", "call": "telephone", "say": "text", "copy": "text"}
_ASKED = {
    "link": "リンク先（https:// から）",
    "page": "開くページ",
    "call": "電話番号",
    "say": "送る文（住民が書いたように出ます）",
    "copy": "コピーする文字",
}
_LABELS = {
    "template": LABEL_LIMIT,
    "quick_reply": LABEL_LIMIT,
    "card": CARD_LABEL_LIMIT,
    "area": AREA_LABEL_LIMIT,
}
STEP = "ボタンの変更"


def titled(title: str, field: QWidget) -> QVBoxLayout:
    """A field that is no text, under its label."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    heading = label(title, "small")
    heading.setBuddy(field)
    column.addWidget(heading)
    column.addWidget(field)
    field.setAccessibleName(title)
    return column


class ActionPart(Part):
    """Kind, label, and the address, number or text that belongs to the kind."""

    def __init__(self, desk: Desk, name: str, place: Place) -> None:
        super().__init__(desk, name)
        self._place = place
        self.kind = QComboBox()
        self.kind.setObjectName(f"{name}.do")
        for do, words in ACTIONS.items():
            self.kind.addItem(words, do)
        self.kind.activated.connect(self._another_kind)
        in_graphemes = place != "area"
        self.label = self.entry(
            "label", "読み上げの言葉" if place == "area" else "ボタンの文字", STEP,
            limit=_LABELS[place], units="graphemes" if in_graphemes else "utf16",
        )  # fmt: skip
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addLayout(titled("押したときの動き", self.kind))
        first.addWidget(self.label, 1)
        self.column.addLayout(first)
        self._value_room = QVBoxLayout()
        self.column.addLayout(self._value_room)
        self._text: TextEntry | None = None
        self._page: QComboBox | None = None
        self._shown_kind = ""

    def show_value(self, value: Action) -> None:
        self._value = value
        self.kind.setCurrentIndex(self.kind.findData(value.do))
        self.label.set_text(value.label)
        if value.do != self._shown_kind:
            self._build_value(value)
        if self._text is not None:
            self._text.set_text(action_value(value))
        if self._page is not None:
            self._page.setCurrentIndex(self._page.findData(action_value(value)))

    def show_problems(self, problems: Sequence[Problem]) -> None:
        at = _VALUE_AT[self._value.do] if self._value is not None else ""
        if self._text is not None:
            self._text.show_problems(below(problems, at))
        super().show_problems([each for each in problems if self._text is None or each.at != at])

    def _build_value(self, value: Action) -> None:
        clear(self._value_room)
        self._text = self._page = None
        self._shown_kind = value.do
        if value.do == "page":
            self._page = QComboBox()
            self._page.setObjectName(f"{self.name}.page")
            for page, words in PAGES.items():
                self._page.addItem(words, page)
            self._page.activated.connect(
                lambda _: self.tell(STEP, with_action_value(self._value, self._page.currentData()))
            )
            self._value_room.addLayout(titled(_ASKED["page"], self._page))
            return
        limit, units = self._room(value.do)
        self._text = TextEntry(
            self.desk, _ASKED[value.do], name=f"{self.name}.{_VALUE_AT[value.do]}", limit=limit, units=units,
            letters=value.do in ("link", "call"), hint=_HINTS.get(value.do, ""),
        )  # fmt: skip
        self._text.committed.connect(lambda text: self.tell(STEP, with_action_value(self._value, text)))
        self._value_room.addWidget(self._text)

    def _room(self, do: str) -> tuple[int, str]:
        if do == "say":
            return (AREA_SAY_LIMIT, "utf16") if self._place == "area" else (SAY_LIMIT, "graphemes")
        return {"link": LINK_LIMIT, "copy": COPY_LIMIT}.get(do, 0), "utf16"

    def _another_kind(self, _: int) -> None:
        do = self.kind.currentData()
        if do != self._value.do:
            new = as_action(do, self._value)
            self.show_value(new)
            self.tell("押したときの動きの変更", new)


_HINTS = {"link": "https://", "call": "例：0120-000-000"}


class ButtonRows(Part):
    """Buttons below each other with an add button; `fixed` for exactly two."""

    def __init__(
        self, desk: Desk, name: str, place: Place, *, limit: int, what: str = "ボタン", fixed: bool = False
    ) -> None:
        super().__init__(desk, name)
        self._limit = limit
        self.rows = Rows(
            desk, name, lambda at, _: ActionPart(desk, f"{name}.{at}", place), what=what, fixed=fixed
        )
        self.rows.changed.connect(self._tell)
        self.column.addWidget(self.rows)
        self._add = button(
            f"{what}を追加", lambda: self.rows.add(OpenLink(label="", url="")), name=f"{name}.add",
            icon="plus", theme=desk.theme,
        )  # fmt: skip
        self._count = label("", "small")
        self.column.addWidget(Flow(self._add, self._count))
        self._add.setVisible(not fixed)
        self._count.setVisible(not fixed)

    def show_value(self, value: Any) -> None:
        self.rows.show_value(value)
        self._recount(len(value))

    def show_problems(self, problems: Sequence[Problem]) -> None:
        self.rows.show_problems(problems)

    def _tell(self, step: str, value: Any) -> None:
        self._recount(len(value))
        self.changed.emit(step, value)

    def _recount(self, count: int) -> None:
        self._count.setText(f"{count} / {self._limit} 個")
        self._add.setEnabled(count < self._limit)
