"""Whom a delivery reaches, when, how, how long it takes and what is left of LINE's month."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from desktop.features.check_words import (
    NOBODY_TO_APPROVE,
    count_words,
    duration_words,
    languages_words,
    people_words,
    quota_words,
    route_words,
    share_words,
    when_words,
)
from desktop.features.confirming import Confirmation
from desktop.features.planning import Upcoming
from desktop.features.recipients import Known
from desktop.features.wording import words_for
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.labels import label
from desktop.ui.schedule.moments_list import MomentsList
from desktop.ui.screen import Desk
from protocol.deliveries import DeliveryDraft, whole_segment

_ROWS = (
    ("when", "いつ"),
    ("route", "送り方"),
    ("duration", "かかる時間"),
    ("languages", "言語"),
    ("quota", "今月の残りの通数"),
)


class FactsCard(QFrame):
    """Object names: `<name>.title`, `.sentence`, `.count`, `.share`, `.nobody_to_approve`, and those of
    `_ROWS`.
    """

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("role", "card")
        self.setObjectName(f"{name}.people")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(10)
        self._title = label("", "heading", wrap=True, name=f"{name}.title")
        column.addWidget(self._title)
        self._sentence = label("", "lead", wrap=True, name=f"{name}.sentence")
        column.addWidget(self._sentence)
        self._count = label("", "number", name=f"{name}.count")
        self._share = label("", "muted", name=f"{name}.share")
        column.addLayout(row_of(self._count, self._share, 1))
        self._people = label("", "muted", wrap=True, name=f"{name}.people_note")
        column.addWidget(self._people)
        self._alone = label(NOBODY_TO_APPROVE, wrap=True, name=f"{name}.nobody_to_approve")
        self._alone.hide()
        column.addWidget(self._alone)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._facts = {}
        for place, (key, words) in enumerate(_ROWS):
            value = label("", wrap=True, name=f"{name}.{key}")
            value.setAccessibleName(words)
            grid.addWidget(label(words, "muted"), place, 0)
            grid.addWidget(value, place, 1)
            self._facts[key] = value
        column.addLayout(grid)
        self._moments = MomentsList(desk.theme, name=f"{name}.moments", title="これから送る日時（10回分）")
        self._moments.hide()
        column.addWidget(self._moments)

    def begin(self, draft: DeliveryDraft) -> None:
        """Before the relay has answered."""
        self._title.setText(draft.title or "（配信名なし）")
        self._count.setText("数えています…")
        self._share.setText("")
        self._people.hide()
        self._alone.hide()
        self._moments.hide()
        for value in self._facts.values():
            value.setText("確かめています…")

    def show_facts(self, confirmation: Confirmation, known: Known) -> None:
        draft, check = confirmation.draft, confirmation.check
        self._title.setText(draft.title or "（配信名なし）")
        self._sentence.setText(f"{known.sentence(whole_segment(draft))}　に届けます。")
        self._count.setText(count_words(check) if check else "人数を確かめられません")
        self._share.setText(share_words(check) if check else "")
        self._people.setText(people_words(draft))
        self._people.setVisible(bool(people_words(draft)))
        self._alone.setVisible(check is not None and check.nobody_to_approve)
        facts = {
            "when": when_words(draft, known.items, check.hold_seconds if check else 0),
            "route": route_words(check) if check else "確かめられません",
            "duration": duration_words(check.seconds) if check else "確かめられません",
            "languages": languages_words(check, words_for("language")) if check else "確かめられません",
            "quota": quota_words(check),
        }
        for key, words in facts.items():
            self._facts[key].setText(words or "–")
        moments = check.moments if check and draft.when.kind not in ("now", "at") else ()
        self._moments.show_moments([Upcoming(moment) for moment in moments], self._desk.office.clock())
        self._moments.setVisible(bool(moments))
