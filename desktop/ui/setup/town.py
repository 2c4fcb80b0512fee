"""Step 1: the name residents see, and the telephone they may call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.features.setup import SetupState
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, row_of
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk


class TownStep(QWidget):
    def __init__(self, desk: Desk, done: Callable[[str], Any]) -> None:
        super().__init__()
        self._desk, self._done = desk, done
        self._filled = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, column = card(margin=24, spacing=14)
        outer.addWidget(frame)
        outer.addStretch(1)
        column.addWidget(label("町の名前と電話番号", "heading"))
        self.name = CommitLine(name="setup.town_name", hint="例：みなと野市")
        self.telephone = CommitLine(name="setup.telephone", hint="例：0123-45-6789")
        self._fields = {
            "name": Field("町の名前", self.name, required=True, help_text="住民の画面の上に出ます。"),
            "telephone": Field(
                "代表の電話番号", self.telephone, required=True,
                help_text="LINEで済まないとき、住民がかける番号です。",
            ),
        }  # fmt: skip
        for field in self._fields.values():
            column.addWidget(field)
        column.addLayout(row_of(1, button("保存して次へ", self._save, name="setup.town.go", role="primary")))

    def show_state(self, state: SetupState) -> None:
        if not self._filled and state.known:
            self._filled = True
            self.name.set_text(state.town_name)
            self.telephone.set_text(state.telephone)

    def _save(self) -> None:
        name, telephone = self.name.text().strip(), self.telephone.text().strip()
        self._fields["name"].show_error("" if name else "町の名前を入れてください。")
        digits = sum(char.isdigit() for char in telephone)
        self._fields["telephone"].show_error("" if digits >= 3 else "電話番号を入れてください。")
        if not name or digits < 3:
            return
        setup = self._desk.office.setup
        self._desk.background.local(
            lambda: setup.save_town(name, telephone), lambda _: self._done("町の名前を保存しました。")
        )
