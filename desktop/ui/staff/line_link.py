"""「自分のLINEをつなぐ」: a one-time code to type into the talk, and waiting until the relay has seen it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.errors import Trouble
from desktop.features.staff import LinkCode
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.staff import StaffMember


class LineLinkSheet(Sheet):
    """`refresh` is called by the window whenever the replica changed."""

    def __init__(self, parent: QWidget, desk: Desk, account: str) -> None:
        super().__init__(parent, "自分のLINEをつなぐ", name="line_link", width=560)
        self._desk = desk
        self._code: LinkCode | None = None
        self.banner = Banner(desk.theme, name="link.banner")
        self.column.addWidget(self.banner)
        who = f"「{account}」" if account else "町の公式アカウント"
        steps = (
            f"1. スマートフォンのLINEで{who}を開きます。友だちでなければ、先に友だちに追加します。",
            "2. 下の8けたの数字を、トーク画面に打ち込んで送ります。",
            "3. 「確認できました」と返ってきたら終わりです。",
        )
        self._steps = [label(step, wrap=True) for step in steps]
        for step in self._steps:
            self.column.addWidget(step)
        self._card, inner = card(margin=18, spacing=6)
        self._digits = label("", "code", name="link.code")
        self._digits.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._left = label("", "muted", name="link.left")
        self._left.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inner.addWidget(self._digits)
        inner.addWidget(self._left)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        inner.addWidget(self._busy)
        self.column.addWidget(self._card)
        self._new = button("新しい数字を出す", self._start, name="link.new")
        self._close = button("閉じる", self.reject, name="link.close", role="primary")
        self.end_with(self._new, 1, self._close)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._start()

    def refresh(self) -> None:
        self._desk.background.local(self._desk.office.staff.me, self._look)

    def _start(self) -> None:
        self._desk.background.local(self._desk.office.staff.start_line_link, self._show, self._failed)

    def _show(self, code: LinkCode) -> None:
        self._code = code
        self._digits.setText(code.shown)
        self._digits.setAccessibleName(f"つなぐための数字 {' '.join(code.digits)}")
        self._busy.show()
        self.banner.hide()
        self._timer.start()
        self._tick()
        self._desk.routes.wake_sync()

    def _tick(self) -> None:
        if self._code is None:
            return
        left = int((self._code.expires_at - self._desk.office.clock()).total_seconds())
        if left > 0:
            self._left.setText(f"あと {left // 60}分{left % 60:02d}秒 使えます。つながるのを待っています…")
            return
        self._timer.stop()
        self._busy.hide()
        self._left.setText("時間が過ぎました。「新しい数字を出す」を押してください。")

    def _look(self, me: StaffMember) -> None:
        if me.line_linked:
            self._timer.stop()
            for done in (*self._steps, self._card, self._new):
                done.hide()
            self.banner.tell(
                "success", "LINEがつながりました。テスト配信を自分のスマートフォンで受け取れます。"
            )

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)
