"""「アクセス記録」: who called the relay from where. Kept at least 180 days (SEC-5)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_trouble
from desktop.ui.audit.filters import Period, tabs
from desktop.ui.moments import WIDEST_MOMENT, WIDEST_NAME, short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, row_of
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, rows_view
from desktop.ui.screen import Desk, Screen, header
from protocol.audit import AccessEntry, AccessLogQuery, AccessPage

COLUMNS = ("日時", "アドレス", "方法", "行き先", "応答", "職員")
STATUSES: tuple[tuple[str, int | None], ...] = (
    ("すべての応答", None),
    ("200 成功", 200),
    ("401 本人を確かめられず", 401),
    ("403 場所・権限で不許可", 403),
    ("404 なし", 404),
    ("429 回数の超過", 429),
    ("500 サーバの故障", 500),
)


class AccessLogScreen(Screen):
    page = "access-log"
    place = "records"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._entries: list[AccessEntry] = []
        self._names: dict[str, str] = {}
        self._asked = AccessLogQuery()
        self._stale = True
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(12)
        export = button(
            "Excelに書き出す", self._export, name="access.export", icon="download", theme=desk.theme
        )
        hint = "中継サーバに、どこから、いつ、どんな通信があったかの記録です。"
        column.addWidget(header("アクセス記録", hint, export))
        column.addWidget(tabs("access-log", desk.routes.go))
        column.addWidget(self._filters())
        column.addWidget(self._period)
        self.banner = Banner(desk.theme, name="access.banner")
        column.addWidget(self.banner)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        column.addWidget(self._busy)
        self.rows = Rows(COLUMNS, desk.theme, coloured=4)
        self.view = rows_view(
            self.rows, desk.theme, name="access.table", words="アクセス記録の一覧", widths=(WIDEST_MOMENT, 135, 84, 200, 64, WIDEST_NAME), stretch=3,  # noqa: E501
        )  # fmt: skip
        column.addWidget(self.view, 1)
        self._count = label("", "muted", name="access.count")
        self._kept = label("", "muted", name="access.kept")
        self._more = button("続きを見る", self._ask_more, name="access.more")
        column.addLayout(row_of(self._count, self._kept, 1, self._more))
        self._more.hide()

    def refresh(self) -> None:
        """As the audit log: asked when the person comes here."""
        if self._stale:
            self._stale = False
            self._search()

    def leave(self) -> None:
        self._stale = True
        self.banner.hide()

    def _filters(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._status = QComboBox()
        self._status.setObjectName("access.status")
        self._status.setAccessibleName("応答")
        for words, status in STATUSES:
            self._status.addItem(words, status)
        row.addWidget(self._status)
        self._period = Period("access", self.desk.office.clock, self._search)
        row.addWidget(self._period.box)
        self.address = CommitLine(name="access.address", hint="アドレスで探す")
        self.route = CommitLine(name="access.route", hint="行き先で探す（例：/staff/sign-in）")
        for field in (self.address, self.route):
            field.setAccessibleName(field.placeholderText())
            field.setClearButtonEnabled(True)
            field.committed.connect(lambda _: self._search())
            row.addWidget(field, 1)
        self._status.currentIndexChanged.connect(lambda _: self._search())
        return made

    def query(self) -> AccessLogQuery:
        since, until = self._period.bounds
        return AccessLogQuery(
            since=since,
            until=until,
            address=self.address.text().strip(),
            route=self.route.text().strip(),
            status=self._status.currentData(),
        )

    def _search(self) -> None:
        query = self._asked = self.query()
        audit = self.desk.office.audit
        self._busy.show()
        self.desk.background.ask(
            lambda: (audit.access(query), audit.names()),
            lambda read: self._show(query, *read, []),
            self._failed,
        )

    def _ask_more(self) -> None:
        before, query, audit = self._entries, self._asked, self.desk.office.audit
        further = query.model_copy(update={"before": before[-1].no})
        self._more.setEnabled(False)
        self.desk.background.ask(
            lambda: (audit.access(further), audit.names()),
            lambda read: self._show(query, *read, before),
            self._failed,
        )

    def _show(
        self, query: AccessLogQuery, page: AccessPage, names: dict[str, str], before: list[AccessEntry]
    ) -> None:
        if query != self._asked:
            return
        self._busy.hide()
        self._entries = [*before, *page.entries]
        now = self.desk.office.clock()
        self.rows.show([
            (
                (
                    short(entry.at, now), entry.address, entry.method, entry.route, str(entry.status),
                    names.get(entry.staff, entry.staff),
                ),
                "error" if entry.status >= 400 else "",
            )
            for entry in self._entries
        ])  # fmt: skip
        self._count.setText(f"{len(self._entries):,} 件" if self._entries else "記録はありません。")
        self._kept.setText(f"{page.kept_days:,}日間保存しています。")
        self._more.setVisible(page.more)
        self._more.setEnabled(True)

    def _failed(self, trouble: Trouble) -> None:
        self._busy.hide()
        self._more.setEnabled(True)
        self.banner.tell(
            "error",
            f"アクセス記録は、中継サーバにつながっているときに見られます。{words_of_trouble(trouble).what}",
        )

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "書き出す先", "アクセス記録.xlsx", "Excel ブック (*.xlsx);;CSV（UTF-8） (*.csv)"
        )
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        audit, query = self.desk.office.audit, self.query()
        self._busy.show()
        self.desk.background.ask(lambda: audit.export_access(path, query), self._exported, self._failed)

    def _exported(self, lines: int) -> None:
        self._busy.hide()
        self.banner.tell("success", f"{lines:,} 件を書き出しました。書き出したことは操作記録に残ります。")
        self.desk.routes.wake_sync()
