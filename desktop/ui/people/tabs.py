"""The row of tabs above the screens of 「利用者と権限」."""

from __future__ import annotations

from desktop.ui.screen import Desk
from desktop.ui.tabs import ScreenTabs

TABS = (
    ("people", "利用者"),
    ("departments", "課"),
    ("rights", "権限表"),
    ("town-keys", "鍵"),
    ("transfers", "異動の取り込み"),
)


class TabRow(ScreenTabs):
    def __init__(self, desk: Desk, chosen: str) -> None:
        super().__init__(desk, chosen, TABS, name="people", place="利用者と権限")
