"""Step 3: the first departments, one a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.setup import SetupState
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, row_of
from desktop.ui.parts.fields import CommitText, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk


class DepartmentsStep(QWidget):
    def __init__(self, desk: Desk, done: Callable[[str], Any]) -> None:
        super().__init__()
        self._desk, self._done = desk, done
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(margin=24, spacing=14)
        outer.addWidget(frame)
        outer.addStretch(1)
        column.addWidget(label("はじめの課", "heading"))
        column.addWidget(label(
            "「まどぐち」を使う課を、1行に1つずつ入れてください。あとから「利用者と権限」の「課」で、いつでも直せます。",
            wrap=True,
        ))  # fmt: skip
        self._known = label("", "muted", wrap=True, name="setup.departments.known")
        column.addWidget(self._known)
        self.names = CommitText(name="setup.departments", hint="例：\n総務課\n福祉課")
        self.names.setFixedHeight(desk.theme.px(180))
        self._field = Field("課の名前", self.names, required=True)
        column.addWidget(self._field)
        column.addLayout(
            row_of(1, button("課を作って次へ", self._save, name="setup.departments.go", role="primary"))
        )

    def show_state(self, state: SetupState) -> None:
        names = "、".join(each.name for each in state.departments)
        self._known.setText(f"いまある課：{names}" if names else "")
        self._known.setVisible(bool(names))

    def _save(self) -> None:
        names = list(
            dict.fromkeys(line.strip() for line in self.names.toPlainText().splitlines() if line.strip())
        )
        if not names:
            self._field.show_error("課を1つ以上入れてください。")
            return
        people = self._desk.office.people

        def save() -> list[str]:
            wrong = []
            for name in names:
                if people.find_department_problems(name):
                    wrong.append(name)
                else:
                    people.save_department(name)
            return wrong

        self._desk.background.local(save, self._saved)

    def _saved(self, wrong: list[str]) -> None:
        self.names.set_text("\n".join(wrong))
        self._field.show_error("同じ名前があるか、名前が長すぎます。直してください。" if wrong else "")
        if not wrong:
            self._done("課を作りました。")
