"""The screen that covers everything while nobody is there, and the one that ends a revoked machine's work.

By the time either is seen, keys and session are gone; the passphrase opens everything anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from desktop.ui.door.frame import DoorFrame
from desktop.ui.door.sign_in import SignIn
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.theme import Theme


class LockScreen(SignIn):
    page = "lock"
    prefix = "lock"
    title = "画面をロックしています"
    hint = "合言葉を入れると、続きから仕事ができます。書きかけの配信と返信は保存してあります。"
    verb = "ロックを外す"
    other = "別の人がサインインする"


class ShutOut(DoorFrame):
    """The relay does not know this machine or this person any more."""

    page = "lock"

    def __init__(
        self, theme: Theme, words: str, *, close: Callable[[], Any], enrol_again: Callable[[], Any]
    ) -> None:
        super().__init__(theme, "この端末では続けられません", words)
        again = button("登録コードで登録し直す", enrol_again, name="shut_out.enrol", role="quiet")
        end = button("終わる", close, name="shut_out.close", role="primary")
        self.column.addLayout(row_of(again, 1, end))
