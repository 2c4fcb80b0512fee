"""The codes of a list: for whom, used or not; made, renewed on transfer and revoked."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QButtonGroup, QFileDialog, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.code_lists import valid_codes, write_template
from desktop.features.wording import words_for, words_of_trouble
from desktop.replica.lists import CodeQuery, CodeState, HeldCode
from desktop.ui.lists.import_codes import ImportCodesSheet
from desktop.ui.moments import WIDEST_MOMENT, WIDEST_NAME, short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, row_of
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, on_choice, rows_view
from desktop.ui.screen import Desk
from protocol.lists import ResidentList

PAGE = 200
COLUMNS = ("番号", "氏名", "課・地区", "状態", "使った日時")
FILTERS: tuple[tuple[str, str, tuple[CodeState, ...]], ...] = (
    ("valid", "有効", ("unused", "used")),
    ("unused", "未使用", ("unused",)),
    ("used", "使用済み", ("used",)),
    ("revoked", "取り消し", ("revoked",)),
)
_TONES = {"used": "success", "revoked": "muted", "unused": ""}
_EXCEL = "Excel (*.xlsx)"
Found = tuple[list[HeldCode], int, dict[str, int], bool]


class CodesPart(QWidget):
    """`done(words)` when something was left in the outbox."""

    done = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._list: ResidentList | None = None
        self._held: list[HeldCode] = []
        self._query = CodeQuery(list="", states=FILTERS[0][2], limit=PAGE)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._frame, column = card(spacing=10)
        outer.addWidget(self._frame)
        column.addWidget(label("認証コード", "heading"))
        self._words = label("", wrap=True, name="codes.words")
        column.addWidget(self._words)
        self.banner = Banner(desk.theme, name="codes.banner")
        column.addWidget(self.banner)
        self.writing = QWidget()
        column.addWidget(self.writing)
        self._make_writing()
        self._reading = QWidget()
        column.addWidget(self._reading)
        self._make_reading()
        self._frame.hide()

    def show_list(self, one: ResidentList | None) -> None:
        """None: not a list of codes, or not kept yet."""
        self._frame.setVisible(one is not None)
        if one is not None and (self._list is None or one.id != self._list.id):
            self.banner.hide()
            self.search.set_text("")
            self._query = CodeQuery(list=one.id, states=FILTERS[0][2], limit=PAGE)
            self._filters["valid"].setChecked(True)
        self._list = one
        if one is not None:
            self._read()

    def import_list(self, path: Path) -> None:
        """Compare an Excel list with the codes that are valid now, and show what it would change."""
        if self._list is not None:
            sheet = ImportCodesSheet(self, self._desk, self._list, path)
            sheet.applied.connect(self.done)
            sheet.finished.connect(sheet.deleteLater)
            sheet.open()

    def save_template(self, path: Path) -> None:
        """Whoever has a code now, as a list to be mended and read back."""
        one, lists = self._list, self._desk.office.lists
        if one is None:
            return

        def write() -> str:
            held = valid_codes(lists, one.id)
            lists.note_export("codes", len(held))  # before there is a file
            try:
                write_template(path, held)
            except OSError:
                return "保存できませんでした。ファイルが開かれていないか確かめて、もう一度お試しください。"
            return ""

        self._desk.background.local(
            write,
            lambda wrong: self.banner.tell("error" if wrong else "success", wrong or "一覧を保存しました。"),
            self._failed,
        )

    # -- parts -----------------------------------------------------------------------------------------

    def _make_writing(self) -> None:
        theme = self._desk.theme
        take = button(
            "Excelを読み込む",
            self._choose_list,
            name="codes.import",
            role="primary",
            icon="people",
            theme=theme,
        )
        self._template = button(
            "いまの一覧を書き出す", self._choose_template, name="codes.template", icon="download", theme=theme
        )
        around = QVBoxLayout(self.writing)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(Flow(take, self._template))

    def _make_reading(self) -> None:
        column = QVBoxLayout(self._reading)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = row_of(spacing=0)
        group = QButtonGroup(self)
        self._filters: dict[str, QPushButton] = {}
        for name, words, states in FILTERS:
            choice = QPushButton(words)
            choice.setObjectName(f"codes.filter.{name}")
            choice.setProperty("role", "segment")
            choice.setCheckable(True)
            choice.setAutoDefault(False)
            choice.setChecked(name == "valid")
            choice.clicked.connect(lambda _=False, states=states: self._ask(states=states))
            group.addButton(choice)
            row.addWidget(choice)
            self._filters[name] = choice
        hint = "番号・氏名から探す"
        self.search = CommitLine(name="codes.search", hint=hint)
        self.search.setAccessibleName(hint)
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(self._desk.theme.px(220))
        self.search.committed.connect(lambda text: self._ask(search=text))
        filters = QWidget()
        filters.setLayout(row)
        column.addWidget(Flow(filters, self.search))
        self.rows = Rows(COLUMNS, self._desk.theme, coloured=3)
        self.view = rows_view(
            self.rows, self._desk.theme, name="codes.table", words="認証コードの一覧",
            widths=(110, WIDEST_NAME, 160, 100, WIDEST_MOMENT), stretch=2,
        )  # fmt: skip
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setMinimumHeight(self._desk.theme.px(44 * 6))
        column.addWidget(self.view)
        self._count = label("", "muted", name="codes.count")
        self._more = button("続きを見る", self._ask_more, name="codes.more")
        self._revoke = button(
            "選んだコードを取り消す", self.revoke_chosen, name="codes.revoke", role="danger"
        )
        column.addWidget(Flow(self._count, self._more, self._revoke))
        on_choice(self.view, self._enable)

    # -- what happens ----------------------------------------------------------------------------------

    def _ask(self, **update: object) -> None:
        self._query = CodeQuery(**{**vars(self._query), **update, "limit": PAGE})
        self._read()

    def _ask_more(self) -> None:
        self._query = CodeQuery(**{**vars(self._query), "limit": self._query.limit + PAGE})
        self._read()

    def _read(self) -> None:
        one, query, lists = self._list, self._query, self._desk.office.lists
        if one is None:
            return

        def read() -> Found:
            lists.open_labels(one.id)
            return lists.page(query), lists.count(query), lists.counts(one.id), lists.can_read(one)

        self._desk.background.local(read, lambda found: self._show(query, found))

    def _show(self, query: CodeQuery, found: Found) -> None:
        if query != self._query or self._list is None:
            return
        self._held, total, counts, can_read = found
        valid = counts.get("unused", 0) + counts.get("used", 0)
        if not can_read:
            self._words.setText(
                f"有効なコードが{max(valid, self._list.codes):,}個あります。"
                "このリストの課の鍵がないため、だれのコードかは読めません。"
            )
        elif not valid and not counts.get("revoked"):
            self._words.setText(
                "Excelの一覧（番号、氏名、課・地区）を読み込むと、1人に1つずつコードを作ります。"
                "コードを入力した友だちが、このリストに入ります。"
            )
        else:
            self._words.setText(
                f"有効なコードが{valid:,}個あります（使用済み {counts.get('used', 0):,}個）。"
            )
        self._reading.setVisible(can_read and bool(counts))
        self.writing.setEnabled(can_read)
        self._template.setVisible(bool(valid))
        states, unopened = words_for("code_state"), words_for("unopened")
        now = self._desk.office.clock()
        self.rows.show([
            (
                (
                    code.number, unopened.get(code.unopened, "") if code.unopened else code.name,
                    code.department, states[code.state], short(code.used_at, now),
                ),
                _TONES[code.state],
            )
            for code in self._held
        ])  # fmt: skip
        self._count.setText(f"{total:,} 個" if total else "当てはまるコードはありません。")
        self._more.setVisible(total > len(self._held))
        for name, words, states_of in FILTERS:
            many = sum(counts.get(state, 0) for state in states_of)
            self._filters[name].setText(f"{words}  {many:,}")
        self._enable()

    def revoke_chosen(self) -> None:
        one, chosen = self._list, self._chosen()
        if one is None or not chosen:
            return
        words = "取り消すと、そのコードは使えなくなり、入力した人はリストから外れます。元に戻せません。"
        if ask_first(self, f"{len(chosen)}個のコードを取り消しますか", words, "取り消す", danger=True):
            revoke = self._desk.office.lists.revoke_codes
            ids = [code.id for code in chosen]
            self._desk.background.local(
                lambda: revoke(one.id, ids), lambda count: self.done.emit(f"{count:,}個を取り消しています。")
            )

    def _chosen(self) -> list[HeldCode]:
        rows = sorted({index.row() for index in self.view.selectionModel().selectedRows()})
        held = [self._held[row] for row in rows if row < len(self._held)]
        return [code for code in held if code.state != "revoked"]

    def _enable(self) -> None:
        self._revoke.setEnabled(bool(self._chosen()) and self._desk.office.may("deliveries", "edit"))

    def _choose_list(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "一覧を選ぶ", "", _EXCEL)
        if name:
            self.import_list(Path(name))

    def _choose_template(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "いまの一覧を書き出す", "認証コードの一覧.xlsx", _EXCEL)
        if name:
            self.save_template(Path(name))

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)
