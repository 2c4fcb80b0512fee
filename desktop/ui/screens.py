"""Every screen of the work area."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from desktop.config import ScreenSettings
from desktop.ui.account.screen import AccountScreen
from desktop.ui.audit.access import AccessLogScreen
from desktop.ui.audit.screen import AuditScreen
from desktop.ui.calendar.screen import CalendarScreen
from desktop.ui.confirm.approval import ApprovalScreen
from desktop.ui.confirm.screen import ConfirmScreen
from desktop.ui.contact_forms.screen import ContactFormsScreen
from desktop.ui.deliveries.detail import DetailScreen
from desktop.ui.deliveries.list import DeliveriesScreen
from desktop.ui.devices.screen import DevicesScreen
from desktop.ui.editor.screen import EditorScreen
from desktop.ui.holidays.screen import HolidaysScreen
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
from desktop.ui.sending_rules.screen import SendingRulesScreen
from desktop.ui.settings.screen import SettingsScreen
from desktop.ui.setup.recovery import RecoveryScreen
from desktop.ui.setup.screen import SetupScreen
from desktop.ui.waiting.screen import WaitingScreen
from desktop.ui.waste.screen import WasteScreen
from desktop.ui.waste.words import WasteWordsScreen

_KINDS: tuple[type[Screen], ...] = (
    HomeScreen,
    EditorScreen,
    ConfirmScreen,
    DetailScreen,
    DeliveriesScreen,
    ItemEditScreen,
    ManualScreen,
    InboxScreen,
    ApprovalScreen,
    CalendarScreen,
    SendingRulesScreen,
    HolidaysScreen,
    GroupsScreen,
    ListsScreen,
    InboxItemScreen,
    ContactFormsScreen,
    ItemsScreen,
    PeopleScreen,
    DepartmentsScreen,
    RightsScreen,
    TownKeysScreen,
    TransfersScreen,
    RecoveryScreen,
    SetupScreen,
    WaitingScreen,
    WasteScreen,
    WasteWordsScreen,
    AccountScreen,
    DevicesScreen,
    AuditScreen,
    AccessLogScreen,
    SettingsScreen,
)
_Kind = TypeVar("_Kind", bound=Screen)


class Screens:
    """Made when they are first seen: nobody visits all of them, and together they take a second.

    Those that menus and routes speak to have a name here; the rest are found by their page. `made` is told of
    each new one.
    """

    def __init__(
        self, desk: Desk, change_settings: Callable[[ScreenSettings], None], made: Callable[[Screen], object]
    ) -> None:
        self._desk = desk
        self._change_settings = change_settings
        self._told = made
        self._made: dict[str, Screen] = {}

    @property
    def editor(self) -> EditorScreen:
        return self._get(EditorScreen)

    @property
    def confirmation(self) -> ConfirmScreen:
        return self._get(ConfirmScreen)

    @property
    def detail(self) -> DetailScreen:
        return self._get(DetailScreen)

    @property
    def deliveries(self) -> DeliveriesScreen:
        return self._get(DeliveriesScreen)

    @property
    def item_edit(self) -> ItemEditScreen:
        return self._get(ItemEditScreen)

    @property
    def manual(self) -> ManualScreen:
        return self._get(ManualScreen)

    @property
    def inbox(self) -> InboxScreen:
        return self._get(InboxScreen)

    def by_page(self, page: str) -> Screen:
        """Raises KeyError for a page that does not exist."""
        return self._get(_BY_PAGE[page])

    def _get(self, kind: type[_Kind]) -> _Kind:
        made = self._made.get(kind.page)
        if made is None:
            made = self._make(kind)
            self._made[kind.page] = made
            self._told(made)
        assert isinstance(made, kind)
        return made

    def _make(self, kind: type[Screen]) -> Screen:
        if kind is SettingsScreen:
            return SettingsScreen(self._desk, self._change_settings)
        return kind(self._desk)


_BY_PAGE: dict[str, type[Screen]] = {kind.page: kind for kind in _KINDS}
PAGES: tuple[str, ...] = tuple(_BY_PAGE)
