"""「配信の編集」: name, bubbles, recipients, and the phone beside them. Saved by itself every few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.conflicts import Conflict
from desktop.features.editing import Edits
from desktop.features.home import Unsettled
from desktop.features.recipients import Known
from desktop.features.wording import words_of_reason, words_of_trouble
from desktop.ui.confirm.returned import ReturnedNote
from desktop.ui.editor.bubbles import Bubbles
from desktop.ui.editor.message_panel import MessagePanel
from desktop.ui.editor.route import RoutePart
from desktop.ui.editor.test_delivery import TestDeliverySheet
from desktop.ui.moments import clock_time
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import Banner, card, row_of, scrolling
from desktop.ui.parts.conflict import ConflictChoice
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.refused import ask_about
from desktop.ui.schedule.panel import WhenPanel
from desktop.ui.screen import Desk, Screen
from desktop.ui.segments.recipients import RecipientsPart
from protocol.counting import grapheme_count
from protocol.deliveries import DELIVERY_TITLE_LIMIT, DeliveryDraft
from protocol.messages import TextMessage

AUTOSAVE_MS = 1500


@dataclass(frozen=True)
class Read:
    """What the screen looks up about one draft. `begun_from`: the version of the delivery that it follows."""

    draft: str
    known: Known
    refused: list[Unsettled]
    conflict: Conflict | None
    begun_from: int


class EditorScreen(Screen):
    page = "delivery-edit"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._edits: Edits[DeliveryDraft] | None = None
        self._known = Known()
        self._unsaved = False
        self._touched = False
        self._test: TestDeliverySheet | None = None
        self._begun_from: int | None = None
        """The version of the delivery that was there when the person began to write."""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self._middle(), 1)
        outer.addWidget(self._actions())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(self._autosave)
        self.title.committed.connect(lambda text: self._change("配信名の入力", title=text))
        self.message.changed.connect(lambda step, fields: self._change(step, **fields))
        self.when.changed.connect(lambda step, fields: self._change(step, **fields))
        self.recipients.changed.connect(lambda step, segment: self._change(step, segment=segment))
        self.recipients.excluded_changed.connect(lambda step, ids: self._change(step, excluded=ids))
        self.silent.toggled.connect(lambda on: self._change("通知の変更", silent=on))
        self.route.changed.connect(lambda route: self._change("送り方の変更", route=route))

    # -- what the window and scripts call ------------------------------------------------------------

    def edit(self, draft: DeliveryDraft, *, is_new: bool = False) -> None:
        """Begin with this draft. A new one gets an empty bubble, so that one can type at once."""
        if not draft.messages:
            draft = draft.model_copy(update={"messages": (TextMessage(text=""),)})
        self._edits = Edits(draft)
        self._touched = self._unsaved = False
        self._begun_from = None
        self._area.verticalScrollBar().setValue(0)
        self._saved.setText("")
        self.choice.hide()
        self.message.begin()
        self._show()
        self.refresh()
        self.title.setFocus()

    @property
    def draft(self) -> DeliveryDraft | None:
        return self._edits.present if self._edits else None

    @property
    def bubbles(self) -> Bubbles:
        return self.message.bubbles

    def refresh(self) -> None:
        if self._test is not None:
            self._test.refresh()
        office, draft = self.desk.office, self.draft
        if draft is None:
            return

        def read() -> Read:
            return Read(
                draft.id,
                office.groups.known(draft.segment),
                office.home.refused_at("delivery", draft.id),
                office.conflicts.at("delivery", draft.id),
                office.deliveries.begun_from(draft),
            )

        self.when.refresh()
        self.returned.look(draft.id)
        self.desk.background.local(read, self._know)

    def leave(self) -> None:
        """Elsewhere: what was written goes into the outbox, so that colleagues see the draft too."""
        self._timer.stop()
        if self._touched and self.draft is not None:
            draft = self.draft
            self._touched = self._unsaved = False
            save, seen = self.desk.office.deliveries.save, self._begun_from
            self.desk.background.local(lambda: save(draft, seen), lambda _: self.desk.routes.wake_sync())

    def save(self) -> None:
        """Ctrl+S: as `leave`, but stay."""
        self._touched = True
        self.leave()
        self._saved.setText(f"保存済み {clock_time(self.desk.office.clock())}")

    def undo(self) -> None:
        if self._edits and self._edits.undo_name:
            self.desk.routes.say(f"元に戻しました：{self._edits.undo_name}")
            self._edits.undo()
            self._after_edit()

    def redo(self) -> None:
        if self._edits and self._edits.redo_name:
            self.desk.routes.say(f"やり直しました：{self._edits.redo_name}")
            self._edits.redo()
            self._after_edit()

    def confirm(self) -> None:
        """To the last look before sending; sends nothing."""
        if self.draft is not None:
            draft = self.draft
            self.leave()
            self.desk.routes.confirm(draft)

    def test(self) -> None:
        if self.draft is not None:
            if self._test is not None:
                self._test.deleteLater()
            self._test = TestDeliverySheet(self, self.desk, self.draft)
            self._test.open()

    # -- parts ---------------------------------------------------------------------------------------

    def _middle(self) -> QHBoxLayout:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        flow = QWidget()
        column = QVBoxLayout(flow)
        column.setContentsMargins(32, 24, 24, 24)
        column.setSpacing(16)
        desk = self.desk
        self._undo = icon_button("undo", "元に戻す", self.undo, name="editor.undo", theme=desk.theme)
        self._redo = icon_button("redo", "やり直す", self.redo, name="editor.redo", theme=desk.theme)
        self._saved = label("", "success", name="editor.saved")
        head = row_of(label("配信の編集", "title"), 1, self._saved, self._undo, self._redo)
        column.addLayout(head)
        self.banner = Banner(desk.theme, name="editor.banner")
        self.returned = ReturnedNote(desk)
        column.addWidget(self.returned)
        column.addWidget(self.banner)
        self.choice = ConflictChoice(desk.theme, name="editor.conflict")
        column.addWidget(self.choice)
        self.title = CommitLine(name="editor.title", hint="例：防災訓練のお知らせ（川北地区）")
        self._title_field = Field(
            "配信名", self.title, required=True, count=grapheme_count, limit=DELIVERY_TITLE_LIMIT,
            help_text="一覧で見分けるための名前です。住民には見えません。",
        )  # fmt: skip
        frame, inner = card()
        inner.addWidget(self._title_field)
        column.addWidget(frame)
        self.preview = PhonePreview(desk.office, desk.background)
        self.message = MessagePanel(desk, self.preview)
        column.addWidget(self.message)
        self.recipients = RecipientsPart(desk)
        column.addWidget(self.recipients)
        self.when = WhenPanel(desk)
        column.addWidget(self.when)
        self.silent = QCheckBox("音を鳴らさずに届ける（夜間や早朝など）")
        self.silent.setObjectName("editor.silent")
        frame, inner = card(spacing=8)
        inner.addWidget(label("送り方", "heading"))
        inner.addWidget(self.silent)
        self.route = RoutePart()
        inner.addWidget(self.route)
        column.addWidget(frame)
        column.addStretch(1)
        self._area = scrolling(flow)
        middle.addWidget(self._area, 1)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 24, 28, 16)
        side_column.addWidget(self.preview)
        middle.addWidget(side)
        return middle

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(32, 10, 28, 10)
        row.setSpacing(10)
        theme = self.desk.theme
        row.addWidget(
            button(
                "一覧へ戻る",
                self.desk.routes.deliveries,
                name="editor.back",
                role="quiet",
                icon="left",
                theme=theme,
            )
        )
        row.addStretch(1)
        row.addWidget(button("テスト配信する", self.test, name="editor.test", icon="phone", theme=theme))
        confirm = button("確認へ進む", self.confirm, name="editor.confirm", role="primary")
        confirm.setShortcut(QKeySequence("Ctrl+Return"))
        row.addWidget(confirm)
        return bar

    # -- what happens --------------------------------------------------------------------------------

    def _change(self, step: str, **update: object) -> None:
        if self._edits is None:
            return
        if self._edits.do(step, self._edits.present.model_copy(update=update)):
            self._after_edit()

    def _after_edit(self) -> None:
        self._touched = self._unsaved = True
        self._saved.setText("")
        self._timer.start()
        self._show()

    def _show(self) -> None:
        draft = self.draft
        if draft is None or self._edits is None:
            return
        self.title.set_text(draft.title)
        self._title_field.recount()
        self.message.show_draft(draft)
        self.recipients.show_recipients(draft.segment, self._known, draft.excluded)
        self.when.show_draft(draft)
        self.silent.blockSignals(True)
        self.silent.setChecked(draft.silent)
        self.silent.blockSignals(False)
        self.route.show_draft(draft)
        for made, name, verb in (
            (self._undo, self._edits.undo_name, "元に戻す"),
            (self._redo, self._edits.redo_name, "やり直す"),
        ):
            made.setEnabled(bool(name))
            made.setToolTip(f"{verb}：{name}" if name else verb)
            made.setAccessibleName(f"{verb}：{name}" if name else verb)

    def _know(self, read: Read) -> None:
        if self.draft is None or read.draft != self.draft.id:
            return  # asked for the draft that was here before: its version is not this one's
        self._known = read.known
        if self._begun_from is None:
            self._begun_from = read.begun_from
        self.recipients.show_recipients(self.draft.segment, self._known, self.draft.excluded)
        if read.conflict is not None:
            self.banner.hide()
            conflict = read.conflict
            ask_about(self.desk, self.choice, conflict, lambda: self._decided(conflict))
            return
        self.choice.hide()
        if read.refused:
            words = words_of_reason(read.refused[-1].reason)
            self.banner.tell(
                "error", words.both, ("editor.see_refused", "内容を見る", self.desk.routes.waiting)
            )
        else:
            self.banner.hide()

    def _decided(self, conflict: Conflict) -> None:
        """Go on with what was chosen, as it is in the local copy now."""
        self._timer.stop()
        self._touched = self._unsaved = False
        get = self.desk.office.deliveries.get
        self.desk.background.local(
            lambda: get(conflict.record[1]), lambda shown: self.edit(shown.body.draft) if shown else None
        )

    def _autosave(self) -> None:
        draft = self.draft
        if draft is None or not self._unsaved:
            return
        self._unsaved = False
        keep, seen = self.desk.office.deliveries.keep, self._begun_from
        self.desk.background.local(lambda: keep(draft, seen), self._kept, self._not_kept)

    def _kept(self, at: datetime) -> None:
        self._saved.setText(f"保存済み {clock_time(at)}")

    def _not_kept(self, trouble: Trouble) -> None:
        self._unsaved = True
        self.banner.tell(
            "error", words_of_trouble(trouble).both, ("editor.keep_again", "もう一度保存する", self._autosave)
        )
