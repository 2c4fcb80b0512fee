"""「テスト配信」: to named staff whose own LINE account is tied. Marked, so that nobody takes it for the
real thing. What came of it is told here, and no success before LINE took it.
"""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.errors import Trouble
from desktop.features.deliveries import DeliveryRefused
from desktop.features.test_outcomes import TestOutcome
from desktop.features.wording import words_of_problem, words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.deliveries import DeliveryDraft
from protocol.messages import TEST_MARK
from protocol.staff import StaffMember


class TestDeliverySheet(Sheet):
    """`refresh` is called by the editor whenever the replica changed, also when the sheet was closed before
    the outcome was known.
    """

    __test__ = False  # not a test, whatever a collector thinks of its name

    def __init__(self, parent: QWidget, desk: Desk, draft: DeliveryDraft) -> None:
        super().__init__(parent, "テスト配信する", name="test_delivery", width=560)
        self._desk, self._draft = desk, draft
        self._ticks: dict[str, QCheckBox] = {}
        self._change = ""
        self.column.addWidget(label(
            f"いま書いている内容を、選んだ職員のLINEにだけ届けます。先頭に{TEST_MARK}が付きます。住民には届きません。", "muted", wrap=True  # noqa: E501
        ))  # fmt: skip
        self.banner = Banner(desk.theme, name="test.banner")
        self.column.addWidget(self.banner)
        self._frame, self._people = card(margin=14, spacing=4)
        self.column.addWidget(self._frame)
        self._link = button("自分のLINEをつなぐ", self._to_link, name="test.link")
        self._go = button("テスト配信する", self._send, name="test.go", role="primary")
        self.end_with(self._link, 1, button("閉じる", self.reject, name="test.close"), self._go)
        self._go.setEnabled(False)
        staff = desk.office.staff
        desk.background.local(lambda: (staff.all(), staff.me()), self._show)

    def refresh(self) -> None:
        """Look what became of the test under way."""
        change, outcome = self._change, self._desk.office.deliveries.test_outcome
        if change:
            self._desk.background.local(lambda: outcome(change), lambda found: self._tell(change, found))

    def _show(self, read: tuple[list[StaffMember], StaffMember]) -> None:
        everyone, me = read
        for member in sorted(everyone, key=lambda member: (member.id != me.id, not member.line_linked)):
            mine = "（自分）" if member.id == me.id else ""
            tick = QCheckBox(
                f"{member.display_name}{mine}" + ("" if member.line_linked else "　LINEがつながっていません")
            )
            tick.setObjectName(f"test.person.{member.login_name}")
            tick.setEnabled(member.line_linked)
            tick.setChecked(member.line_linked and member.id == me.id)
            tick.toggled.connect(lambda _: self._enable())
            self._ticks[member.id] = tick
            self._people.addWidget(tick)
        self._link.setVisible(not me.line_linked)
        if not any(member.line_linked for member in everyone):
            self.banner.tell(
                "info", "テスト配信を受け取れる職員がまだいません。先に自分のLINEをつないでください。"
            )
        self._enable()

    def _enable(self) -> None:
        chosen = any(tick.isChecked() for tick in self._ticks.values())
        self._go.setEnabled(chosen and not self._change)

    def _send(self) -> None:
        chosen = [staff for staff, tick in self._ticks.items() if tick.isChecked()]
        test = self._desk.office.deliveries.test

        def send() -> tuple[str, tuple[str, ...]]:
            try:
                return test(self._draft, chosen), ()
            except DeliveryRefused as refused:
                return "", tuple(words_of_problem(problem).both for problem in refused.problems)

        self._go.setEnabled(False)  # a second press would be a second message
        self._desk.background.local(send, self._sent, self._failed)

    def _sent(self, sent: tuple[str, tuple[str, ...]]) -> None:
        self._change, problems = sent
        self._enable()
        if problems:
            self.banner.tell("error", "\n".join(problems))
            return
        self.banner.tell("info", "送っています…")
        self._desk.routes.wake_sync()

    def _tell(self, change: str, outcome: TestOutcome) -> None:
        if change != self._change:
            return  # the end was told by an earlier look
        self.banner.tell(outcome.tone, outcome.words)
        if not outcome.is_final:
            return
        self._change = ""
        self._enable()
        if not self.isVisible():
            self._desk.routes.say(f"テスト配信：{outcome.words}")

    def _failed(self, trouble: Trouble) -> None:
        self._enable()
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _to_link(self) -> None:
        self.reject()
        self._desk.routes.link_line()
