"""A new list: its name and which of the three kinds it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from desktop.features.wording import words_for, words_of_problem
from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.counting import grapheme_count
from protocol.lists import LIST_NAME_LIMIT, ListKind, find_name_problems

HINTS: tuple[tuple[ListKind, str], ...] = (
    ("tag", "条件に当てはまる人に、いまの時点で印を付けます。"),
    ("chosen", "「届いたもの」で選んだ人や、Excelの番号の列から入れます。"),
    ("codes", "職員や区長などに認証コードを配り、入力した人だけが入ります。"),
)


class NewListSheet(Sheet):
    """`made(kind, name)` when the person pressed the verb."""

    made = Signal(str, str)

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent, "リストを作る", name="new_list", width=600)
        self.name = CommitLine(name="new_list.name", hint="例：区長")
        self._field = Field(
            "リストの名前", self.name, required=True, count=grapheme_count, limit=LIST_NAME_LIMIT
        )
        self.column.addWidget(self._field)
        self.column.addWidget(label("種類（あとから変えられません）", "subheading"))
        self._kinds = QButtonGroup(self)
        words = words_for("list_kind")
        self._by_kind: dict[ListKind, QRadioButton] = {}
        for kind, hint in HINTS:
            choice = QRadioButton(words[kind])
            choice.setObjectName(f"new_list.{kind}")
            choice.setAccessibleDescription(hint)
            choice.setChecked(kind == "tag")
            self._kinds.addButton(choice)
            self._by_kind[kind] = choice
            self.column.addWidget(choice)
            self.column.addWidget(label(hint, "muted", wrap=True))
        go = button("リストを作る", self._go, name="new_list.go", role="primary")
        self.end_with(1, button("やめる", self.reject, name="new_list.cancel"), go)
        self.name.setFocus()

    def _go(self) -> None:
        problems = find_name_problems(self.name.text())
        self._field.show_error(words_of_problem(problems[0]).both if problems else "")
        if not problems:
            kind = next(kind for kind, choice in self._by_kind.items() if choice.isChecked())
            self.made.emit(kind, self.name.text().strip())
            self.accept()
