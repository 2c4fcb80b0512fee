"""「除外する宛先」: saved groups that never get this delivery, whatever its conditions say."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.recipients import Known
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import clear, row_of
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from desktop.ui.segments.panels import Ticks


class ExcludedGroups(QWidget):
    """`changed(group ids)` when the person did something."""

    changed = Signal(object)

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__()
        self._desk, self._name = desk, name
        self._ids: tuple[str, ...] = ()
        self._known = Known()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        choose = button("除外する宛先を選ぶ", self._choose, name=f"{name}.choose")
        words = label("除外する宛先", "subheading")
        column.addWidget(Flow(words, choose, spacing=16))
        self._none = label("ありません。", "muted", name=f"{name}.none")
        column.addWidget(self._none)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        column.addLayout(self._rows)

    def show_excluded(self, ids: tuple[str, ...], known: Known) -> None:
        if (ids, known) == (self._ids, self._known):
            return
        self._ids, self._known = ids, known
        self._none.setVisible(not ids)
        clear(self._rows)
        for place, id in enumerate(ids):
            group = known.groups.get(id)
            words = group.name if group is not None else "削除された宛先"
            remove = icon_button(
                "close", f"「{words}」の除外をやめる", partial(self._remove, id),
                name=f"{self._name}.remove.{place}", theme=self._desk.theme,
            )  # fmt: skip
            line = QWidget()
            line.setLayout(row_of(label(words, wrap=True, name=f"{self._name}.{place}"), remove, spacing=4))
            self._rows.addWidget(line)

    def _remove(self, id: str) -> None:
        self.changed.emit(tuple(one for one in self._ids if one != id))

    def _choose(self) -> None:
        sheet = Sheet(self, "除外する宛先を選ぶ", name="excluded")
        groups = self._known.groups
        ticks = Ticks(self._desk.theme, name="excluded.groups", words="保存した宛先")
        ticks.fill((id, group.name) for id, group in groups.items())
        ticks.tick(self._ids)
        words = "印を付けた宛先の人には、条件に当てはまっても届けません。"
        if not groups:
            words = "まだ保存した宛先がありません。「保存した宛先」の画面で作ると、ここで選べます。"
        sheet.column.addWidget(label(words, "muted", wrap=True))
        sheet.column.addWidget(ticks)
        ticks.setVisible(bool(groups))
        go = button("この宛先を除外する", sheet.accept, name="excluded.go", role="primary")
        go.setEnabled(bool(groups))
        sheet.end_with(1, button("やめる", sheet.reject, name="excluded.cancel"), go)
        gone = tuple(id for id in self._ids if id not in groups)
        sheet.accepted.connect(lambda: self.changed.emit((*gone, *ticks.ticked)))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()
