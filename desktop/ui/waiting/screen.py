"""「送信待ち」: changes on their way, and changes that were refused, each with its reason and what can be
done.
"""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.home import Unsettled
from desktop.features.wording import words_for, words_of_reason
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, clear, flowing_column, row_of
from desktop.ui.parts.labels import badge, label
from desktop.ui.screen import Desk, Screen, header
from protocol.changes import DeliverySave, DeliverySend, DeliveryTest, ItemSave
from protocol.deliveries import DeliveryDraft

Entries = tuple[list[Unsettled], list[Unsettled]]


class WaitingScreen(Screen):
    page = "waiting"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = flowing_column(self, spacing=18)
        now = button(
            "今すぐ送る",
            desk.routes.wake_sync,
            name="waiting.now",
            role="primary",
            icon="waiting",
            theme=desk.theme,
        )
        hint = "この端末での変更は、つながると自動で送られます。つながらない間も作業を続けられます。"
        column.addWidget(header("送信待ち", hint, now))
        self._body = QVBoxLayout()
        self._body.setSpacing(14)
        column.addLayout(self._body)
        column.addStretch(1)

    def refresh(self) -> None:
        home = self.desk.office.home
        self.desk.background.local(lambda: (home.refused(), home.waiting()), self._show)

    def _show(self, entries: Entries) -> None:
        refused, waiting = entries
        clear(self._body)
        if refused:
            self._body.addWidget(label("受け付けられなかった変更", "heading"))
        for entry in refused:
            self._body.addWidget(self._refused(entry))
        self._body.addWidget(label("これから送る変更", "heading"))
        frame, column = card(spacing=10)
        for entry in waiting:
            column.addLayout(row_of(
                label(words_for("change").get(entry.kind, entry.kind), "subheading"),
                label(_title(entry.payload)), 1,
                label(short(entry.made_at, self.desk.office.clock()), "small"), badge("送信待ち", "warning"),
            ))  # fmt: skip
        if not waiting:
            column.addWidget(label("送信待ちの変更はありません。", "muted"))
        self._body.addWidget(frame)

    def _refused(self, entry: Unsettled) -> QWidget:
        frame, column = card(name="waiting.refused", spacing=8)
        words = words_of_reason(entry.reason)
        column.addLayout(row_of(
            badge("受け付けられませんでした", "error"),
            label(words_for("change").get(entry.kind, entry.kind), "subheading"), label(_title(entry.payload)), 1,  # noqa: E501
            label(short(entry.made_at, self.desk.office.clock()), "small"),
        ))  # fmt: skip
        column.addWidget(label(words.what, "error", wrap=True))
        column.addWidget(label(words.do, wrap=True))
        draft = getattr(entry.payload, "draft", None)
        actions: list[QWidget | int] = [1]
        if draft is not None:
            actions.append(button(
                "自分の内容を新しい下書きにする", lambda: self._rescue(entry, draft), name="waiting.rescue"
            ))  # fmt: skip
        actions.append(
            button("この変更を取り下げる", lambda: self._dismiss(entry.id), name="waiting.dismiss")
        )
        column.addLayout(row_of(*actions))
        return frame

    def _rescue(self, entry: Unsettled, draft: DeliveryDraft) -> None:
        deliveries = self.desk.office.deliveries
        copy = deliveries.new().model_copy(update=_content(draft))
        self._dismiss(entry.id)
        self.desk.routes.edit_delivery(copy)

    def _dismiss(self, entry_id: str) -> None:
        self.desk.background.local(lambda: self.desk.office.home.dismiss(entry_id), lambda _: self.refresh())


def _content(draft: DeliveryDraft) -> dict[str, object]:
    return {
        "title": draft.title, "messages": draft.messages, "segment": draft.segment, "silent": draft.silent,
        "copied_from": draft.id,
    }  # fmt: skip


def _title(payload: object) -> str:
    if isinstance(payload, DeliverySave | DeliveryTest):
        return f"「{payload.draft.title or '（配信名なし）'}」"
    if isinstance(payload, ItemSave):
        return f"「{payload.item.title}」"
    if isinstance(payload, DeliverySend):
        return f"{payload.recipients_seen:,}人へ"
    return ""
