"""「復元の紙」: the quarterly practice, and the day it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.town_root import Restored
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, flowing_column, row_of
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk, Screen, header
from desktop.ui.setup.sheet_entry import TwoSheets

_TITLES = {
    "practise": (
        "復元の練習",
        "金庫から紙を2枚出し、書いてある言葉を入れて、読めることを確かめます。終わったら、紙は別々の場所に戻してください。",
        "確かめる",
    ),
    "restore": (
        "復元の紙で開く",
        "管理者が全員合言葉をなくしたときや、課の鍵を持つ人がいなくなったときに使います。紙を2枚入れてください。",
        "鍵を開く",
    ),
}


@dataclass(frozen=True)
class _Lost:
    """A department whose keys nobody can open, and who could take them over."""

    department: str
    name: str
    members: tuple[tuple[str, str], ...]
    """(id, name)"""


class RecoveryScreen(Screen):
    page = "recovery"
    place = "people"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._what = "practise"
        self._restored: Restored | None = None
        column = flowing_column(self, spacing=16)
        self._head = QVBoxLayout()
        column.addLayout(self._head)
        self.banner = Banner(desk.theme, name="recovery.banner")
        column.addWidget(self.banner)
        self._entry_card, inner = card(margin=20, spacing=14)
        self.entries = TwoSheets(desk.theme, name="recovery.sheet")
        self.entries.changed.connect(self._enable)
        inner.addWidget(self.entries)
        back = button(
            "鍵の画面に戻る", lambda: desk.routes.go("town-keys"), name="recovery.back", role="quiet"
        )
        self._go = button("", self.run, name="recovery.go", role="primary")
        inner.addLayout(row_of(back, 1, self._go))
        column.addWidget(self._entry_card)
        self._lost_card, self._lost = card(margin=20, spacing=10, name="recovery.lost")
        self._lost_card.hide()
        column.addWidget(self._lost_card)
        column.addStretch(1)
        self.open("practise")

    def open(self, thing: str) -> None:
        """`practise` or `restore`."""
        self._what = thing if thing in _TITLES else "practise"
        title, hint, verb = _TITLES[self._what]
        clear(self._head)
        self._head.addWidget(header(title, hint))
        self._go.setText(verb)
        self._reset()

    def leave(self) -> None:
        """What was typed opens the town: it does not stay on a screen nobody looks at."""
        self._reset()

    def run(self) -> None:
        sheets, keys = self.entries.sheets, self.desk.office.town_keys
        if not sheets:
            return
        self._go.setEnabled(False)
        if self._what == "practise":
            self.desk.background.local(
                lambda: keys.practise(sheets), lambda _: self._practised(), self._failed
            )
        else:
            self.desk.background.local(lambda: keys.restore(sheets), self._opened, self._failed)

    def _reset(self) -> None:
        self._restored = None
        self.entries.clear()
        self._entry_card.show()
        self._lost_card.hide()
        self.banner.hide()
        self._enable()

    def _enable(self) -> None:
        self._go.setEnabled(bool(self.entries.sheets))

    def _practised(self) -> None:
        self.entries.clear()
        self.banner.tell(
            "success", "2枚とも読めました。次の練習は3か月後です。紙は別々の場所に戻してください。"
        )
        self.desk.routes.wake_sync()

    def _opened(self, restored: Restored) -> None:
        self._restored = restored
        self.entries.clear()
        self._entry_card.hide()
        self.banner.tell(
            "success", "町の鍵を開けました。この端末で、利用者の鍵を確認できるようになりました。"
        )
        self.desk.routes.wake_sync()
        self._look_for_lost()

    def _look_for_lost(self) -> None:
        office = self.desk.office

        def read() -> list[_Lost]:
            lost = {key.department for key in office.town_keys.lost_keys()}
            return [
                _Lost(
                    department=each.id,
                    name=each.name,
                    members=tuple(
                        (member.id, member.display_name)
                        for member in office.people.members_of(each.id)
                        if office.town_keys.is_certified(member)
                    ),
                )
                for each in office.people.departments()
                if each.id in lost
            ]

        self.desk.background.local(read, self._show_lost)

    def _show_lost(self, lost: list[_Lost]) -> None:
        clear(self._lost)
        self._lost_card.show()
        self._lost.addWidget(label("鍵を持つ人がいない課", "heading"))
        if not lost:
            self._lost.addWidget(
                label("ありません。これで終わりです。紙を別々の場所に戻してください。", wrap=True)
            )
        for place, each in enumerate(lost):
            self._lost.addWidget(self._lost_row(place, each))
        if lost:
            words = "渡した人は、その課にこれまで届いたものを開けます。管理者が読めるようにはなりません。"
            self._lost.addWidget(label(words, "muted", wrap=True))

    def _lost_row(self, place: int, lost: _Lost) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        if not lost.members:
            words = "この課に、鍵を確認した人がまだいません。先に利用者を加えて、鍵を確認してください。"
            column.addWidget(label(f"{lost.name}：{words}", wrap=True))
            return made
        chooser = QComboBox()
        chooser.setObjectName(f"recovery.member.{place}")
        chooser.setAccessibleName(f"{lost.name}の鍵を渡す人")
        for id, name in lost.members:
            chooser.addItem(name, id)
        give = button(
            "この人に渡す",
            lambda: self._give(lost.department, chooser.currentData()),
            name=f"recovery.give.{place}",
        )
        column.addLayout(row_of(label(lost.name, "subheading"), chooser, give, 1, spacing=12))
        return made

    def _give(self, department: str, member: str) -> None:
        restored, keys = self._restored, self.desk.office.town_keys
        if restored is None:
            return

        def given(_: None) -> None:
            self.banner.tell("success", "課の鍵を渡しました。")
            self.desk.routes.wake_sync()
            self._look_for_lost()

        self.desk.background.local(
            lambda: keys.give_restored(restored, department, member), given, self._failed
        )

    def _failed(self, trouble: Trouble) -> None:
        self._enable()
        self.banner.tell("error", words_of_trouble(trouble).both)
