"""「リスト」: the lists at the left; at the right who gets onto the chosen one, and its use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.code_lists import read_residents
from desktop.features.groups import Use
from desktop.features.recipients import Known
from desktop.features.wording import words_for, words_of_problem, words_of_reason, words_of_trouble
from desktop.replica.records import Shown
from desktop.ui.allowed import offer
from desktop.ui.deliveries.tabs import DeliveryTabs
from desktop.ui.lists.codes import CodesPart
from desktop.ui.lists.fill import FillSheet
from desktop.ui.lists.new import NewListSheet
from desktop.ui.lists.ways_in import ListFields, WaysIn
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, scrolling
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.labels import badge, label, restyle
from desktop.ui.parts.sentence_button import SentenceButton
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.segments.groups import STILL_USED, explain_use, words_of_drafts, words_of_uses
from protocol.lists import ListKind, ResidentList
from protocol.segments import Segment
from protocol.staff import Department

_EXCEL = "Excel (*.xlsx)"
_TONES = {"tag": "info", "chosen": "neutral", "codes": "warning"}


@dataclass(frozen=True)
class Read:
    shown: list[Shown[ResidentList]]
    departments: list[Department]
    known: Known


class ListsScreen(Screen):
    page = "lists"
    place = "deliveries"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._list: ResidentList | None = None
        self._edited = False
        self._wanted = ""
        self._shown: list[Shown[ResidentList]] = []
        self._known = Known()
        self._drawn: tuple[list[Shown[ResidentList]], str] | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 28, 28, 20)
        outer.setSpacing(14)
        self._new = button(
            "リストを作る", self._ask_new, name="lists.new", role="primary", icon="plus", theme=desk.theme
        )
        hint = "人の集まりに名前を付けて、宛先の条件に使います。だれが入っているかは、この画面にも出ません。"
        outer.addWidget(header("配信", hint, self._new))
        outer.addWidget(DeliveryTabs(desk, self.page))
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addWidget(self._names())
        middle.addWidget(self._pane_of_one(), 1)
        outer.addLayout(middle, 1)

    # -- what the window and scripts call --------------------------------------------------------------

    def refresh(self) -> None:
        may_write = self.desk.office.may("deliveries", "edit")
        for made in (self._new, self._save, self._remove, self.ways, self.codes.writing):
            offer(made, may_write)
        self.fields.setEnabled(may_write)
        lists, groups = self.desk.office.lists, self.desk.office.groups
        self.desk.background.local(lambda: Read(lists.all(), lists.departments(), groups.known()), self._show)

    def open(self, thing: str) -> None:
        self._wanted = thing

    @property
    def one(self) -> ResidentList | None:
        return self._list

    def make(self, kind: ListKind, name: str) -> None:
        """A new list; one that is filled at once is kept at once, codes want their departments first."""
        one = self.desk.office.lists.new(kind, name)
        if kind == "codes":
            own = tuple(self.desk.office.me.departments)
            self._edit(one.model_copy(update={"departments": own}), edited=True)
            self.banner.tell("info", "名簿を読める課を選んで「保存する」を押すと、認証コードを作れます。")
            return
        self._edit(one)
        self.save()

    def save(self) -> None:
        one = self._list
        if one is None:
            return
        lists = self.desk.office.lists
        problems = lists.problems(one)
        words = {problem.at: words_of_problem(problem).both for problem in problems}
        self.fields.show_problems(words)
        if not problems:
            self.desk.background.local(lambda: lists.save(one), lambda _: self._saved(), self._failed)

    def fill(self, segment: Segment, instead: bool) -> None:
        """Everybody who meets the segment onto this tag."""
        one = self._list
        if one is not None:
            fill = self.desk.office.lists.fill
            self.desk.background.local(
                lambda: fill(one.id, segment, instead=instead),
                lambda _: self._done("人を入れています。送り終わると人数に出ます。"),
            )

    def read_residents(self, path: Path, *, remove: bool) -> None:
        """Put the residents of an Excel column on this list, or take them off."""
        one = self._list
        if one is None:
            return
        lists = self.desk.office.lists

        def change() -> int:
            found = read_residents(path)
            return lists.change(one.id, remove=found) if remove else lists.change(one.id, add=found)

        def changed(count: int) -> None:
            verb = "外して" if remove else "入れて"
            if count:
                self._done(f"{count:,}人を{verb}います。送り終わると人数に出ます。")
            else:
                self.banner.tell(
                    "warning", "住民の番号が1つも見つかりません。「住民の番号」の列をお確かめください。"
                )

        self.desk.background.local(change, changed, self._failed)

    # -- parts -----------------------------------------------------------------------------------------

    def _names(self) -> QWidget:
        made = QWidget()
        self._rows = QVBoxLayout(made)
        self._rows.setContentsMargins(0, 0, 8, 0)
        self._rows.setSpacing(8)
        area = scrolling(made)
        area.setFixedWidth(self.desk.theme.px(240))
        return area

    def _pane_of_one(self) -> QWidget:
        holder = QWidget()
        around = QVBoxLayout(holder)
        around.setContentsMargins(0, 0, 0, 0)
        self._hint = label("左のリストを選ぶか、「リストを作る」を押してください。", "muted", wrap=True)
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
        self.banner = Banner(self.desk.theme, name="lists.banner")
        fields.addWidget(self.banner)
        fields.addWidget(self._head())
        self.ways = WaysIn(self.desk, fill=self._ask_fill, add=self._ask_add, remove=self._ask_take_off)
        fields.addWidget(self.ways)
        self.codes = CodesPart(self.desk)
        self.codes.done.connect(self._done)
        fields.addWidget(self.codes)
        self.fields = ListFields(self.desk)
        self.fields.changed.connect(self._change)
        fields.addWidget(self.fields)
        frame, inner = card(spacing=4)
        inner.addWidget(label("使っているところ", "heading"))
        self._uses = label("", wrap=True, name="list.uses")
        inner.addWidget(self._uses)
        fields.addWidget(frame)
        fields.addStretch(1)
        column.addWidget(scrolling(flow), 1)
        column.addWidget(self._actions())
        self._pane.hide()
        return holder

    def _head(self) -> QWidget:
        frame, column = card(spacing=4)
        row = QHBoxLayout()
        self._kind: QLabel = badge("", "info")
        self._kind.setObjectName("list.kind")
        self._people = label("", "number", name="list.people")
        row.addWidget(self._people)
        row.addWidget(label("人が入っています"))
        row.addStretch(1)
        row.addWidget(self._kind)
        column.addLayout(row)
        return frame

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(10)
        self._remove = button(
            "削除する", self._ask_remove, name="list.remove", role="danger", icon="trash",
            theme=self.desk.theme,
        )  # fmt: skip
        self._save = button("保存する", self.save, name="list.save", role="primary")
        row.addWidget(self._remove)
        row.addStretch(1)
        row.addWidget(self._save)
        return bar

    # -- what happens ----------------------------------------------------------------------------------

    def _show(self, read: Read) -> None:
        self._shown, self._known = read.shown, read.known
        self.fields.show_departments(read.departments)
        wanted, self._wanted = self._wanted or (self._list.id if self._list else ""), ""
        found = next((one for one in read.shown if one.id == wanted), None)
        if found is not None and not self._edited:
            self._edit(found.body)
        elif found is None and not self._edited:
            self._list = None
            self._pane.hide()
            self._hint.show()
        self._draw_rows()
        if found is not None and found.refused:
            words = STILL_USED if found.refused == "in_use" else words_of_reason(found.refused).both
            self.banner.tell("error", words, ("lists.see_refused", "内容を見る", self.desk.routes.waiting))

    def _draw_rows(self) -> None:
        """Only where something is different: a sync round must not take the keyboard from a row."""
        chosen = self._list.id if self._list else ""
        if (self._shown, chosen) == self._drawn:
            return
        self._drawn = (self._shown, chosen)
        clear(self._rows)
        kinds = words_for("list_kind")
        for place, shown in enumerate(self._shown):
            one = shown.body
            state = "（要確認）" if shown.refused else "（送信待ち）" if shown.waiting else ""
            made: QPushButton = SentenceButton(f"{one.name}{state}\n{kinds[one.kind]}　{one.count:,}人")
            made.setObjectName(f"lists.row.{place}")
            made.setCheckable(True)
            made.setChecked(self._list is not None and self._list.id == shown.id)
            made.clicked.connect(lambda _=False, shown=shown: self._choose(shown))
            self._rows.addWidget(made)
        if not self._shown:
            self._rows.addWidget(label("まだありません。", "muted"))
        self._rows.addStretch(1)

    def _choose(self, shown: Shown[ResidentList]) -> None:
        self._edited = False
        self.banner.hide()
        self._edit(shown.body)
        self._draw_rows()

    def _edit(self, one: ResidentList, *, edited: bool = False) -> None:
        self._list, self._edited = one, edited
        is_kept = any(shown.id == one.id for shown in self._shown)
        self._pane.show()
        self._hint.hide()
        self._people.setText(f"{one.count:,}")
        self._kind.setText(words_for("list_kind")[one.kind])
        self._kind.setProperty("badge", _TONES[one.kind])
        restyle(self._kind)
        self.fields.show_list(one)
        self.ways.show_list(one, is_kept=is_kept)
        self.codes.show_list(one if one.kind == "codes" and is_kept else None)
        self._remove.setEnabled(is_kept)
        uses = self.desk.office.lists.uses
        self.desk.background.local(lambda: uses(one.id), self._show_uses)

    def _show_uses(self, uses: list[Use]) -> None:
        self._uses.setText(words_of_uses(uses) or "まだ送っていない配信や、保存した宛先では使っていません。")

    def _change(self, update: dict[str, object]) -> None:
        if self._list is not None:
            self._list = self._list.model_copy(update=update)
            self._edited = True

    def _saved(self) -> None:
        self._edited = False
        self._done("リストを保存しました。")

    def _done(self, words: str) -> None:
        self.banner.hide()
        self.desk.routes.wake_sync()
        self.desk.routes.say(words)
        self.refresh()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)

    # -- questions -------------------------------------------------------------------------------------

    def _ask_new(self) -> None:
        sheet = NewListSheet(self, self.desk)
        sheet.made.connect(self.make)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _ask_fill(self) -> None:
        if self._list is not None:
            sheet = FillSheet(self, self.desk, self._list, self._known)
            sheet.filled.connect(self.fill)
            sheet.finished.connect(sheet.deleteLater)
            sheet.open()

    def _ask_add(self) -> None:
        self._ask_file("リストに入れる人の一覧を選ぶ", remove=False)

    def _ask_take_off(self) -> None:
        self._ask_file("リストから外す人の一覧を選ぶ", remove=True)

    def _ask_file(self, title: str, *, remove: bool) -> None:
        name, _ = QFileDialog.getOpenFileName(self, title, "", _EXCEL)
        if name:
            self.read_residents(Path(name), remove=remove)

    def _ask_remove(self) -> None:
        one = self._list
        if one is not None:
            uses = self.desk.office.lists.uses
            self.desk.background.local(lambda: uses(one.id), lambda found: self._remove_it(one, found))

    def _remove_it(self, one: ResidentList, uses: list[Use]) -> None:
        if not all(use.is_draft for use in uses):
            explain_use(self, f"「{one.name}」は使われています", uses)
            return
        words = f"{words_of_drafts(uses)}元に戻せません。" + (
            "配った認証コードも使えなくなります。" if one.kind == "codes" else ""
        )
        if ask_first(self, f"「{one.name}」を削除しますか", words, "リストを削除する", danger=True):
            remove = self.desk.office.lists.remove
            self._edited = False
            self.desk.background.local(lambda: remove(one.id), lambda _: self._done("リストを削除しました。"))
