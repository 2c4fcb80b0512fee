"""Every screen of the work area, made once at sign-in."""

from __future__ import annotations

from collections.abc import Callable

from desktop.config import ScreenSettings
from desktop.ui.account.screen import AccountScreen
from desktop.ui.audit.access import AccessLogScreen
from desktop.ui.audit.screen import AuditScreen
from desktop.ui.confirm.screen import ConfirmScreen
from desktop.ui.contact_forms.screen import ContactFormsScreen
from desktop.ui.deliveries.detail import DetailScreen
from desktop.ui.deliveries.list import DeliveriesScreen
from desktop.ui.devices.screen import DevicesScreen
from desktop.ui.editor.screen import EditorScreen
from desktop.ui.home.screen import HomeScreen
from desktop.ui.inbox.item import InboxItemScreen
from desktop.ui.inbox.list import InboxScreen
from desktop.ui.items.edit import ItemEditScreen
from desktop.ui.items.list import ItemsScreen
from desktop.ui.lists.screen import ListsScreen
from desktop.ui.manual.viewer import ManualScreen
from desktop.ui.people.departments import DepartmentsScreen
from desktop.ui.people.keys import TownKeysScreen
from desktop.ui.people.list import PeopleScreen
from desktop.ui.people.rights import RightsScreen
from desktop.ui.people.transfers import TransfersScreen
from desktop.ui.screen import Desk, Screen
from desktop.ui.segments.groups import GroupsScreen
from desktop.ui.settings.screen import SettingsScreen
from desktop.ui.setup.recovery import RecoveryScreen
from desktop.ui.setup.screen import SetupScreen
from desktop.ui.waiting.screen import WaitingScreen


class Screens:
    """Those that menus and routes speak to have a name here; the rest are found by their page."""

    def __init__(self, desk: Desk, change_settings: Callable[[ScreenSettings], None]) -> None:
        self.editor, self.confirmation = EditorScreen(desk), ConfirmScreen(desk)
        self.detail, self.deliveries = DetailScreen(desk), DeliveriesScreen(desk)
        self.item_edit, self.manual = ItemEditScreen(desk), ManualScreen(desk)
        self.inbox = InboxScreen(desk)
        made: list[Screen] = [
            HomeScreen(desk),
            self.deliveries,
            self.editor,
            self.confirmation,
            self.detail,
            GroupsScreen(desk),
            ListsScreen(desk),
            self.inbox,
            InboxItemScreen(desk),
            ContactFormsScreen(desk),
            ItemsScreen(desk),
            self.item_edit,
            PeopleScreen(desk),
            DepartmentsScreen(desk),
            RightsScreen(desk),
            TownKeysScreen(desk),
            TransfersScreen(desk),
            RecoveryScreen(desk),
            SetupScreen(desk),
            WaitingScreen(desk),
            self.manual,
            SettingsScreen(desk, change_settings),
            AccountScreen(desk),
            DevicesScreen(desk),
            AuditScreen(desk),
            AccessLogScreen(desk),
        ]
        self._by_page = {screen.page: screen for screen in made}

    def all(self) -> list[Screen]:
        return list(self._by_page.values())

    def by_page(self, page: str) -> Screen:
        return self._by_page[page]
