"""Reached, opened, clicked, link by link and hour by hour, with what LINE does not tell said in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QFrame, QPushButton, QVBoxLayout, QWidget

from desktop.features.exports import csv_bytes, write_xlsx
from desktop.features.results import (
    HOURS_SHOWN,
    RESULT_HEADER,
    figures_of,
    hours_of,
    number_words,
    result_rows,
    why_missing,
)
from desktop.features.wording import words_of_reason
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.figures import figures
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.parts.rows import Rows, rows_view
from desktop.ui.results.chart import BarChart
from desktop.ui.screen import Desk
from protocol.deliveries import Delivery
from protocol.results import LINE_MINIMUM, DeliveryResult

_BRIEF = 20


class ResultCard(QFrame):
    """Object names: `result`, `result.reached`, `.opened`, `.clicked`, `.taps`, `.links`,
    `.hours`, `.days`, `.export`.
    """

    def __init__(self, desk: Desk, delivery: Delivery, result: DeliveryResult | None) -> None:
        super().__init__()
        self._desk, self._delivery, self._result = desk, delivery, result
        self.setObjectName("result")
        self.setProperty("role", "card")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 20, 20, 20)
        self._column.setSpacing(12)
        export = button(
            "結果を書き出す", self._export, name="result.export", icon="download", theme=desk.theme
        )
        self._column.addLayout(row_of(label("住民の反応", "heading"), 1, export))
        if result is None:
            words = "まだ集計がありません。LINEの集計は、配信の翌日から出はじめます。"
            self._column.addWidget(label(words, "muted", wrap=True, name="result.none"))
            return
        self._column.addWidget(self._figures(result))
        if result.reason:
            note = label(words_of_reason(result.reason).both, "muted", wrap=True, name="result.reason")
            self._column.addWidget(note)
        self._column.addWidget(label(self._as_of(result), "small", wrap=True))
        if result.links:
            self._column.addWidget(self._links(result))
        hours = hours_of(result)
        if hours:
            cut = "（はじめの3日間）" if len(hours) > HOURS_SHOWN else ""
            self._chart(f"時間ごとのタップ{cut}", "回", hours[:HOURS_SHOWN], "hours")
        opened = [(f"{one.day.month}月{one.day.day}日", one.opened) for one in result.days]
        known = [(day, number) for day, number in opened if number is not None]
        if len(known) > 1:
            self._chart("開封した人（各日の集計時点）", "人", known, "days")

    def _figures(self, result: DeliveryResult) -> Flow:
        cells: list[tuple[str, str, str, str]] = []
        for one in figures_of(self._delivery, result):
            unit = f"人（{one.rate}）" if one.rate else "人"
            words = f"{one.number:,}" if one.number is not None else _briefly(why_missing(result))
            cells.append((one.title, words, unit if one.number is not None else "", f"result.{one.name}"))
        if result.links:
            taps = sum(link.taps for link in result.links)
            cells.append(("タップの合計", f"{taps:,}", "回", "result.taps"))
        return figures(cells)

    def _as_of(self, result: DeliveryResult) -> str:
        moment = short(result.fetched_at, self._desk.office.clock())
        end = "集計は終わりました。" if result.finished else "14日間、毎日新しくなります。"
        few = (
            f"開封とリンクはLINEの集計で、{LINE_MINIMUM}人未満のときは出ません。タップはまどぐちの集計です。"
        )
        return f"{f'{moment} 時点。' if moment else ''}{end}{few}"

    def _links(self, result: DeliveryResult) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label("リンクごと", "subheading"))
        rows = [
            (
                (
                    link.label or link.url,
                    f"{link.taps:,}回",
                    number_words(link.line_people, result),
                ),
                "",
            )
            for link in result.links
        ]
        column.addWidget(
            self._table(("リンク", "タップ", "押した人（LINE）"), rows, "links", "リンクごとのタップ")
        )
        return made

    def _chart(self, title: str, unit: str, points: Sequence[tuple[str, int]], name: str) -> None:
        chart = BarChart(self._desk.theme, name=f"result.{name}", title=title, unit=unit)
        chart.show_points(points)
        rows = [((words, f"{number:,}{unit}"), "") for words, number in points]
        table = self._table(("日時", unit), rows, f"{name}.table", title)
        table.hide()
        switch = QPushButton("表で見る")
        switch.setObjectName(f"result.{name}.switch")
        switch.setProperty("role", "quiet")
        switch.setCheckable(True)
        switch.setAutoDefault(False)
        switch.setAccessibleName(f"{title}を表で見る")
        switch.toggled.connect(chart.setHidden)
        switch.toggled.connect(table.setVisible)
        switch.toggled.connect(lambda on: switch.setText("図で見る" if on else "表で見る"))
        self._column.addLayout(row_of(label(title, "subheading"), 1, switch))
        self._column.addWidget(chart)
        self._column.addWidget(table)

    def _table(
        self,
        columns: tuple[str, ...],
        rows: Sequence[tuple[tuple[str, ...], str]],
        name: str,
        words: str,
    ) -> QWidget:
        model = Rows(columns, self._desk.theme)
        widths: tuple[int | str, ...] = (200, "1,000,000回", "20人未満のため表示なし")[: len(columns)]
        view = rows_view(
            model, self._desk.theme, name=f"result.{name}", words=words, widths=widths, stretch=0
        )
        model.show(rows)
        view.setFixedHeight(self._desk.theme.px(44 * min(len(rows), 6) + 56))
        return view

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "書き出す先", "配信の結果.xlsx", "Excel ブック (*.xlsx);;CSV（UTF-8） (*.csv)"
        )
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """XLSX or CSV, by the ending of the name."""
        delivery, result = self._delivery, self._result

        def write() -> None:
            rows = result_rows(delivery, result)
            if path.suffix.lower() == ".csv":
                path.write_bytes(csv_bytes(RESULT_HEADER, rows))
            else:
                write_xlsx(path, "配信の結果", RESULT_HEADER, rows)

        say = self._desk.routes.say
        self._desk.background.local(write, lambda _: say(f"書き出しました：{path.name}"))


def _briefly(words: str) -> str:
    """A longer reason stands below the figures, once and whole."""
    return words if len(words) <= _BRIEF else "表示なし"
