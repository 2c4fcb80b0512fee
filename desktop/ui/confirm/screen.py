"""「確認」: what goes out, to how many, against what is left; and the only button that sends.

Neither Enter nor Ctrl+Enter presses it; warnings are ticked one by one; from the town's number on the number
has to be typed; and from another on somebody else has to say yes (ux: sending to many is never one key away).
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from desktop.errors import Trouble
from desktop.features.check_words import verb_of
from desktop.features.confirming import Confirmation
from desktop.features.wording import words_of_trouble
from desktop.ui.allowed import explain, offer
from desktop.ui.confirm.emergency import SecondPersonCard
from desktop.ui.confirm.last_look import LastLook
from desktop.ui.editor.test_delivery import TestDeliverySheet
from desktop.ui.parts.buttons import button
from desktop.ui.parts.labels import restyle
from desktop.ui.screen import Desk, Screen
from protocol.deliveries import DeliveryDraft


class ConfirmScreen(Screen):
    page = "confirm"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._test: TestDeliverySheet | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.last_look = LastLook(
            desk,
            name="confirm",
            title="配信の確認",
            intro="送ったメッセージは取り消せません。宛先と内容を、もう一度お確かめください。",
        )
        self.second = SecondPersonCard(desk, name="confirm.second")
        self.second.changed.connect(self._enable)
        self.second.bypass.connect(self._bypass)
        self.last_look.bottom.addWidget(self.second)
        self.last_look.changed.connect(self._enable)
        self.preview, self.banner = self.last_look.preview, self.last_look.banner
        outer.addWidget(self.last_look, 1)
        outer.addWidget(self._actions())

    def look(self, draft: DeliveryDraft) -> None:
        """Prepare the confirmation of this draft; asks the relay."""
        self.second.begin()
        self._send.setText(verb_of(draft))
        self.last_look.look(draft)

    def refresh(self) -> None:
        if self._test is not None:
            self._test.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # never sends
            return
        super().keyPressEvent(event)

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(32, 10, 28, 10)
        row.setSpacing(10)
        theme = self.desk.theme
        row.addWidget(button("編集へ戻る", self._back, name="confirm.back", icon="left", theme=theme))
        row.addWidget(self.last_look.again_button())
        row.addStretch(1)
        row.addWidget(button("テスト配信する", self._try, name="confirm.test", icon="phone", theme=theme))
        self._ask: QPushButton = button("承認を頼む", self._ask_approval, name="confirm.ask")
        row.addWidget(self._ask)
        self._send: QPushButton = button(
            "配信する", self._send_it, name="confirm.send", role="primary", icon="deliveries", theme=theme
        )
        self._send.setMinimumWidth(theme.px(160))
        row.addWidget(self._send)
        return bar

    def _enable(self) -> None:
        confirmation, may = self.last_look.confirmation, self.desk.office.may
        needs_second = confirmation is not None and confirmation.needs_second
        may_approve = may("deliveries", "approve")
        explain(self._send, may_approve, self.last_look.is_ready and not needs_second)
        offer(self._send, not needs_second)
        self._ask.setEnabled(confirmation is not None and confirmation.may_send)
        self._ask.setProperty("role", "primary" if needs_second or not may_approve else "")
        restyle(self._ask)
        self.second.show_need(
            needs_second, may_bypass=may_approve and confirmation is not None and confirmation.may_bypass
        )
        self.second.allow(self.last_look.is_ready)

    def _back(self) -> None:
        if self.last_look.draft is not None:
            self.desk.routes.edit_delivery(self.last_look.draft)

    def _try(self) -> None:
        draft = self.last_look.draft
        if draft is not None:
            if self._test is not None:
                self._test.deleteLater()
            self._test = TestDeliverySheet(self, self.desk, draft)
            self._test.open()

    def _send_it(self) -> None:
        if self.last_look.is_ready and self.desk.office.may("deliveries", "approve"):
            ticked, send = self.last_look.ticks.ticked(), self.desk.office.confirming.send
            self._do(lambda confirmation: send(confirmation, ticked))

    def _bypass(self, reason: str) -> None:
        if self.last_look.is_ready and self.desk.office.may("deliveries", "approve"):
            ticked, send = self.last_look.ticks.ticked(), self.desk.office.confirming.send
            self._do(lambda confirmation: send(confirmation, ticked, reason))

    def _ask_approval(self) -> None:
        self._do(self.desk.office.confirming.ask_approval)

    def _do(self, step: Callable[[Confirmation], str]) -> None:
        confirmation = self.last_look.take()
        if confirmation is None:
            return
        self.desk.background.local(
            lambda: step(confirmation), lambda _: self._done(confirmation.draft.id), self._failed
        )

    def _done(self, delivery_id: str) -> None:
        self.desk.routes.wake_sync()
        self.desk.routes.open_delivery(delivery_id)

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)
        self.last_look.again()
