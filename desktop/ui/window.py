"""The main window: doors first, then the work area. Screens do not know each other; the routes here
connect them.

Stable object names for story scripts and tests (QWidget.findChild):

| Name | What |
|---|---|
| `signin.passphrase`, `signin.go`, `signin.banner` | sign-in |
| `first.address`, `first.code`, `first.login_name`, `first.display_name`, `first.next` | first start, step 1 |
| `first.passphrase`, `first.written`, `first.repeat`, `first.create`, `first.further` | first start, further steps |
| `rail.home`, `rail.deliveries`, `rail.items`, `rail.waiting`, `rail.manual`, `rail.settings` | left rail |
| `bar.connection`, `bar.waiting`, `bar.environment`, `bar.person`, `bar.message` | bottom bar |
| `screen.<page>` | each screen; pages: home, deliveries, delivery-edit, delivery-result, confirm, items, item-edit, … |
| `home.new_delivery`, `home.link_line`, `home.restore`, `home.number.friends` | home |
| `deliveries.table`, `deliveries.new`, `deliveries.open`, `deliveries.copy`, `deliveries.search` | list |
| `editor.title`, `bubble.<n>.text`, `bubbles.add_text`, `bubbles.add_image`, `editor.saved` | editor |
| `recipients.add`, `recipients.condition.<n>`, `recipients.sentence`, `recipients.count` | recipients |
| `condition.what`, `condition.choices`, `condition.go` | one condition |
| `editor.test`, `test.person.<login name>`, `test.go`, `test.banner` | test delivery |
| `link.code`, `link.banner`, `link.close` | tying the own LINE account |
| `editor.confirm`, `confirm.count`, `confirm.quota`, `confirm.typed`, `confirm.send` | confirmation |
| `detail.state`, `detail.bar`, `detail.number.accepted`, `detail.copy` | a delivery looked back at |
| `detail.paused.words`, `detail.resume`, `resume.words`, `resume.quota`, `resume.go` | going on with a stopped one |
| `items.new`, `items.edit.<n>`, `items.up.<n>`, `item.title`, `item.question`, `choices.table`, `item.save` | items |
| `manual.list`, `manual.page`, `manual.search`, `find.words`, `find.list` | manual, Ctrl+K |
"""  # noqa: E501

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop.config import ScreenSettings
from desktop.errors import Trouble
from desktop.features.office import Office
from desktop.features.wording import words_for, words_of_trouble
from desktop.log import LOGGER
from desktop.sync.loop import Connection, SyncLoop
from desktop.sync.round import Rounds
from desktop.ui.background import Background
from desktop.ui.bottom_bar import BottomBar
from desktop.ui.confirm.screen import ConfirmScreen
from desktop.ui.deliveries.detail import DetailScreen
from desktop.ui.deliveries.list import DeliveriesScreen
from desktop.ui.editor.screen import EditorScreen
from desktop.ui.finding import FindSheet
from desktop.ui.home.screen import HomeScreen
from desktop.ui.items.edit import ItemEditScreen
from desktop.ui.items.list import ItemsScreen
from desktop.ui.manual.viewer import ManualScreen
from desktop.ui.menus import Actions, build_menus
from desktop.ui.parts.cards import Banner
from desktop.ui.rail import Rail
from desktop.ui.screen import Desk, Routes, Screen
from desktop.ui.settings.screen import SettingsScreen
from desktop.ui.staff.line_link import LineLinkSheet
from desktop.ui.theme import ENVIRONMENT_COLOURS, Theme
from desktop.ui.waiting.screen import WaitingScreen
from protocol.deliveries import DeliveryDraft
from protocol.items import SegmentItem
from protocol.sync import TownSettings

_RAIL_OF = {
    "delivery-edit": "deliveries", "delivery-result": "deliveries", "confirm": "deliveries", "item-edit": "items",  # noqa: E501
}  # fmt: skip


class MainWindow(QMainWindow):
    """`enter` puts the work area in place of the door. `closed` is called once, when the window goes."""

    def __init__(
        self, theme: Theme, *, change_settings: Callable[[ScreenSettings], None], closed: Callable[[], None]
    ) -> None:
        super().__init__()
        self.theme = theme
        self._change_settings, self._closed = change_settings, closed
        self.background = Background(self.tell_trouble, self.tell_bug)
        self.work: WorkArea | None = None
        self.setWindowTitle("まどぐち")
        self.resize(1280, 800)
        self.setMinimumSize(960, 620)

    def show_door(self, door: QWidget) -> None:
        self.setCentralWidget(door)

    def enter(self, office: Office, rounds: Rounds) -> None:
        """Signed in: show the work area and start to sync."""
        self.work = WorkArea(self, office, rounds, self._change_settings)
        self.setCentralWidget(self.work)
        build_menus(self, self.work.menu_actions())
        self.work.start()

    def tell_trouble(self, trouble: Trouble) -> None:
        if self.work is not None:
            self.work.tell("error", words_of_trouble(trouble).both)

    def tell_bug(self, error: BaseException) -> None:
        """Ours to mend: the log gets the kind of error, the person gets a calm word."""

        LOGGER.error("bug: %s", type(error).__name__, exc_info=error)
        self.tell_trouble(Trouble())

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.work is not None:
            self.work.leave()
        super().closeEvent(event)
        self._closed()

    async def stop(self) -> None:
        """End the rounds and close the office; what is unsent stays in the outbox."""
        if self.work is not None:
            await self.work.stop()
        self.background.stop()


class WorkArea(QWidget):
    """Rail, screens, bottom bar, and the frame in the colour of the environment."""

    def __init__(
        self,
        window: MainWindow,
        office: Office,
        rounds: Rounds,
        change_settings: Callable[[ScreenSettings], None],
    ) -> None:
        super().__init__()
        self._window, self._office = window, office
        self._sheet: LineLinkSheet | None = None
        self._environment = ""
        self.desk = Desk(office, window.background, window.theme, self._routes())
        self.sync = SyncLoop(
            rounds, window.background.remote, told=self._show_connection, changed=self.refresh
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._stripe = QFrame()
        self._stripe.setFixedHeight(5)
        column.addWidget(self._stripe)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.rail = Rail(window.theme, self.go)
        row.addWidget(self.rail)
        centre = QVBoxLayout()
        centre.setSpacing(0)
        self.banner = Banner(window.theme, name="window.banner")
        centre.addWidget(self.banner)
        self.stack = QStackedWidget()
        centre.addWidget(self.stack, 1)
        row.addLayout(centre, 1)
        column.addLayout(row, 1)
        self.bar = BottomBar(
            window.theme, show_waiting=lambda: self.go("waiting"), person=office.me.display_name
        )
        column.addWidget(self.bar)
        self.screens = self._screens(change_settings)
        self._show_environment("")

    def start(self) -> None:
        self.go("home")
        self.sync.start()
        self.refresh()

    async def stop(self) -> None:
        await self.sync.stop()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._office.close)

    def leave(self) -> None:
        current = self.stack.currentWidget()
        if isinstance(current, Screen):
            current.leave()

    def go(self, page: str) -> None:
        """Show a screen by its page name."""
        screen = self.screens[page]
        current = self.stack.currentWidget()
        if isinstance(current, Screen) and current is not screen:
            current.leave()
        self.banner.hide()
        self.bar.say("")
        self.stack.setCurrentWidget(screen)
        self.rail.choose(_RAIL_OF.get(page, page))
        screen.refresh()

    def refresh(self) -> None:
        """The replica changed: what is on the screen looks again."""
        current = self.stack.currentWidget()
        if isinstance(current, Screen):
            current.refresh()
        if self._sheet is not None:
            self._sheet.refresh()
        home = self._office.home
        self._window.background.local(
            home.today, lambda today: self._show_town(today.settings, today.waiting)
        )

    def tell(self, tone: str, words: str) -> None:
        self.banner.tell(tone, words, ("window.banner.close", "閉じる", self.banner.hide))

    @property
    def page(self) -> str:
        current = self.stack.currentWidget()
        return current.page if isinstance(current, Screen) else ""

    def menu_actions(self) -> Actions:
        """What the menus and keys do."""
        editor = self.editor
        return Actions(
            go=self.go,
            new_delivery=self._new_delivery,
            save=lambda: editor.save() if self.page == "delivery-edit" else None,
            undo=lambda: editor.undo() if self.page == "delivery-edit" else None,
            redo=lambda: editor.redo() if self.page == "delivery-edit" else None,
            find_here=self._find_here,
            find_anything=self.find_anything,
            help_here=lambda: self._open_manual(self.page),
            manual=lambda: self.go("manual"),
            export=self._export,
            test=lambda: editor.test() if self.page == "delivery-edit" else None,
            confirm=lambda: editor.confirm() if self.page == "delivery-edit" else None,
            wake_sync=self._wake,
            link_line=self._link_line,
            text_size=self._step_text_size,
            close=self._window.close,
        )

    def find_anything(self) -> None:
        sheet = FindSheet(self, self.desk, self.go)
        sheet.open()

    def _routes(self) -> Routes:
        return Routes(
            home=lambda: self.go("home"),
            items=lambda: self.go("items"),
            edit_item=self._edit_item,
            deliveries=lambda: self.go("deliveries"),
            new_delivery=self._new_delivery,
            edit_delivery=self._edit_delivery,
            open_delivery=self._open_delivery,
            confirm=self._confirm,
            waiting=lambda: self.go("waiting"),
            manual=self._open_manual,
            link_line=self._link_line,
            wake_sync=self._wake,
            say=lambda words: self.bar.say(words),
        )

    def _screens(self, change_settings: Callable[[ScreenSettings], None]) -> dict[str, Screen]:
        self.editor, self.confirmation = EditorScreen(self.desk), ConfirmScreen(self.desk)
        self.detail, self.deliveries = DetailScreen(self.desk), DeliveriesScreen(self.desk)
        self.item_edit, self.manual = ItemEditScreen(self.desk), ManualScreen(self.desk)
        made: list[Screen] = [
            HomeScreen(self.desk), self.deliveries, self.editor, self.confirmation, self.detail,
            ItemsScreen(self.desk), self.item_edit, WaitingScreen(self.desk), self.manual,
            SettingsScreen(self.desk, change_settings),
        ]  # fmt: skip
        for screen in made:
            self.stack.addWidget(screen)
        return {screen.page: screen for screen in made}

    def _new_delivery(self) -> None:
        self._window.background.local(self._office.deliveries.new, self._edit_delivery)

    def _edit_delivery(self, draft: DeliveryDraft) -> None:
        self.go("delivery-edit")
        self.editor.edit(draft)

    def _open_delivery(self, delivery_id: str) -> None:
        def show() -> None:
            self.detail.open(delivery_id)
            self.go("delivery-result")

        get = self._office.deliveries.get
        self._window.background.local(
            lambda: get(delivery_id),
            lambda shown: (
                self._edit_delivery(shown.body.draft)
                if shown is not None and shown.body.state == "draft"
                else show()
            ),
        )

    def _confirm(self, draft: DeliveryDraft) -> None:
        self.go("confirm")
        self.confirmation.look(draft)

    def _edit_item(self, item: SegmentItem) -> None:
        self.go("item-edit")
        self.item_edit.edit(item)

    def _open_manual(self, page: str) -> None:
        self.go("manual")
        self.manual.open(page)

    def _link_line(self) -> None:
        def show(account: str) -> None:
            self._sheet = LineLinkSheet(self, self.desk, account)
            self._sheet.finished.connect(self._unlinked_sheet)
            self._sheet.open()

        self._window.background.local(self._office.home.account_name, show)

    def _unlinked_sheet(self) -> None:
        self._sheet = None
        self.refresh()

    def _export(self) -> None:
        self.go("deliveries")
        self.deliveries.export()

    def _find_here(self) -> None:
        if self.page != "deliveries":
            self.go("deliveries")
        self.deliveries.focus_search()

    def _wake(self) -> None:
        self.sync.wake()
        self.refresh()

    def _step_text_size(self, step: int) -> None:
        settings = self._window.theme.settings
        sizes = (90, 100, 115, 130, 150)
        place = 1 if step == 0 else min(max(sizes.index(settings.text_size) + step, 0), len(sizes) - 1)
        self._window._change_settings(settings.with_text_size(sizes[place]))

    def _show_connection(self, connection: Connection) -> None:
        self.bar.show_connection(connection)
        if connection.state == "refused" and connection.trouble is not None:
            self.tell("error", words_of_trouble(connection.trouble).both)
        elif connection.state == "online":
            self.banner.hide()
        if connection.state == "offline" and connection.trouble is not None:
            code = connection.trouble.code
            if code in ("certificate_changed", "certificate_untrusted", "answer_unreadable"):
                self.tell("error", words_of_trouble(connection.trouble).both)

    def _show_town(self, settings: TownSettings | None, waiting: int) -> None:
        self.bar.show_waiting_count(waiting)
        if settings is not None and settings.environment != self._environment:
            self._show_environment(settings.environment)
        if settings is not None:
            words = words_for("environment")[settings.environment]
            self._window.setWindowTitle(
                f"まどぐち – {settings.account_name or settings.town_name}（{words}）"
            )

    def _show_environment(self, environment: str) -> None:
        self._environment = environment
        self._stripe.setStyleSheet(f"background: {ENVIRONMENT_COLOURS.get(environment, '#666666')};")
        self.bar.show_environment(environment)
