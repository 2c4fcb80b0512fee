"""「承認」: the same last look for the second person, with yes, and no with a reason."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from desktop.errors import Trouble
from desktop.features.check_words import verb_of
from desktop.features.wording import words_of_reason, words_of_trouble
from desktop.replica.records import Shown
from desktop.ui.allowed import explain
from desktop.ui.confirm.last_look import LastLook
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk, Screen
from protocol.deliveries import Delivery

Read = tuple[Shown[Delivery] | None, str]


class ApprovalScreen(Screen):
    page = "approval"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._id = ""
        self._seen: tuple[int, str] | None = None
        """Version and refusal of what is on the screen: the same news must not empty what is being ticked."""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.last_look = LastLook(
            desk,
            name="approval",
            title="配信の承認",
            intro="あなたが2人目です。内容・宛先・日時を、自分の目でお確かめください。",
        )
        self._asked_by = label("", wrap=True, name="approval.asked_by")
        self.last_look.top.addWidget(self._asked_by)
        self.last_look.changed.connect(self._enable)
        outer.addWidget(self.last_look, 1)
        outer.addWidget(self._actions())

    def open(self, thing: str) -> None:
        self._id, self._seen = thing, None

    def refresh(self) -> None:
        office, wanted = self.desk.office, self._id
        if not wanted:
            return

        def read() -> Read:
            shown = office.deliveries.get(wanted)
            names = {member.id: member.display_name for member in office.staff.all()}
            return shown, names.get(shown.body.asked_by, "") if shown is not None else ""

        self.desk.background.local(read, self._show)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # never sends
            return
        super().keyPressEvent(event)

    def _show(self, read: Read) -> None:
        shown, name = read
        if shown is None or shown.body.state != "asked":
            if self.isVisible() and self._seen is not None:  # a colleague was quicker, or oneself has decided
                self.desk.routes.open_delivery(self._id)
            return
        if (shown.version, shown.refused) == self._seen:
            return
        self._seen = shown.version, shown.refused
        delivery = shown.body
        asked = short(delivery.written_at, self.desk.office.clock())
        self._asked_by.setText(f"頼んだ人：{name or '（不明）'}　最後に書かれた日時：{asked}")
        self._approve.setText(f"承認して{_verb(delivery)}")
        self.last_look.look(delivery.draft)
        if shown.refused:
            self.last_look.banner.tell("error", words_of_reason(shown.refused).both)

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(32, 10, 28, 10)
        row.setSpacing(10)
        theme = self.desk.theme
        row.addWidget(
            button(
                "一覧へ戻る", self.desk.routes.deliveries, name="approval.back", role="quiet", icon="left",
                theme=theme,
            )
        )  # fmt: skip
        row.addWidget(self.last_look.again_button())
        row.addStretch(1)
        self._return: QPushButton = button("差し戻す", self._give_back, name="approval.return")
        row.addWidget(self._return)
        self._approve: QPushButton = button(
            "承認して送る", self._approve_it, name="approval.go", role="primary", icon="check", theme=theme
        )
        row.addWidget(self._approve)
        return bar

    def _enable(self) -> None:
        confirmation = self.last_look.confirmation
        own = confirmation is not None and confirmation.own_request
        may = self.desk.office.may("deliveries", "approve")
        explain(self._approve, may, self.last_look.is_ready and not own)
        explain(self._return, may, bool(self._id))
        if own:
            self.last_look.banner.tell("warning", words_of_reason("own_request").both)

    def _approve_it(self) -> None:
        if not self.last_look.is_ready:
            return
        ticked, confirmation = self.last_look.ticks.ticked(), self.last_look.take()
        if confirmation is None:
            return
        send = self.desk.office.confirming.send
        self.desk.background.local(lambda: send(confirmation, ticked), lambda _: self._done(), self._failed)

    def _give_back(self) -> None:
        ReturnSheet(self, self.desk, self._id).open()

    def _done(self) -> None:
        self.desk.routes.wake_sync()
        self.desk.routes.open_delivery(self._id)

    def _failed(self, trouble: Trouble) -> None:
        self.last_look.banner.tell("error", words_of_trouble(trouble).both)
        self.last_look.again()


class ReturnSheet(Sheet):
    """Why it goes back, in words the writer reads at the top of the draft."""

    def __init__(self, parent: ApprovalScreen, desk: Desk, delivery_id: str) -> None:
        super().__init__(parent, "差し戻す理由", name="return")
        self._desk, self._id = desk, delivery_id
        self.reason = CommitText(name="return.reason", hint="例：日付が去年のままです。直してください。")
        self.reason.setMinimumHeight(desk.theme.px(110))
        self.column.addWidget(
            Field("どこを直してほしいか", self.reason, required=True, help_text="書いた人の画面に出ます。")
        )
        cancel = button("やめる", self.reject, name="return.cancel")
        self._go = button("差し戻す", self._give_back, name="return.go", role="primary")
        self._go.setEnabled(False)
        self.reason.committed.connect(lambda words: self._go.setEnabled(bool(words.strip())))
        self.end_with(1, cancel, self._go)
        self.reason.setFocus()

    def _give_back(self) -> None:
        give_back, id, reason = self._desk.office.confirming.give_back, self._id, self.reason.toPlainText()
        self.accept()
        self._desk.background.local(lambda: give_back(id, reason), lambda _: self._done())

    def _done(self) -> None:
        self._desk.routes.wake_sync()
        self._desk.routes.deliveries()
        self._desk.routes.say("差し戻しました。")


def _verb(delivery: Delivery) -> str:
    return "送る" if delivery.draft.when.kind == "now" else verb_of(delivery.draft)
