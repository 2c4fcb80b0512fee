"""「宛先」: conditions as sentences, groups that never get it, and how many people that reaches right now.

One editor for deliveries and for saved groups.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.recipients import Condition, Joined, Known, Recipients, recipients_of
from desktop.features.who import FEW
from desktop.features.wording import words_of_problem, words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from desktop.ui.segments.excluded import ExcludedGroups
from desktop.ui.segments.lines import ConditionLines, JoinedBox
from desktop.ui.segments.who import WhoSheet
from protocol.deliveries import DeliveryDraft, whole_segment
from protocol.segments import Everyone, Segment, find_segment_problems
from protocol.sync import CountAnswer

DEBOUNCE_MS = 350


class RecipientsPart(QWidget):
    """`changed(name of the step, segment)` and `excluded_changed(name of the step, group ids)` when the
    person did something.
    """

    changed = Signal(str, object)
    excluded_changed = Signal(str, object)

    def __init__(
        self,
        desk: Desk,
        *,
        name: str = "recipients",
        title: str = "宛先",
        ending: str = "　に届けます。",
        with_excluded: bool = True,
    ) -> None:
        """Object names begin with `name`; `ending` ends the sentence about the whole."""
        super().__init__()
        self._desk, self._name, self._ending = desk, name, ending
        self._known = Known()
        self._segment: Segment = Everyone()
        self._excluded: tuple[str, ...] = ()
        self._asked = 0
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(name=name, spacing=10)
        outer.addWidget(frame)
        self._who = button(
            "どんな人か見る", self._show_who, name=f"{name}.who", icon="people", theme=desk.theme
        )
        column.addWidget(Flow(label(title, "heading"), self._who, spacing=16))
        self._sentence = label("", wrap=True, name=f"{name}.sentence")
        self._count_words = label("", "lead", wrap=True, name=f"{name}.count")
        column.addWidget(self._sentence)
        column.addWidget(self._count_words)
        self._joined = JoinedBox(name=f"{name}.joined")
        self._joined.chosen.connect(self._join)
        column.addWidget(self._joined)
        self.lines = ConditionLines(desk, name=name)
        self.lines.edited.connect(self._tell)
        column.addWidget(self.lines)
        add = button("条件を追加する", self.lines.add, name=f"{name}.add", icon="plus", theme=desk.theme)
        bundle = button("まとまりを追加する", self.lines.add_bundle, name=f"{name}.add_bundle")
        self._everyone = button("友だち全員に戻す", self._reset, name=f"{name}.everyone", role="quiet")
        self._adding = Flow(add, bundle, self._everyone)
        column.addWidget(self._adding)
        self.excluded = ExcludedGroups(desk, name=f"{name}.excluded")
        self.excluded.changed.connect(lambda ids: self.excluded_changed.emit("除外する宛先", ids))
        column.addWidget(self.excluded)
        if not with_excluded:
            self.excluded.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._ask_count)

    def show_recipients(
        self, segment: Segment, known: Known, excluded: tuple[str, ...] = (), *, group: str = ""
    ) -> None:
        """`group`: the saved group being written, which cannot name itself."""
        if (segment, known, excluded) == (self._segment, self._known, self._excluded) and self._asked:
            return
        self._segment, self._known, self._excluded = segment, known, excluded
        recipients = self._recipients = recipients_of(segment)
        self._sentence.setText(self.sentence)
        self._joined.setVisible(len(recipients.conditions) > 1)
        self._joined.show_joined(recipients.joined)
        self._everyone.setVisible(bool(recipients.conditions))
        self.lines.show_recipients(recipients, known, group=group)
        self.excluded.show_excluded(excluded, known)
        self.recount()

    def allow(self, allowed: bool) -> None:
        """Whether the person may change it; who is in it may be seen by whoever sees this at all."""
        for made in (self._joined, self.lines, self._adding, self.excluded):
            made.setEnabled(allowed)

    @property
    def sentence(self) -> str:
        """The whole in words."""
        names = self._known.names(self._excluded)
        without = f"（{names}の人を除く）" if names else ""
        return f"{self._known.sentence(self._segment)}{without}{self._ending}"

    def recount(self) -> None:
        """Ask the relay again, a moment after the last change."""
        problems = find_segment_problems(self._whole, self._known.items, self._known.named)
        self._who.setEnabled(not problems)
        if problems:
            self._timer.stop()
            self._count_words.setText(words_of_problem(problems[0]).both)
            return
        self._count_words.setText("数えています…")
        self._timer.start()

    def put_condition(self, condition: Condition, at: int | None = None) -> None:
        """Add or replace a condition; also the door for scripts."""
        step = "条件の追加" if at is None else "条件の変更"
        self._tell(step, recipients_of(self._segment).with_condition(condition, at))

    @property
    def _whole(self) -> Segment:
        draft = DeliveryDraft(id="", title="", segment=self._segment, excluded=self._excluded)
        return whole_segment(draft)

    def _join(self, joined: Joined) -> None:
        self._tell("かつ・または", recipients_of(self._segment).joined_by(joined))

    def _reset(self) -> None:
        self._tell("友だち全員に戻す", Recipients())

    def _tell(self, step: str, recipients: Recipients) -> None:
        self.changed.emit(step, recipients.as_segment())

    def _show_who(self) -> None:
        sheet = WhoSheet(self, self._desk, self._known, self._whole)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _ask_count(self) -> None:
        self._asked += 1
        mine, segment = self._asked, self._whole
        count = self._desk.office.groups.count
        self._desk.background.ask(
            lambda: count(segment),
            lambda answer: self._show_count(mine, answer),
            lambda trouble: self._no_count(mine, trouble),
        )

    def _show_count(self, mine: int, answer: CountAnswer) -> None:
        if mine != self._asked:
            return
        if answer.few:
            self._count_words.setText(f"友だち {answer.friends:,}人のうち {FEW}（0人のこともあります）")
            return
        share = f"（{percent(answer.count, answer.friends)}）" if answer.friends else ""
        self._count_words.setText(f"友だち {answer.friends:,}人のうち {answer.count:,}人{share}")

    def _no_count(self, mine: int, trouble: Trouble) -> None:
        if mine == self._asked:
            self._count_words.setText("つながらないため、人数を数えられません")
            self._count_words.setToolTip(words_of_trouble(trouble).both)


def percent(part: int, whole: int) -> str:
    """「7%」; what is less than one of a hundred is not none."""
    share = part * 100 / whole
    return "1%未満" if 0 < share < 1 else f"{share:.0f}%"
