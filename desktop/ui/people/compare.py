"""Comparing eight words by telephone: the one act by which a person's keys begin to count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_for, words_of_trouble
from desktop.keys.passphrase import Word
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.people.words import WordGrid
from desktop.ui.screen import Desk
from protocol.staff import StaffMember


class ConfirmSheet(Sheet):
    """The member as it was when the words were read: what is certified is what was on the screen."""

    def __init__(
        self,
        parent: QWidget,
        desk: Desk,
        member: StaffMember,
        words: tuple[Word, ...],
        departments: str,
        done: Callable[[str], Any],
    ) -> None:
        super().__init__(parent, f"{member.display_name}さんの鍵を確認する", name="compare", width=640)
        self._desk, self._member, self._done = desk, member, done
        self.banner = Banner(desk.theme, name="compare.banner")
        self.column.addWidget(self.banner)
        self.column.addWidget(label(
            f"{member.display_name}さんに電話をかけ、「あなたの8つの言葉」を読み上げてもらってください。"
            "声でその人だと分かることが大切です。メールでは確かめないでください。",
            wrap=True,
        ))  # fmt: skip
        role = words_for("role")[member.role]
        self.column.addWidget(label(f"役割：{role}", wrap=True, name="compare.role"))
        self.column.addWidget(label(f"所属する課：{departments}", wrap=True, name="compare.departments"))
        grid = WordGrid(name="compare.words")
        grid.show_words(words)
        self.column.addWidget(grid)
        self.column.addWidget(
            label("1つでも違うときは、押さずに情報担当に知らせてください。", "muted", wrap=True)
        )
        cancel = button("まだ確かめていない", self.reject, name="compare.cancel")
        self._go = button("8つとも同じでした", self._confirm, name="compare.go", role="primary")
        self.end_with(1, cancel, self._go)
        cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    @classmethod
    def ask(cls, parent: QWidget, desk: Desk, id: str, done: Callable[[str], Any]) -> None:
        """Read the person as the relay shows them now, then open the sheet."""
        office = desk.office

        def read() -> tuple[StaffMember, tuple[Word, ...], str] | None:
            member = office.people.find(id)
            if member is None:
                return None
            names = {each.id: each.name for each in office.people.departments()}
            # A department without a name is certified like any other, so it must be seen as well.
            belongs = "、".join(names.get(each, "名前の分からない課") for each in member.departments)
            return member, office.town_keys.words_of(member), belongs or "なし"

        def show(found: tuple[StaffMember, tuple[Word, ...], str] | None) -> None:
            if found is not None:
                cls(parent, desk, *found, done).open()

        desk.background.local(read, show)

    def _confirm(self) -> None:
        keys, member = self._desk.office.town_keys, self._member
        self._go.setEnabled(False)
        self._desk.background.local(
            lambda: keys.confirm(member),
            lambda _: self._confirmed(),
            self._failed,
        )

    def _confirmed(self) -> None:
        self.accept()
        self._done(f"{self._member.display_name}さんの鍵を確認しました。")

    def _failed(self, trouble: Trouble) -> None:
        self._go.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)
