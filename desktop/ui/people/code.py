"""A one-time code for somebody, on the screen and on paper; and what a reset means before there is one."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_trouble
from desktop.keys.passphrase import Word
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner, card
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from desktop.ui.people.words import WordGrid
from desktop.ui.screen import Desk
from desktop.ui.setup.paper import code_paper, print_paper
from protocol.signin import CodeAnswer, CodeKind
from protocol.staff import StaffMember

_STEPS = {
    "enrol": "本人のパソコンで「まどぐち」を開き、利用者名とこのコードを入れてもらってください。",
    "device": "新しいパソコンで「まどぐち」を開き、「使っている合言葉のまま、この端末を追加する」に"
    "印を付けて、利用者名とこのコードと合言葉を入れてもらってください。",
    "reset": "本人のパソコンで「まどぐち」を開き、「別の登録コードを使う」を押して、"
    "利用者名とこのコードを入れてもらってください。",
}
_OWN_STEP = (
    "新しいパソコンで「まどぐち」を開き、「使っている合言葉のまま、この端末を追加する」に印を付けて、"
    "利用者名とこのコードと合言葉を入れてください。"
)


class CodeSheet(Sheet):
    """Shown once: closing it forgets the code."""

    def __init__(
        self, parent: QWidget, desk: Desk, member: StaffMember, kind: CodeKind, answer: CodeAnswer,
        root_words: tuple[Word, ...],
    ) -> None:  # fmt: skip
        own = member.id == desk.office.me.id
        title = "自分の端末を追加するコード" if own else f"{member.display_name}さんの登録コード"
        super().__init__(parent, title, name="code", width=640)
        self._desk, self._member, self._answer, self._words = desk, member, answer, root_words
        self.column.addWidget(label(_OWN_STEP if own else _STEPS[kind], wrap=True, name="code.step"))
        frame, inner = card(margin=16, spacing=6)
        inner.addWidget(label(f"利用者名　{member.login_name}", "muted", letters=True))
        inner.addWidget(label(f"つなぎ先　{desk.office.relay_url}", "muted", wrap=True, letters=True))
        groups = answer.code.split("-")
        in_two = f"{'-'.join(groups[:4])}\n{'-'.join(groups[4:])}"
        code = label(in_two, "passphrase", name="code.code", wrap=True)
        code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        code.setAccessibleName(f"登録コード {answer.code}")
        inner.addWidget(code)
        until = short(answer.expires_at, desk.office.clock())
        inner.addWidget(label(f"{until} まで、1回だけ使えます。", "muted"))
        self.column.addWidget(frame)
        if root_words:
            compare = "見比べてください" if own else "、本人に見比べてもらってください"
            self.column.addWidget(
                label(f"登録のあとで、画面の8つの言葉がこれと同じかを{compare}。", wrap=True)
            )
            grid = WordGrid(name="code.words")
            grid.show_words(root_words)
            self.column.addWidget(grid)
        self.end_with(
            button("コピーする", self._copy, name="code.copy"),
            button("印刷する", self._print, name="code.print", icon="printer", theme=desk.theme),
            1,
            button("閉じる", self.accept, name="code.close", role="primary"),
        )

    @classmethod
    def ask(
        cls, parent: QWidget, desk: Desk, member: StaffMember, banner: Banner, kind: CodeKind | None = None
    ) -> None:
        """Ask the relay for a code and show it; troubles go to the banner."""
        wanted: CodeKind = kind or ("enrol" if member.state == "invited" else "device")
        office = desk.office

        def get() -> tuple[CodeAnswer, tuple[Word, ...]]:
            office.sync()  # whoever was invited a moment ago must be known there first
            return office.people.code(member.id, wanted), office.town_keys.root_words()

        def show(answer: tuple[CodeAnswer, tuple[Word, ...]]) -> None:
            banner.hide()
            cls(parent, desk, member, wanted, *answer).open()

        def failed(trouble: Trouble) -> None:
            banner.tell("error", f"登録コードを出せませんでした。{words_of_trouble(trouble).both}")

        banner.tell("info", "登録コードを用意しています…")
        desk.background.ask(get, show, failed)

    @classmethod
    def ask_for_new(cls, parent: QWidget, desk: Desk, id: str, banner: Banner) -> None:
        """For a person whose invitation is still in the outbox."""

        def known(member: StaffMember | None) -> Any:
            if member is not None:
                cls.ask(parent, desk, member, banner)

        desk.background.local(lambda: desk.office.people.find(id), known)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._answer.code)

    def _print(self) -> None:
        office = self._desk.office
        until = short(self._answer.expires_at, office.clock())
        paper = code_paper(self._member, self._answer.code, until, office.relay_url, self._words)
        print_paper(self, paper)


class ResetSheet(Sheet):
    """Says what a reset means before it happens."""

    def __init__(self, parent: QWidget, desk: Desk, member: StaffMember, banner: Banner) -> None:
        super().__init__(parent, f"{member.display_name}さんの合言葉をやり直す", name="reset", width=600)
        self._parent, self._desk, self._member, self._banner = parent, desk, member, banner
        for words in (
            "登録コードを1つ出します。本人がそのコードを入れると、新しい合言葉と新しい鍵を作れます。",
            "そのとき、前の合言葉と、登録していた端末はすべて使えなくなります。",
            "鍵が新しくなるので、8つの言葉の確認と、課の鍵の受け渡しをもう一度行います。それまで、本人は何も開けません。",
            "管理者が、この人の合言葉や、課に届いた内容を読めるようになることはありません。",
        ):
            self.column.addWidget(label(words, wrap=True))
        cancel = button("やめる", self.reject, name="reset.cancel")
        go = button("やり直しのコードを出す", self._go, name="reset.go", role="primary")
        self.end_with(1, cancel, go)
        cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go(self) -> None:
        self.accept()
        CodeSheet.ask(self._parent, self._desk, self._member, self._banner, "reset")
