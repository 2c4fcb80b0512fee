"""「操作記録」: who did what and when; searched, checked, exported. This machine checks what it is told."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.audit import SignedPage, TreeCheck, audit_kinds, kind_words, outcome_words
from desktop.features.wording import words_for, words_of_reason, words_of_trouble
from desktop.ui.audit.entry import EntrySheet
from desktop.ui.audit.filters import Period, tabs
from desktop.ui.moments import WIDEST_MOMENT, WIDEST_NAME, short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, chosen_row, on_choice, rows_view
from desktop.ui.screen import Desk, Screen, header
from protocol.audit import AuditEntry, AuditQuery
from protocol.staff import StaffMember

COLUMNS = ("番号", "日時", "職員", "操作", "対象", "結果")


class AuditScreen(Screen):
    page = "audit"
    place = "records"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._entries: list[AuditEntry] = []
        self._page = SignedPage.empty()
        self._staff: list[StaffMember] = []
        self._asked = AuditQuery()
        self._stale = True
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(12)
        self._whole = button(
            "全体を確かめる", self._check_whole, name="audit.whole", icon="check", theme=desk.theme
        )
        export = button(
            "Excelに書き出す", self._export, name="audit.export", icon="download", theme=desk.theme
        )
        hint = "だれが、いつ、何をしたかの記録です。消すことも書き換えることもできません。"
        column.addWidget(header("操作記録", hint, self._whole, export))
        column.addWidget(tabs("audit", desk.routes.go))
        column.addWidget(self._filters())
        column.addWidget(self._period)
        self.banner = Banner(desk.theme, name="audit.banner")
        column.addWidget(self.banner)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        column.addWidget(self._busy)
        self.rows = Rows(COLUMNS, desk.theme, coloured=5)
        self.view = rows_view(
            self.rows, desk.theme, name="audit.table", words="操作記録の一覧", widths=(64, WIDEST_MOMENT, WIDEST_NAME, 160, 200, 120), stretch=4,  # noqa: E501
        )  # fmt: skip
        column.addWidget(self.view, 1)
        self._count = label("", "muted", name="audit.count")
        self._more = button("続きを見る", self._ask_more, name="audit.more")
        self._detail = button("くわしく見る", self._open_entry, name="audit.detail", role="primary")
        column.addLayout(row_of(self._count, 1, self._more, self._detail))
        self.view.doubleClicked.connect(lambda _: self._open_entry())
        on_choice(self.view, self._enable)
        self._enable()

    def refresh(self) -> None:
        """Coming here asks the relay; news of other things do not: the log is read, not watched."""
        if self._stale:
            self._stale = False
            self._search()

    def leave(self) -> None:
        self._stale = True
        self.banner.hide()

    def open(self, thing: str) -> None:
        """About one thing: its id."""
        self.object.setText(thing)

    def _filters(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._person, self._kind = QComboBox(), QComboBox()
        for box, name, words in ((self._person, "person", "職員"), (self._kind, "kind", "操作")):
            box.setObjectName(f"audit.{name}")
            box.setAccessibleName(words)
            box.setMinimumWidth(self.desk.theme.px(170))
            row.addWidget(box)
        self._person.addItem("すべての職員", "")
        self._kind.addItem("すべての操作", "")
        for kind in audit_kinds():
            self._kind.addItem(kind_words(kind), kind)
        self._period = Period("audit", self.desk.office.clock, self._search)
        row.addWidget(self._period.box)
        self.object = CommitLine(name="audit.object", hint="対象の番号で探す")
        self.object.setAccessibleName("対象の番号で探す")
        self.object.setClearButtonEnabled(True)
        row.addWidget(self.object, 1)
        self._person.currentIndexChanged.connect(lambda _: self._search())
        self._kind.currentIndexChanged.connect(lambda _: self._search())
        self.object.committed.connect(lambda _: self._search())
        return made

    def query(self) -> AuditQuery:
        since, until = self._period.bounds
        kind = self._kind.currentData()
        return AuditQuery(
            staff=self._person.currentData() or "",
            kinds=(kind,) if kind else (),
            object=self.object.text().strip(),
            since=since,
            until=until,
        )

    def _search(self) -> None:
        query = self._asked = self.query()
        audit = self.desk.office.audit
        self._busy.show()
        self.desk.background.ask(
            lambda: audit.page(query), lambda page: self._show(query, page, []), self._failed
        )

    def _ask_more(self) -> None:
        before, audit = self._entries, self.desk.office.audit
        query = self._asked
        further = query.model_copy(update={"before": before[-1].no})
        self._more.setEnabled(False)
        self.desk.background.ask(
            lambda: audit.page(further), lambda page: self._show(query, page, before), self._failed
        )

    def _show(self, query: AuditQuery, page: SignedPage, before: list[AuditEntry]) -> None:
        if query != self._asked:
            return  # another search has been asked since
        self._busy.hide()
        self._entries = [*before, *page.entries]
        self._page = page if not before else self._page.followed_by(page)
        self._show_people(page.staff)
        now = self.desk.office.clock()
        self.rows.show([
            (
                (
                    f"{entry.no + 1:,}", short(entry.at, now), self._page.name_of(entry.staff),
                    kind_words(entry.kind), self._page.objects_of(entry), _outcome(entry),
                ),
                "error" if entry.outcome == "refused" or entry.kind == "sign_in_failed" else "",
            )
            for entry in self._entries
        ])  # fmt: skip
        of_all = "これで全部です。" if not page.more else "続きがあります。"
        self._count.setText(f"{len(self._entries):,} 件　{of_all}" if self._entries else "記録はありません。")
        self._more.setVisible(page.more)
        self._more.setEnabled(True)
        self._enable()

    def _show_people(self, staff: list[StaffMember]) -> None:
        if staff == self._staff:
            return
        self._staff, chosen = staff, self._person.currentData()
        self._person.blockSignals(True)
        self._person.clear()
        self._person.addItem("すべての職員", "")
        for member in staff:
            self._person.addItem(member.display_name, member.id)
        self._person.setCurrentIndex(max(0, self._person.findData(chosen)))
        self._person.blockSignals(False)

    def _failed(self, trouble: Trouble) -> None:
        self._busy.hide()
        self._whole.setEnabled(True)
        self._more.setEnabled(True)
        self.banner.tell(
            "error",
            f"操作記録は、中継サーバにつながっているときに見られます。{words_of_trouble(trouble).what}",
        )

    def _enable(self) -> None:
        self._detail.setEnabled(0 <= chosen_row(self.view) < len(self._entries))

    def _open_entry(self) -> None:
        place = chosen_row(self.view)
        if not 0 <= place < len(self._entries):
            return
        entry, audit = self._entries[place], self.desk.office.audit

        def show(checked: object) -> None:
            sheet = EntrySheet(self, self.desk, checked, self._page, self._about)  # type: ignore[arg-type]
            sheet.open()

        self.desk.background.ask(lambda: audit.entry(entry.no), show, self._failed)

    def _about(self, thing: str) -> None:
        self.object.setText(thing)

    def _check_whole(self) -> None:
        self._whole.setEnabled(False)
        self._busy.show()
        self.desk.background.ask(self.desk.office.audit.check_whole, self._say_whole, self._failed)

    def _say_whole(self, checked: TreeCheck) -> None:
        self._busy.hide()
        self._whole.setEnabled(True)
        words = words_for("tree_check")[checked.state].replace("{lines}", f"{checked.lines:,}")
        self.banner.tell("success" if checked.state == "whole" else "error", words)

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "書き出す先", "操作記録.xlsx", "Excel ブック (*.xlsx);;CSV（UTF-8） (*.csv)"
        )
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """What the search finds, all pages. That it was written is itself an entry of the log."""
        audit, query = self.desk.office.audit, self.query()
        self._busy.show()
        self.desk.background.ask(lambda: audit.export_entries(path, query), self._exported, self._failed)

    def _exported(self, lines: int) -> None:
        self._busy.hide()
        self.banner.tell("success", f"{lines:,} 件を書き出しました。書き出したことも操作記録に残ります。")
        self.desk.routes.wake_sync()


def _outcome(entry: AuditEntry) -> str:
    words = outcome_words(entry)
    return f"{words}：{words_of_reason(entry.reason).what}" if entry.reason else words
