"""Windows of the town's story: one profile a machine, one window after the other, closed when all is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton

from desktop.app import Doors, OpenOffice, now_utc
from desktop.config import ScreenSettings, save_screen_settings
from desktop.keys.keychain import MemoryKeychain
from desktop.paths import ProfileFolder
from desktop.sync.enrol import Enrolment
from desktop.ui.driver import Driver, run_story
from desktop.ui.main import StartWish
from protocol.signin import new_cost
from tests.stories.narrator import Narrator
from tests.stories.town_hall import TownHall

Scene = Callable[[Driver], Awaitable[None]]
MEMORY_KIB = 8 * 1024
"""What a guess costs in the stories: signing in some thirty times at full cost shows nothing more."""


@dataclass
class Person:
    """Somebody of the town hall, the machine they sit at and what they wrote down."""

    login_name: str
    name: str
    department: str = ""
    profile: Path = Path()
    passphrase: str = ""
    own_words: str = ""
    machines: int = 0


@dataclass
class Windows:
    """Opens the right window for a person and keeps the pictures."""

    hall: TownHall
    folder: Path
    narrator: Narrator

    async def picture(self, desk: Driver, name: str) -> None:
        await desk.picture(self.narrator.new_picture(name).stem)

    def first_start(self, person: Person, code: str, scene: Scene, *, display_name: str = "") -> None:
        """A machine nobody used before, enrolled with the code."""
        person.machines += 1
        person.profile = self.folder / f"{person.login_name}-{person.machines}"

        async def enrol(desk: Driver) -> None:
            with self.narrator.step(f"{person.login_name} enrols a machine with the code"):
                await desk.until_seen("first.address")
                desk.type("first.login_name", person.login_name)
                if display_name:
                    desk.type("first.display_name", display_name)
                desk.click("first.next")
                person.passphrase = desk.text("first.passphrase")
                desk.click("first.written")
                desk.type("first.repeat", person.passphrase)
                desk.click("first.create")
                await desk.until(lambda: desk.page == "home", "home", seconds=60)
                await desk.until_text("bar.connection", "つながっています", 30)
                await desk.settle()
            await scene(desk)

        self._window(person, enrol, self.hall.relay_url, code)

    def sign_in(self, person: Person, scene: Scene) -> None:
        async def enter(desk: Driver) -> None:
            await desk.until_seen("signin.passphrase")
            desk.type("signin.passphrase", person.passphrase)
            desk.click("signin.go")
            await desk.until(lambda: desk.page == "home", "home", seconds=60)
            await desk.until_text("bar.connection", "つながっています", 30)
            await desk.settle()
            await scene(desk)

        self._window(person, enter)

    def _window(self, person: Person, scene: Scene, relay_url: str = "", code: str = "") -> None:
        folder = ProfileFolder(person.profile)
        save_screen_settings(folder.screen, ScreenSettings(theme="light"))
        machine = f"{person.login_name.upper()}-PC{person.machines}"
        clock = self.hall.clock or now_utc
        doors = Machine(folder, keychain=MemoryKeychain(works=False), name=machine, clock=clock)
        wish = StartWish(folder.screen, relay_url, code, new_cost(memory_kib=MEMORY_KIB))

        async def watched(desk: Driver) -> None:
            try:
                await scene(desk)
            except BaseException:
                await self.picture(desk, "failed")  # what the window showed then
                raise

        run_story(doors, wish, watched, pictures=self.narrator.folder)


class Machine(Doors):
    """The doors of a machine with a name of its own, not that of the machine the story is played on."""

    def __init__(
        self, folder: ProfileFolder, *, keychain: MemoryKeychain, name: str, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(folder, keychain=keychain, clock=clock)
        self._name = name

    def create_account(self, wish: Enrolment) -> OpenOffice:
        return super().create_account(replace(wish, device_name=self._name))


async def all_sent(desk: Driver) -> None:
    """Windows are closed one after the other: nobody leaves before the relay has taken it."""
    await desk.settle()
    await desk.until(lambda: "未送信 0" in desk.text("bar.waiting"), "everything is sent", seconds=30)
    await desk.settle()


def answer_next_question() -> None:
    """Press the verb of the next `ask_first`, whose own loop keeps the story waiting."""

    def press() -> None:
        sheet = QApplication.activeModalWidget()
        go = sheet.findChild(QPushButton, "ask_first.go") if sheet is not None else None
        if go is None:
            QTimer.singleShot(50, press)
        else:
            go.click()

    QTimer.singleShot(0, press)
