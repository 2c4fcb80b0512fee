"""What has not gone out yet, looked at: waiting for a yes, for its moment, or repeating; and drafts again."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.features.check_words import late_words
from desktop.features.planning import Calendar, upcoming
from desktop.replica.records import Shown
from desktop.ui.allowed import explain
from desktop.ui.deliveries.stopping import HoldCard, stop_button
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, row_of
from desktop.ui.parts.labels import label
from desktop.ui.schedule.moments_list import MomentsList
from desktop.ui.screen import Desk
from protocol.deliveries import Delivery
from protocol.moments import when_sentence


def planned_card(desk: Desk, shown: Shown[Delivery], calendar: Calendar) -> QWidget | None:
    """The card for a delivery before it goes out; None where it already went."""
    delivery = shown.body
    if delivery.state == "draft" and shown.waiting:
        return _asking_to_stop()
    match delivery.state:
        case "held":
            return HoldCard(desk, delivery, name="detail.hold")
        case "asked":
            return _asked(desk, delivery)
        case "scheduled" | "repeating":
            return _waiting(desk, delivery, calendar)
        case "draft":
            return _draft(desk, delivery)
    return None


def _asking_to_stop() -> QWidget:
    """Nothing is claimed before the relay has said it."""
    frame, column = card(name="detail.stopping")
    column.addWidget(label("中継サーバに頼んでいます", "heading"))
    words = "答えが来るまで、止まったとは限りません。下の「つながっています」を確かめてください。"
    column.addWidget(label(words, wrap=True))
    return frame


def _asked(desk: Desk, delivery: Delivery) -> QWidget:
    frame, column = card(name="detail.asked")
    column.addWidget(label("承認を待っています", "heading"))
    words = "承認者の画面に出ています。承認されると、決めた日時に送ります。直すときは取り下げてください。"
    column.addWidget(label(words, wrap=True))
    look = button(
        "承認の画面を開く", lambda: desk.routes.open("approval", delivery.draft.id), name="detail.approve",
        role="primary",
    )  # fmt: skip
    mine = delivery.asked_by == desk.office.me.id
    explain(look, desk.office.may("deliveries", "approve"), not mine)
    take_back = button("取り下げて下書きに戻す", lambda: _stop(desk, delivery), name="detail.take_back")
    take_back.setEnabled(desk.office.may("deliveries", "edit"))
    column.addLayout(row_of(1, take_back, look))
    return frame


def _waiting(desk: Desk, delivery: Delivery, calendar: Calendar) -> QWidget:
    draft, now = delivery.draft, desk.office.clock()
    frame, column = card(name="detail.planned")
    repeats = delivery.state == "repeating"
    column.addWidget(label("くり返し配信しています" if repeats else "予約しています", "heading"))
    column.addWidget(label(when_sentence(draft.when, calendar.items), "lead", wrap=True, name="detail.when"))
    due = short(delivery.due_at, now)
    next_one = f"次は {due} に送ります。" if due and repeats else ""
    column.addWidget(label(f"{next_one}{late_words(draft)}。", "muted", wrap=True, name="detail.next"))
    if repeats:
        moments = MomentsList(desk.theme, name="detail.moments", title="これから送る日時（10回分）")
        moments.show_moments(upcoming(draft.when, now, calendar.holidays), now)
        column.addWidget(moments)
    words = "くり返しを止める" if repeats else "予約を止める"
    column.addWidget(label("止めると下書きに戻ります。直して、もう一度予約できます。", "muted", wrap=True))
    column.addLayout(row_of(1, stop_button(desk, delivery, name="detail.stop", words=words)))
    return frame


def _draft(desk: Desk, delivery: Delivery) -> QWidget:
    frame, column = card(name="detail.draft")
    column.addWidget(label("下書きです", "heading"))
    column.addWidget(label("まだだれにも送っていません。", wrap=True))
    if delivery.returned:
        column.addWidget(label(f"差し戻しの理由：{delivery.returned}", wrap=True, name="detail.returned"))
    edit = button(
        "編集する", lambda: desk.routes.edit_delivery(delivery.draft), name="detail.edit", role="primary",
        icon="edit", theme=desk.theme,
    )  # fmt: skip
    explain(edit, desk.office.may("deliveries", "edit"))
    column.addLayout(row_of(1, edit))
    return frame


def _stop(desk: Desk, delivery: Delivery) -> None:
    stop = desk.office.confirming.stop
    desk.background.local(lambda: stop(delivery.draft.id), lambda _: desk.routes.wake_sync())
