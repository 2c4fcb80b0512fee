"""「宛先」: conditions as sentences that are edited by clicking, and how many people they reach right now."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.recipients import Condition, Joined, Recipients, recipients_of
from desktop.features.wording import words_of_trouble
from desktop.ui.editor.condition import ConditionSheet
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import card, clear, row_of
from desktop.ui.parts.labels import label
from desktop.ui.parts.sentence_button import SentenceButton
from desktop.ui.screen import Desk
from protocol.items import SegmentItem
from protocol.segments import Segment, find_segment_problems, segment_sentence
from protocol.sync import CountAnswer

DEBOUNCE_MS = 350


class RecipientsPart(QWidget):
    """`changed(name of the step, segment)` when the person did something."""

    changed = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._items: dict[str, SegmentItem] = {}
        self._recipients = Recipients()
        self._segment: Segment = self._recipients.as_segment()
        self._asked = 0
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(name="recipients", spacing=10)
        outer.addWidget(frame)
        self._count_words = label("", "lead", name="recipients.count")
        column.addWidget(label("宛先", "heading"))
        self._sentence = label("", wrap=True, name="recipients.sentence")
        column.addWidget(self._sentence)
        column.addWidget(self._count_words)
        self._joined = self._joined_row()
        column.addWidget(self._joined)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        column.addLayout(self._rows)
        add = button("条件を追加する", self._add, name="recipients.add", icon="plus", theme=desk.theme)
        self._everyone = button("友だち全員に戻す", self._reset, name="recipients.everyone", role="quiet")
        column.addLayout(row_of(add, self._everyone, 1))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._ask_count)

    def show_segment(self, segment: Segment, items: dict[str, SegmentItem]) -> None:
        if segment == self._segment and items == self._items and self._asked:
            return
        self._segment, self._items = segment, items
        self._recipients = recipients_of(segment)
        self._sentence.setText(f"{segment_sentence(segment, items)}　に届けます。")
        self._joined.setVisible(len(self._recipients.conditions) > 1)
        self._and.setChecked(self._recipients.joined == "and")
        self._or.setChecked(self._recipients.joined == "or")
        self._everyone.setVisible(bool(self._recipients.conditions))
        self._draw_rows()
        self.recount()

    def recount(self) -> None:
        """Ask the relay again, a moment after the last change."""
        if find_segment_problems(self._segment, self._items):
            self._count_words.setText("条件を直すと人数が出ます")
            return
        self._count_words.setText("数えています…")
        self._timer.start()

    def put_condition(self, condition: Condition, at: int | None = None) -> None:
        """Add or replace a condition; also the door for scripts."""
        step = "条件の追加" if at is None else "条件の変更"
        self._tell(step, self._recipients.with_condition(condition, at))

    def _joined_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        group = QButtonGroup(self)
        self._and, self._or = (
            QPushButton("すべてに当てはまる（かつ）"),
            QPushButton("どれかに当てはまる（または）"),
        )
        choices: tuple[tuple[QPushButton, Joined], ...] = ((self._and, "and"), (self._or, "or"))
        for made_button, joined in choices:
            made_button.setObjectName(f"recipients.{joined}")
            made_button.setProperty("role", "segment")
            made_button.setCheckable(True)
            made_button.setAutoDefault(False)
            made_button.clicked.connect(self._joiner(joined))
            group.addButton(made_button)
            row.addWidget(made_button)
        row.addStretch(1)
        return made

    def _joiner(self, joined: Joined) -> Callable[[], None]:
        return lambda: self._tell("かつ・または", self._recipients.joined_by(joined))

    def _draw_rows(self) -> None:
        clear(self._rows)
        for place, condition in enumerate(self._recipients.conditions):
            words = condition.sentence(self._items)
            edit = SentenceButton(words)
            edit.setObjectName(f"recipients.condition.{place}")
            edit.setToolTip("押すと、この条件を変えられます")
            edit.clicked.connect(lambda _=False, place=place: self._edit(place))
            remove = icon_button(
                "close", f"条件「{words}」を削除", self._remover(place),
                name=f"recipients.remove.{place}", theme=self._desk.theme,
            )  # fmt: skip
            row = QWidget()
            inner = row_of(edit, remove, spacing=4)
            inner.setStretch(0, 1)
            row.setLayout(inner)
            self._rows.addWidget(row)

    def _remover(self, place: int) -> Callable[[], None]:
        return lambda: self._remove(place)

    def _add(self) -> None:
        sheet = ConditionSheet(self, self._desk.theme, self._items, None)
        sheet.chosen.connect(lambda condition: self.put_condition(condition))
        sheet.open()

    def _edit(self, place: int) -> None:
        sheet = ConditionSheet(self, self._desk.theme, self._items, self._recipients.conditions[place])
        sheet.chosen.connect(lambda condition: self.put_condition(condition, place))
        sheet.open()

    def _remove(self, place: int) -> None:
        self._tell("条件の削除", self._recipients.without(place))

    def _reset(self) -> None:
        self._tell("友だち全員に戻す", Recipients())

    def _tell(self, step: str, recipients: Recipients) -> None:
        self.changed.emit(step, recipients.as_segment())

    def _ask_count(self) -> None:
        self._asked += 1
        mine, segment = self._asked, self._segment
        count = self._desk.office.deliveries.count_recipients
        self._desk.background.ask(
            lambda: count(segment),
            lambda answer: self._show_count(mine, answer),
            lambda trouble: self._no_count(mine, trouble),
        )

    def _show_count(self, mine: int, answer: CountAnswer) -> None:
        if mine != self._asked:
            return
        share = f"（{_percent(answer.count, answer.friends)}）" if answer.friends else ""
        self._count_words.setText(f"友だち {answer.friends:,}人のうち {answer.count:,}人{share}")

    def _no_count(self, mine: int, trouble: Trouble) -> None:
        if mine == self._asked:
            self._count_words.setText("つながらないため、人数を数えられません")
            self._count_words.setToolTip(words_of_trouble(trouble).both)


def _percent(part: int, whole: int) -> str:
    share = part * 100 / whole
    return "1%未満" if 0 < share < 1 else f"{share:.0f}%"
