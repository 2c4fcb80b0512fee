"""The big stop: while a confirmed delivery is held, and while one is on its way. One press, no question."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop.features.wording import words_for
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.labels import badge, label
from desktop.ui.parts.states import STATE_TONES
from desktop.ui.screen import Desk
from protocol.deliveries import Delivery

_TICK_MS = 250


def stop_button(desk: Desk, delivery: Delivery, *, name: str, words: str = "止める") -> QPushButton:
    """Stops at the first press. Says so until the relay has answered."""

    def stop() -> None:
        made.setEnabled(False)
        made.setText("止めています…")
        call = desk.office.confirming.stop
        desk.background.local(lambda: call(delivery.draft.id), lambda _: desk.routes.wake_sync())

    made = button(words, stop, name=name, role="stop")
    made.setAccessibleName(f"「{delivery.draft.title}」の配信を止める")
    made.setEnabled(desk.office.may("deliveries", "edit"))
    return made


class HoldCard(QFrame):
    """How long it can still be stopped before anything goes out. Object names: `<name>.seconds`, `.stop`."""

    def __init__(self, desk: Desk, delivery: Delivery, *, name: str) -> None:
        super().__init__()
        self._desk, self._delivery = desk, delivery
        self.setObjectName(name)
        self.setProperty("banner", "error")
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 18, 24, 18)
        row.setSpacing(20)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("まもなく配信します", "heading"))
        words.addWidget(label(delivery.draft.title or "（配信名なし）", wrap=True))
        words.addWidget(label("いま止めれば、だれにも届きません。下書きに戻ります。", "muted", wrap=True))
        row.addLayout(words, 1)
        self._seconds = label("", "countdown", name=f"{name}.seconds")
        self._seconds.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._seconds)
        row.addWidget(stop_button(desk, delivery, name=f"{name}.stop"))
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._tick()

    def _tick(self) -> None:
        due = self._delivery.due_at
        left = math.ceil((due - self._desk.office.clock()).total_seconds()) if due is not None else 0
        self._seconds.setText(f"あと {left:,} 秒" if left > 0 else "始まります…")


class SendingCard(QFrame):
    """A delivery on its way, how far it is, and the stop. Object names: `<name>.bar`, `.stop`, `.open`."""

    def __init__(self, desk: Desk, delivery: Delivery, *, name: str, opens: bool) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        numbers = delivery.numbers
        done = numbers.recipients - numbers.waiting
        state = badge(words_for("delivery_state")[delivery.state], STATE_TONES[delivery.state])
        head: list[QWidget | int] = [label(delivery.draft.title or "（配信名なし）", "subheading"), state, 1]
        if opens:
            see = button(
                "開く",
                lambda: desk.routes.open_delivery(delivery.draft.id),
                name=f"{name}.open",
                role="quiet",
            )
            head.append(see)
        column.addLayout(row_of(*head))
        column.addWidget(label(f"{done:,} / {numbers.recipients:,} 人", "lead", name=f"{name}.done"))
        bar = QProgressBar()
        bar.setObjectName(f"{name}.bar")
        bar.setTextVisible(False)
        bar.setRange(0, max(1, numbers.recipients))
        bar.setValue(done)
        bar.setAccessibleName(f"{delivery.draft.title} の進み具合")
        column.addWidget(bar)
        if delivery.state == "paused":
            return
        if delivery.draft.route == "broadcast":
            column.addWidget(label("友だち全員への一斉配信は、途中で止められません。", "muted", wrap=True))
            return
        note = label("止めると、まだ送っていない人には届きません。あとで続きを送れます。", "muted", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(note, 1)
        row.addWidget(stop_button(desk, delivery, name=f"{name}.stop"))
        column.addLayout(row)
