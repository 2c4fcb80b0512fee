"""The red banner that stays: the relay's audit log was changed, cut short, or is no longer shown (SEC-9)."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from desktop.features.wording import words_for
from desktop.replica.log_heads import LogAlarm
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk


class AlarmBanner(QWidget):
    """Above everything, on every page, until somebody has looked into it. Nothing else hides it."""

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent)
        self._desk = desk
        self._shown: LogAlarm | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 0)
        self.banner = Banner(desk.theme, name="window.alarm")
        column.addWidget(self.banner)
        self.hide()

    def refresh(self) -> None:
        self._desk.background.local(self._desk.office.audit.alarm, self._show)

    def _show(self, alarm: LogAlarm | None) -> None:
        if alarm == self._shown:
            return
        self._shown = alarm
        self.setVisible(alarm is not None)
        if alarm is not None:
            words = words_for("log_alarm")[alarm.kind]
            self.banner.tell("error", words, ("window.alarm.open", "どうすればよいか", self._open))

    def _open(self) -> None:
        if self._shown is not None:
            sheet = AlarmSheet(self, self._desk, self._shown)
            sheet.accepted.connect(self.refresh)
            sheet.open()


class AlarmSheet(Sheet):
    """What was seen, what to do, and the way to go on once it has been looked into."""

    def __init__(self, parent: QWidget, desk: Desk, alarm: LogAlarm) -> None:
        super().__init__(parent, words_for("log_alarm")[alarm.kind], name="log_alarm", width=640)
        self._desk = desk
        noticed = short(alarm.noticed_at, desk.office.clock())
        self.column.addWidget(label(
            f"気づいた日時：{noticed}\nこの端末が確かめていた記録：{alarm.known.size:,} 件\n"
            f"いま中継サーバが示す記録：{alarm.shown.size:,} 件",
            "muted", wrap=True, name="log_alarm.facts",
        ))  # fmt: skip
        self.column.addWidget(label(words_for("log_alarm_do")[alarm.kind], wrap=True))
        self._who = QComboBox()
        self._who.setObjectName("log_alarm.who")
        self._who.setAccessibleName("確かめた管理者")
        self._sure = QCheckBox("原因を確かめ、いまの記録から続けてよいと判断しました")
        self._sure.setObjectName("log_alarm.sure")
        if not desk.office.rights.is_admin:
            self._sure.setText("管理者が原因を確かめ、続けてよいと判断しました")
            self._who.addItem("確かめた管理者を選んでください")
            for member in desk.office.staff.all():
                if member.role == "admin" and member.state == "active":
                    self._who.addItem(member.display_name)
            self.column.addWidget(self._who)
        self.column.addWidget(self._sure)
        self._go = button("いまの記録から続ける", self._acknowledge, name="log_alarm.go", role="danger")
        self._sure.toggled.connect(lambda _: self._enable())
        self._who.currentIndexChanged.connect(lambda _: self._enable())
        self._enable()
        self.end_with(1, button("このままにする", self.reject, name="log_alarm.leave"), self._go)

    def _enable(self) -> None:
        named = self._desk.office.rights.is_admin or self._who.currentIndex() > 0
        self._go.setEnabled(self._sure.isChecked() and named)

    def _acknowledge(self) -> None:
        self._desk.background.local(self._desk.office.audit.acknowledge_alarm, lambda _: self.accept())
