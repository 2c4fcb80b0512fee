"""「配信の決まり」: second person, hold, typed number, quiet hours, repeats; each with its purpose."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QSpinBox, QVBoxLayout, QWidget

from desktop.features.check_words import NOBODY_TO_APPROVE
from desktop.features.home import Unsettled
from desktop.features.wording import words_for, words_of_reason
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, flowing_column, row_of
from desktop.ui.parts.labels import label
from desktop.ui.parts.tick_line import TickLine
from desktop.ui.schedule.fields import TimeField
from desktop.ui.screen import Desk, Screen, header
from protocol.sending_rules import SendingRules
from protocol.staff import Role

_ROLES: tuple[Role, ...] = ("admin", "section_admin", "approver")
_Read = tuple[SendingRules, int, list[Unsettled], bool]


class SendingRulesScreen(Screen):
    page = "sending-rules"
    place = "settings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rules: SendingRules | None = None
        self._seen = 0
        self._showing = False
        column = flowing_column(self, spacing=16)
        back = button(
            "設定へ戻る", lambda: desk.routes.go("settings"), name="rules.back", role="quiet", icon="left",
            theme=desk.theme,
        )  # fmt: skip
        column.addLayout(row_of(back, 1))
        hint = "まちがった配信を防ぐ、町全体の決まりです。0 にすると、その決まりは使いません。"
        column.addWidget(header("配信の決まり", hint))
        self.banner = Banner(desk.theme, name="rules.banner")
        column.addWidget(self.banner)
        self._numbers: dict[str, QSpinBox] = {}
        self._second(column)
        self._careful(column)
        self._quiet(column)
        self._standard = button("はじめの値に戻す", self._reset, name="rules.reset", role="quiet")
        self._save = button("保存する", self._save_it, name="rules.save", role="primary")
        column.addLayout(row_of(self._standard, 1, self._save))
        column.addStretch(1)

    def refresh(self) -> None:
        office = self.desk.office

        def read() -> _Read:
            rules, version = office.town_rules.sending()
            refused = office.home.refused_at("sending_rules", "town")
            return rules, version, refused, office.rights.others_may("deliveries", "approve")

        self.desk.background.local(read, self._show)

    def _second(self, column: QVBoxLayout) -> None:
        frame, inner = card(spacing=10)
        inner.addWidget(label("2人目の確かめ（承認）", "heading"))
        self._number(
            inner, "second_person_from", "人以上に送るときは、別の人の承認がいる",
            "はじめの値は1,000人です。1人の勘違いで大勢に届くのを防ぎます。", 1_000_000,
        )  # fmt: skip
        self._alone = label(NOBODY_TO_APPROVE, wrap=True, name="rules.nobody_to_approve")
        self._alone.hide()
        inner.addWidget(self._alone)
        self._everyone = QCheckBox("友だち全員に送るときは、人数によらず承認がいる")
        self._everyone.setObjectName("rules.second_person_everyone")
        self._everyone.toggled.connect(lambda _: self._enable())
        inner.addWidget(self._everyone)
        inner.addWidget(label("緊急のとき、理由を書けば承認なしで送れる人", "subheading"))
        self._roles: dict[str, TickLine] = {}
        words = words_for("role")
        for role in _ROLES:
            line = TickLine(words[role], name=f"rules.emergency.{role}")
            line.changed.connect(lambda _: self._enable())
            inner.addWidget(line)
            self._roles[role] = line
        inner.addWidget(label("理由は操作記録に残ります。", "small"))
        column.addWidget(frame)

    def _careful(self, column: QVBoxLayout) -> None:
        frame, inner = card(spacing=10)
        inner.addWidget(label("送る直前の守り", "heading"))
        self._number(
            inner, "hold_seconds", "秒のあいだ、「配信する」を押したあとでも止められる",
            "はじめの値は60秒です。送ったメッセージは取り消せないため、気付く時間を取ります。", 600,
        )  # fmt: skip
        self._number(
            inner, "type_number_from", "人以上に送るときは、人数を入れて確かめる",
            "はじめの値は500人です。", 1_000_000,
        )  # fmt: skip
        self._number(
            inner, "same_within_days", "日のあいだに同じ文を同じ人へ送るときは、たずねる",
            "はじめの値は7日です。同じお知らせを2回送るのを防ぎます。", 365,
        )  # fmt: skip
        self._number(
            inner, "stale_after_hours", "時間より前に書いた文を送るときは、たずねる",
            "はじめの値は24時間です。古い内容がそのまま出るのを防ぎます。", 24 * 365,
        )  # fmt: skip
        column.addWidget(frame)

    def _quiet(self, column: QVBoxLayout) -> None:
        frame, inner = card(spacing=10)
        inner.addWidget(label("静かな時間", "heading"))
        self._from = TimeField(name="rules.quiet_from", words="静かな時間の始まり", changed=self._enable)
        self._until = TimeField(name="rules.quiet_until", words="静かな時間の終わり", changed=self._enable)
        inner.addLayout(row_of(self._from, label("から"), self._until, label("まで"), 1))
        words = "はじめの値は21:00から7:00です。この時間の配信は、送る前にたずねます。"
        inner.addWidget(label(words, "small", wrap=True))
        column.addWidget(frame)

    def _number(self, column: QVBoxLayout, field: str, words: str, note: str, highest: int) -> None:
        box = QSpinBox()
        box.setObjectName(f"rules.{field}")
        box.setAccessibleName(words)
        box.setRange(0, highest)
        box.setGroupSeparatorShown(True)
        box.setFixedWidth(self.desk.theme.px(140))
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.valueChanged.connect(lambda _: self._enable())
        made = QWidget()
        row = row_of(box, label(words, wrap=True), spacing=12)
        row.setStretch(1, 1)
        made.setLayout(row)
        column.addWidget(made)
        column.addWidget(label(note, "small", wrap=True))
        self._numbers[field] = box

    def _show(self, read: _Read) -> None:
        rules, version, refused, others_may = read
        self._alone.setVisible(not others_may)
        if refused:
            self.banner.tell("error", words_of_reason(refused[-1].reason).both)
        elif not self.banner.isHidden() and self.banner.property("banner") == "error":
            self.banner.hide()
        if self._rules == rules and self._seen == version:
            return
        if self._rules is not None and self._typed() != self._rules:
            return  # what the person is writing stays; the version they began from too
        self._rules, self._seen = rules, version
        self._fill(rules)

    def _fill(self, rules: SendingRules) -> None:
        self._showing = True
        for field, box in self._numbers.items():
            box.setValue(getattr(rules, field))
        self._everyone.setChecked(rules.second_person_everyone)
        for role, line in self._roles.items():
            line.set_ticked(role in rules.emergency_roles)
        self._from.show_time(rules.quiet_from)
        self._until.show_time(rules.quiet_until)
        self._showing = False
        self._enable()

    def _typed(self) -> SendingRules:
        numbers = {field: box.value() for field, box in self._numbers.items()}
        return SendingRules(
            **numbers,
            second_person_everyone=self._everyone.isChecked(),
            emergency_roles=tuple(role for role, line in self._roles.items() if line.is_ticked),
            quiet_from=self._from.text_value,
            quiet_until=self._until.text_value,
        )

    def _enable(self) -> None:
        if not self._showing and self._rules is not None:
            self._save.setEnabled(self._typed() != self._rules)
            self._standard.setEnabled(self._typed() != SendingRules())

    def _reset(self) -> None:
        self._fill(SendingRules())

    def _save_it(self) -> None:
        rules, seen = self._typed(), self._seen
        save = self.desk.office.town_rules.save_sending
        self._rules = rules
        self.desk.background.local(lambda: save(rules, seen), lambda _: self._saved())

    def _saved(self) -> None:
        self._save.setEnabled(False)
        self.banner.tell("success", "保存しました。これから確かめる配信に使われます。")
        self.desk.routes.wake_sync()
