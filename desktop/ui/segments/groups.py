"""「保存した宛先」: the groups at the left, the one being edited at the right, with its live count."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.groups import Use
from desktop.features.recipients import Known
from desktop.features.wording import words_of_problem, words_of_reason, words_of_trouble
from desktop.replica.records import Shown
from desktop.ui.allowed import offer
from desktop.ui.deliveries.tabs import DeliveryTabs
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, row_of, scrolling
from desktop.ui.parts.dialogs import Sheet, ask_first
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.parts.sentence_button import SentenceButton
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.segments.recipients import RecipientsPart
from protocol.counting import grapheme_count
from protocol.lists import LIST_NAME_LIMIT, SegmentGroup
from protocol.problems import Problem
from protocol.segments import Everyone, Segment

STILL_USED = (
    "使っている配信か宛先があるため、削除できません。下の「使っているところ」で外してからにしてください。"
)


@dataclass(frozen=True)
class Read:
    shown: list[Shown[SegmentGroup]]
    known: Known


class GroupsScreen(Screen):
    page = "groups"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._group: SegmentGroup | None = None
        self._seen: Shown[SegmentGroup] | None = None
        self._edited = False
        self._wanted = ""
        self._shown: list[Shown[SegmentGroup]] = []
        self._known = Known()
        self._drawn: tuple[list[Shown[SegmentGroup]], Known, str] | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 28, 28, 20)
        outer.setSpacing(14)
        self._new = button(
            "宛先を作る", self.new, name="groups.new", role="primary", icon="plus", theme=desk.theme
        )
        hint = "よく使う宛先に名前を付けておけます。直すと、まだ送っていない配信にも反映されます。"
        outer.addWidget(header("配信", hint, self._new))
        outer.addWidget(DeliveryTabs(desk, self.page))
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addWidget(self._list())
        middle.addWidget(self._editor(), 1)
        outer.addLayout(middle, 1)

    # -- what the window and scripts call --------------------------------------------------------------

    def refresh(self) -> None:
        may_write = self.desk.office.may("deliveries", "edit")
        for made in (self._new, self._save, self._copy, self._remove):
            offer(made, may_write)
        self.recipients.allow(may_write)
        for field in (self.name, self.note):
            field.setReadOnly(not may_write)
        groups, segment = self.desk.office.groups, self._group.segment if self._group else Everyone()
        self.desk.background.local(lambda: Read(groups.all(), groups.known(segment)), self._show)

    def open(self, thing: str) -> None:
        self._wanted = thing

    def new(self, segment: Segment | None = None) -> None:
        """An empty one, or one with these conditions."""
        group = self.desk.office.groups.new(segment or Everyone())
        self.edit(group, edited=True)
        self.name.setFocus()

    @property
    def group(self) -> SegmentGroup | None:
        return self._group

    def edit(self, group: SegmentGroup, *, edited: bool = False) -> None:
        self._group, self._edited = group, edited
        self._seen = next((one for one in self._shown if one.id == group.id), None)
        self.banner.hide()
        self.name.set_text(group.name)
        self.note.set_text(group.note)
        self._show_problems(())
        self._pane.show()
        self._hint.hide()
        self._draw()

    def save(self) -> None:
        group = self._group
        if group is None:
            return
        problems = self.desk.office.groups.problems(group, self._known)
        self._show_problems(problems)
        if problems:
            return
        save, seen = self.desk.office.groups.save, self._seen
        self.desk.background.local(lambda: save(group, seen), lambda _: self._saved(), self._failed)

    # -- parts -----------------------------------------------------------------------------------------

    def _list(self) -> QWidget:
        made = QWidget()
        self._rows = QVBoxLayout(made)
        self._rows.setContentsMargins(0, 0, 8, 0)
        self._rows.setSpacing(8)
        area = scrolling(made)
        area.setFixedWidth(self.desk.theme.px(240))
        return area

    def _editor(self) -> QWidget:
        holder = QWidget()
        around = QVBoxLayout(holder)
        around.setContentsMargins(0, 0, 0, 0)
        self._hint = label("左の宛先を選ぶか、「宛先を作る」を押してください。", "muted", wrap=True)
        around.addWidget(self._hint)
        self._pane = QWidget()
        around.addWidget(self._pane, 1)
        column = QVBoxLayout(self._pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        flow = QWidget()
        fields = QVBoxLayout(flow)
        fields.setContentsMargins(0, 0, 12, 12)
        fields.setSpacing(14)
        self.banner = Banner(self.desk.theme, name="groups.banner")
        fields.addWidget(self.banner)
        frame, inner = card(spacing=10)
        self.name = CommitLine(name="group.name", hint="例：子育て世帯（0歳から6歳）")
        self._name_field = Field(
            "宛先の名前", self.name, required=True, count=grapheme_count, limit=LIST_NAME_LIMIT
        )
        self.note = CommitLine(name="group.note", hint="例：子育て支援課の月1回のお知らせに使います。")
        inner.addWidget(self._name_field)
        inner.addWidget(Field("メモ（職員だけに見えます）", self.note))
        fields.addWidget(frame)
        self.recipients = RecipientsPart(
            self.desk, name="group", title="条件", ending="　です。", with_excluded=False
        )
        self.recipients.changed.connect(lambda _, segment: self._change(segment=segment))
        fields.addWidget(self.recipients)
        fields.addWidget(self._uses_card())
        fields.addStretch(1)
        column.addWidget(scrolling(flow), 1)
        column.addWidget(self._actions())
        self.name.committed.connect(lambda text: self._change(name=text))
        self.note.committed.connect(lambda text: self._change(note=text))
        self._pane.hide()
        return holder

    def _uses_card(self) -> QWidget:
        frame, column = card(spacing=4)
        column.addWidget(label("使っているところ", "heading"))
        self._uses = label("", wrap=True, name="group.uses")
        column.addWidget(self._uses)
        return frame

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(10)
        theme = self.desk.theme
        self._remove = button(
            "削除する", self._ask_remove, name="group.remove", role="danger", icon="trash", theme=theme
        )
        self._copy = button("複製する", self._copy_it, name="group.copy", icon="copy", theme=theme)
        self._save = button("保存する", self.save, name="group.save", role="primary")
        row.addWidget(self._remove)
        row.addWidget(self._copy)
        row.addStretch(1)
        row.addWidget(self._save)
        return bar

    # -- what happens ----------------------------------------------------------------------------------

    def _show(self, read: Read) -> None:
        self._shown, self._known = read.shown, read.known
        wanted, self._wanted = self._wanted or (self._group.id if self._group else ""), ""
        found = next((one for one in read.shown if one.id == wanted), None)
        if found is not None and not self._edited:
            self.edit(found.body)
        elif found is None and not self._edited:
            self._group = None
            self._pane.hide()
            self._hint.show()
        if found is not None and found.refused:
            see = ("groups.see_refused", "内容を見る", self.desk.routes.waiting)
            self.banner.tell("error", self._refused_words(found), see)
        self._draw_rows()
        self._draw()

    def _draw_rows(self) -> None:
        """Only where something is different: a sync round must not take the keyboard from a row."""
        chosen = self._group.id if self._group else ""
        if (self._shown, self._known, chosen) == self._drawn:
            return
        self._drawn = (self._shown, self._known, chosen)
        clear(self._rows)
        for place, shown in enumerate(self._shown):
            self._rows.addWidget(self._row(place, shown))
        if not self._shown:
            self._rows.addWidget(label("まだありません。", "muted"))
        self._rows.addStretch(1)

    def _refused_words(self, shown: Shown[SegmentGroup]) -> str:
        if shown.refused == "in_use":
            return STILL_USED
        return words_of_reason(shown.refused).both

    def _row(self, place: int, shown: Shown[SegmentGroup]) -> QPushButton:
        words = shown.body.name
        if shown.refused:
            words += "（要確認）"
        elif shown.waiting:
            words += "（送信待ち）"
        made = SentenceButton(f"{words}\n{self._known.sentence(shown.body.segment)}")
        made.setObjectName(f"groups.row.{place}")
        made.setCheckable(True)
        made.setChecked(self._group is not None and self._group.id == shown.id)
        made.setAccessibleName(f"{words}。{self._known.sentence(shown.body.segment)}")
        made.clicked.connect(lambda: self._choose(shown))
        return made

    def _choose(self, shown: Shown[SegmentGroup]) -> None:
        if self._edited and not ask_first(
            self, "保存しないで移りますか", "いま書いている宛先は、まだ保存していません。", "保存しないで移る"
        ):
            self.refresh()
            return
        self._edited = False
        self._wanted = shown.id
        self._group = None
        self.refresh()

    def _change(self, **update: object) -> None:
        if self._group is not None:
            self._group = self._group.model_copy(update=update)
            self._edited = True
            self._draw()

    def _draw(self) -> None:
        group = self._group
        if group is None:
            return
        self.recipients.show_recipients(group.segment, self._known, group=group.id)
        self._name_field.recount()
        uses = self.desk.office.groups.uses
        is_new = all(one.id != group.id for one in self._shown)
        self._copy.setEnabled(not is_new)
        self._remove.setEnabled(not is_new)
        self.desk.background.local(lambda: uses(group.id), self._show_uses)

    def _show_uses(self, uses: list[Use]) -> None:
        self._uses.setText(words_of_uses(uses) or "まだ送っていない配信や、ほかの宛先では使っていません。")

    def _show_problems(self, problems: tuple[Problem, ...]) -> None:
        words = {problem.at: words_of_problem(problem).both for problem in problems}
        self._name_field.show_error(words.pop("name", ""))
        if words:
            self.banner.tell("error", "\n".join(dict.fromkeys(words.values())))
        else:
            self.banner.hide()

    def _saved(self) -> None:
        self._edited = False
        self.desk.routes.wake_sync()
        self.desk.routes.say("宛先を保存しました。")
        self.refresh()

    def _copy_it(self) -> None:
        if self._group is not None:
            copy, id = self.desk.office.groups.copy, self._group.id
            self.desk.background.local(lambda: copy(id), lambda group: self.edit(group, edited=True))

    def _ask_remove(self) -> None:
        group = self._group
        if group is None:
            return
        uses = self.desk.office.groups.uses
        self.desk.background.local(lambda: uses(group.id), lambda found: self._remove_it(group, found))

    def _remove_it(self, group: SegmentGroup, uses: list[Use]) -> None:
        if not all(use.is_draft for use in uses):
            explain_use(self, f"「{group.name}」は使われています", uses)
            return
        words = f"{words_of_drafts(uses)}削除すると、元に戻せません。送り終えた配信の記録は残ります。"
        if ask_first(self, f"「{group.name}」を削除しますか", words, "宛先を削除する", danger=True):
            remove = self.desk.office.groups.remove
            self._edited = False
            self.desk.background.local(lambda: remove(group.id), lambda _: self._after_change())

    def _after_change(self) -> None:
        self.refresh()
        self.desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)


def words_of_uses(uses: list[Use]) -> str:
    """One line a use; empty for none."""
    kinds = {"delivery": "配信", "group": "保存した宛先"}
    return "\n".join(
        f"{'下書き' if use.is_draft else kinds[use.kind]}：{use.title or '（名前なし）'}" for use in uses
    )


def words_of_drafts(uses: list[Use]) -> str:
    """That drafts will lack it; empty where none uses it."""
    titles = "".join(f"「{use.title or '（名前なし）'}」" for use in uses if use.is_draft)
    return f"下書き{titles}で使っています。削除すると、その宛先を選び直すことになります。\n" if titles else ""


def explain_use(parent: QWidget, title: str, uses: list[Use]) -> None:
    """Why something cannot be deleted, and where to look."""
    sheet = Sheet(parent, title, name="in_use")
    words = "次の配信や宛先から外すと、削除できます。"
    sheet.column.addWidget(label(words, wrap=True))
    sheet.column.addWidget(label(words_of_uses(uses), wrap=True, name="in_use.uses"))
    close = button("閉じる", sheet.accept, name="in_use.close", role="primary")
    sheet.column.addLayout(row_of(1, close))
    sheet.open()
