"""One day of a district: what is collected, and how this day differs (休み・振り替え・臨時)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.features.waste import exception_words
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import DayField, Form, choice_box, show_value
from desktop.ui.screen import Desk
from protocol.counting import grapheme_count
from protocol.waste import WasteCalendar, WasteException
from protocol.waste_days import NOTE_LIMIT, ordered_kinds

_WAYS = (
    ("この日の収集を別の日に振り替える", "moved"),
    ("この日の収集を休む", "off"),
    ("この日に臨時で収集する", "added"),
)


class DaySheet(Sheet):
    """`decided(exception)` for a new one, `removed(id)` for one that is taken back."""

    decided = Signal(object)
    removed = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        desk: Desk,
        calendar: WasteCalendar,
        *,
        day: date,
        said: str,
        collected: Sequence[str],
        district: str,
        label_of: str,
    ) -> None:
        """`collected`: kinds of that day; `district`: the one on the screen, whose name is `label_of`."""
        super().__init__(parent, said, name="waste_day", width=640)
        self._id, self._day, self._district = desk.office.waste.new_id(), day, district
        for exception in calendar.exceptions:
            if exception.day != day and exception.moved_to != day:
                continue
            if exception.districts and district not in exception.districts:
                continue
            take_back = button(
                "取り消す", partial(self._remove, exception.id), name=f"waste_day.remove.{exception.id}",
                role="danger",
            )  # fmt: skip
            self.column.addLayout(
                row_of(label(exception_words(calendar, exception), wrap=True), 1, take_back)
            )
        form = Form()
        self.way = choice_box(_WAYS, name="waste_day.way", words="どう変えるか", changed=self._fit)
        form.add("way", "どう変えるか", self.way)
        kinds = [(kind.name, kind.id) for kind in ordered_kinds(calendar)]
        self.kind = choice_box(kinds, name="waste_day.kind", words="ごみの種類", changed=self._fit)
        form.add("kind", "ごみの種類", self.kind)
        self.to = DayField(name="waste_day.to", words="振り替える日", changed=self._fit)
        self.to.show_day(day + timedelta(days=1))
        form.add("to", "振り替える日", self.to)
        self._form = form
        self.column.addLayout(form)
        self.everywhere = QCheckBox("すべての地区で同じにする")
        self.everywhere.setObjectName("waste_day.everywhere")
        self.everywhere.setAccessibleDescription(f"外すと「{label_of}」だけが変わります")
        self.everywhere.setChecked(True)
        self.column.addWidget(self.everywhere)
        self.column.addWidget(label(f"外すと「{label_of}」だけが変わります。", "small"))
        self.note = CommitLine(name="waste_day.note", hint="例：年末のため")
        self.column.addWidget(
            Field("わけ（カレンダーとお知らせに出ます）", self.note, count=grapheme_count, limit=NOTE_LIMIT)
        )
        self._go_button = button("この日を変える", self._go, name="waste_day.go", role="primary")
        self.end_with(1, button("閉じる", self.reject, name="waste_day.cancel"), self._go_button)
        if collected:
            show_value(self.kind, collected[0])
        else:
            show_value(self.way, "added")
        self._fit()

    def _fit(self) -> None:
        if hasattr(self, "_form"):
            self._form.show_row("to", self.way.currentData() == "moved")
        if hasattr(self, "_go_button"):
            moves_nowhere = self.way.currentData() == "moved" and self.to.day == self._day
            self._go_button.setEnabled(bool(self.kind.currentData()) and not moves_nowhere)

    def _go(self) -> None:
        way = self.way.currentData()
        self.decided.emit(
            WasteException(
                id=self._id,
                day=self._day,
                kind=self.kind.currentData(),
                districts=() if self.everywhere.isChecked() else (self._district,),
                moved_to=self.to.day if way == "moved" else None,
                added=way == "added",
                note=self.note.text().strip(),
            )
        )
        self.accept()

    def _remove(self, id: str) -> None:
        self.removed.emit(id)
        self.accept()
