"""Step 2: the town's keys. Three sheets shown one by one, two of them typed back; only then they count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.setup import SetupState
from desktop.features.town_root import NewTown
from desktop.features.wording import words_of_trouble
from desktop.keys.recovery import SHEETS, fingerprint_words
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.labels import label
from desktop.ui.people.words import WordGrid
from desktop.ui.screen import Desk
from desktop.ui.setup.paper import print_paper, save_pdf, sheet_paper
from desktop.ui.setup.sheet_entry import TwoSheets


class KeysStep(QWidget):
    def __init__(self, desk: Desk, done: Callable[[str], Any]) -> None:
        super().__init__()
        self._desk, self._done = desk, done
        self._town: NewTown | None = None
        self._sheet = 0
        self._town_name = ""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(margin=24, spacing=14)
        outer.addWidget(frame)
        outer.addStretch(1)
        column.addWidget(label("町の鍵と復元の紙", "heading"))
        self.banner = Banner(desk.theme, name="setup.keys.banner")
        column.addWidget(self.banner)
        self._pages = {
            "begin": self._begin_page(),
            "sheet": self._sheet_page(),
            "repeat": self._repeat_page(),
            "done": self._done_page(),
        }
        for page in self._pages.values():
            column.addWidget(page)
        self._to("begin")

    @property
    def busy(self) -> bool:
        """Whether sheets are being written down or read back."""
        return self._town is not None

    def show_state(self, state: SetupState) -> None:
        self._town_name = state.town_name
        if not self.busy:
            self._to("done" if "keys" in state.done else "begin")

    def forget(self) -> None:
        """The person went elsewhere: keys that were never published are worth nothing."""
        if self.busy:
            self._town = None
            self._entries.clear()
            self._to("begin")
            self.banner.tell("info", "前に出した紙は使えません。捨てて、はじめからやり直してください。")

    def _begin_page(self) -> QWidget:
        page, column = _page()
        for words in (
            "届いた内容を開ける鍵を作ります。鍵は町だけが持ち、中継サーバも私たちも持ちません。",
            "管理者が全員合言葉をなくしても困らないように、20語の紙を3枚作ります。どれか2枚で町の鍵を開けます。",
            "1枚ずつ印刷するか書き写して、別々の場所（町長室の金庫・情報担当・会計など）にしまってください。10分ほどかかります。",
        ):
            column.addWidget(label(words, wrap=True))
        go = button("鍵を作り、1枚目を見る", self._prepare, name="setup.keys.begin", role="primary")
        column.addLayout(row_of(1, go))
        return page

    def _sheet_page(self) -> QWidget:
        page, column = _page()
        self._number = label("", "subheading", name="setup.sheet.number")
        column.addWidget(self._number)
        self.words = WordGrid(name="setup.sheet.words", columns=4)
        column.addWidget(self.words)
        column.addWidget(
            label(
                "言葉を見られるのは、町の鍵を使い始めるまでです。紙に1部だけ印刷するか、書き写してください。"
                "写真は撮らず、PDFは印刷したら消してください。",
                "muted",
                wrap=True,
                name="setup.sheet.care",
            )
        )
        self._written = button("紙に写しました", self._next_sheet, name="setup.sheet.written", role="primary")
        column.addLayout(row_of(
            button("印刷する", self._print, name="setup.sheet.print", icon="printer", theme=self._desk.theme),
            button("印刷用のPDFにする", self._save_pdf, name="setup.sheet.pdf", role="quiet"),
            1,
            self._written,
        ))  # fmt: skip
        return page

    def _repeat_page(self) -> QWidget:
        page, column = _page()
        column.addWidget(label(
            "確かめのため、3枚のうち2枚を、紙を見ながら入れてください。ひらがなでもローマ字でも読み取ります。",
            wrap=True,
        ))  # fmt: skip
        self._entries = TwoSheets(self._desk.theme, name="setup.repeat")
        self._finish = button("町の鍵を使い始める", self._publish, name="setup.keys.go", role="primary")
        self._finish.setEnabled(False)
        self._entries.changed.connect(lambda: self._finish.setEnabled(bool(self._entries.sheets)))
        column.addWidget(self._entries)
        again = button("紙をもう一度見る", self._first_sheet, name="setup.keys.again", role="quiet")
        column.addLayout(row_of(again, 1, self._finish))
        return page

    def _done_page(self) -> QWidget:
        page, column = _page()
        column.addWidget(label("町の鍵はできています。", name="setup.keys.done"))
        column.addWidget(label(
            "復元の練習や、紙で鍵を開く画面は「利用者と権限」の「鍵」にあります。", "muted", wrap=True
        ))  # fmt: skip
        go = button("鍵の画面を開く", lambda: self._desk.routes.go("town-keys"), name="setup.keys.open")
        column.addLayout(row_of(1, go))
        return page

    def _prepare(self) -> None:
        self.banner.hide()
        self._desk.background.local(self._desk.office.town_keys.prepare_town, self._prepared)

    def _prepared(self, town: NewTown) -> None:
        self._town = town
        self._first_sheet()

    def _first_sheet(self) -> None:
        self._sheet = 0
        self._show_sheet()

    def _next_sheet(self) -> None:
        self.banner.hide()
        self._sheet += 1
        if self._sheet < SHEETS:
            self._show_sheet()
        else:
            self._entries.clear()
            self._to("repeat")

    def _show_sheet(self) -> None:
        assert self._town is not None
        self._number.setText(f"復元の紙　{self._sheet + 1}枚目（全部で{SHEETS}枚）")
        self.words.show_words(self._town.sheets[self._sheet].words)
        last = self._sheet == SHEETS - 1
        self._written.setText("紙に写しました" if last else "紙に写しました。次の紙へ")
        self._to("sheet")

    def _publish(self) -> None:
        town, sheets, keys = self._town, self._entries.sheets, self._desk.office.town_keys
        if town is None or not sheets:
            return
        self._finish.setEnabled(False)
        self._desk.background.local(
            lambda: keys.make_town(town, sheets), lambda _: self._published(), self._failed
        )

    def _published(self) -> None:
        self._town = None
        self._entries.clear()
        self.words.show_words(())
        self.banner.hide()
        self._done("町の鍵ができました。")

    def _failed(self, trouble: Trouble) -> None:
        self._finish.setEnabled(bool(self._entries.sheets))
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _paper(self) -> QTextDocument:
        assert self._town is not None
        words = fingerprint_words(self._town.trust.root)
        return sheet_paper(self._town.sheets[self._sheet], self._town_name, words, self._desk.office.clock())

    def _print(self) -> None:
        print_paper(self, self._paper())

    def _save_pdf(self) -> None:
        name = f"復元の紙{self._sheet + 1}.pdf"
        path, _ = QFileDialog.getSaveFileName(self, "印刷用のPDFにする", name, "PDF (*.pdf)")
        if path:
            self.save_pdf(Path(path))

    def save_pdf(self, path: Path) -> None:
        """The sheet that is on the screen, as a file to be printed elsewhere and destroyed."""
        try:
            save_pdf(self._paper(), path)
        except OSError:
            self.banner.tell("error", "保存できませんでした。別の場所を選んでください。")
            return
        self.banner.tell("warning", "PDFに保存しました。印刷したら、ファイルは必ず消してください。")

    def _to(self, page: str) -> None:
        for name, made in self._pages.items():
            made.setVisible(name == page)


def _page() -> tuple[QWidget, QVBoxLayout]:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    return made, column
