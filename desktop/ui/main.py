"""Starting the program with a window: QApplication, fonts, theme, door, and the asyncio loop under Qt."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import qasync
from PySide6.QtCore import QEvent, QLibraryInfo, QLocale, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from desktop.config import ScreenSettings, load_screen_settings, save_screen_settings
from desktop.errors import AlreadyRunning, Trouble
from desktop.features.wording import words_of_trouble
from desktop.keys.passphrase import Passphrase
from desktop.sync.enrol import Enrolment
from desktop.ui import icons
from desktop.ui.door.already import AlreadyScreen
from desktop.ui.door.first_start import FirstStart
from desktop.ui.door.sign_in import SignIn
from desktop.ui.fonts import load_fonts
from desktop.ui.garbage import collecting_on_this_thread
from desktop.ui.lock.idle import IdleWatch
from desktop.ui.lock.screen import LockScreen, ShutOut
from desktop.ui.theme import Theme
from desktop.ui.window import MainWindow
from desktop.ui.work_area import Place, WorkArea
from protocol.signin import PassphraseCost


class Doors(Protocol):
    """The ways in, as `desktop.app.Doors` offers them."""

    def is_enrolled(self) -> bool: ...
    def profile(self) -> Any: ...
    def new_passphrase(self) -> Passphrase: ...
    def create_account(self, wish: Enrolment) -> Any: ...
    def add_device(self, wish: Enrolment) -> Any: ...
    def open(self, passphrase: str) -> Any: ...
    def take_lock(self) -> None: ...
    def release(self) -> None: ...


@dataclass(frozen=True)
class StartWish:
    """From the command line. `cost` is lowered, and `idle_clock` held, by tests only."""

    screen_file: Path
    relay_url: str = ""
    code: str = ""
    cost: PassphraseCost | None = None
    idle_clock: Callable[[], float] = time.monotonic


def make_application(arguments: list[str] | None = None) -> QApplication:
    """The QApplication of this process, with fonts, Japanese for Qt's own words, and nothing else yet."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(arguments or sys.argv[:1])
    app.setApplicationName("まどぐち")
    app.setQuitOnLastWindowClosed(False)  # the loop ends when rounds and files are closed, not before
    QLocale.setDefault(QLocale(QLocale.Language.Japanese, QLocale.Country.Japan))
    translator = QTranslator(app)
    if translator.load("qtbase_ja", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    load_fonts()
    return app


class Program:
    """One window with its theme. Needs a running asyncio loop from `open` on."""

    def __init__(self, app: QApplication, doors: Doors, wish: StartWish) -> None:
        self._doors, self._wish = doors, wish
        self.closed = asyncio.Event()
        self.theme = Theme(app, load_screen_settings(wish.screen_file))
        app.setWindowIcon(icons.icon("app", "#0017c1", 64))
        self.window = MainWindow(
            self.theme,
            change_settings=self.change_settings,
            closed=self.closed.set,
            lock=self.lock,
            shut_out=self.shut_out,
        )
        self.idle = IdleWatch(
            limit=lambda: self.theme.settings.lock_minutes * 60,
            warned=self._warn,
            idle=self.lock,
            clock=wish.idle_clock,
        )
        self._ending: set[asyncio.Task[None]] = set()
        self._put_away = threading.Event()
        self._put_away.set()

    def open(self) -> MainWindow:
        """Show the first window: sign-in, or first start on a new machine."""
        try:
            self._doors.take_lock()
        except AlreadyRunning as trouble:
            self.window.show_door(
                AlreadyScreen(self.theme, words_of_trouble(trouble).both, self.window.close)
            )
        else:
            self._show_first_door()
        self.window.show()
        self.window.activateWindow()
        return self.window

    def change_settings(self, settings: ScreenSettings) -> None:
        self.theme.apply(settings)
        save_screen_settings(self._wish.screen_file, settings)

    def lock(self) -> None:
        """Cover everything at once; keys and session go as soon as what was being written is kept."""
        work = self.window.take_work()
        if work is None:
            return
        self.idle.stop()
        place = work.place()
        person = work.desk.office.me.display_name
        self._end(work)
        screen = LockScreen(
            self.theme,
            self.window.background,
            person,
            self._open_again,
            opened=lambda opened: self._enter(opened, place),
            enrol_again=self._show_first_door,
        )
        self.window.show_door(screen)
        QTimer.singleShot(0, screen.passphrase, screen.passphrase.setFocus)  # once what it covered is gone

    def shut_out(self, words: str) -> None:
        """The relay does not know this machine any more: nothing of the town stays on the screen."""
        work = self.window.take_work()
        if work is None:
            return
        self.idle.stop()
        self._end(work)
        self.window.show_door(
            ShutOut(self.theme, words, close=self.window.close, enrol_again=self._show_first_start)
        )

    async def run(self) -> None:
        """Until the window is closed; then end in order."""
        await self.closed.wait()
        self.idle.stop()
        await self.window.stop()
        await asyncio.gather(*self._ending)
        self._doors.release()
        self.window.deleteLater()
        self.theme.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _show_first_door(self) -> None:
        try:
            person = self._doors.profile().staff.display_name if self._doors.is_enrolled() else ""
        except Trouble as trouble:
            self._show_first_start()
            first = self.window.centralWidget()
            if isinstance(first, FirstStart):
                first.banner.tell("error", words_of_trouble(trouble).both)
            return
        if not self._doors.is_enrolled() or self._wish.code:
            self._show_first_start()
        else:
            self._show_sign_in(person)

    def _show_sign_in(self, person: str) -> None:
        self.window.show_door(
            SignIn(
                self.theme,
                self.window.background,
                person,
                self._open_again,
                opened=self._enter,
                enrol_again=self._show_first_start,
            )
        )

    def _show_first_start(self) -> None:
        self.window.show_door(
            FirstStart(
                self.theme,
                self.window.background,
                new_passphrase=self._doors.new_passphrase,
                create=lambda wish: self._when_put_away(lambda: self._doors.create_account(wish)),
                add=lambda wish: self._when_put_away(lambda: self._doors.add_device(wish)),
                opened=self._enter,
                relay_url=self._wish.relay_url,
                code=self._wish.code,
                cost=self._wish.cost,
            )
        )

    def _enter(self, opened: Any, place: Place | None = None) -> None:
        self.window.enter(opened.office, opened.rounds)
        if place is not None and self.window.work is not None:
            self.window.work.return_to(place)
        self.idle.start()

    def _end(self, work: WorkArea) -> None:
        self._put_away.clear()
        task = asyncio.ensure_future(self._stop(work))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _stop(self, work: WorkArea) -> None:
        try:
            await work.stop()
        finally:
            work.deleteLater()
            self._put_away.set()

    def _open_again(self, passphrase: str) -> Any:
        return self._when_put_away(lambda: self._doors.open(passphrase))

    def _when_put_away(self, call: Callable[[], Any]) -> Any:
        """Not on the screen's thread: a file is opened when the one before is closed."""
        self._put_away.wait()
        return call()

    def _warn(self, seconds: int) -> None:
        if self.window.work is not None:
            self.window.work.bar.warn_of_lock(seconds)


def start(doors: Doors, wish: StartWish, *, shown: Callable[[MainWindow], None] | None = None) -> int:
    """Run the program until its window is closed. `shown` is called with the window when it is first seen."""
    app = make_application()
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)

    async def live() -> None:
        program = Program(app, doors, wish)
        window = program.open()
        if shown is not None:
            QTimer.singleShot(0, lambda: shown(window))
        await program.run()

    with loop, collecting_on_this_thread():
        loop.run_until_complete(live())
    return 0


def measure_first_window(doors: Doors, wish: StartWish, *, begun: float) -> float:
    """Seconds from `begun` (time.perf_counter) until the first window is painted and takes input; then it
    closes.
    """
    seconds = 0.0

    def note(window: MainWindow) -> None:
        nonlocal seconds
        window.repaint()
        seconds = time.perf_counter() - begun
        window.close()

    start(doors, wish, shown=note)
    return seconds
