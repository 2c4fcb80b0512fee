"""The last look at a delivery: people, moment, phone, and what must be ticked and typed before it goes.

Both who sends and who approves look at it; the buttons below are theirs.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.features.changed_text import changed_facts, changed_lines
from desktop.features.confirming import Confirmation
from desktop.features.recipients import Known
from desktop.features.wording import words_for, words_of_problem
from desktop.ui.confirm.changes import ChangesCard
from desktop.ui.confirm.facts import FactsCard
from desktop.ui.confirm.ticks import TicksCard
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, row_of, scrolling
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.screen import Desk
from protocol.deliveries import DeliveryDraft
from protocol.problems import Problem


@dataclass(frozen=True)
class Prepared:
    """What the relay and this machine say about a draft."""

    confirmation: Confirmation
    known: Known
    environment: str
    before: DeliveryDraft | None


class LastLook(QWidget):
    """`changed` when something was learned, ticked or typed. `top` is for cards of the screen around it.
    Object names begin with `name`.
    """

    changed = Signal()

    def __init__(self, desk: Desk, *, name: str, title: str, intro: str) -> None:
        super().__init__()
        self._desk, self._name = desk, name
        self._draft: DeliveryDraft | None = None
        self.confirmation: Confirmation | None = None
        self._asked = 0
        middle = QHBoxLayout(self)
        middle.setContentsMargins(0, 0, 0, 0)
        flow = QWidget()
        column = QVBoxLayout(flow)
        column.setContentsMargins(32, 28, 24, 24)
        column.setSpacing(16)
        column.addWidget(label(title, "title"))
        column.addWidget(label(intro, "muted", wrap=True))
        self.banner = Banner(desk.theme, name=f"{name}.banner")
        column.addWidget(self.banner)
        self.top = QVBoxLayout()
        self.top.setSpacing(16)
        column.addLayout(self.top)
        self.facts = FactsCard(desk, name=name)
        column.addWidget(self.facts)
        self._problems = QVBoxLayout()
        self._problems.setSpacing(8)
        column.addLayout(self._problems)
        self._changes = ChangesCard(desk.theme, name=f"{name}.changes")
        column.addWidget(self._changes)
        self.ticks = TicksCard(name=name)
        self.ticks.changed.connect(self.changed)
        column.addWidget(self.ticks)
        column.addWidget(self._typing())
        self.bottom = QVBoxLayout()
        self.bottom.setSpacing(16)
        column.addLayout(self.bottom)
        column.addStretch(1)
        self._area = scrolling(flow)
        middle.addWidget(self._area, 1)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 28, 28, 16)
        self.preview = PhonePreview(desk.office, desk.background)
        side_column.addWidget(self.preview)
        middle.addWidget(side)

    def look(self, draft: DeliveryDraft) -> None:
        """Prepare the confirmation of this draft; asks the relay."""
        self._draft, self.confirmation = draft, None
        self._area.verticalScrollBar().setValue(0)
        self.preview.show_draft(draft)
        self.facts.begin(draft)
        self._typed.set_text("")
        self._typing_card.hide()
        self._changes.hide()
        self.ticks.show_warnings((), ())
        clear(self._problems)
        self.banner.hide()
        self.changed.emit()
        self.again()

    def again(self) -> None:
        """Ask the relay once more."""
        draft, office = self._draft, self._desk.office
        if draft is None:
            return
        self._asked += 1
        mine = self._asked

        def prepare() -> Prepared:
            settings = office.home.today().settings
            return Prepared(
                office.confirming.prepare(draft),
                office.groups.known(draft.segment),
                settings.environment if settings else "",
                office.confirming.before(draft),
            )

        self._desk.background.ask(prepare, lambda prepared: self._show(mine, prepared))

    @property
    def draft(self) -> DeliveryDraft | None:
        return self._draft

    @property
    def is_ready(self) -> bool:
        """Nothing speaks against it, everything is ticked, and the number is typed where it must be."""
        confirmation = self.confirmation
        if confirmation is None or not confirmation.may_send or not self.ticks.all_ticked:
            return False
        return not confirmation.must_type_number or self._typed_number() == self._count()

    def take(self) -> Confirmation | None:
        """The confirmation, once: a second press of the button finds nothing."""
        taken, self.confirmation = self.confirmation, None
        self.changed.emit()
        return taken

    def _count(self) -> str:
        check = self.confirmation.check if self.confirmation is not None else None
        return str(check.count) if check is not None else ""

    def _typed_number(self) -> str:
        return unicodedata.normalize("NFKC", self._typed.text()).replace(",", "").strip()

    def _typing(self) -> QWidget:
        self._typing_card, column = card(name=f"{self._name}.typing", spacing=8)
        self._typing_words = label("", wrap=True)
        self._typed = CommitLine(name=f"{self._name}.typed", hint="人数")
        self._typed.setAccessibleName("配信する人数を入れる")
        self._typed.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self._typed.setMaximumWidth(self._desk.theme.px(180))
        self._typed.committed.connect(lambda _: self.changed.emit())
        column.addWidget(self._typing_words)
        column.addLayout(row_of(self._typed, label("人"), 1))
        return self._typing_card

    def _show(self, mine: int, prepared: Prepared) -> None:
        if mine != self._asked:
            return
        confirmation = prepared.confirmation
        self.confirmation = confirmation
        check = confirmation.check
        self.facts.show_facts(confirmation, prepared.known)
        clear(self._problems)
        for problem in confirmation.problems:
            banner = Banner(self._desk.theme, name=f"{self._name}.problem.{problem.code}", hidden=False)
            banner.tell("error", f"{_place(problem)}{words_of_problem(problem).both}")
            self._problems.addWidget(banner)
        self.ticks.show_warnings(confirmation.warnings, check.similar if check is not None else ())
        if prepared.before is not None:
            self._changes.show_changes(
                prepared.before.title,
                changed_lines(prepared.before, confirmation.draft),
                changed_facts(prepared.before, confirmation.draft, prepared.known),
            )
        self._typing_card.setVisible(confirmation.may_send and confirmation.must_type_number)
        if check is not None:
            self._typing_words.setText(
                f"{check.count:,}人に送ります。間違いを防ぐため、人数「{check.count:,}」を入れてください。"
            )
        if self.banner.words and self.banner.property("banner") == "error":
            pass  # a refusal is not written over
        elif confirmation.may_send and prepared.environment == "training":
            self.banner.tell("info", "練習環境です。ほんものの住民には届きません。")
        elif confirmation.may_send and confirmation.draft.training:
            self.banner.tell("info", "訓練として送ります。文の先頭に【訓練】が付きます。")
        self.changed.emit()

    def again_button(self) -> QWidget:
        return button("もう一度数える", self.again, name=f"{self._name}.again", role="quiet")


def _place(problem: Problem) -> str:
    """「2番目の吹き出し：」"""
    places = words_for("place")
    parts = problem.at.split(".")
    if parts[0] == "messages" and len(parts) > 1 and parts[1].isdigit():
        return f"{int(parts[1]) + 1}番目の吹き出し："
    return f"{places[parts[0]]}：" if parts[0] in places else ""
