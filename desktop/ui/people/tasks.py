"""What somebody must do about keys: as rows with a button each, and as one reminder on the home screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.features.key_tasks import KeyTask
from desktop.features.office import Office
from desktop.features.setup import SetupState
from desktop.features.wording import words_for
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.certificates import DIRECTORY

VERBS = {
    "compare_root": "見比べる",
    "read_out": "言葉を見る",
    "confirm": "鍵を確認する",
    "hand_on": "鍵を渡す",
    "make": "鍵を作る",
    "rotate": "作り直す",
    "renew": "新しくする",
    "lost": "紙で開く",
    "practise": "練習する",
}


@dataclass(frozen=True)
class NamedTask:
    """A task with the names its words need."""

    task: KeyTask
    words: str
    why: str
    member: str = ""


def read_tasks(office: Office) -> list[NamedTask]:
    """Off the screen's thread."""
    people = {member.id: member.display_name for member in office.people.everybody()}
    departments = {each.id: each.name for each in office.people.departments(removed=True)}
    departments[DIRECTORY] = "名簿"
    titles, reasons = words_for("key_task"), words_for("key_task_why")
    return [
        NamedTask(
            task=task,
            words=titles[task.kind].format(
                member=people.get(task.member, ""), department=departments.get(task.department, "")
            ),
            why="渡すと、この人も利用者の鍵を確認できます。"
            if task.department == DIRECTORY
            else reasons[task.kind],
            member=people.get(task.member, ""),
        )
        for task in office.people.key_tasks()
    ]


def task_row(place: int, named: NamedTask, act: Callable[[NamedTask], Any]) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 4, 0, 4)
    row.setSpacing(12)
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(label(named.words, "subheading", wrap=True, name=f"task.{place}"))
    words.addWidget(label(named.why, "muted", wrap=True))
    row.addLayout(words, 1)
    if named.task.kind in VERBS:
        go = button(VERBS[named.task.kind], lambda: act(named), name=f"task.{place}.go")
        go.setAccessibleName(f"{named.words} {VERBS[named.task.kind]}")
        row.addWidget(go)
    return made


class Reminder(QWidget):
    """At most two lines: an unfinished set-up, and keys that wait for this person. Empty when all is well."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(18)
        self.setup = Banner(desk.theme, name="home.setup")
        self.keys = Banner(desk.theme, name="home.keys")
        column.addWidget(self.setup)
        column.addWidget(self.keys)
        self.hide()

    def refresh(self) -> None:
        office = self._desk.office
        self._desk.background.local(lambda: (office.setup.state(), read_tasks(office)), self._show)

    def _show(self, found: tuple[SetupState, list[NamedTask]]) -> None:
        state, tasks = found
        unfinished = state.known and not state.finished and self._desk.office.rights.is_admin
        self.setVisible(unfinished or bool(tasks))
        if unfinished:
            done = len(state.done)
            words = "「はじめての設定」をしましょう。30分ほどで終わります。"
            if done:
                words = f"「はじめての設定」が途中です（4つのうち{done}つ終わりました）。"
            verb = "設定の続き" if done else "はじめての設定"
            self.setup.tell("info", words, ("home.setup.go", verb, lambda: self._desk.routes.go("setup")))
        else:
            self.setup.hide()
        if tasks:
            more = f"　ほか{len(tasks) - 1}件あります。" if len(tasks) > 1 else ""
            tone = "error" if tasks[0].task.kind == "root_changed" else "warning"
            self.keys.tell(
                tone, f"{tasks[0].words}。{more}",
                ("home.keys.go", "鍵の画面を開く", lambda: self._desk.routes.go("town-keys")),
            )  # fmt: skip
        else:
            self.keys.hide()
