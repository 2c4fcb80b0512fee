"""「問い合わせの窓口」: the forms at the left, the one being edited at the right."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_problem, words_of_reason, words_of_trouble
from desktop.replica.records import Shown
from desktop.ui.parts.access import AccessChoice
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, scrolling
from desktop.ui.parts.conflict import ConflictChoice
from desktop.ui.parts.dialogs import ask_first
from desktop.ui.parts.fields import CommitLine, CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.parts.sentence_button import SentenceButton
from desktop.ui.screen import Desk, Screen, header
from protocol.changes import ContactFormSave
from protocol.counting import grapheme_count
from protocol.problems import Problem
from protocol.staff import Department
from protocol.submissions import (
    FORM_GUIDE_LIMIT,
    FORM_TITLE_LIMIT,
    ContactForm,
    find_contact_form_problems,
)

Forms = tuple[list[Shown[ContactForm]], list[Department]]


class ContactFormsScreen(Screen):
    page = "contact-forms"
    place = "inbox"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._form: ContactForm | None = None
        self._is_edited = False
        self._wanted = ""
        self._shown: list[Shown[ContactForm]] = []
        self._departments: list[Department] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 28, 20)
        outer.setSpacing(14)
        back = button(
            "届いたものへ戻る", lambda: desk.routes.go("inbox"), name="contact_forms.back", role="quiet",
            icon="left", theme=desk.theme,
        )  # fmt: skip
        new = button("窓口を追加する", self._new, name="contact_forms.new", icon="plus", theme=desk.theme)
        hint = "住民が文章や写真を送れるページです。届いたものは、選んだ課の職員だけが読めます。"
        outer.addWidget(header("問い合わせの窓口", hint, back, new))
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addWidget(self._list())
        middle.addWidget(self._editor(), 1)
        outer.addLayout(middle, 1)

    def refresh(self) -> None:
        forms = self.desk.office.contact_forms
        self.desk.background.local(lambda: (forms.all(), forms.departments()), self._show)

    def open(self, thing: str) -> None:
        self._wanted = thing

    @property
    def form(self) -> ContactForm | None:
        return self._form

    def edit(self, form: ContactForm, *, edited: bool = False) -> None:
        self._form, self._is_edited = form, edited
        self.banner.hide()
        self.title.set_text(form.title)
        self.guide.set_text(form.guide)
        self.purpose.set_text(form.purpose)
        for box, value in ((self.photos, form.photos), (self.is_open, form.is_open)):
            box.blockSignals(True)
            box.setChecked(value)
            box.blockSignals(False)
        self.access.show_access(self._departments, form.access)
        self._show_problems(())
        for field in (self._title_field, self._guide_field, self._purpose_field):
            field.recount()
        self._pane.show()
        self._mark()
        self._tell()

    def save(self) -> None:
        form = self._form
        if form is None:
            return
        problems = find_contact_form_problems(form)
        self._show_problems(problems)
        if problems:
            self.banner.tell("error", "保存できません。赤いところを直してください。")
            return
        save = self.desk.office.contact_forms.save
        self.desk.background.local(lambda: save(form), lambda _: self._saved(), self._failed)

    def _list(self) -> QWidget:
        made = QWidget()
        self._rows = QVBoxLayout(made)
        self._rows.setContentsMargins(0, 0, 8, 0)
        self._rows.setSpacing(8)
        area = scrolling(made)
        area.setFixedWidth(self.desk.theme.px(300))
        return area

    def _editor(self) -> QWidget:
        self._pane = QWidget()
        column = QVBoxLayout(self._pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        flow = QWidget()
        fields = QVBoxLayout(flow)
        fields.setContentsMargins(0, 0, 12, 12)
        fields.setSpacing(14)
        self.banner = Banner(self.desk.theme, name="contact_forms.banner")
        fields.addWidget(self.banner)
        self.choice = ConflictChoice(self.desk.theme, name="contact_forms.conflict")
        fields.addWidget(self.choice)
        fields.addWidget(self._texts())
        fields.addWidget(self._readers())
        fields.addStretch(1)
        column.addWidget(scrolling(flow), 1)
        column.addWidget(self._actions())
        self._pane.hide()
        return self._pane

    def _texts(self) -> QWidget:
        frame, column = card(spacing=14)
        px = self.desk.theme.px
        self.title = CommitLine(name="contact_form.title", hint="例：道路や公園の困りごと")
        self.guide = CommitText(name="contact_form.guide", hint="例：場所が分かるように書いてください。")
        self.guide.setFixedHeight(px(84))
        self.purpose = CommitText(
            name="contact_form.purpose", hint="例：お問い合わせへの対応と、回答のためにだけ使います。"
        )
        self.purpose.setFixedHeight(px(72))
        self._title_field = Field(
            "窓口の名前", self.title, required=True, count=grapheme_count, limit=FORM_TITLE_LIMIT
        )
        self._guide_field = Field(
            "案内文", self.guide, count=grapheme_count, limit=FORM_GUIDE_LIMIT,
            help_text="ページの最初に出ます。",
        )  # fmt: skip
        self._purpose_field = Field(
            "使いみち", self.purpose, needed_for="受け付ける", count=grapheme_count, limit=FORM_GUIDE_LIMIT,
            help_text="受け取った個人情報を何に使うか。ページに出します（個人情報保護法）。",
        )  # fmt: skip
        for field in (self._title_field, self._guide_field, self._purpose_field):
            column.addWidget(field)
        self.photos = QCheckBox("写真も受け取る（3枚まで）")
        self.photos.setObjectName("contact_form.photos")
        self.is_open = QCheckBox("受け付ける")
        self.is_open.setObjectName("contact_form.is_open")
        column.addWidget(self.photos)
        column.addWidget(self.is_open)
        self.title.committed.connect(lambda text: self._change(title=text))
        self.guide.committed.connect(lambda text: self._change(guide=text))
        self.purpose.committed.connect(lambda text: self._change(purpose=text))
        self.photos.toggled.connect(lambda on: self._change(photos=on))
        self.is_open.toggled.connect(lambda on: self._change(is_open=on))
        return frame

    def _readers(self) -> QWidget:
        frame, column = card(spacing=10)
        column.addWidget(label("読める課", "heading"))
        column.addWidget(
            label("「対応する」の課は、メモと返信も書けます。あとから課を足しても、前に届いたものは読めません。", "muted", wrap=True)  # noqa: E501
        )  # fmt: skip
        self.access = AccessChoice(name="contact_form.access")
        self.access.changed.connect(lambda access: self._change(access=access))
        column.addWidget(self.access)
        return frame

    def _actions(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("role", "actions")
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 10, 12, 4)
        self._remove_button: QPushButton = button(
            "この窓口を廃止する", self._remove, name="contact_form.remove", role="danger", icon="trash",
            theme=self.desk.theme,
        )  # fmt: skip
        row.addWidget(self._remove_button)
        row.addStretch(1)
        row.addWidget(button("窓口を保存する", self.save, name="contact_form.save", role="primary"))
        return bar

    def _show(self, read: Forms) -> None:
        forms, self._departments = read
        if forms != self._shown or self._rows.count() == 0:
            self._shown = forms
            self._fill_list()
        named = next((one.body for one in forms if one.id == self._wanted), None)
        self._wanted = ""
        if named is not None:
            self.edit(named)
        wanted = self._form
        known = next((one.body for one in forms if wanted is not None and one.id == wanted.id), None)
        if wanted is None:
            if forms:
                self.edit(forms[0].body)
        elif known is not None and not self._is_edited:
            self.edit(known)
        else:
            self.access.show_access(self._departments, wanted.access)
            self._tell()

    def _fill_list(self) -> None:
        clear(self._rows)
        for place, shown in enumerate(self._shown):
            form = shown.body
            state = "受付中" if form.is_open else "受け付けていません"
            waiting = "　・　送信待ち" if shown.waiting else ""
            made = SentenceButton(f"{form.title}\n{state}{waiting}")
            made.setObjectName(f"contact_forms.row.{place}")
            made.clicked.connect(lambda _=False, form=form: self.edit(form))
            self._rows.addWidget(made)
        if not self._shown:
            self._rows.addWidget(
                label("まだ窓口がありません。「窓口を追加する」から作ってください。", "muted", wrap=True)
            )
        self._rows.addStretch(1)
        self._mark()

    def _mark(self) -> None:
        self._remove_button.setVisible(any(self._form and one.id == self._form.id for one in self._shown))

    def _new(self) -> None:
        self.desk.background.local(
            self.desk.office.contact_forms.new, lambda form: self.edit(form, edited=True)
        )

    def _change(self, **update: object) -> None:
        if self._form is not None:
            self._form = self._form.model_copy(update=update)
            self._is_edited = True

    def _tell(self) -> None:
        """What became of the last save, where it was refused."""
        shown = next((one for one in self._shown if self._form and one.id == self._form.id), None)
        self.choice.hide()
        if shown is None or not shown.refused:
            return
        if shown.refused != "version_conflict":
            see = ("contact_forms.see_refused", "内容を見る", self.desk.routes.waiting)
            self.banner.tell("error", words_of_reason(shown.refused).both, see)
            return
        refused_at = self.desk.office.home.refused_at
        self.desk.background.local(
            lambda: refused_at("contact_form", shown.id), lambda entries: self._ask(shown, entries)
        )

    def _ask(self, shown: Shown[ContactForm], entries: list) -> None:  # type: ignore[type-arg]
        entry = entries[-1] if entries else None
        if entry is None or not isinstance(entry.payload, ContactFormSave):
            return
        wanted, office = entry.payload.form, self.desk.office

        def keep() -> None:
            self._is_edited = False
            self.desk.background.local(lambda: office.home.dismiss(entry.id), lambda _: self._decided())

        def rewrite() -> None:
            self._is_edited = False
            self.desk.background.local(
                lambda: office.contact_forms.save(wanted), lambda _: self._decided(), self._failed
            )

        names = {one.id: one.name for one in self._departments}
        self.choice.ask(_lines(shown.body, names), _lines(wanted, names), rewrite=rewrite, keep=keep)

    def _decided(self) -> None:
        self.refresh()
        self.desk.routes.wake_sync()

    def _remove(self) -> None:
        form = self._form
        if form is None:
            return
        words = f"「{form.title}」を廃止します。これまでに届いたものは残ります。"
        if ask_first(self, "窓口を廃止しますか", words, "窓口を廃止する", danger=True):
            remove = self.desk.office.contact_forms.remove
            self._form, self._is_edited = None, False
            self._pane.hide()
            self.desk.background.local(lambda: remove(form.id), lambda _: self._decided())

    def _show_problems(self, problems: tuple[Problem, ...]) -> None:
        words = {problem.at: words_of_problem(problem).both for problem in problems}
        self._title_field.show_error(words.get("title", ""))
        self._guide_field.show_error(words.get("guide", ""))
        self._purpose_field.show_error(words.get("purpose", ""))
        self.access.show_error(words.get("access", ""))

    def _saved(self) -> None:
        self._is_edited = False
        self.banner.hide()
        self.desk.routes.say("窓口を保存しました。")
        self._decided()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)


def _lines(form: ContactForm, names: dict[str, str]) -> tuple[tuple[str, str], ...]:
    readers = "、".join(names.get(id, id) for id, level in form.access.items() if level != "none")
    return (
        ("窓口の名前", form.title),
        ("案内文", form.guide),
        ("使いみち", form.purpose),
        ("読める課", readers),
        ("受付", "受け付ける" if form.is_open else "受け付けない"),
    )
