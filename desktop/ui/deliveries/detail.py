"""One delivery looked back at, or ahead to: what goes out, to whom, how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop.features.planning import Calendar
from desktop.features.recipients import Known
from desktop.features.wording import words_for, words_of_reason
from desktop.replica.delivery_columns import kind_of
from desktop.replica.records import DeliveryQuery, Shown
from desktop.ui.allowed import explain, offer
from desktop.ui.deliveries.days import DaysCard
from desktop.ui.deliveries.planned import planned_card
from desktop.ui.deliveries.resume import ResumeSheet, ask_cancel, pause_card
from desktop.ui.deliveries.stopping import SendingCard
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, row_of, scrolling
from desktop.ui.parts.figures import figures
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import badge, label
from desktop.ui.parts.states import STATE_TONES
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.results.card import ResultCard
from desktop.ui.screen import Desk, Screen
from protocol.deliveries import BEFORE_SENDING, Delivery, whole_segment
from protocol.moments import when_sentence
from protocol.results import DeliveryResult

DAYS_SHOWN = 60
_WENT_OUT = ("sending", "paused", "sent", "cancelled")


@dataclass(frozen=True)
class Read:
    """Everything the screen looks up. `days`: of a repeating one, newest first."""

    shown: Shown[Delivery] | None
    known: Known
    names: dict[str, str]
    calendar: Calendar
    result: DeliveryResult | None
    days: list[Shown[Delivery]]
    corrected: str


class DetailScreen(Screen):
    page = "delivery-result"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._id = ""
        self._last: Read | None = None
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        flow = QWidget()
        self._column = QVBoxLayout(flow)
        self._column.setContentsMargins(32, 28, 24, 28)
        self._column.setSpacing(16)
        self._column.addWidget(self._head())
        self._title = label("", "title", wrap=True, name="detail.title")
        self._column.addWidget(self._title)
        self.banner = Banner(desk.theme, name="detail.banner")
        self._column.addWidget(self.banner)
        self._body = QVBoxLayout()
        self._body.setSpacing(16)
        self._column.addLayout(self._body)
        self._column.addStretch(1)
        self._area = scrolling(flow)
        outer.addWidget(self._area, 1)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 28, 28, 20)
        self.preview = PhonePreview(desk.office, desk.background, notice=False)
        side_column.addWidget(self.preview)
        outer.addWidget(side)

    def open(self, delivery_id: str) -> None:
        self._id, self._last = delivery_id, None
        self._area.verticalScrollBar().setValue(0)
        self.refresh()

    @property
    def shown(self) -> Delivery | None:
        """What is on the screen; also the door for scripts."""
        return self._last.shown.body if self._last is not None and self._last.shown is not None else None

    def refresh(self) -> None:
        office, wanted = self.desk.office, self._id
        if not wanted:
            return

        def read() -> Read:
            shown = office.deliveries.get(wanted)
            segments = (shown.body.draft.segment,) if shown is not None else ()
            corrects = shown.body.draft.corrects if shown is not None else ""
            first = office.deliveries.get(corrects) if corrects else None
            return Read(
                shown=shown,
                known=office.groups.known(*segments),
                names={member.id: member.display_name for member in office.staff.all()},
                calendar=office.planning.calendar(),
                result=office.results.get(wanted),
                days=office.deliveries.page(DeliveryQuery(series=wanted, limit=DAYS_SHOWN)),
                corrected=first.body.draft.title if first is not None else "",
            )

        self.desk.background.local(read, self._show)

    def _head(self) -> QWidget:
        desk, theme = self.desk, self.desk.theme
        back = button(
            "一覧へ戻る", desk.routes.deliveries, name="detail.back", role="quiet", icon="left", theme=theme
        )
        self._archive = button("しまう", self._archive_it, name="detail.archive", role="quiet")
        self._correct = button("訂正を送る", self._correct_it, name="detail.correct")
        self._copy = button("複製して新しく作る", self._copy_it, name="detail.copy", icon="copy", theme=theme)
        return Flow(back, self._archive, self._correct, self._copy)

    def _show(self, read: Read) -> None:
        if read == self._last:
            return
        self._last, shown = read, read.shown
        if shown is None:
            self._title.setText("この配信は見つかりません")
            clear(self._body)
            for made in (self._copy, self._correct, self._archive):
                offer(made, False)
            return
        delivery = shown.body
        self._title.setText(delivery.draft.title or "（配信名なし）")
        self.preview.show_draft(delivery.draft, delivery.started_at)
        self._tell(shown)
        self._offer(delivery)
        clear(self._body)
        ahead = planned_card(self.desk, shown, read.calendar)
        if ahead is not None:
            self._body.addWidget(ahead)
        if delivery.state in ("queued", "sending"):
            self._body.addWidget(SendingCard(self.desk, delivery, name="detail.sending", opens=False))
        if delivery.state == "paused":
            self._body.addWidget(self._paused(delivery))
        if delivery.state not in BEFORE_SENDING:
            self._body.addWidget(self._progress(shown))
        if delivery.state in _WENT_OUT:
            self._body.addWidget(ResultCard(self.desk, delivery, read.result))
        if read.days:
            self._body.addWidget(DaysCard(self.desk, read.days))
        self._body.addWidget(self._facts(read, delivery))

    def _offer(self, delivery: Delivery) -> None:
        may = self.desk.office.may
        # A copy would reach those a second time who have the first part of a stopped one.
        offer(self._copy, delivery.state != "paused" and may("deliveries", "edit"))
        offer(self._correct, delivery.state in _WENT_OUT and may("deliveries", "edit"))
        done = delivery.state in ("draft", "sent", "cancelled", "skipped", "failed")
        offer(self._archive, done and may("deliveries", "edit"))
        self._archive.setText("一覧に戻す" if delivery.archived else "しまう")

    def _paused(self, delivery: Delivery) -> QWidget:
        paused = pause_card(self.desk, delivery, self._resume, lambda: ask_cancel(self, self.desk, delivery))
        for name in ("detail.resume", "detail.cancel"):
            for made in paused.findChildren(QWidget, name):
                explain(made, self.desk.office.may("deliveries", "approve"))
        return paused

    def _tell(self, shown: Shown[Delivery]) -> None:
        is_explained = shown.body.state == "paused"  # by the card below
        code = shown.refused or ("" if is_explained else shown.body.reason)
        if code:
            tone = "error" if shown.refused or shown.body.state == "failed" else "warning"
            self.banner.tell(tone, words_of_reason(code).both)
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
        if delivery.state not in ("queued", "sending"):  # there the card above has it
            bar = QProgressBar()
            bar.setObjectName("detail.bar")
            bar.setTextVisible(False)
            bar.setRange(0, max(1, numbers.recipients))
            bar.setValue(done)
            column.addWidget(bar)
        column.addWidget(_numbers(delivery))
        if numbers.unknown:
            words = "「不明」は、LINEから答えが来なかった人数です。二重に届かないよう、自動で送り直しません。"
            column.addWidget(label(words, "small", wrap=True))
        return frame

    def _facts(self, read: Read, delivery: Delivery) -> QWidget:
        frame, column = card(name="detail.facts")
        now, names, draft = self.desk.office.clock(), read.names, delivery.draft
        facts = [
            ("宛先", read.known.sentence(whole_segment(draft))),
            ("いつ", when_sentence(draft.when, read.calendar.items)),
            ("書いた職員", names.get(delivery.written_by, "") or "–"),
            ("承認を頼んだ職員", names.get(delivery.asked_by, "")),
            ("種類", words_for("delivery_kind")[kind_of(delivery)]),
            ("配信した職員", names.get(delivery.sent_by, "") or ("自動" if delivery.made_by_rule else "–")),
            ("配信を決めた日時", short(delivery.confirmed_at, now)),
            ("送りはじめた日時", short(delivery.started_at, now)),
            ("終わった日時", short(delivery.finished_at, now)),
            ("承認なしで送った理由", delivery.bypassed),
            ("訂正のもと", read.corrected),
            ("通知", "音を鳴らさない" if draft.silent else "ふつうに通知する"),
        ]
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        for place, (title, words) in enumerate((title, words) for title, words in facts if words):
            grid.addWidget(label(title, "muted"), place, 0)
            grid.addWidget(label(words, wrap=True), place, 1)
        column.addLayout(grid)
        return frame

    def _resume(self) -> None:
        ResumeSheet(self, self.desk, self._id).open()

    def _copy_it(self) -> None:
        copy, wanted = self.desk.office.deliveries.copy, self._id
        self.desk.background.local(lambda: copy(wanted), self.desk.routes.edit_delivery)

    def _correct_it(self) -> None:
        correct, wanted = self.desk.office.deliveries.correct, self._id
        self.desk.background.local(lambda: correct(wanted), self.desk.routes.edit_delivery)

    def _archive_it(self) -> None:
        shown = self._last.shown if self._last is not None else None
        if shown is None:
            return
        archive, archived = self.desk.office.deliveries.archive, not shown.body.archived
        self.desk.background.local(
            lambda: archive(shown.id, archived), lambda _: self.desk.routes.wake_sync()
        )


def _numbers(delivery: Delivery) -> Flow:
    numbers = delivery.numbers
    people = [
        ("recipients", "対象", numbers.recipients),
        ("accepted", "成功", numbers.accepted),
        ("refused", "失敗", numbers.refused),
        ("unknown", "不明", numbers.unknown),
    ]
    if numbers.cancelled:
        people.append(("cancelled", "取りやめ", numbers.cancelled))
    return figures((title, f"{number:,}", "人", f"detail.number.{name}") for name, title, number in people)
