"""The choice after a colleague was quicker, wherever it is offered: at the thing, and at 「送信待ち」."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from desktop.features.conflicts import Conflict
from desktop.ui.parts.conflict import ConflictChoice
from desktop.ui.screen import Desk


def ask_about(desk: Desk, choice: ConflictChoice, conflict: Conflict, decided: Callable[[], Any]) -> None:
    """Show both sides; what is chosen is done at once, and `decided` is called after it.

    Asking the same again changes nothing, so that buttons do not move under a hand.
    """
    if choice.asked == conflict and not choice.isHidden():
        return
    conflicts = desk.office.conflicts

    def done(_: object) -> None:
        choice.hide()
        decided()
        desk.routes.wake_sync()

    choice.asked = conflict
    choice.ask(
        conflict.now,
        conflict.mine,
        rewrite=lambda: desk.background.local(lambda: conflicts.rewrite(conflict), done),
        keep=lambda: desk.background.local(lambda: conflicts.let_go(conflict), done),
    )
