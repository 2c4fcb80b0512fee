"""「確認」: what goes out, to how many, against what is left; and the only button that sends.

Neither Enter nor Ctrl+Enter presses it; above a threshold the number has to be typed (ux: sending to many
is never
one key away).
"""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.deliveries import Confirmation
from desktop.features.wording import words_for, words_of_problem, words_of_trouble
from desktop.ui.allowed import explain
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, row_of, scrolling
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.screen import Desk, Screen
from protocol.deliveries import DeliveryDraft
from protocol.items import SegmentItem
from protocol.problems import Problem
from protocol.segments import segment_sentence

Prepared = tuple[Confirmation, dict[str, SegmentItem], str]


class ConfirmScreen(Screen):
    page = "confirm"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._draft: DeliveryDraft | None = None
        self._confirmation: Confirmation | None = None
        self._asked = 0
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        middle = QHBoxLayout()
        flow = QWidget()
        column = QVBoxLayout(flow)
        column.setContentsMargins(32, 28, 24, 24)
        column.setSpacing(16)
        column.addWidget(label("配信の確認", "title"))
        column.addWidget(
            label(
                "送ったメッセージは取り消せません。宛先と内容を、もう一度お確かめください。",
                "muted",
                wrap=True,
            )
        )
        self.banner = Banner(desk.theme, name="confirm.banner")
        column.addWidget(self.banner)
        column.addWidget(self._people())
        self._problems = QVBoxLayout()
        self._problems.setSpacing(8)
        column.addLayout(self._problems)
        column.addWidget(self._typing())
        column.addStretch(1)
        middle.addWidget(scrolling(flow), 1)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 28, 28, 16)
        self.preview = PhonePreview(desk.office, desk.background)
        side_column.addWidget(self.preview)
        middle.addWidget(side)
        outer.addLayout(middle, 1)
        outer.addWidget(self._actions())

    def look(self, draft: DeliveryDraft) -> None:
        """Prepare the confirmation of this draft; asks the relay."""
        self._draft, self._confirmation = draft, None
        self.preview.show_messages(draft.messages)
        self._title.setText(draft.title or "（配信名なし）")
        self._count.setText("数えています…")
        self._share.setText("")
        self._quota.setText("確かめています…")
        self._typed.set_text("")
        self._typing_card.hide()
        clear(self._problems)
        self.banner.hide()
        self._enable()
        self._prepare()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # never sends
            return
        super().keyPressEvent(event)

    def _people(self) -> QWidget:
        frame, column = card(name="confirm.people", spacing=10)
        self._title = label("", "heading", wrap=True, name="confirm.title")
        column.addWidget(self._title)
        self._sentence = label("", "lead", wrap=True, name="confirm.sentence")
        column.addWidget(self._sentence)
        self._count = label("", "number", name="confirm.count")
        self._share = label("", "muted", name="confirm.share")
        column.addLayout(row_of(self._count, self._share, 1))
        self._quota = label("", "muted", wrap=True, name="confirm.quota")
        column.addWidget(self._quota)
        return frame

    def _typing(self) -> QWidget:
        self._typing_card, column = card(name="confirm.typing", spacing=8)
        self._typing_words = label("", wrap=True)
        self._typed = CommitLine(name="confirm.typed", hint="人数")
        self._typed.setAccessibleName("配信する人数を入れる")
        self._typed.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self._typed.setMaximumWidth(self.desk.theme.px(180))
        self._typed.committed.connect(lambda _: self._enable())
        column.addWidget(self._typing_words)
        column.addLayout(row_of(self._typed, label("人"), 1))
        return self._typing_card

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(32, 10, 28, 10)
        row.setSpacing(10)
        theme = self.desk.theme
        row.addWidget(button("編集へ戻る", self._back, name="confirm.back", icon="left", theme=theme))
        row.addWidget(button("もう一度数える", self._prepare, name="confirm.again", role="quiet"))
        row.addStretch(1)
        self._send: QPushButton = button(
            "配信する", self._send_it, name="confirm.send", role="primary", icon="deliveries", theme=theme
        )
        self._send.setMinimumWidth(theme.px(180))
        row.addWidget(self._send)
        return bar

    def _prepare(self) -> None:
        draft, office = self._draft, self.desk.office
        if draft is None:
            return
        self._asked += 1
        mine = self._asked

        def prepare() -> Prepared:
            settings = office.home.today().settings
            environment = settings.environment if settings else ""
            return office.deliveries.prepare(draft), office.items.by_id(), environment

        self.desk.background.ask(prepare, lambda prepared: self._show(mine, prepared))

    def _show(self, mine: int, prepared: Prepared) -> None:
        if mine != self._asked:
            return
        confirmation, items, environment = prepared
        self._confirmation = confirmation
        self._sentence.setText(segment_sentence(confirmation.draft.segment, items))
        count = confirmation.count
        self._count.setText(f"{count.count:,} 人" if count else "人数を確かめられません")
        share = count.count * 100 / count.friends if count and count.friends else 0
        self._share.setText(f"友だち {count.friends:,}人のうち {share:.0f}%" if count else "")
        self._quota.setText(_quota_words(confirmation))
        clear(self._problems)
        for problem in confirmation.problems:
            banner = Banner(self.desk.theme, name=f"confirm.problem.{problem.code}", hidden=False)
            banner.tell("error", f"{_place(problem)}{words_of_problem(problem).both}")
            self._problems.addWidget(banner)
        self._typing_card.setVisible(confirmation.may_send and confirmation.must_type_number)
        if count:
            self._typing_words.setText(
                f"{count.count:,}人に送ります。間違いを防ぐため、人数「{count.count:,}」を入れてください。"
            )
        if confirmation.may_send and environment == "training":
            self.banner.tell("info", "練習環境です。ほんものの住民には届きません。")
        self._enable()

    def _enable(self) -> None:
        explain(self._send, self.desk.office.may("deliveries", "approve"), self._may_send())

    def _may_send(self) -> bool:
        confirmation = self._confirmation
        if not self.desk.office.may("deliveries", "approve"):
            return False
        if confirmation is None or not confirmation.may_send or confirmation.count is None:
            return False
        if not confirmation.must_type_number:
            return True
        digits = unicodedata.normalize("NFKC", self._typed.text()).replace(",", "").strip()
        return digits == str(confirmation.count.count)

    def _back(self) -> None:
        if self._draft is not None:
            self.desk.routes.edit_delivery(self._draft)

    def _send_it(self) -> None:
        confirmation = self._confirmation
        if confirmation is None or not self._may_send():
            return
        self._confirmation = None
        self._enable()
        send = self.desk.office.deliveries.send
        self.desk.background.local(
            lambda: send(confirmation), lambda _: self._sent(confirmation.draft.id), self._failed
        )

    def _sent(self, delivery_id: str) -> None:
        self.desk.routes.wake_sync()
        self.desk.routes.open_delivery(delivery_id)

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)
        self._prepare()


def _quota_words(confirmation: Confirmation) -> str:
    quota = confirmation.quota
    if quota is None:
        return "今月の残りの通数：確かめられません"
    if quota.remaining is None:
        return f"今月の残りの通数：上限なし（今月 {quota.used:,}通 使用）"
    after = quota.remaining - (confirmation.count.count if confirmation.count else 0)
    return f"今月の残りの通数：{quota.remaining:,}通（この配信のあと {max(0, after):,}通）"


def _place(problem: Problem) -> str:
    """「2番目の吹き出し：」"""
    places = words_for("place")
    parts = problem.at.split(".")
    if parts[0] == "messages" and len(parts) > 1:
        return f"{int(parts[1]) + 1}番目の吹き出し："
    return f"{places[parts[0]]}：" if parts[0] in places else ""
