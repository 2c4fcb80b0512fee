"""The tab 「お知らせ」: who is told in the morning or the evening before, in which words; and the dry run."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.waste import Foreseen, TownWaste
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, row_of, scrolling
from desktop.ui.parts.fields import CommitLine, CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.schedule.fields import Form, TimeField, choice_box, show_value
from desktop.ui.screen import Desk
from protocol.counting import grapheme_count
from protocol.waste import WasteCalendar
from protocol.waste_days import NAME_LIMIT, TEXT_LIMIT, day_words

_NEEDS_SENDING = (
    "お知らせを始めることと、送っているお知らせを変えることは、配信を送る権限のある職員だけができます。"
    "止めることと、始める前に書いておくことは、だれでもできます。"
)
_PLACES = "｛地区｝｛ごみの種類｝｛収集日｝は、届くときに地区ごとの言葉に変わります。"


class MessagesPart(QWidget):
    """`changed(calendar)`: the calendar as it should be."""

    changed = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._town, self._calendar = TownWaste(), WasteCalendar()
        self._showing = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 12, 0, 0)
        flow = QWidget()
        column = QVBoxLayout(flow)
        column.setContentsMargins(0, 0, 12, 12)
        column.setSpacing(14)
        self._why = label(_NEEDS_SENDING, "muted", wrap=True, name="waste.needs_sending")
        self._why.hide()
        column.addWidget(self._why)
        column.addWidget(self._whom())
        column.addWidget(self._words())
        column.addWidget(self._dry_run())
        column.addStretch(1)
        outer.addWidget(scrolling(flow))

    def show_town(self, town: TownWaste, calendar: WasteCalendar, *, may_edit: bool) -> None:
        self._town, self._calendar = town, calendar
        self._showing = True
        districts = [(i.title, i.id) for i in town.items.values() if i.kind in ("district", "single")]
        _fill(self.district_item, [("（まだ選ばれていません）", ""), *districts], calendar.district_item)
        notices = [(i.title, i.id) for i in town.items.values() if i.kind in ("single", "multiple")]
        _fill(self.notice_item, [("（まだ選ばれていません）", ""), *notices], calendar.notice_item)
        self._fill_choices()
        self.morning_time.show_time(calendar.morning_time)
        self.eve_time.show_time(calendar.eve_time)
        self.morning_text.set_text(calendar.morning_text)
        self.eve_text.set_text(calendar.eve_text)
        self.put_out_by.set_text(calendar.put_out_by)
        self.sends.setChecked(calendar.sends)
        for field in self._fields:
            field.recount()
        self._showing = False
        may_send = self.desk.office.may("deliveries", "approve")
        for made in (
            self.district_item, self.notice_item, self.morning_choice, self.eve_choice, self.morning_time,
            self.eve_time, self.morning_text, self.eve_text,
        ):  # fmt: skip
            made.setEnabled(may_edit and (may_send or not calendar.sends))
        # As the relay has it: whoever may edit may switch off, and write while it is off.
        self.sends.setEnabled(may_edit and (may_send or town.calendar.sends))
        self.put_out_by.setEnabled(may_edit)
        self._why.setVisible(may_edit and not may_send)

    def look_ahead(self) -> None:
        """The dry run for tomorrow's collection."""
        waste, town, calendar = self.desk.office.waste, self._town, self._calendar
        day = waste.today() + timedelta(days=1)
        self.foreseen.setText("調べています…")
        self.desk.background.ask(
            lambda: waste.foresee(town, calendar, day), self._show_foreseen, self._could_not
        )

    def _whom(self) -> QWidget:
        frame, column = card(spacing=12)
        column.addWidget(label("だれに知らせるか", "heading"))
        form = Form()
        told = self._tell
        self.district_item = choice_box([], name="waste.district_item", words="地区の項目", changed=told)
        form.add("district", "地区の項目", self.district_item)
        self.notice_item = choice_box([], name="waste.notice_item", words="受け取り方の項目", changed=told)
        form.add("notice", "受け取り方の項目", self.notice_item)
        self.morning_choice = choice_box(
            [], name="waste.morning_choice", words="朝に受け取る人の答え", changed=told
        )
        self.morning_time = TimeField(name="waste.morning_time", words="朝のお知らせの時刻", changed=told)
        form.add("morning", "朝に受け取る人の答え", self.morning_choice, self.morning_time)
        self.eve_choice = choice_box(
            [], name="waste.eve_choice", words="前の晩に受け取る人の答え", changed=told
        )
        self.eve_time = TimeField(name="waste.eve_time", words="前の晩のお知らせの時刻", changed=told)
        form.add("eve", "前の晩に受け取る人の答え", self.eve_choice, self.eve_time)
        column.addLayout(form)
        self.sends = QCheckBox("収集日のお知らせを毎日送る")
        self.sends.setObjectName("waste.sends")
        self.sends.toggled.connect(lambda _: told())
        column.addWidget(self.sends)
        column.addWidget(
            label(
                "保存したあとに来る時刻から届きます。2時間より遅れたときは送らずに、「お知らせ」で管理者に伝えます。",
                "small",
                wrap=True,
            )
        )
        return frame

    def _words(self) -> QWidget:
        frame, column = card(spacing=12)
        column.addWidget(label("お知らせの文", "heading"))
        self.morning_text = CommitText(name="waste.morning_text")
        self.eve_text = CommitText(name="waste.eve_text")
        self.put_out_by = CommitLine(name="waste.put_out_by", hint="例：朝8時30分")
        self._fields = [
            Field(
                "朝のお知らせ",
                self.morning_text,
                required=True,
                count=grapheme_count,
                limit=TEXT_LIMIT,
                help_text=_PLACES,
            ),
            Field("前の晩のお知らせ", self.eve_text, required=True, count=grapheme_count, limit=TEXT_LIMIT),
            Field(
                "いつまでに出すか",
                self.put_out_by,
                count=grapheme_count,
                limit=NAME_LIMIT,
                help_text="トークの答えとカレンダーに出ます。",
            ),
        ]
        for text in (self.morning_text, self.eve_text):
            text.setFixedHeight(self.desk.theme.px(84))
            text.committed.connect(lambda _: self._tell())
        self.put_out_by.committed.connect(lambda _: self._tell())
        for field in self._fields:
            column.addWidget(field)
        return frame

    def _dry_run(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("ためしに見る", "heading"))
        look = button("明日の収集で、だれに何が届くか見る", self.look_ahead, name="waste.look_ahead")
        column.addLayout(row_of(look, 1))
        self.foreseen = label(
            "送らずに、人数と文だけを確かめます。", "muted", wrap=True, name="waste.foreseen"
        )
        column.addWidget(self.foreseen)
        return frame

    def _fill_choices(self) -> None:
        item = self._town.items.get(self._calendar.notice_item)
        choices = [(choice.label, choice.id) for choice in item.offered_choices] if item else []
        for box, chosen in (
            (self.morning_choice, self._calendar.morning_choice),
            (self.eve_choice, self._calendar.eve_choice),
        ):
            _fill(box, [("（送らない）", ""), *choices], chosen)

    def _tell(self) -> None:
        if self._showing:
            return
        notice = self.notice_item.currentData()
        same = notice == self._calendar.notice_item
        self.changed.emit(
            self._calendar.model_copy(
                update={
                    "district_item": self.district_item.currentData(),
                    "notice_item": notice,
                    "morning_choice": self.morning_choice.currentData() if same else "",
                    "eve_choice": self.eve_choice.currentData() if same else "",
                    "morning_time": self.morning_time.text_value,
                    "eve_time": self.eve_time.text_value,
                    "morning_text": self.morning_text.toPlainText(),
                    "eve_text": self.eve_text.toPlainText(),
                    "put_out_by": self.put_out_by.text(),
                    "sends": self.sends.isChecked(),
                }
            )
        )

    def _show_foreseen(self, found: list[Foreseen]) -> None:
        lines: list[str] = []
        for one in found:
            if not one.districts:
                lines = [f"{day_words(one.day)}は、どの地区も収集がありません。何も届きません。"]
                break
            people = f"{one.people:,}人" if one.people is not None else "人数は分かりません"
            lines.append(f"{one.when}　{day_words(one.day)}の収集：{one.districts}地区、{people}")
            lines += [f"　「{text}」" for text in one.texts[:2]]
            if len(one.texts) > 2:
                lines.append(f"　ほか{len(one.texts) - 2}地区")
        if not self._calendar.sends:
            lines.append("いまは「収集日のお知らせを毎日送る」が外れているため、届きません。")
        self.foreseen.setText("\n".join(lines))

    def _could_not(self, trouble: Trouble) -> None:
        self.foreseen.setText(words_of_trouble(trouble).both)


def _fill(box: QComboBox, choices: list[tuple[str, str]], chosen: str) -> None:
    box.blockSignals(True)
    box.clear()
    for words, value in choices:
        box.addItem(words, value)
    show_value(box, chosen)
    box.blockSignals(False)
