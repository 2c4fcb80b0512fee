"""「設定」: how the screen looks, the tie to the own LINE account, and what this program is connected to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QPushButton, QWidget

from desktop.config import LOCK_MINUTES, TEXT_SIZES, ScreenSettings, Theme
from desktop.ui.allowed import may_see, offer
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, flowing_column, row_of
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk, Screen, header
from protocol.staff import StaffMember


class SettingsScreen(Screen):
    page = "settings"

    def __init__(self, desk: Desk, change: Callable[[ScreenSettings], None]) -> None:
        super().__init__(desk)
        self._change = change
        column = flowing_column(self, spacing=18)
        column.addWidget(header("設定", "この端末での見え方を変えます。"))
        settings = desk.theme.settings
        sizes = [(str(size), f"{size}%", size) for size in TEXT_SIZES]
        themes = [
            ("auto", "パソコンに合わせる", "auto"),
            ("light", "明るい", "light"),
            ("dark", "暗い", "dark"),
        ]
        column.addWidget(self._choice("文字の大きさ", "size", sizes, settings.text_size, self._set_size))
        column.addWidget(self._choice("画面の色", "theme", themes, settings.theme, self._set_theme))
        locks = [(str(minutes), f"{minutes}分", minutes) for minutes in LOCK_MINUTES]
        column.addWidget(
            self._choice(
                "何もしないとき画面をロックするまで", "lock", locks, settings.lock_minutes, self._set_lock
            )
        )
        self._town = self._rules_of_town()
        column.addWidget(self._town)
        column.addWidget(self._account())
        column.addWidget(self._line())
        column.addWidget(self._about())
        column.addStretch(1)

    def refresh(self) -> None:
        offer(self._town, may_see(self.desk.office, "sending-rules"))
        self.desk.background.local(self.desk.office.staff.me, self._show)

    def _show(self, me: StaffMember) -> None:
        self._line_words.setText(
            "つながっています。テスト配信を受け取れます。" if me.line_linked else "まだつながっていません。"
        )
        self._link.setVisible(not me.line_linked)
        self._unlink.setVisible(me.line_linked)

    def _choice(
        self,
        title: str,
        name: str,
        choices: Sequence[tuple[str, str, object]],
        chosen: object,
        done: Callable[..., None],
    ) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label(title, "heading"))
        row = QHBoxLayout()
        row.setSpacing(0)
        group = QButtonGroup(self)
        for code, words, value in choices:
            made = QPushButton(words)
            made.setObjectName(f"settings.{name}.{code}")
            made.setAccessibleName(f"{title} {words}")
            made.setProperty("role", "segment")
            made.setCheckable(True)
            made.setAutoDefault(False)
            made.setChecked(value == chosen)
            made.clicked.connect(lambda _=False, value=value: done(value))
            group.addButton(made)
            row.addWidget(made)
        row.addStretch(1)
        column.addLayout(row)
        return frame

    def _account(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("サインインと端末", "heading"))
        go = self.desk.routes.go
        account = button("自分のアカウント", lambda: go("account"), name="settings.account")
        devices = button("端末", lambda: go("devices"), name="settings.devices")
        lock = button("画面をロックする", self.desk.routes.lock, name="settings.lock_now", role="quiet")
        column.addWidget(
            label("合言葉と確認コードを変えたり、登録した端末を確かめたりします。", "muted", wrap=True)
        )
        column.addLayout(row_of(account, devices, 1, lock))
        return frame

    def _rules_of_town(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("町の決まり", "heading"))
        go = self.desk.routes.go
        rules = button("配信の決まり", lambda: go("sending-rules"), name="settings.rules")
        holidays = button("休日", lambda: go("holidays"), name="settings.holidays")
        column.addWidget(
            label("まちがった配信を防ぐ決まりと、くり返しに使う休日を決めます。", "muted", wrap=True)
        )
        column.addLayout(row_of(rules, holidays, 1))
        return frame

    def _line(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("自分のLINE", "heading"))
        self._line_words = label("", name="settings.line")
        self._link = button("自分のLINEをつなぐ", self.desk.routes.link_line, name="settings.link")
        self._unlink = button("切り離す", self._remove_link, name="settings.unlink", role="danger")
        column.addLayout(row_of(self._line_words, 1, self._link, self._unlink))
        return frame

    def _about(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("つなぎ先", "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        me = self.desk.office.me
        facts = (
            ("中継サーバ", self.desk.office.relay_url),
            ("利用者名", me.login_name),
            ("表示名", me.display_name),
        )
        for place, (name, words) in enumerate(facts):
            grid.addWidget(label(name, "muted"), place, 0)
            grid.addWidget(label(words, wrap=True, letters=words != me.display_name), place, 1)
        column.addLayout(grid)
        return frame

    def _set_size(self, size: int) -> None:
        self._change(self.desk.theme.settings.with_text_size(size))

    def _set_theme(self, theme: Theme) -> None:
        self._change(replace(self.desk.theme.settings, theme=theme))

    def _set_lock(self, minutes: int) -> None:
        self._change(self.desk.theme.settings.with_lock_minutes(minutes))

    def _remove_link(self) -> None:
        remove = self.desk.office.staff.remove_line_link
        self.desk.background.local(remove, lambda _: self.desk.routes.wake_sync())
