"""「いつ」 in the editor: now, at a time, by a rule, by residents' own dates; and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from desktop.features.planning import Calendar, default_when, quiet_moment, upcoming
from desktop.features.wording import words_of_problem, words_of_reason
from desktop.ui.moments import day_and_time
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import DayField, Form, TimeField, choice_box, indent, show_value
from desktop.ui.schedule.moments_list import MomentsList
from desktop.ui.schedule.resident import AgeFields, ResidentDayFields
from desktop.ui.schedule.rule import RuleFields
from desktop.ui.screen import Desk
from protocol.deliveries import DeliveryDraft
from protocol.moments import find_when_problems, when_sentence
from protocol.schedules import JAPAN, At, Now, OnAge, OnResidentDay, Repeating, When

KINDS = (
    ("今すぐ", "now"),
    ("日時を決める", "at"),
    ("くり返す", "repeating"),
    ("日付の項目に合わせて", "resident_day"),
    ("年齢になる月に", "age"),
)
_LATE = (("送る", "send"), ("見送る", "skip"))


class WhenPanel(QFrame):
    """`changed(name of the step, fields of the draft)` when the person did something. Object names: `when`,
    `when.kind`, `when.sentence`, `when.moments`, `when.late`, and those of the fields.
    """

    changed = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._draft: DeliveryDraft | None = None
        self._calendar: Calendar | None = None
        self._showing = False
        self.setObjectName("when")
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(12)
        column.addWidget(label("いつ送りますか", "heading"))
        self._kind = choice_box(KINDS, name="when.kind", words="いつ送りますか", changed=self._choose)
        row = QHBoxLayout()
        row.addWidget(self._kind)
        row.addStretch(1)
        column.addLayout(row)
        self._at = _AtFields(self._tell)
        self._rule, self._day, self._age = (
            RuleFields(self._tell),
            ResidentDayFields(self._tell),
            AgeFields(self._tell),
        )
        self._fields: dict[str, QWidget] = {
            "at": self._at,
            "repeating": self._rule,
            "resident_day": self._day,
            "age": self._age,
        }
        for fields in self._fields.values():
            fields.hide()
            column.addWidget(fields)
        self._sentence = label("", "lead", wrap=True, name="when.sentence")
        column.addWidget(self._sentence)
        self._problem = Banner(desk.theme, name="when.problem")
        column.addWidget(self._problem)
        self._quiet = Banner(desk.theme, name="when.quiet")
        column.addWidget(self._quiet)
        self._moments = MomentsList(desk.theme, name="when.moments", title="これから送る日時（10回分）")
        column.addWidget(self._moments)
        column.addWidget(self._late_rule())

    def show_draft(self, draft: DeliveryDraft) -> None:
        """From the program: nothing is told."""
        before, self._draft = self._draft, draft
        if before is not None and (before.when, before.late, before.late_minutes) == (
            draft.when, draft.late, draft.late_minutes,
        ):  # fmt: skip
            return
        self._show()

    def refresh(self) -> None:
        """Items, holidays and rules may have changed."""
        self._desk.background.local(self._desk.office.planning.calendar, self._know)

    def _know(self, calendar: Calendar) -> None:
        if calendar != self._calendar:
            self._calendar = calendar
            self._show()

    def _late_rule(self) -> QWidget:
        self._late_row = QWidget()
        form = Form()
        form.setContentsMargins(0, 0, 0, 0)
        self._late_row.setLayout(form)
        self._late = choice_box(_LATE, name="when.late", words="遅れたとき", changed=self._tell_late)
        self._minutes = QSpinBox()
        self._minutes.setObjectName("when.late_minutes")
        self._minutes.setAccessibleName("何分までの遅れなら送るか")
        self._minutes.setRange(1, 24 * 60)
        indent(self._minutes)
        self._minutes.valueChanged.connect(lambda _: self._tell_late())
        form.add("late", "遅れたとき", self._late)
        form.add("minutes", "送るのは", self._minutes, label("分までの遅れ"))
        self._late_form = form
        return self._late_row

    def _show(self) -> None:
        draft, calendar = self._draft, self._calendar
        if draft is None or calendar is None:
            return
        self._showing = True
        try:
            show_value(self._kind, draft.when.kind)
            self._day.show_items(calendar.items)
            self._age.show_items(calendar.items)
            self._fill(draft.when)
            show_value(self._late, draft.late)
            self._minutes.setValue(draft.late_minutes)
        finally:
            self._showing = False
        self._explain(draft, calendar)

    def _fill(self, when: When) -> None:
        for kind, fields in self._fields.items():
            fields.setVisible(kind == when.kind)
        match when:
            case At():
                self._at.show_when(when)
            case Repeating():
                self._rule.show_when(when)
            case OnResidentDay():
                self._day.show_when(when)
            case OnAge():
                self._age.show_when(when)

    def _explain(self, draft: DeliveryDraft, calendar: Calendar) -> None:
        when, now = draft.when, self._desk.office.clock()
        if isinstance(when, Now):
            hold = calendar.rules.hold_seconds
            after = f"{hold}秒たつと送りはじめます。その間は止められます。" if hold else "送りはじめます。"
            self._sentence.setText(f"確認の画面で「配信する」を押すと、{after}")
        else:
            self._sentence.setText(f"{when_sentence(when, calendar.items)} に送ります。")
        problems = find_when_problems(when, calendar.items, now)
        nothing_fits = getattr(when, "item", "-") == ""  # which the fields say in their own words
        self._sentence.setVisible(not nothing_fits)
        self._problem.setVisible(bool(problems) and not nothing_fits)
        if problems and not nothing_fits:
            self._problem.tell("error", "\n".join(words_of_problem(problem).both for problem in problems))
        quiet = None if problems else quiet_moment(when, now, calendar)
        self._quiet.setVisible(quiet is not None)
        if quiet is not None:
            hours = f"（{calendar.rules.quiet_from}〜{calendar.rules.quiet_until}）"
            words = words_of_reason("quiet_hours")
            self._quiet.tell("warning", f"{day_and_time(quiet)}{hours}：{words.both}")
        repeats = when.kind not in ("now", "at")
        self._moments.setVisible(repeats and not problems)
        if repeats and not problems:
            self._moments.show_moments(upcoming(when, now, calendar.holidays), now)
        self._late_row.setVisible(not isinstance(when, Now))
        self._late_form.show_row("minutes", draft.late == "send")

    def _choose(self) -> None:
        kind = self._kind.currentData()
        if self._showing or self._draft is None or self._calendar is None or kind == self._draft.when.kind:
            return
        when = default_when(kind, self._desk.office.clock(), self._calendar.items)
        self.changed.emit("いつ送るかの変更", {"when": when})

    def _tell(self) -> None:
        if self._showing or self._draft is None:
            return
        when = self._chosen(self._draft.when.kind)
        if when is not None and when != self._draft.when:
            self.changed.emit("いつ送るかの変更", {"when": when})

    def _chosen(self, kind: str) -> When | None:
        """What the fields of this kind say; the others may hold a day nobody ever chose."""
        match kind:
            case "at":
                return self._at.when
            case "repeating":
                return self._rule.when
            case "resident_day":
                return self._day.when
            case "age":
                return self._age.when
        return None

    def _tell_late(self) -> None:
        if not self._showing and self._draft is not None:
            late = {"late": self._late.currentData(), "late_minutes": self._minutes.value()}
            self.changed.emit("遅れたときの変更", late)


class _AtFields(QWidget):
    """Object names: `at.day`, `at.time`."""

    def __init__(self, told: Callable[[], None]) -> None:
        super().__init__()
        form = Form()
        form.setContentsMargins(0, 0, 0, 0)
        self.setLayout(form)
        self._day = DayField(name="at.day", words="送る日", changed=told)
        self._time = TimeField(name="at.time", words="送る時刻", changed=told)
        form.add("at", "送る日時", self._day, self._time)

    def show_when(self, when: At) -> None:
        local = when.at.astimezone(JAPAN)
        self._day.show_day(local.date())
        self._time.show_time(f"{local:%H:%M}")

    @property
    def when(self) -> At:
        hours, minutes = (int(part) for part in self._time.text_value.split(":"))
        day = self._day.day
        local = datetime(day.year, day.month, day.day, hours, minutes, tzinfo=JAPAN)
        return At(at=local.astimezone(UTC))
