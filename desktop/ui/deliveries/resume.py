"""A delivery that was stopped: why, how many wait, and going on with it after a look at what LINE allows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.errors import Trouble
from desktop.features.confirming import Continuation
from desktop.features.wording import words_for, words_of_problem, words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.dialogs import Sheet, ask_first
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.deliveries import Delivery, Quota
from protocol.problems import Problem


def pause_card(
    desk: Desk, delivery: Delivery, go_on: Callable[[], None], cancel: Callable[[], None]
) -> QWidget:
    """Why it stopped and what can be done, with the button that leads on."""
    frame, column = card(name="detail.paused")
    column.addWidget(label("途中で止まっています", "heading"))
    column.addWidget(label(_why(delivery), wrap=True, name="detail.paused.words"))
    resume = button(
        "続きを送る", go_on, name="detail.resume", role="primary", icon="deliveries", theme=desk.theme
    )
    rest = button(
        f"残りの {delivery.numbers.waiting:,} 人を取りやめる", cancel, name="detail.cancel", role="danger"
    )
    column.addLayout(row_of(rest, 1, resume))
    return frame


def ask_cancel(parent: QWidget, desk: Desk, delivery: Delivery) -> None:
    """The rest is never sent; asked first, with both numbers."""
    numbers = delivery.numbers
    done = numbers.recipients - numbers.waiting
    words = (
        f"{done:,} 人には送り終えています。残りの {numbers.waiting:,} 人には、もう送りません。"
        "あとから続きを送ることはできません。"
    )
    if ask_first(parent, "残りを取りやめますか", words, "残りを取りやめる", danger=True):
        cancel = desk.office.confirming.cancel
        desk.background.local(lambda: cancel(delivery.draft.id), lambda _: desk.routes.wake_sync())


class ResumeSheet(Sheet):
    """Needs the relay: nothing goes on before LINE was asked whether the rest fits. Enter does nothing."""

    def __init__(self, parent: QWidget, desk: Desk, delivery_id: str) -> None:
        super().__init__(parent, "続きを送りますか", name="resume")
        self._desk = desk
        self._continuation: Continuation | None = None
        self._words = label("残りの人数を確かめています…", wrap=True, name="resume.words")
        self.column.addWidget(self._words)
        self._quota = label("", "muted", wrap=True, name="resume.quota")
        self.column.addWidget(self._quota)
        self.banner = Banner(desk.theme, name="resume.banner")
        self.column.addWidget(self.banner)
        cancel = button("やめる", self.reject, name="resume.cancel")
        self._go = button("続きを送る", self._resume, name="resume.go", role="primary")
        self._go.setEnabled(False)
        self.end_with(1, cancel, self._go)
        cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        prepare = desk.office.confirming.prepare_resume
        desk.background.ask(lambda: prepare(delivery_id), self._show, self._failed)

    def _show(self, continuation: Continuation) -> None:
        self._continuation = continuation
        if continuation.version:
            self._words.setText(
                f"まだ送っていない {continuation.waiting:,} 人に、続きを送ります。"
                "送り終えた人に、もう一度届くことはありません。"
            )
            self._quota.setText(f"今月の残りの通数：{_left(continuation.quota)}")
        else:
            self._words.setText("続きを送れません。")
        if continuation.problems:
            words = (told(problem) for problem in continuation.problems)
            self.banner.tell("error", "\n".join(words))
        self._go.setEnabled(continuation.may_go_on)

    def _resume(self) -> None:
        continuation = self._continuation
        if continuation is None:
            return
        self._continuation = None
        self._go.setEnabled(False)
        resume = self._desk.office.confirming.resume
        self._desk.background.local(lambda: resume(continuation), lambda _: self._resumed(), self._failed)

    def _resumed(self) -> None:
        self.accept()
        self._desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)


def told(problem: Problem) -> str:
    """Why it does not go on. Those it goes to are settled, so nothing is said about choosing fewer."""
    words = words_of_problem(problem)
    then = words_for("pause_then")
    return f"{words.what}{then[problem.code]}" if problem.code == "over_quota" else words.both


def _why(delivery: Delivery) -> str:
    why, then = words_for("pause_why"), words_for("pause_then")
    code = delivery.reason if delivery.reason in why else "other"
    waiting = f"まだ {delivery.numbers.waiting:,} 人に送っていません。"
    return f"{why[code]}{waiting}{then[code]}送り終えた人に、もう一度届くことはありません。"


def _left(quota: Quota | None) -> str:
    if quota is None:
        return "確かめられません"
    if quota.remaining is None:
        return f"上限なし（今月 {quota.used:,}通 使用）"
    return f"{quota.remaining:,}通"
