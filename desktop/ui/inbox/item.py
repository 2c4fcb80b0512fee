"""One thing that arrived: what the resident wrote, and what staff make of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.half_written import HalfWritten
from desktop.features.submissions import Conflict, Handling
from desktop.features.wording import words_for, words_of_reason, words_of_trouble
from desktop.replica.submissions import Held
from desktop.ui.inbox.answer import AnswerCard
from desktop.ui.inbox.content import ContentCard
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of, scrolling
from desktop.ui.parts.conflict import ConflictChoice
from desktop.ui.parts.labels import badge, label, restyle
from desktop.ui.screen import Desk, Screen

Read = tuple[
    Held | None, Handling | None, Conflict | None, HalfWritten | None, dict[str, str], dict[str, str]
]
KEEP_AFTER = 2000
"""Milliseconds without a key after which what is half written goes to disk."""
TONES = {"new": "info", "working": "warning", "done": "success"}


class InboxItemScreen(Screen):
    """What a person has typed here and not saved is kept until it is saved: while looking elsewhere, behind
    the lock, and after the program ended.
    """

    page = "inbox-item"
    place = "inbox"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._id = ""
        self._held: Held | None = None
        self._is_read = False
        """Whether the audit log has been told that this one was opened here."""
        self._unsaved: dict[str, tuple[Held, Handling]] = {}
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        flow = QWidget()
        column = QVBoxLayout(flow)
        column.setContentsMargins(32, 24, 16, 28)
        column.setSpacing(14)
        back = button(
            "一覧へ戻る", lambda: desk.routes.go("inbox"), name="submission.back", role="quiet", icon="left",
            theme=desk.theme,
        )  # fmt: skip
        column.addLayout(row_of(back, 1))
        self._number = label("", "title", name="submission.number")
        self._state = badge("")
        self._state.setObjectName("submission.badge")
        column.addLayout(row_of(self._number, self._state, 1, spacing=12))
        self.banner = Banner(desk.theme, name="submission.banner")
        column.addWidget(self.banner)
        self.choice = ConflictChoice(desk.theme, name="submission.conflict")
        column.addWidget(self.choice)
        self.content = ContentCard(desk)
        column.addWidget(self.content)
        column.addStretch(1)
        outer.addWidget(scrolling(flow), 1)
        self.answer = AnswerCard(desk.theme, save=self.save, send=self.send)
        self.answer.typed.connect(self._remember)
        self._keep_soon = QTimer(self)
        self._keep_soon.setSingleShot(True)
        self._keep_soon.setInterval(KEEP_AFTER)
        self._keep_soon.timeout.connect(self._keep)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 24, 28, 20)
        side_column.addWidget(self.answer)
        area = scrolling(side)
        area.setFixedWidth(desk.theme.px(440))
        outer.addWidget(area)

    def open(self, submission: str) -> None:
        self._id, self._held, self._is_read = submission, None, False
        self.banner.hide()
        self.choice.hide()

    def leave(self) -> None:
        if self._keep_soon.isActive():
            self._keep()

    def refresh(self) -> None:
        office, wanted, is_read = self.desk.office, self._id, self._is_read
        if not wanted:
            return

        def read() -> Read:
            names = {member.id: member.display_name for member in office.staff.all()}
            departments = {one.id: one.name for one in office.contact_forms.departments()}
            look = office.submissions.get if is_read else office.submissions.open
            held = look(wanted)
            if held is None or held.unopened:
                return held, None, None, None, names, departments
            handling, conflict = office.submissions.handling(held), office.submissions.conflict(wanted)
            return held, handling, conflict, office.half_written.get(wanted), names, departments

        self.desk.background.local(read, self._show)

    def save(self) -> None:
        self._update(notify=False)

    def send(self) -> None:
        """Save, and tell the resident that there is an answer."""
        if not self.answer.handling.reply.strip():
            self.answer.show_reply_error(words_of_reason("text_missing").both)
            return
        self._update(notify=True)

    def _update(self, *, notify: bool) -> None:
        held = self._held
        if held is None or held.unopened or not self.answer.check():
            return
        based_on, handling = self._unsaved.get(held.id, (held, self.answer.handling))
        update = self.desk.office.submissions.update

        def done(_: str) -> None:
            self._forget(held.id)
            words = "返信を送ります。本人のトークに、お知らせが届きます。" if notify else "保存しました。"
            self.desk.routes.say(words)
            self.desk.routes.wake_sync()

        self.desk.background.local(lambda: update(based_on, handling, notify=notify), done, self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _remember(self) -> None:
        """What is typed builds on what was seen when typing began: a colleague's newer text is not lost."""
        if self._held is not None:
            based_on, _ = self._unsaved.get(self._held.id, (self._held, None))
            self._unsaved[self._held.id] = (based_on, self.answer.handling)
            self._keep_soon.start()

    def _keep(self) -> None:
        self._keep_soon.stop()
        keep = self.desk.office.half_written.keep
        for id, (seen, typed) in self._unsaved.items():
            written = HalfWritten(version=seen.version, state=typed.state, note=typed.note, reply=typed.reply)
            self.desk.background.local(partial(keep, id, written))

    def _forget(self, id: str) -> None:
        self._keep_soon.stop()
        self._unsaved.pop(id, None)
        forget = self.desk.office.half_written.forget
        self.desk.background.local(lambda: forget(id))

    def _take_up(self, held: Held, kept: HalfWritten | None) -> None:
        """What was half written before the lock or the end of the program stands in the fields again."""
        if kept is not None and held.id not in self._unsaved:
            typed = Handling(kept.state, kept.note, kept.reply)
            self._unsaved[held.id] = (replace(held, version=kept.version), typed)

    def _show(self, read: Read) -> None:
        held, handling, conflict, kept, names, departments = read
        if held is not None and held.id != self._id:
            return
        self._held = held
        if held is None:
            self._number.setText("見つかりません")
            self.banner.tell("warning", "ほかの課に移ったか、消されました。")
            self.content.hide()
            self.answer.hide()
            return
        if not self._is_read and not held.unopened:
            self._is_read = True
            self.desk.routes.wake_sync()  # the opening is on its way to the audit log
        self._number.setText(held.number or "番号なし")
        self._state.setText(words_for("submission_state")[held.state])
        self._state.setProperty("badge", TONES.get(held.state, "neutral"))
        restyle(self._state)
        self.content.show()
        self.content.show_content(held, departments)
        self.answer.setVisible(not held.unopened)
        if handling is None:
            self._tell_unopened(held)
            return
        self._take_up(held, kept)
        unsaved = self._unsaved.get(held.id)
        updated = f"{short(held.updated_at, self.desk.office.clock())}　{names.get(held.updated_by, '')}"
        self.answer.show_handling(
            unsaved[1] if unsaved else handling,
            updated if held.updated_at else "",
            can_reply=bool(held.copy_key),
        )
        is_newer = unsaved is not None and unsaved[0].version < held.version
        self._tell(held, is_newer and held.updated_by != self.desk.office.me.id)
        self._ask(held, conflict)

    def _tell(self, held: Held, is_newer: bool) -> None:
        if held.refused and held.refused != "version_conflict":
            see = ("submission.see_refused", "内容を見る", self.desk.routes.waiting)
            self.banner.tell("error", words_of_reason(held.refused).both, see)
        elif is_newer:
            self.banner.tell(
                "warning",
                "書いている間に、ほかの職員が更新しました。保存すると、どちらの内容にするかを選べます。",
            )
        elif held.waiting:
            self.banner.tell("info", "中継サーバへの送信を待っています。")
        else:
            self.banner.hide()

    def _tell_unopened(self, held: Held) -> None:
        self.choice.hide()
        self.banner.tell("warning", words_of_reason(held.unopened).both)

    def _ask(self, held: Held, conflict: Conflict | None) -> None:
        if conflict is None:
            self.choice.hide()
            return
        submissions = self.desk.office.submissions

        def rewrite() -> None:
            self.desk.background.local(
                lambda: submissions.rewrite(held, conflict), lambda _: self._decided(), self._failed
            )

        def keep() -> None:
            self.desk.background.local(lambda: submissions.let_go(conflict), lambda _: self._decided())

        now = _lines(held.stored_state, held.note, held.reply)
        wanted = conflict.mine
        mine = _lines(wanted.state, wanted.note, wanted.reply) if wanted else ()
        self.choice.ask(now, mine, rewrite=rewrite, keep=keep)

    def _decided(self) -> None:
        self._forget(self._id)
        self.desk.routes.wake_sync()


def _lines(state: str, note: str, reply: str) -> tuple[tuple[str, str], ...]:
    return (("状態", words_for("submission_state")[state]), ("メモ", note), ("返信", reply))
