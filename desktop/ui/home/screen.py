"""「今日」: numbers of the account, what is being sent, what needs a look, drafts, and the way to a new
delivery.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.features.home import Today
from desktop.features.wording import words_for, words_of_reason
from desktop.replica.delivery_columns import moment_of
from desktop.replica.records import Shown
from desktop.ui.deliveries.stopping import HoldCard, SendingCard
from desktop.ui.moments import full_day, short
from desktop.ui.notices.panel import NoticesPanel
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, flowing_column, row_of
from desktop.ui.parts.labels import badge, label, line
from desktop.ui.parts.states import STATE_TONES
from desktop.ui.people.tasks import Reminder
from desktop.ui.screen import Desk, Screen, header
from protocol.deliveries import Delivery


class HomeScreen(Screen):
    page = "home"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._column = flowing_column(self, spacing=18)
        self._new = new = button(
            "新しく配信する", desk.routes.new_delivery, name="home.new_delivery", role="primary", icon="plus",
            theme=desk.theme,
        )  # fmt: skip
        new.setMinimumHeight(desk.theme.px(52))
        new.setMinimumWidth(desk.theme.px(200))
        self._column.addWidget(header("今日", full_day(desk.office.clock()), new))
        self._rebuilt = Banner(desk.theme, name="home.rebuilt")
        self._column.addWidget(self._rebuilt)
        self._notices = NoticesPanel(desk)
        self._column.addWidget(self._notices)
        self._reminder = Reminder(desk)
        self._column.addWidget(self._reminder)
        self._body = QVBoxLayout()
        self._body.setSpacing(18)
        self._column.addLayout(self._body)
        self._column.addStretch(1)
        self._last: Today | None = None
        self._saw = True
        if desk.office.rebuilt:
            self._rebuilt.tell(
                "warning",
                "この端末の控えが壊れていたため、作り直しました。まだ送っていなかった変更は引き継いでいます。",
            )

    def refresh(self) -> None:
        self._reminder.refresh()
        self._notices.refresh()
        self._new.setVisible(self.desk.office.may("deliveries", "edit"))
        self.desk.background.local(self.desk.office.home.today, self._show)

    def _show(self, today: Today) -> None:
        sees = self.desk.office.may("deliveries", "view")
        if (today, sees) == (self._last, self._saw):
            return
        self._last, self._saw = today, sees
        clear(self._body)
        for banner in self._banners(today):
            self._body.addWidget(banner)
        if not sees:
            self._body.addWidget(label("この画面に出すものは、いまはありません。", "muted"))
            return
        self._body.addWidget(self._numbers(today))
        for shown in today.held:
            self._body.addWidget(HoldCard(self.desk, shown.body, name="home.hold"))
        for shown in today.sending:
            self._body.addWidget(SendingCard(self.desk, shown.body, name="home.sending", opens=True))
        if today.asked and self.desk.office.may("deliveries", "approve"):
            self._body.addWidget(self._asked(today))
        if today.planned:
            self._body.addWidget(self._list("これから送るもの", today.planned, "home.planned", ""))
        columns = QHBoxLayout()
        columns.setSpacing(18)
        columns.addWidget(
            self._list("書きかけの下書き", today.drafts, "home.drafts", "下書きはありません。"), 1
        )
        columns.addWidget(self._list("最近の配信", today.last, "home.last", "まだ配信していません。"), 1)
        self._body.addLayout(columns)

    def _banners(self, today: Today) -> list[Banner]:
        banners: list[Banner] = []
        routes, theme = self.desk.routes, self.desk.theme
        if today.refused:
            first = today.refused[-1]
            banner = Banner(theme, name="home.refused", hidden=False)
            what = words_for("change").get(first.kind, "変更")
            banner.tell(
                "error",
                f"受け付けられなかった変更が {len(today.refused)} 件あります。{what}：{words_of_reason(first.reason).what}",  # noqa: E501
                ("home.see_refused", "内容を見る", routes.waiting),
            )
            banners.append(banner)
        for shown in today.returned[:2]:
            banners.append(_returned(self.desk, shown))
        if today.kept:
            kept = today.kept[0]
            banner = Banner(theme, name="home.kept", hidden=False)
            banner.tell(
                "info",
                f"前回の書きかけ「{kept.draft.title or '（配信名なし）'}」があります"
                f"（{short(kept.saved_at, self.desk.office.clock())} まで保存済み）。",
                ("home.restore", "続きを書く", lambda: routes.edit_delivery(kept.draft)),
            )
            banners.append(banner)
        if self.desk.office.may("deliveries", "edit") and not self.desk.office.staff.me().line_linked:
            banner = Banner(theme, name="home.link", hidden=False)
            banner.tell(
                "info",
                "自分のLINEをつなぐと、配信の前に自分のスマートフォンで見え方を確かめられます。",
                ("home.link_line", "自分のLINEをつなぐ", routes.link_line),
            )
            banners.append(banner)
        return banners

    def _numbers(self, today: Today) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(18)
        summary = today.summary
        friends = f"{summary.friends:,}" if summary else "–"
        week = f"+{summary.followed_week:,}" if summary else "–"
        share = f"{summary.answered * 100 // max(1, summary.friends)}" if summary else "–"
        figures = (
            ("友だち", friends, "人", f"ブロック {summary.blocked:,} 人" if summary else "", "friends"),
            (
                "今週増えた友だち",
                week,
                "人",
                f"うち今日 {summary.followed_today:,} 人" if summary else "",
                "week",
            ),
            ("受信設定に答えた人", share, "％", f"{summary.answered:,} 人" if summary else "", "answered"),
            ("下書き", f"{today.drafts_in_all:,}", "件", f"未送信の変更 {today.waiting} 件", "drafts"),
        )
        for column, (title, number, unit, below, name) in enumerate(figures):
            frame, inner = card(margin=18, spacing=8)
            frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            inner.addWidget(label(title, "muted"))
            big = QHBoxLayout()
            big.setSpacing(4)
            big.addWidget(label(number, "number", name=f"home.number.{name}"))
            big.addWidget(label(unit, "muted"), 0, Qt.AlignmentFlag.AlignBottom)
            big.addStretch(1)
            inner.addLayout(big)
            inner.addWidget(label(below, "small"))
            grid.addWidget(frame, 0, column)
        return made

    def _asked(self, today: Today) -> QWidget:
        frame, column = card(name="home.asked", spacing=8)
        column.addWidget(label("承認待ち", "heading"))
        for shown in today.asked:
            column.addWidget(line())
            column.addWidget(self._row(shown, "home.asked", "確かめて承認する"))
        return frame

    def _list(self, title: str, deliveries: list[Shown[Delivery]], name: str, empty: str) -> QWidget:
        frame, column = card(name=name, spacing=8)
        frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        more = button("すべて見る", self.desk.routes.deliveries, name=f"{name}.all", role="quiet")
        column.addLayout(row_of(label(title, "heading"), 1, more))
        for shown in deliveries:
            column.addWidget(line())
            column.addWidget(self._row(shown, name))
        if not deliveries:
            column.addWidget(label(empty, "muted"))
        column.addStretch(1)
        return frame

    def _row(self, shown: Shown[Delivery], name: str, verb: str = "開く") -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(10)
        delivery = shown.body
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(delivery.draft.title or "（配信名なし）", wrap=True))
        people = f"　{delivery.numbers.accepted:,}人に送りました" if delivery.state == "sent" else ""
        words.addWidget(label(f"{short(moment_of(delivery), self.desk.office.clock())}{people}", "small"))
        row.addLayout(words, 1)
        if shown.waiting:
            row.addWidget(badge("送信待ち", "warning"))
        if delivery.state in ("failed", "cancelled", "skipped"):
            row.addWidget(badge(words_for("delivery_state")[delivery.state], STATE_TONES[delivery.state]))
        open_it = button(
            verb, lambda: self.desk.routes.open_delivery(shown.id), name=f"{name}.open", role="quiet"
        )
        open_it.setAccessibleName(f"「{delivery.draft.title}」を{verb}")
        row.addWidget(open_it)
        return made


def _returned(desk: Desk, shown: Shown[Delivery]) -> Banner:
    banner = Banner(desk.theme, name="home.returned", hidden=False)
    draft = shown.body.draft
    banner.tell(
        "warning",
        f"「{draft.title or '（配信名なし）'}」が差し戻されました：{shown.body.returned}",
        ("home.returned.open", "直す", lambda: desk.routes.edit_delivery(draft)),
    )
    return banner
