"""「鍵」: what this person should do about keys, the words to compare, and who can open what."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.errors import Trouble
from desktop.features.exports import japan_time
from desktop.features.wording import words_of_trouble
from desktop.keys.keyring import RootState
from desktop.keys.passphrase import Word
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card, clear, flowing_column, row_of
from desktop.ui.parts.dialogs import Sheet, ask_first
from desktop.ui.parts.labels import badge, label, line
from desktop.ui.people.compare import ConfirmSheet
from desktop.ui.people.tabs import TabRow
from desktop.ui.people.tasks import NamedTask, read_tasks, task_row
from desktop.ui.people.words import WordGrid
from desktop.ui.screen import Desk, Screen, header

_ROOT_WORDS: dict[RootState, tuple[str, str]] = {
    "none": ("町の鍵は、まだありません。「はじめての設定」で作ります。", "neutral"),
    "unknown": ("この端末では、まだ見比べていません。", "warning"),
    "trusted": ("この端末で見比べてあります。", "success"),
    "changed": ("見比べたときと違います。情報担当に知らせてください。", "error"),
    "forged": ("正しく署名されていません。情報担当に知らせてください。", "error"),
}


@dataclass(frozen=True)
class _KeyLine:
    department: str
    year: int
    holders: str
    retired: bool
    mine: bool


@dataclass(frozen=True)
class _Look:
    """Everything the screen shows, read at once."""

    root: RootState
    root_words: tuple[Word, ...]
    own_words: tuple[Word, ...]
    practised: str
    tasks: tuple[NamedTask, ...]
    keys: tuple[_KeyLine, ...]


class TownKeysScreen(Screen):
    page = "town-keys"
    place = "people"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        column = flowing_column(self, spacing=14)
        column.addWidget(header("利用者と権限", "届いた内容は、鍵を受け取った課の人だけが開けます。"))
        column.addWidget(TabRow(desk, self.page))
        self.banner = Banner(desk.theme, name="keys.banner")
        column.addWidget(self.banner)
        self._tasks_card, self._tasks = card(margin=18, spacing=6, name="keys.tasks")
        column.addWidget(self._tasks_card)
        self._keys_card, self._keys = card(margin=18, spacing=8, name="keys.list")
        column.addWidget(self._keys_card)
        column.addWidget(self._own_card())
        column.addWidget(self._root_card())
        column.addStretch(1)
        self._last: _Look | None = None

    def refresh(self) -> None:
        self.desk.background.local(self._read, self._show)

    def _read(self) -> _Look:
        office = self.desk.office
        ring = office.ring()
        people = {member.id: member.display_name for member in office.people.everybody()}
        names = {each.id: each.name for each in office.people.departments(removed=True)}
        practised = ring.trust.practised_at if ring.trust is not None else None
        keys = sorted(
            office.town_keys.department_keys(),
            key=lambda key: (names.get(key.department, ""), key.retired, -key.year),
        )
        return _Look(
            root=ring.root,
            root_words=office.town_keys.root_words(),
            own_words=office.town_keys.own_words(),
            practised=japan_time(practised)[:10],
            tasks=tuple(read_tasks(office)),
            keys=tuple(
                _KeyLine(
                    department=names.get(key.department, ""),
                    year=key.year,
                    holders="、".join(people[each] for each in key.holders if each in people),
                    retired=key.retired,
                    mine=key.id in ring.secrets,
                )
                for key in keys
            ),
        )

    def _show(self, look: _Look) -> None:
        if look == self._last:
            return
        self._last = look
        self._show_tasks(look)
        self._own.show_words(look.own_words)
        self._root.show_words(look.root_words)
        words, tone = _ROOT_WORDS[look.root]
        self._root_state.setText(words)
        self._root_state.setProperty("role", {"error": "error", "success": "success"}.get(tone, "muted"))
        self._root_state.style().polish(self._root_state)
        admin = self.desk.office.rights.is_admin
        self._compare.setVisible(look.root == "unknown")
        self._make.setVisible(look.root == "none" and admin)
        self._practise.setVisible(look.root != "none" and admin)
        self._restore.setVisible(look.root != "none")
        self._practised.setText(f"復元の練習：{look.practised}" if look.practised else "")
        self._show_keys(look)

    def _show_tasks(self, look: _Look) -> None:
        clear(self._tasks)
        self._tasks.addWidget(label("あなたがすること", "heading"))
        if not look.tasks:
            self._tasks.addWidget(label("いまは何もありません。", "muted", name="keys.nothing"))
        for place, named in enumerate(look.tasks):
            if place:
                self._tasks.addWidget(line())
            self._tasks.addWidget(task_row(place, named, self._act))

    def _show_keys(self, look: _Look) -> None:
        clear(self._keys)
        self._keys.addWidget(label("課の鍵", "heading"))
        if not look.keys:
            words = "課に入っている人の鍵を確認すると、課の鍵ができます。"
            self._keys.addWidget(label(words, "muted", wrap=True))
            return
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for row, key in enumerate(look.keys):
            grid.addWidget(label(key.department, "subheading"), row, 0)
            grid.addWidget(label(f"{key.year}年度", "muted"), row, 1)
            holders = key.holders or "開ける人がいません（復元の紙で開けます）"
            grid.addWidget(label(holders, "" if key.holders else "error", wrap=True), row, 2)
            state = badge("前の鍵", "neutral") if key.retired else badge("いまの鍵", "info")
            grid.addWidget(state, row, 3)
            mine = badge("受け取り済み", "success") if key.mine else label("", "small")
            grid.addWidget(mine, row, 4)
        self._keys.addWidget(made)

    def _own_card(self) -> QWidget:
        frame, column = card(margin=18, spacing=10)
        column.addWidget(label("あなたの8つの言葉", "heading"))
        words = "登録したあと、管理者に電話でこの言葉を読み上げてください。人に聞かれてもかまいません。"
        column.addWidget(label(words, "muted", wrap=True))
        self._own = WordGrid(name="keys.own")
        column.addWidget(self._own)
        return frame

    def _root_card(self) -> QWidget:
        frame, column = card(margin=18, spacing=10)
        column.addWidget(label("町の鍵の8つの言葉", "heading"))
        self._root_state = label("", "muted", wrap=True, name="keys.root")
        column.addWidget(self._root_state)
        self._root = WordGrid(name="keys.town")
        column.addWidget(self._root)
        self._compare = button("紙と見比べた", self.compare, name="keys.compare", role="primary")
        self._make = button("はじめての設定を開く", lambda: self.desk.routes.go("setup"), name="keys.make")
        self._practise = button("復元の練習をする", lambda: self._recover("practise"), name="keys.practise")
        self._restore = button("復元の紙で開く", lambda: self._recover("restore"), name="keys.restore")
        self._practised = label("", "muted", name="keys.practised")
        column.addLayout(row_of(self._compare, self._make, self._practised, 1, self._practise, self._restore))
        return frame

    def compare(self) -> None:
        if self._last is not None:
            CompareRootSheet(self, self.desk, self._last.root_words, self._done).open()

    def _recover(self, what: str) -> None:
        self.desk.routes.open("recovery", what)

    def _act(self, named: NamedTask) -> None:
        task, keys = named.task, self.desk.office.town_keys
        match task.kind:
            case "compare_root":
                self.compare()
            case "read_out":
                OwnWordsSheet(self, self.desk).open()
            case "confirm":
                ConfirmSheet.ask(self, self.desk, task.member, self._done)
            case "hand_on":
                self._hand_on(named)
            case "make" | "rotate" | "renew":
                self._run(lambda: keys.rotate(task.department), "課の鍵を作りました。")
            case "lost":
                self._recover("restore")
            case "practise":
                self._recover("practise")

    def _hand_on(self, named: NamedTask) -> None:
        task, keys = named.task, self.desk.office.town_keys
        words = "渡すと、その課にこれまで届いたものと、これから届くものを、この人も開けるようになります。本当にこの課の人か、確かめてから渡してください。"  # noqa: E501
        if ask_first(self, f"{named.member}さんに鍵を渡しますか", words, "鍵を渡す"):
            self._run(lambda: keys.hand_on(task.member, task.department), "鍵を渡しました。")

    def _run(self, call: object, words: str) -> None:
        self.desk.background.local(call, lambda _: self._done(words), self._failed)  # type: ignore[arg-type]

    def _done(self, words: str) -> None:
        self.banner.tell("success", words)
        self.desk.routes.wake_sync()
        self.refresh()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)

    def leave(self) -> None:
        self.banner.hide()


class CompareRootSheet(Sheet):
    """The town's eight words beside the paper the person was given."""

    def __init__(self, parent: QWidget, desk: Desk, words: tuple[Word, ...], done: object) -> None:
        super().__init__(parent, "町の鍵を見比べる", name="compare_root", width=640)
        self._desk, self._done, self._words = desk, done, words
        self.column.addWidget(label(
            "管理者から受け取った紙（登録コードの紙）にある8つの言葉と、1つずつ見比べてください。", wrap=True
        ))  # fmt: skip
        grid = WordGrid(name="compare_root.words")
        grid.show_words(words)
        self.column.addWidget(grid)
        self.column.addWidget(
            label("1つでも違うときは、押さずに情報担当に知らせてください。", "muted", wrap=True)
        )
        cancel = button("まだ見比べていない", self.reject, name="compare_root.cancel")
        go = button("8つとも同じでした", self._accept_root, name="compare_root.go", role="primary")
        self.end_with(1, cancel, go)
        cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _accept_root(self) -> None:
        keys = self._desk.office.town_keys
        self._desk.background.local(lambda: keys.accept_root(self._words), lambda _: self._accepted())

    def _accepted(self) -> None:
        self.accept()
        self._done("町の鍵を確かめました。")  # type: ignore[operator]


class OwnWordsSheet(Sheet):
    """The own eight words, large, while the telephone rings."""

    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent, "あなたの8つの言葉", name="own_words", width=640)
        self.column.addWidget(label("この8つの言葉を、管理者に電話で読み上げてください。", wrap=True))
        grid = WordGrid(name="own_words.words")
        grid.show_words(desk.office.town_keys.own_words())
        self.column.addWidget(grid)
        self.column.addWidget(
            label("管理者が確認すると、課の鍵を受け取れるようになります。", "muted", wrap=True)
        )
        self.end_with(1, button("閉じる", self.accept, name="own_words.close", role="primary"))
