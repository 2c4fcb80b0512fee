"""「項目の編集」: kind, title, question, choices; and the question as a phone shows it."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.items import is_asked_on_page
from desktop.features.wording import words_for, words_of_problem, words_of_trouble
from desktop.replica.records import Shown
from desktop.ui.items.choices import Choices
from desktop.ui.items.details import ItemDetails, without_other_details
from desktop.ui.items.merge import MergeSheet
from desktop.ui.parts.access import AccessChoice
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, scrolling
from desktop.ui.parts.fields import CommitLine, CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.screen import Desk, Screen
from protocol.counting import grapheme_count, utf16_length
from protocol.items import (
    QUESTION_LIMIT,
    TITLE_LIMIT,
    WITHOUT_CHOICES,
    Choice,
    SegmentItem,
    find_item_problems,
)
from protocol.messages import TextMessage
from protocol.problems import Problem
from protocol.staff import Department

_HINTS = {
    "single": "選択肢から1つだけ選んでもらいます。",
    "multiple": "当てはまるものをいくつでも選んでもらいます。",
    "district": "地区の多い町のため、地域ごとにまとめて見せます。",
    "birth_year": "生まれた年を聞きます。日は聞きません。何人分でも聞くときは、ページで聞きます。",
    "number": "数で答えてもらいます。トークではなく、ページで聞きます。例：世帯の人数",
    "date": "日付で答えてもらいます。トークではなく、ページで聞きます。例：次の健診の日、転入した日",
    "text": "文章で答えてもらいます。個人のことも書けるよう、ページで聞き、選んだ課だけが読めます。",
}
_TITLE_HELP = "宛先をしぼるときと、住民の「設定」の画面に出ます。"
_QUESTION_HELP = "トークで住民に聞く文章です。"
_TITLE_HELP_OF_WORDS = "住民の「設定」の画面と、「届いたもの」の一覧に出ます。"
_QUESTION_HELP_ON_PAGE = "ページで住民に聞く文章です。トークでは聞きません。"
_QUESTION_HEIGHT, _LOW_QUESTION_HEIGHT = 96, 56
"""Of the box to write in. The low one leaves room for the departments below it."""
_TAPS_SHOWN = 12
_PAGE_BUTTON = "ページで見る・変更する"
_PAGE_FIELDS = {"text": "文章を入れる", "date": "日付を選ぶ", "birth_year": "生まれた年を選ぶ"}


class ItemEditScreen(Screen):
    page = "item-edit"
    place = "items"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._item: SegmentItem | None = None
        self._seen: Shown[SegmentItem] | None = None
        """What was there when the person began."""
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        flow = QWidget()
        column = QVBoxLayout(flow)
        column.setContentsMargins(32, 24, 24, 24)
        column.setSpacing(16)
        column.addWidget(label("項目の編集", "title"))
        self.banner = Banner(desk.theme, name="item.banner")
        column.addWidget(self.banner)
        column.addWidget(self._basics())
        self.choices = Choices(desk, self._new_choice)
        column.addWidget(self.choices)
        self.details = ItemDetails(desk)
        column.addWidget(self.details)
        column.addWidget(self._readers())
        column.addStretch(1)
        middle.addWidget(scrolling(flow), 1)
        side = QWidget()
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(8, 24, 28, 16)
        self.preview = PhonePreview(desk.office, desk.background, notice=False)
        side_column.addWidget(self.preview)
        middle.addWidget(side)
        outer.addLayout(middle, 1)
        outer.addWidget(self._actions())
        self.title.committed.connect(lambda text: self._change(title=text))
        self.question.committed.connect(lambda text: self._change(question=text))
        self.choices.changed.connect(lambda choices: self._change(choices=choices))
        self.choices.merge_wanted.connect(self._ask_merge)
        self.details.changed.connect(lambda update: self._change(**update))
        self.kind.currentIndexChanged.connect(lambda _: self._change_kind())

    def edit(self, item: SegmentItem) -> None:
        self._item = item
        self.banner.hide()
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(self.kind.findData(item.kind))
        self.kind.blockSignals(False)
        self.title.set_text(item.title)
        self.question.set_text(item.question)
        self._show()
        self._seen = None
        office = self.desk.office
        self.desk.background.local(
            lambda: (office.contact_forms.departments(), office.items.get(item.id)), self._know
        )
        self.title.setFocus()

    def _know(self, read: tuple[list[Department], Shown[SegmentItem] | None]) -> None:
        departments, seen = read
        if self._item is not None:
            self.access.show_access(departments, self._item.access)
            self._seen = seen if seen is not None and seen.id == self._item.id else None

    @property
    def item(self) -> SegmentItem | None:
        return self._item

    def save(self) -> None:
        item = self._item
        if item is None:
            return
        problems = find_item_problems(item)
        self._show_problems(problems)
        if problems:
            return
        save, seen = self.desk.office.items.save, self._seen
        self.desk.background.local(lambda: save(item, seen), lambda _: self._saved(), self._failed)

    def _basics(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("種類", "subheading"))
        self.kind = QComboBox()
        self.kind.setObjectName("item.kind")
        self.kind.setAccessibleName("種類")
        for code, words in words_for("item_kind").items():
            self.kind.addItem(words, code)
        column.addWidget(self.kind)
        self._hint = label("", "muted", wrap=True)
        column.addWidget(self._hint)
        self.title = CommitLine(name="item.title", hint="例：お住まいの地区")
        self.question = CommitText(name="item.question", hint="例：お住まいの地区を選んでください。")
        self.question.setFixedHeight(self.desk.theme.px(_QUESTION_HEIGHT))
        self._title_field = Field(
            "項目名", self.title, required=True, count=grapheme_count, limit=TITLE_LIMIT,
            help_text=_TITLE_HELP,
        )  # fmt: skip
        self._question_field = Field(
            "質問文", self.question, required=True, count=utf16_length, limit=QUESTION_LIMIT,
            help_text=_QUESTION_HELP,
        )  # fmt: skip
        column.addWidget(self._title_field)
        column.addWidget(self._question_field)
        return frame

    def _readers(self) -> QWidget:
        """Who reads what is written to an item of free words."""
        self._access_card, column = card(spacing=10)
        column.addWidget(label("読める課", "heading"))
        self.access = AccessChoice(name="item.access")
        self.access.changed.connect(lambda access: self._change(access=access))
        column.addWidget(self.access)
        return self._access_card

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(32, 10, 28, 10)
        row.addWidget(button("保存しないで戻る", self.desk.routes.items, name="item.back", role="quiet"))
        row.addStretch(1)
        row.addWidget(button("項目を保存する", self.save, name="item.save", role="primary"))
        return bar

    def _new_choice(self, text: str, group: str) -> Choice:
        return self.desk.office.items.new_choice(text, group)

    def _change_kind(self) -> None:
        kind = self.kind.currentData()
        update: dict[str, object] = {"kind": kind}
        if kind in WITHOUT_CHOICES:
            update["choices"] = ()
        if kind != "text":
            update["access"] = {}
        self._change(**update, **without_other_details(kind))

    def _ask_merge(self, choice: Choice) -> None:
        """Merging is the relay's work: it takes what is kept there, so nothing may be half written here."""
        item, seen = self._item, self._seen
        if item is None:
            return
        if seen is None or seen.body != item.model_copy(update={"position": seen.body.position}):
            self.banner.tell(
                "warning", "まだ保存していない変更があります。先に「項目を保存する」を押してください。"
            )
            return
        sheet = MergeSheet(self, self.desk, item, choice)
        sheet.accepted.connect(lambda: self._merged(choice))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _merged(self, choice: Choice) -> None:
        self.desk.routes.wake_sync()
        self.desk.routes.say(f"「{choice.label}」をまとめています。")
        self.desk.routes.items()

    def _change(self, **update: object) -> None:
        if self._item is not None:
            self._item = self._item.model_copy(update=update)
            self._show()

    def _show(self) -> None:
        item = self._item
        if item is None:
            return
        is_words = item.kind == "text"
        self._hint.setText(_HINTS[item.kind])
        self._title_field.explain(_TITLE_HELP_OF_WORDS if is_words else _TITLE_HELP)
        on_page = is_asked_on_page(item)
        self._question_field.explain(_QUESTION_HELP_ON_PAGE if on_page else _QUESTION_HELP)
        height = _LOW_QUESTION_HEIGHT if is_words else _QUESTION_HEIGHT
        self.question.setFixedHeight(self.desk.theme.px(height))
        self._title_field.recount()
        self._question_field.recount()
        self.choices.setVisible(item.kind not in WITHOUT_CHOICES)
        self.details.show_item(item)
        self._access_card.setVisible(item.kind == "text")
        self.choices.show_choices(item.choices, by_group=item.kind == "district")
        taps = [choice.label or "…" for choice in item.offered_choices]
        if item.kind == "district" and any(choice.group for choice in item.offered_choices):
            taps = list(dict.fromkeys(choice.group or choice.label for choice in item.offered_choices))
        if item.kind == "birth_year":
            taps = ["生まれた年を選ぶ"]
        if len(taps) > _TAPS_SHOWN:
            taps = [*taps[:_TAPS_SHOWN], f"ほか{len(taps) - _TAPS_SHOWN}個"]
        question = item.question or "（ここに質問文が出ます）"
        if on_page:
            self.preview.show_messages((TextMessage(text=_asked_on_page(item, question)),), (_PAGE_BUTTON,))
        else:
            self.preview.show_messages((TextMessage(text=question),), (*taps, "あとで答える"))

    def _show_problems(self, problems: tuple[Problem, ...]) -> None:
        words = {problem.at: words_of_problem(problem).both for problem in problems}
        self._title_field.show_error(words.pop("title", ""))
        self._question_field.show_error(words.pop("question", ""))
        self.access.show_error(words.pop("access", ""))
        self.details.show_problems(words.pop("unit", ""), words.pop("lowest", ""))
        self.choices.show_errors({at: text for at, text in words.items() if at.startswith("choices.")})
        rest = [text for at, text in words.items() if not at.startswith("choices.")]
        if rest:
            self.banner.tell("error", "\n".join(rest))
        elif problems:
            self.banner.tell(
                "error", "保存できません。赤いところを直してください。" + self.choices.banner.words
            )
        else:
            self.banner.hide()

    def _saved(self) -> None:
        self.desk.routes.wake_sync()
        self.desk.routes.say("項目を保存しました。")
        self.desk.routes.items()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)


def _asked_on_page(item: SegmentItem, question: str) -> str:
    """What the page behind the button shows: the talk itself does not ask this."""
    field = f"数を入れる{f'（{item.unit}）' if item.unit else ''}"
    field = _PAGE_FIELDS.get(item.kind, field)
    return f"（ページでの聞き方）\n{item.title or '（項目名）'}\n{question}\n［ {field} ］"
