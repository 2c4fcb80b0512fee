"""「端末」: the own machines, for administrators everybody's; a code for one more, and taking one out."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from desktop.features.devices import ShownDevice
from desktop.features.wording import words_of_reason
from desktop.ui.moments import WIDEST_DAY, WIDEST_MOMENT, WIDEST_NAME, short, short_day
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Row, Rows, chosen_row, on_choice, rows_view
from desktop.ui.people.code import CodeSheet
from desktop.ui.screen import Desk, Screen, header
from protocol.staff import StaffMember

COLUMNS = ("端末", "職員", "登録した日", "最後につながった日時", "状態")


class DevicesScreen(Screen):
    page = "devices"
    place = "settings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(14)
        back = button("設定に戻る", lambda: desk.routes.go("settings"), name="devices.back", role="quiet")
        hint = "「まどぐち」を登録した端末です。なくしたり、使わなくなった端末は、登録を取り消してください。"
        add = button(
            "端末を追加するコードを出す",
            self.add,
            name="devices.add",
            role="primary",
            icon="plus",
            theme=desk.theme,
        )
        column.addWidget(header("端末", hint, back, add))
        self.banner = Banner(desk.theme, name="devices.banner")
        column.addWidget(self.banner)
        self._devices: list[ShownDevice] = []
        self.rows = Rows(COLUMNS, desk.theme, coloured=4)
        self.view = rows_view(
            self.rows, desk.theme, name="devices.table", words="端末の一覧", widths=(220, WIDEST_NAME, WIDEST_DAY, WIDEST_MOMENT, 130), stretch=0,  # noqa: E501
        )  # fmt: skip
        column.addWidget(self.view, 1)
        self._count = label("", "muted", name="devices.count")
        self._revoke = button("登録を取り消す", self._ask_revoke, name="devices.revoke", role="danger")
        column.addLayout(row_of(self._count, 1, self._revoke))
        on_choice(self.view, self._enable)
        self._enable()

    def refresh(self) -> None:
        self.desk.background.local(self.desk.office.devices.all, self._show)

    def leave(self) -> None:
        self.banner.hide()

    def add(self) -> None:
        """A one-time code for a machine of one's own: everybody may, nobody has to be asked."""

        def known(me: StaffMember | None) -> None:
            if me is not None:
                CodeSheet.ask(self, self.desk, me, self.banner, "device")

        self.desk.background.local(self.desk.office.people.me, known)

    def _show(self, devices: list[ShownDevice]) -> None:
        self._devices = devices
        self.rows.show([(self._cells(row), _tone(row)) for row in devices])
        self._count.setText(f"{len(devices)} 台")
        refused = next((row.refused for row in devices if row.refused), "")
        if refused:
            words = words_of_reason(refused)
            self.banner.tell("error", f"登録を取り消せませんでした。{words.both}")
        self._enable()

    def _cells(self, row: ShownDevice) -> Row:
        device, clock = row.device, self.desk.office.clock()
        name = device.name or "（名前なし）"
        return (
            f"{name}（この端末）" if row.here else name,
            row.person,
            short_day(device.added_at),
            short(device.last_seen_at, clock) or "まだありません",
            _state(row),
        )

    def _chosen(self) -> ShownDevice | None:
        place = chosen_row(self.view)
        return self._devices[place] if 0 <= place < len(self._devices) else None

    def _enable(self) -> None:
        row = self._chosen()
        may = row is not None and (row.mine or self.desk.office.may("staff", "edit"))
        self._revoke.setEnabled(row is not None and may and not row.device.revoked and not row.going)

    def _ask_revoke(self) -> None:
        row = self._chosen()
        if row is None:
            return
        name = row.device.name or "名前のない端末"
        words = (
            f"「{name}」では「まどぐち」を使えなくなります。もう一度使うには、新しい登録コードが要ります。"
        )
        if row.here:
            words = "いま使っている端末です。取り消すとすぐに使えなくなり、まだ送っていない変更は送れません。"
        if ask_first(self, "端末の登録を取り消しますか", words, "登録を取り消す", danger=True):
            revoke = self.desk.office.devices.revoke
            self.desk.background.local(lambda: revoke(row.device.id), lambda _: self._after())

    def _after(self) -> None:
        self.refresh()
        self.desk.routes.wake_sync()


def _state(row: ShownDevice) -> str:
    if row.device.revoked:
        return "取り消し済み"
    if row.refused:
        return "取り消せず・要確認"
    return "取り消し中" if row.going else "使えます"


def _tone(row: ShownDevice) -> str:
    if row.device.revoked:
        return "muted"
    if row.refused:
        return "error"
    return "warning" if row.going else "success"
