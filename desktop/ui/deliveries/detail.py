"""One delivery looked back at: what went out, to whom, how far it is, and what came of it."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop.features.wording import words_for, words_of_reason
from desktop.replica.records import Shown
from desktop.ui.allowed import explain, offer
from desktop.ui.deliveries.resume import ResumeSheet, pause_card, told
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, row_of, scrolling
from desktop.ui.parts.labels import badge, label
from desktop.ui.parts.states import STATE_TONES
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.screen import Desk, Screen
from protocol.deliveries import Delivery
from protocol.items import SegmentItem
from protocol.problems import Problem
from protocol.segments import segment_sentence

Read = tuple[Shown[Delivery] | None, dict[str, SegmentItem], dict[str, str]]


class DetailScreen(Screen):
    page = "delivery-result"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._id = ""
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        flow = QWidget()
        self._column = QVBoxLayout(flow)
        self._column.setContentsMargins(32, 28, 24, 28)
        self._column.setSpacing(16)
        back = button(
            "一覧へ戻る",
            desk.routes.deliveries,
            name="detail.back",
            role="quiet",
            icon="left",
            theme=desk.theme,
        )
        self._copy = button(
            "複製して新しく作る",
            self._copy_it,
            name="detail.copy",
            role="primary",
            icon="copy",
            theme=desk.theme,
        )
        self._column.addLayout(row_of(back, 1, self._copy))
        self._title = label("", "title", wrap=True, name="detail.title")
        self._column.addWidget(self._title)
        self.banner = Banner(desk.theme, name="detail.banner")
        self._column.addWidget(self.banner)
        self._body = QVBoxLayout()
        self._body.setSpacing(16)
        self._column.addLayout(self._body)
        self._column.addStretch(1)
        outer.addWidget(scrolling(flow), 1)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 28, 28, 20)
        self.preview = PhonePreview(desk.office, desk.background, notice=False)
        side_column.addWidget(self.preview)
        outer.addWidget(side)

    def open(self, delivery_id: str) -> None:
        self._id = delivery_id
        self.refresh()

    def refresh(self) -> None:
        office, wanted = self.desk.office, self._id
        if not wanted:
            return

        def read() -> Read:
            names = {member.id: member.display_name for member in office.staff.all()}
            return office.deliveries.get(wanted), office.items.by_id(), names

        self.desk.background.local(read, self._show)

    def _show(self, read: Read) -> None:
        shown, items, names = read
        if shown is None:
            self._title.setText("この配信は見つかりません")
            clear(self._body)
            return
        delivery = shown.body
        self._title.setText(delivery.draft.title or "（配信名なし）")
        self.preview.show_messages(delivery.draft.messages)
        self._tell(shown)
        clear(self._body)
        # A copy would reach those a second time who have the first part of a stopped one.
        may = self.desk.office.may
        offer(self._copy, delivery.state != "paused" and may("deliveries", "edit"))
        if delivery.state == "paused":
            paused = pause_card(self.desk, delivery, self._resume)
            for resume in paused.findChildren(QWidget, "detail.resume"):
                explain(resume, may("deliveries", "approve"))
            self._body.addWidget(paused)
        self._body.addWidget(self._progress(shown))
        self._body.addWidget(self._facts(delivery, items, names))

    def _tell(self, shown: Shown[Delivery]) -> None:
        is_explained = shown.body.state == "paused"  # by the card below
        code = shown.refused or ("" if is_explained else shown.body.reason)
        if code:
            tone = "error" if shown.refused or shown.body.state == "failed" else "warning"
            words = told(Problem(code=code)) if is_explained else words_of_reason(code).both
            self.banner.tell(tone, words)
        elif shown.waiting:
            self.banner.tell("info", "中継サーバへの送信を待っています。")
        else:
            self.banner.hide()

    def _progress(self, shown: Shown[Delivery]) -> QWidget:
        delivery, numbers = shown.body, shown.body.numbers
        frame, column = card(name="detail.progress")
        state = badge(words_for("delivery_state")[delivery.state], STATE_TONES[delivery.state])
        state.setObjectName("detail.state")
        done = numbers.recipients - numbers.waiting
        column.addLayout(
            row_of(
                label("進み具合", "heading"),
                state,
                1,
                label(f"{done:,} / {numbers.recipients:,} 人", "muted"),
            )
        )
        bar = QProgressBar()
        bar.setObjectName("detail.bar")
        bar.setTextVisible(False)
        bar.setRange(0, max(1, numbers.recipients))
        bar.setValue(done)
        column.addWidget(bar)
        grid = QGridLayout()
        grid.setSpacing(16)
        figures = (
            ("対象", numbers.recipients, "recipients"), ("成功", numbers.accepted, "accepted"),
            ("失敗", numbers.refused, "refused"), ("不明", numbers.unknown, "unknown"),
        )  # fmt: skip
        for place, (title, number, name) in enumerate(figures):
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(label(title, "muted"))
            cell.addLayout(
                row_of(
                    label(f"{number:,}", "number", name=f"detail.number.{name}"),
                    label("人", "muted"),
                    1,
                    spacing=4,
                )
            )
            grid.addLayout(cell, 0, place)
        column.addLayout(grid)
        if numbers.unknown:
            column.addWidget(
                label(
                    "「不明」は、LINEから答えが来なかった人数です。二重に届かないよう、自動では送り直しません。",
                    "small",
                    wrap=True,
                )
            )
        return frame

    def _facts(self, delivery: Delivery, items: dict[str, SegmentItem], names: dict[str, str]) -> QWidget:
        frame, column = card()
        now = self.desk.office.clock()
        facts = (
            ("宛先", segment_sentence(delivery.draft.segment, items)),
            ("配信した日時", short(delivery.confirmed_at, now)),
            ("終わった日時", short(delivery.finished_at, now) or "–"),
            ("配信した職員", names.get(delivery.sent_by, "") or "–"),
            ("通知", "音を鳴らさない" if delivery.draft.silent else "ふつうに通知する"),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        for place, (title, words) in enumerate(facts):
            grid.addWidget(label(title, "muted"), place, 0)
            grid.addWidget(label(words, wrap=True), place, 1)
        column.addLayout(grid)
        return frame

    def _resume(self) -> None:
        ResumeSheet(self, self.desk, self._id).open()

    def _copy_it(self) -> None:
        copy, wanted = self.desk.office.deliveries.copy, self._id
        self.desk.background.local(lambda: copy(wanted), self.desk.routes.edit_delivery)
