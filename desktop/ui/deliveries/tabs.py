"""The row of tabs above the screens of 「配信」."""

from __future__ import annotations

from desktop.ui.screen import Desk
from desktop.ui.tabs import ScreenTabs

TABS = (
    ("deliveries", "配信の一覧"),
    ("delivery-calendar", "カレンダー"),
    ("groups", "保存した宛先"),
    ("lists", "リスト"),
)
"""Page and word. Ctrl+K and the menu 「配信」 name them too."""


class DeliveryTabs(ScreenTabs):
    def __init__(self, desk: Desk, chosen: str) -> None:
        super().__init__(desk, chosen, TABS, name="deliveries", place="配信")
