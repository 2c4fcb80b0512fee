"""The days of a repeating delivery that went out, each a delivery of its own."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout

from desktop.features.wording import words_for
from desktop.replica.delivery_columns import moment_of
from desktop.replica.records import Shown
from desktop.ui.moments import WIDEST_MOMENT, short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, rows_view
from desktop.ui.parts.states import STATE_TONES
from desktop.ui.screen import Desk
from protocol.deliveries import Delivery

_COLUMNS = ("日時", "状態", "対象", "成功")


class DaysCard(QFrame):
    """Object names: `detail.days`, `detail.days.table`, `detail.days.open`."""

    def __init__(self, desk: Desk, days: list[Shown[Delivery]]) -> None:
        super().__init__()
        self._desk, self._days = desk, days
        self.setObjectName("detail.days")
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(10)
        column.addWidget(label(f"これまでの各回（新しい順に{len(days):,}回）", "heading"))
        rows = Rows(_COLUMNS, desk.theme, coloured=1)
        self.view = rows_view(
            rows, desk.theme, name="detail.days.table", words="これまでの各回",
            widths=(WIDEST_MOMENT, 140, "100,000", "100,000"), stretch=0,
        )  # fmt: skip
        self.view.setMinimumHeight(desk.theme.px(44 * min(len(days), 5) + 60))
        states, now = words_for("delivery_state"), desk.office.clock()
        moments = (short(moment_of(one.body), now) for one in days)
        rows.show([_row(one.body, states, at) for one, at in zip(days, moments, strict=True)])
        self.view.doubleClicked.connect(lambda _: self._open())
        column.addWidget(self.view)
        column.addLayout(row_of(1, button("この回を開く", self._open, name="detail.days.open")))

    def _open(self) -> None:
        place = max(0, chosen_row(self.view))
        self._desk.routes.open_delivery(self._days[place].id)


def _row(delivery: Delivery, states: dict[str, str], moment: str) -> tuple[tuple[str, ...], str]:
    tone = STATE_TONES.get(delivery.state, "")
    numbers = delivery.numbers
    row = (moment, states[delivery.state], f"{numbers.recipients:,}", f"{numbers.accepted:,}")
    return row, tone if tone in ("error", "warning", "success") else ""
