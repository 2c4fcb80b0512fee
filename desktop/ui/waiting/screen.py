"""「送信待ち」: changes on their way, and changes that were refused, each with its reason and what can be
done.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.conflicts import Conflict
from desktop.features.home import Unsettled
from desktop.features.office import Office
from desktop.features.wording import words_for, words_of_reason
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, clear, flowing_column, row_of
from desktop.ui.parts.conflict import ConflictChoice
from desktop.ui.parts.labels import badge, label
from desktop.ui.refused import ask_about
from desktop.ui.screen import Desk, Screen, header
from protocol.deliveries import DeliveryDraft

_KEY_IS_NEEDED = (
    "新しい鍵ができるまで、課を離れた人もいまの鍵を持っています。この課の鍵を作り直すと、取り下げられます。"
)


@dataclass(frozen=True)
class Refused:
    """A refused change with all its card needs. `about`: what or whom it is about."""

    entry: Unsettled
    about: str
    may_let_go: bool
    conflict: Conflict | None


@dataclass(frozen=True)
class Read:
    refused: tuple[Refused, ...]
    waiting: tuple[tuple[Unsettled, str], ...]


def read_outbox(office: Office) -> Read:
    """Off the screen's thread."""
    home, conflicts = office.home, office.conflicts
    return Read(
        tuple(
            Refused(entry, home.about(entry), home.may_let_go(entry), conflicts.of(entry))
            for entry in home.refused()
        ),
        tuple((entry, home.about(entry)) for entry in home.waiting()),
    )


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
        office = self.desk.office
        self.desk.background.local(lambda: read_outbox(office), self._show)

    def _show(self, read: Read) -> None:
        clear(self._body)
        if read.refused:
            self._body.addWidget(label("受け付けられなかった変更", "heading"))
        for place, refused in enumerate(read.refused):
            self._body.addWidget(self._refused(place, refused))
        self._body.addWidget(label("これから送る変更", "heading"))
        frame, column = card(spacing=10)
        for entry, about in read.waiting:
            column.addLayout(row_of(
                label(words_for("change").get(entry.kind, entry.kind), "subheading"),
                label(about), 1,
                label(short(entry.made_at, self.desk.office.clock()), "small"), badge("送信待ち", "warning"),
            ))  # fmt: skip
        if not read.waiting:
            column.addWidget(label("送信待ちの変更はありません。", "muted"))
        self._body.addWidget(frame)

    def _refused(self, place: int, refused: Refused) -> QWidget:
        entry = refused.entry
        frame, column = card(name="waiting.refused", spacing=8)
        words = words_of_reason(entry.reason)
        column.addLayout(row_of(
            badge("受け付けられませんでした", "error"),
            label(words_for("change").get(entry.kind, entry.kind), "subheading"), label(refused.about), 1,
            label(short(entry.made_at, self.desk.office.clock()), "small"),
        ))  # fmt: skip
        if refused.conflict is not None:
            choice = ConflictChoice(self.desk.theme, name=f"waiting.conflict.{place}", hidden=False)
            ask_about(self.desk, choice, refused.conflict, self.refresh)
            column.addWidget(choice)
        else:
            column.addWidget(label(words.what, "error", wrap=True))
            column.addWidget(label(words.do, wrap=True))
        if not refused.may_let_go:
            column.addWidget(label(_KEY_IS_NEEDED, wrap=True))
        actions = self._actions(refused)
        if actions:
            column.addLayout(row_of(1, *actions))
        return frame

    def _actions(self, refused: Refused) -> list[QWidget]:
        entry, made = refused.entry, list[QWidget]()
        draft = getattr(entry.payload, "draft", None)
        if draft is not None:
            made.append(button(
                "自分の内容を新しい下書きにする", lambda: self._rescue(entry, draft), name="waiting.rescue"
            ))  # fmt: skip
        if not refused.may_let_go:
            keys = self.desk.routes.go
            made.append(button("鍵の画面を開く", lambda: keys("town-keys"), name="waiting.keys"))
        elif refused.conflict is None:
            made.append(
                button("この変更を取り下げる", lambda: self._dismiss(entry.id), name="waiting.dismiss")
            )
        return made

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
