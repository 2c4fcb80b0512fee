"""「分別辞典」: how to throw each thing away; searched as residents search it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.waste import TownWaste, WasteInvalid
from desktop.features.waste_import import (
    WORD_COLUMNS,
    WORDS_HEADER,
    Read,
    links_text,
    read_links,
    read_words,
    word_rows,
    write_list,
)
from desktop.features.wording import words_of_problem, words_of_trouble
from desktop.ui.allowed import offer
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of, scrolling
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.fields import CommitLine, CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, on_choice, rows_view
from desktop.ui.schedule.fields import choice_box, show_value
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.waste.import_sheet import EXCEL, FILES, ImportSheet
from desktop.ui.waste.year_part import CANNOT_WRITE
from protocol.counting import grapheme_count
from protocol.waste import FEE_LIMIT, HOW_LIMIT, LINKS_LIMIT, WORD_LIMIT, WasteWord
from protocol.waste_days import ordered_kinds

_LINKS_HELP = f"1行に1つ、{LINKS_LIMIT}つまで。ことばのあとに https:// で始まるアドレスを入れます。"
_NOT_COLLECTED = "収集しない"


class WasteWordsScreen(Screen):
    page = "waste-words"
    place = "waste"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._town = TownWaste()
        self._words: list[WasteWord] = []
        self._found: list[WasteWord] = []
        self._word: WasteWord | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 28, 20)
        outer.setSpacing(12)
        back = button(
            "ごみ収集へ戻る",
            lambda: desk.routes.go("waste"),
            name="words.back",
            role="quiet",
            icon="left",
            theme=desk.theme,
        )
        self._import = button("取り込む", self._choose_import, name="words.import")
        export = button(
            "書き出す", self._choose_export, name="words.export", icon="download", theme=desk.theme
        )
        self._add = button("ことばを追加する", self.new, name="words.add", icon="plus", theme=desk.theme)
        hint = "「○○の捨て方」と送った住民に、この辞典から答えます。"
        outer.addLayout(row_of(back, 1))
        outer.addWidget(header("分別辞典", hint, self._import, export, self._add))
        self.banner = Banner(desk.theme, name="words.banner")
        outer.addWidget(self.banner)
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addWidget(self._list(), 3)
        middle.addWidget(self._editor(), 2)
        outer.addLayout(middle, 1)

    # -- what the window and scripts call ----------------------------------------------------------------

    def refresh(self) -> None:
        waste = self.desk.office.waste
        may_edit = self.desk.office.may("waste", "edit")
        for made in (self._import, self._add, self._save, self._remove):
            offer(made, may_edit)
        self.desk.background.local(lambda: (waste.town(), waste.words()), self._show)

    def new(self) -> None:
        self.edit(WasteWord(id=self.desk.office.waste.new_id(), name=self.search.text().strip()))
        self.name.setFocus()

    def edit(self, word: WasteWord) -> None:
        self._word = word
        self.name.set_text(word.name)
        self.reading.set_text(word.reading)
        self.synonyms.set_text("、".join(word.synonyms))
        self.how.set_text(word.how)
        self.fee.set_text(word.fee)
        self.links.set_text(links_text(word.links))
        show_value(self.kind, word.kind)
        for field in self._fields:
            field.recount()
            field.show_error("")
        self._pane.show()
        self._remove.setEnabled(any(known.id == word.id for known in self._words))

    def save(self) -> None:
        word = self._word
        if word is None:
            return
        others = (part.strip() for part in self.synonyms.text().replace(",", "、").split("、"))
        made = word.model_copy(
            update={
                "name": self.name.text().strip(),
                "reading": self.reading.text().strip(),
                "synonyms": tuple(dict.fromkeys(other for other in others if other)),
                "how": self.how.toPlainText().strip(),
                "fee": self.fee.text().strip(),
                "links": read_links(self.links.toPlainText()),
                "kind": self.kind.currentData() or "",
            }
        )
        self._put([made], [], f"「{made.name}」を保存しました。")
        self._word = made

    def import_words(self, path: Path) -> None:
        """Show what a town's list would make of the dictionary."""
        calendar, words, waste = self._town.calendar, list(self._words), self.desk.office.waste
        sheet = ImportSheet(
            self, self.desk, "分別辞典を取り込む", path, WORD_COLUMNS,
            lambda table, columns: read_words(table, columns, calendar, words, waste.new_id),
        )  # fmt: skip
        sheet.decided.connect(lambda read, _: self._take(read))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def export_words(self, path: Path) -> None:
        try:
            write_list(path, "分別辞典", WORDS_HEADER, word_rows(self._town.calendar, self._words))
        except OSError:
            self.banner.tell("error", CANNOT_WRITE)
            return
        self.banner.tell("success", f"{len(self._words)}語を書き出しました。")

    # -- parts ---------------------------------------------------------------------------------------------

    def _list(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.search = CommitLine(name="words.search", hint="ことばで探す（かな・別名でも探せます）")
        self.search.setAccessibleName("ことばで探す")
        self.search.setClearButtonEnabled(True)
        self.search.committed.connect(lambda _: self._look())
        column.addWidget(self.search)
        self._count = label("", "muted", name="words.count")
        column.addWidget(self._count)
        self.rows = Rows(("ことば", "分別", "出し方"), self.desk.theme)
        self.view = rows_view(
            self.rows, self.desk.theme, name="words.table", words="分別辞典",
            widths=("ペットボトルのキャップ", "燃えないごみ小", 200), stretch=2,
        )  # fmt: skip
        on_choice(self.view, self._choose)
        column.addWidget(self.view, 1)
        return made

    def _editor(self) -> QWidget:
        holder = QWidget()
        around = QVBoxLayout(holder)
        around.setContentsMargins(0, 0, 0, 0)
        self._pane, column = card(spacing=12)
        self.name = CommitLine(name="word.name", hint="例：乾電池")
        self.reading = CommitLine(name="word.reading", hint="例：かんでんち")
        self.synonyms = CommitLine(name="word.synonyms", hint="例：電池、単3電池")
        self.how = CommitText(name="word.how", hint="例：中身を出して、水で洗ってください。")
        self.how.setFixedHeight(self.desk.theme.px(96))
        self.fee = CommitLine(name="word.fee", hint="例：1個 300円")
        self.links = CommitText(name="word.links", hint="例：出し方の案内 https://www.example.jp/")
        self.links.setFixedHeight(self.desk.theme.px(72))
        self._fields = [
            Field("ことば", self.name, required=True, count=grapheme_count, limit=WORD_LIMIT),
            Field("読み", self.reading, count=grapheme_count, limit=WORD_LIMIT),
            Field("別名", self.synonyms, help_text="「、」で区切ります。別名でも見つかります。"),
            Field("出し方", self.how, count=grapheme_count, limit=HOW_LIMIT),
            Field("手数料", self.fee, count=grapheme_count, limit=FEE_LIMIT),
            Field("リンク", self.links, help_text=_LINKS_HELP),
        ]
        self.kind = choice_box([], name="word.kind", words="分別", changed=lambda: None)
        for place, field in enumerate(self._fields):
            if place == 3:
                column.addLayout(row_of(label("分別", "subheading"), self.kind, 1))
            column.addWidget(field)
        self._remove = button(
            "削除する",
            self._remove_it,
            name="word.remove",
            role="danger",
            icon="trash",
            theme=self.desk.theme,
        )
        self._save = button("ことばを保存する", self.save, name="word.save", role="primary")
        column.addLayout(row_of(self._remove, 1, self._save))
        self._pane.hide()
        around.addWidget(self._pane)
        around.addStretch(1)
        return scrolling(holder)

    # -- what happens ----------------------------------------------------------------------------------------

    def _show(self, read: tuple[TownWaste, list[WasteWord]]) -> None:
        self._town, self._words = read
        kinds = [(kind.name, kind.id) for kind in ordered_kinds(self._town.calendar)]
        chosen = self.kind.currentData()
        self.kind.clear()
        for words, id in [(_NOT_COLLECTED, ""), *kinds]:
            self.kind.addItem(words, id)
        show_value(self.kind, chosen)
        self._look()

    def _look(self) -> None:
        waste, words, typed = self.desk.office.waste, self._words, self.search.text()
        self.desk.background.local(lambda: waste.find_words(words, typed), self._show_found)

    def _show_found(self, found: list[WasteWord]) -> None:
        self._found = found
        names = {kind.id: kind.name for kind in self._town.calendar.kinds}
        self.rows.show(
            [
                ((word.name, names.get(word.kind, _NOT_COLLECTED), word.how.replace("\n", " ")), "")
                for word in found
            ]
        )
        if self.search.text().strip():
            self._count.setText(f"{len(found)}語（近い順）" if found else "見つかりません。")
        else:
            self._count.setText(f"{len(found):,}語")

    def _choose(self) -> None:
        row = chosen_row(self.view)
        if 0 <= row < len(self._found):
            self.edit(self._found[row])

    def _remove_it(self) -> None:
        word = self._word
        if word is not None and ask_first(
            self, "ことばを削除しますか", f"「{word.name}」を辞典から削除します。", "削除する", danger=True
        ):
            self._word = None
            self._pane.hide()
            self._put([], [word.id], f"「{word.name}」を削除しました。")

    def _take(self, read: Read) -> None:
        words = [line.word for line in read.lines if line.word and line.outcome in ("new", "changed")]
        by_id = {word.id: word for word in words}
        self._put(list(by_id.values()), [], f"{len(by_id)}語を取り込みました。")

    def _put(self, words: list[WasteWord], remove: list[str], said: str) -> None:
        waste = self.desk.office.waste

        def put() -> str:
            try:
                waste.put_words(words, remove)
            except WasteInvalid as invalid:
                return words_of_problem(invalid.problems[0]).both
            return ""

        def done(wrong: str) -> None:
            self.banner.tell("error" if wrong else "success", wrong or said)
            self.refresh()
            self.desk.routes.wake_sync()

        self.desk.background.local(put, done, self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _choose_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "分別辞典の一覧を選ぶ", "", FILES)
        if name:
            self.import_words(Path(name))

    def _choose_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "分別辞典を書き出す", "分別辞典.xlsx", EXCEL)
        if name:
            self.export_words(Path(name))
