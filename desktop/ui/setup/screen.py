"""「はじめての設定」: four steps at the left, the one at hand at the right; done ones open again."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.features.setup import STEPS, SetupState, Step
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, clear, flowing_column
from desktop.ui.parts.labels import badge, label
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.setup.departments import DepartmentsStep
from desktop.ui.setup.keys import KeysStep
from desktop.ui.setup.line import LineStep
from desktop.ui.setup.town import TownStep

TITLES: dict[Step, str] = {
    "town": "町の名前と電話番号",
    "keys": "町の鍵と復元の紙",
    "departments": "はじめの課",
    "line": "LINE公式アカウント",
}


class SetupScreen(Screen):
    page = "setup"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._state: SetupState | None = None
        self._chosen: Step | None = None
        column = flowing_column(self, spacing=16)
        column.addWidget(
            header("はじめての設定", "途中でやめても、次はここから続けられます。急がなくて大丈夫です。")
        )
        body = QHBoxLayout()
        body.setSpacing(18)
        frame, self._list = card(margin=14, spacing=4, name="setup.steps")
        frame.setFixedWidth(desk.theme.px(280))
        side = QVBoxLayout()
        side.addWidget(frame)
        side.addStretch(1)
        body.addLayout(side)
        self._stack = QStackedWidget()
        self.keys = KeysStep(desk, self._after)
        self.steps: dict[Step, TownStep | KeysStep | DepartmentsStep | LineStep] = {
            "town": TownStep(desk, self._after),
            "keys": self.keys,
            "departments": DepartmentsStep(desk, self._after),
            "line": LineStep(desk, self._after),
        }
        for step in self.steps.values():
            self._stack.addWidget(step)
        self._summary_page = QWidget()
        summary = QVBoxLayout(self._summary_page)
        summary.setContentsMargins(0, 0, 0, 0)
        summary_frame, self._summary = card(margin=24, spacing=12, name="setup.summary")
        summary.addWidget(summary_frame)
        summary.addStretch(1)
        self._stack.addWidget(self._summary_page)
        body.addWidget(self._stack, 1)
        column.addLayout(body)
        column.addStretch(1)

    def refresh(self) -> None:
        self.desk.background.local(self.desk.office.setup.state, self._show)

    def leave(self) -> None:
        self._chosen = None
        self.keys.forget()

    def _after(self, words: str) -> None:
        """A step was done: say so, send it, and go on with the next."""
        self._chosen = None
        self.desk.routes.say(words)
        self.desk.routes.wake_sync()
        self.refresh()

    def _choose(self, step: Step | None) -> None:
        self._chosen = step
        if self._state is not None:
            self._draw(self._state)

    def _show(self, state: SetupState) -> None:
        if state != self._state:
            self._state = state
        self._draw(state)

    def _draw(self, state: SetupState) -> None:
        step = self._chosen or state.next_step
        # The keys are shown once and never again: nobody is torn away from the sheets.
        if self.keys.busy:
            step = "keys"
        self._draw_list(state, step)
        if step is None:
            self._draw_summary(state)
            self._stack.setCurrentWidget(self._summary_page)
            return
        self.steps[step].show_state(state)
        self._stack.setCurrentWidget(self.steps[step])

    def _draw_list(self, state: SetupState, current: Step | None) -> None:
        clear(self._list)
        for number, step in enumerate(STEPS, start=1):
            done = step in state.done
            made = button(
                f"{number}. {TITLES[step]}", partial(self._choose, step), name=f"setup.step.{step}",
                role="segment",
            )  # fmt: skip
            made.setCheckable(True)
            made.setChecked(step == current)
            made.setEnabled(not self.keys.busy or step == "keys")
            self._list.addWidget(made)
            tag = badge("できました", "success") if done else badge("まだです", "neutral")
            row = QHBoxLayout()
            row.addSpacing(12)
            row.addWidget(tag)
            row.addStretch(1)
            self._list.addLayout(row)
            self._list.addSpacing(6)

    def _draw_summary(self, state: SetupState) -> None:
        clear(self._summary)
        self._summary.addWidget(label("設定が終わりました", "heading", name="setup.finished"))
        for words in (
            f"町の名前：{state.town_name}　電話：{state.telephone}",
            f"LINE公式アカウント：{state.account_name or 'つながっています'}",
            "課：" + "、".join(each.name for each in state.departments),
            "町の鍵：できています。復元の紙は、3か月に一度読めることを確かめてください。",
        ):
            self._summary.addWidget(label(words, wrap=True))
        self._summary.addWidget(label("次は、課の人を招待しましょう。", "muted"))
        people = button(
            "利用者を招待する", lambda: self.desk.routes.go("people"), name="setup.people", role="primary"
        )
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(people)
        self._summary.addLayout(row)
