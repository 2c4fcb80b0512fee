"""Notices as cards on the home screen: what happened, how often, what to do, and the way to let it go."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.wording import words_of_notice
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, clear, row_of
from desktop.ui.parts.labels import badge, label
from desktop.ui.screen import Desk
from protocol.audit import Notice

SHOWN_AT_ONCE = 5
_LOOK_AT = {
    "sign_in_throttled": "audit",
    "many_openings": "audit",
    "change_forged": "audit",
    "log_inconsistent": "audit",
    "address_refused": "access-log",
}
"""Where a notice can be followed up."""


class NoticesPanel(QWidget):
    """Takes no room while there is nothing to look at."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._notices: list[Notice] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self.hide()

    def refresh(self) -> None:
        self._desk.background.local(self._desk.office.notices.open, self._show)

    def _show(self, notices: list[Notice]) -> None:
        if notices == self._notices:
            return
        self._notices = notices
        clear(self._column)
        for notice in notices[:SHOWN_AT_ONCE]:
            self._column.addWidget(self._card(notice))
        if len(notices) > SHOWN_AT_ONCE:
            self._column.addWidget(label(f"ほかに {len(notices) - SHOWN_AT_ONCE} 件あります。", "muted"))
        self.setVisible(bool(notices))

    def _card(self, notice: Notice) -> QWidget:
        frame, column = card(name=f"notice.{notice.code}", margin=16, spacing=6)
        words = words_of_notice(notice.code)
        often = f"{notice.count:,}回" if notice.count > 1 else "1回"
        when = short(notice.last_at, self._desk.office.clock())
        dismiss = button(
            "確かめました",
            lambda: self._dismiss(notice.id),
            name=f"notice.{notice.code}.dismiss",
            role="quiet",
        )
        dismiss.setAccessibleName(f"{words.what} 確かめました")
        row = row_of(badge("お知らせ", "warning"), label(f"{often}　最後は {when}", "small"), 1)
        page = _LOOK_AT.get(notice.code, "")
        if page and self._desk.office.may("audit", "view"):
            row.addWidget(
                button(
                    "記録を見る",
                    lambda: self._desk.routes.go(page),
                    name=f"notice.{notice.code}.audit",
                    role="quiet",
                )
            )
        if self._desk.office.may("settings", "view"):
            row.addWidget(dismiss)
        column.addLayout(row)
        column.addWidget(label(words.what, "subheading", wrap=True))
        column.addWidget(label(words.do, "muted", wrap=True))
        return frame

    def _dismiss(self, notice: str) -> None:
        dismiss = self._desk.office.notices.dismiss
        self._desk.background.local(lambda: dismiss(notice), lambda _: self._after())

    def _after(self) -> None:
        self.refresh()
        self._desk.routes.wake_sync()
