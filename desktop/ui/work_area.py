"""What a signed-in person works in: rail, screens, bottom bar, and the frame in the environment's colour.

Screens do not know each other; the routes here connect them. A new screen is added in `screens.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.config import ScreenSettings
from desktop.features.office import Office
from desktop.features.wording import words_for, words_of_trouble
from desktop.replica.records import Shown
from desktop.sync.loop import Connection, SyncLoop
from desktop.sync.round import Rounds
from desktop.ui.account.asking import AskingThePerson
from desktop.ui.allowed import NOT_ALLOWED, may_see
from desktop.ui.audit.alarm import AlarmBanner
from desktop.ui.background import Background
from desktop.ui.bottom_bar import BottomBar
from desktop.ui.finding import FindSheet
from desktop.ui.menus import Actions
from desktop.ui.parts.cards import Banner
from desktop.ui.rail import Rail
from desktop.ui.screen import Desk, Routes, Screen
from desktop.ui.screens import Screens
from desktop.ui.staff.line_link import LineLinkSheet
from desktop.ui.theme import ENVIRONMENT_COLOURS
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.items import SegmentItem
from protocol.sync import TownSettings

if TYPE_CHECKING:
    from desktop.ui.window import MainWindow


@dataclass(frozen=True)
class Place:
    """A page, and the thing it is about where it is about one."""

    page: str
    thing: str = ""


CLOCK_TOLERANCE = timedelta(minutes=2)
"""Beyond it the person is told. From five minutes on the relay hears nothing more from this machine."""


class WorkArea(QWidget):
    """Rail, screens, bottom bar, and the frame in the colour of the environment."""

    def __init__(
        self,
        window: MainWindow,
        office: Office,
        rounds: Rounds,
        change_settings: Callable[[ScreenSettings], None],
        background: Background,
    ) -> None:
        super().__init__()
        self._window, self._office, self._background = window, office, background
        self._things: dict[str, str] = {}
        self._sheet: LineLinkSheet | None = None
        self._environment = ""
        self.desk = Desk(office, background, window.theme, self._routes())
        self.sync = SyncLoop(
            rounds,
            background.remote,
            told=self._show_connection,
            changed=self.refresh,
            receiving=lambda receiving: self.bar.show_receiving(receiving),
            clock_off=self._show_clock,
        )
        self._asking = AskingThePerson(self, self.desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._stripe = QFrame()
        self._stripe.setFixedHeight(5)
        column.addWidget(self._stripe)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.rail = Rail(window.theme, self.go)
        self.rail.show_only(lambda page: may_see(office, page))
        row.addWidget(self.rail)
        centre = QVBoxLayout()
        centre.setSpacing(0)
        self.alarm = AlarmBanner(self, self.desk)
        centre.addWidget(self.alarm)
        self.clock_banner = Banner(window.theme, name="window.clock")
        centre.addWidget(self.clock_banner)
        self.banner = Banner(window.theme, name="window.banner")
        centre.addWidget(self.banner)
        self.stack = QStackedWidget()
        centre.addWidget(self.stack, 1)
        row.addLayout(centre, 1)
        column.addLayout(row, 1)
        self.bar = BottomBar(
            window.theme,
            show_waiting=lambda: self.go("waiting"),
            pause=self.sync.pause,
            go_on=self.sync.go_on,
            person=office.me.display_name,
        )
        column.addWidget(self.bar)
        self.screens = Screens(self.desk, change_settings, self.stack.addWidget)
        self._show_environment("")

    def start(self) -> None:
        self.go("home")
        self.sync.start()
        self.refresh()

    async def stop(self) -> None:
        """What was left unfinished is kept first; afterwards nobody can read anything here."""
        await self.sync.stop()
        await self._background.finish_local()
        self._background.stop()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._office.close)

    def leave(self) -> None:
        current = self.stack.currentWidget()
        if isinstance(current, Screen):
            current.leave()

    def go(self, page: str) -> None:
        """Show a screen by its page name, where the person may see it."""
        if not may_see(self._office, page):
            self.tell("warning", NOT_ALLOWED)
            return
        screen = self.screens.by_page(page)
        current = self.stack.currentWidget()
        if isinstance(current, Screen) and current is not screen:
            current.leave()
        self.banner.hide()
        self.bar.say("")
        self.stack.setCurrentWidget(screen)
        self.rail.choose(screen.place or page)
        screen.refresh()

    def open(self, page: str, thing: str) -> None:
        """Show a screen that is about one thing, by the thing's id."""
        self._things[page] = thing
        self.screens.by_page(page).open(thing)
        self.go(page)

    def lock(self) -> None:
        """Cover the screen at once."""
        self._window.lock()

    def shut_out(self, words: str) -> None:
        """The relay does not know this machine or person any more."""
        self._window.shut_out(words)

    def place(self) -> Place:
        """Where the person is, to come back to."""
        page = self.page
        if page in ("delivery-edit", "confirm"):
            draft = self.screens.editor.draft
            return Place("delivery-edit", draft.id if draft is not None else "")
        if page == "item-edit":
            return Place("items")  # what was half written there is nobody's yet
        return Place(page, self._things.get(page, ""))

    def return_to(self, place: Place) -> None:
        """Go where the person was; home where that is gone."""
        if not may_see(self._office, place.page):
            return
        if place.page == "delivery-edit":
            self._return_to_draft(place.thing)
        elif place.thing:
            self.open(place.page, place.thing)
        else:
            self.go(place.page)

    def _return_to_draft(self, draft: str) -> None:
        get = self._office.deliveries.get
        self._background.local(
            lambda: get(draft), lambda shown: self._open_delivery(draft) if shown else self.go("deliveries")
        )

    def refresh(self) -> None:
        """The replica changed: what is on the screen looks again."""
        current = self.stack.currentWidget()
        if isinstance(current, Screen):
            current.refresh()
        if self._sheet is not None:
            self._sheet.refresh()
        self.alarm.refresh()
        self._background.local(self._office.rights.look, self._apply_rights)
        self._background.local(self._office.staff.me, lambda me: self.bar.show_person(me.display_name))
        home = self._office.home
        self._background.local(home.today, lambda today: self._show_town(today.settings, today.waiting))

    def _apply_rights(self, changed: bool = True) -> None:
        office = self._office
        self.rail.show_only(lambda page: may_see(office, page))
        if not may_see(office, self.page):
            self.stack.setCurrentWidget(self.screens.by_page("home"))
            self.go("home")
            self.tell("warning", "この画面を使う権限がなくなったため、ホームに戻りました。")
        elif changed:
            current = self.stack.currentWidget()
            if isinstance(current, Screen):
                current.refresh()

    def tell(self, tone: str, words: str) -> None:
        self.banner.tell(tone, words, ("window.banner.close", "閉じる", self.banner.hide))

    @property
    def page(self) -> str:
        current = self.stack.currentWidget()
        return current.page if isinstance(current, Screen) else ""

    def menu_actions(self) -> Actions:
        """What the menus and keys do."""
        screens = self.screens
        return Actions(
            go=self.go,
            new_delivery=self._new_delivery,
            save=lambda: screens.editor.save() if self.page == "delivery-edit" else None,
            undo=lambda: screens.editor.undo() if self.page == "delivery-edit" else None,
            redo=lambda: screens.editor.redo() if self.page == "delivery-edit" else None,
            find_here=self._find_here,
            find_anything=self.find_anything,
            help_here=lambda: self._open_manual(self.page),
            manual=lambda: self.go("manual"),
            export=self._export,
            test=lambda: screens.editor.test() if self.page == "delivery-edit" else None,
            confirm=lambda: screens.editor.confirm() if self.page == "delivery-edit" else None,
            wake_sync=self._wake,
            link_line=self._link_line,
            text_size=self._step_text_size,
            lock=self._window.lock,
            close=self._window.close,
        )

    def find_anything(self) -> None:
        sheet = FindSheet(self, self.desk, self.go)
        sheet.open()

    def _routes(self) -> Routes:
        return Routes(
            go=self.go,
            open=self.open,
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
            lock=self.lock,
            say=lambda words: self.bar.say(words),
        )

    def _new_delivery(self) -> None:
        if not may_see(self._office, "delivery-edit"):
            self.tell("warning", NOT_ALLOWED)
            return
        self._background.local(self._office.deliveries.new, self._edit_delivery)

    def _edit_delivery(self, draft: DeliveryDraft) -> None:
        self.go("delivery-edit")
        self.screens.editor.edit(draft)

    def _open_delivery(self, delivery_id: str) -> None:
        def show() -> None:
            self._things["delivery-result"] = delivery_id
            self.screens.detail.open(delivery_id)
            self.go("delivery-result")

        def opened(shown: Shown[Delivery] | None) -> None:
            state = shown.body.state if shown is not None else ""
            mine = shown is not None and shown.body.asked_by == self._office.me.id
            if shown is not None and state == "draft" and may_see(self._office, "delivery-edit"):
                self._edit_delivery(shown.body.draft)
            elif state == "asked" and not mine and may_see(self._office, "approval"):
                self.open("approval", delivery_id)
            else:
                show()

        get = self._office.deliveries.get
        self._background.local(lambda: get(delivery_id), opened)

    def _confirm(self, draft: DeliveryDraft) -> None:
        self.go("confirm")
        self.screens.confirmation.look(draft)

    def _edit_item(self, item: SegmentItem) -> None:
        self.go("item-edit")
        self.screens.item_edit.edit(item)

    def _open_manual(self, page: str) -> None:
        self.go("manual")
        self.screens.manual.open(page)

    def _link_line(self) -> None:
        def show(account: str) -> None:
            self._sheet = LineLinkSheet(self, self.desk, account)
            self._sheet.finished.connect(self._unlinked_sheet)
            self._sheet.open()

        self._background.local(self._office.home.account_name, show)

    def _unlinked_sheet(self) -> None:
        self._sheet = None
        self.refresh()

    def _export(self) -> None:
        self.go("deliveries")
        self.screens.deliveries.export()

    def _find_here(self) -> None:
        if self.page == "inbox":
            self.screens.inbox.focus_search()
            return
        if self.page != "deliveries":
            self.go("deliveries")
        self.screens.deliveries.focus_search()

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
        if connection.trouble is not None and self._asking.answers(connection.trouble):
            return
        if connection.state == "refused" and connection.trouble is not None:
            self.tell("error", words_of_trouble(connection.trouble).both)
        elif connection.state == "online":
            self.banner.hide()
        if connection.state == "offline" and connection.trouble is not None:
            code = connection.trouble.code
            if code in ("certificate_changed", "certificate_untrusted", "answer_unreadable"):
                self.tell("error", words_of_trouble(connection.trouble).both)

    def _show_clock(self, off: timedelta) -> None:
        """Say that this machine's clock is wrong, for as long as it is: changes signed with it may be
        refused.
        """
        if abs(off) <= CLOCK_TOLERANCE:
            self.clock_banner.hide()
            return
        minutes = round(abs(off).total_seconds() / 60)
        side = "進んで" if off > timedelta() else "遅れて"
        words = (
            f"この端末の時計が約{minutes:,}分{side}います。"
            "時計を合わせないと、変更が受け付けられないことがあります。"
        )
        if words != self.clock_banner.words:
            self.clock_banner.tell("warning", words)

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
