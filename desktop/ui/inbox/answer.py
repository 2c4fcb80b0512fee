"""The answer to what arrived: state, a note that stays inside, a reply the resident reads."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from desktop.features.submissions import STATES, Handling
from desktop.features.wording import words_for, words_of_reason
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.fields import CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.theme import Theme
from protocol.counting import grapheme_count
from protocol.submissions import REPLY_LIMIT

_NO_COPY = (
    "この方の画面には返信を出せません（電話や窓口で受けたもの、または機種を変えた方です）。"
    "電話などでお知らせください。"
)


class AnswerCard(QFrame):
    """`typed` when the person changed something."""

    typed = Signal()

    def __init__(self, theme: Theme, *, save: Callable[[], None], send: Callable[[], None]) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        self._updated = label("", "small", wrap=True, name="submission.updated")
        column.addWidget(label("対応", "heading"))
        column.addWidget(self._updated)
        column.addLayout(self._state_row())
        self.note = CommitText(name="submission.note")
        self.note.setFixedHeight(theme.px(110))
        self._note_field = Field(
            "メモ",
            self.note,
            help_text="宛先の課の職員だけが読みます。",
            count=grapheme_count,
            limit=REPLY_LIMIT,
        )
        self.reply = CommitText(name="submission.reply")
        self.reply.setFixedHeight(theme.px(150))
        self._reply_field = Field(
            "返信", self.reply, help_text="本人が自分のスマートフォンで読みます。", count=grapheme_count,
            limit=REPLY_LIMIT,
        )  # fmt: skip
        column.addWidget(self._note_field)
        column.addWidget(self._reply_field)
        self._no_copy = label(_NO_COPY, "small", wrap=True, name="submission.no_copy")
        column.addWidget(self._no_copy)
        self._save = button("保存する", save, name="submission.save")
        self._send = button("返信して知らせる", send, name="submission.send", role="primary")
        column.addLayout(row_of(1, self._save, self._send))
        column.addWidget(
            label(
                "「返信して知らせる」と、本人のトークに「お知らせがあります」とだけ届きます。",
                "small",
                wrap=True,
            )
        )
        column.addStretch(1)
        self.note.committed.connect(lambda _: self.typed.emit())
        self.reply.committed.connect(lambda _: self.typed.emit())

    @property
    def handling(self) -> Handling:
        """As it stands in the fields."""
        state = next(state for state in STATES if self._states[state].isChecked())
        return Handling(state, self.note.toPlainText(), self.reply.toPlainText())

    def show_handling(self, handling: Handling, updated: str, *, can_reply: bool) -> None:
        """From the program: nothing is told. `can_reply`: the resident's page can show a reply."""
        self._states[handling.state].setChecked(True)
        self.note.set_text(handling.note)
        self.reply.set_text(handling.reply)
        self._note_field.recount()
        self._reply_field.recount()
        self._reply_field.show_error("")
        self._updated.setText(f"最後の更新：{updated}" if updated else "まだだれも対応していません。")
        self.reply.setEnabled(can_reply)
        self._send.setEnabled(can_reply)
        self._no_copy.setVisible(not can_reply)

    def show_reply_error(self, words: str) -> None:
        self._reply_field.show_error(words)

    def check(self) -> bool:
        """Whether both texts are short enough; says so at the field where not."""
        too_long = words_of_reason("text_too_long", limit=REPLY_LIMIT).both
        handling = self.handling
        is_note_long = grapheme_count(handling.note) > REPLY_LIMIT
        is_reply_long = grapheme_count(handling.reply) > REPLY_LIMIT
        self._note_field.show_error(too_long if is_note_long else "")
        self._reply_field.show_error(too_long if is_reply_long else "")
        return not is_note_long and not is_reply_long

    def _state_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        group = QButtonGroup(self)
        words = words_for("submission_state")
        self._states: dict[str, QPushButton] = {}
        for state in STATES:
            choice = QPushButton(words[state])
            choice.setObjectName(f"submission.state.{state}")
            choice.setAccessibleName(f"状態 {words[state]}")
            choice.setProperty("role", "segment")
            choice.setCheckable(True)
            choice.setAutoDefault(False)
            choice.setChecked(state == "new")
            choice.clicked.connect(lambda: self.typed.emit())
            group.addButton(choice)
            row.addWidget(choice)
            self._states[state] = choice
        row.addStretch(1)
        return row
