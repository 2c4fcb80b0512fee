"""`run.py demo`: everything on the sample town. With a display a person plays; else the stories do.

--story     play the stories even where there is a display
--only      these alone: first-path, town (its first year), contact (a resident asks, staff answer),
            delivery (last year's message again, a storm stopped halfway, waste over a holiday)
--output    folder for the screenshots (default: demo-output)
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.stories.narrator import Narrator
from tests.stories.sample_town import load_sample_town
from tests.stories.town_hall import TownHall, town_hall
from tests.stories.virtual_screen import has_display, use_bundled_fonts, virtual_screen

if TYPE_CHECKING:
    from tests.stories.phone import Phones

ROOT = Path(__file__).resolve().parents[2]
PORTS = (8700, 8443)
STORIES = ("first-path", "town", "contact", "delivery")


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.py demo", description=__doc__)
    parser.add_argument("--story", action="store_true")
    parser.add_argument("--only", nargs="+", choices=STORIES)
    parser.add_argument("--output", type=Path, default=ROOT / "demo-output")
    parser.add_argument("--residents", type=int, default=3000)
    chosen = parser.parse_args()
    chosen.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="madoguchi-", ignore_cleanup_errors=True) as folder:
        if has_display() and not chosen.story and not chosen.only:
            return hand_over(Path(folder), chosen.residents)
        play_stories(
            Path(folder), chosen.output.resolve(), residents=chosen.residents, only=chosen.only or STORIES
        )
        return 0


def play_stories(folder: Path, output: Path, *, residents: int, only: Collection[str] = STORIES) -> None:
    """The stories on a virtual screen; numbered screenshots in `output`."""
    narrator = Narrator(output)
    use_bundled_fonts(folder)
    with ExitStack() as stack:
        if not has_display():
            stack.enter_context(virtual_screen())
        from tests.stories.phone import Phones

        phones = stack.enter_context(Phones())
        if "first-path" in only:
            play_first_path(folder / "first-path", phones, narrator, residents)
        if "town" in only or "contact" in only:
            play_town(folder / "town", phones, narrator, only)
        if "delivery" in only:
            # Fewer than 1,000 of them have children: from there on the town's rules ask for a second person.
            play_deliveries(folder / "delivery", phones, narrator, min(residents, 1500))
    narrator.finish()


def play_first_path(folder: Path, phones: Phones, narrator: Narrator, residents: int) -> None:
    with ExitStack() as stack:
        with narrator.step(f"Sandbox and relay start with the sample town: {residents:,} residents"):
            hall = stack.enter_context(town_hall(folder / "town", residents=residents))
        play_in_window(hall, phones, narrator, folder / "profile")


def play_town(folder: Path, phones: Phones, narrator: Narrator, only: Collection[str]) -> None:
    """A town from its first day on; the contact story happens in the same town."""
    from tests.stories.contact_story import ContactStory
    from tests.stories.town_story import TownStory
    from tests.stories.town_windows import MEMORY_KIB

    with ExitStack() as stack:
        with narrator.step("Sandbox and relay start; the relay knows no LINE channel yet"):
            hall = stack.enter_context(
                town_hall(folder / "town", residents=20, line=False, least_memory_kib=MEMORY_KIB)
            )
        town = TownStory(hall, folder, narrator)
        if "town" in only:
            town.play()
            member, outsider = town.welfare, town.colleague  # she works for 水道課 by now
        else:
            town.found()
            member, outsider = town.water, town.colleague
        if "contact" in only:
            ContactStory(hall, town.windows, narrator, phones, town.admin, member, outsider, "水道課").play()


def play_deliveries(folder: Path, phones: Phones, narrator: Narrator, residents: int) -> None:
    from tests.stories.delivery_story import DeliveryStory, delivery_town

    folder.mkdir(parents=True)
    with delivery_town(folder, phones, narrator, residents) as cast:
        DeliveryStory(cast).play()


def play_in_window(hall: TownHall, phones: Phones, narrator: Narrator, profile: Path) -> None:
    """The real program in this process, with hands on it."""
    import qasync

    from desktop.app import Doors
    from desktop.paths import ProfileFolder
    from desktop.ui.garbage import collecting_on_this_thread
    from desktop.ui.main import Program, StartWish, make_application
    from tests.stories.first_path import FirstPath

    folder = ProfileFolder(profile)
    app = make_application()
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)

    async def live() -> None:
        with narrator.step("The window opens"):
            program = Program(app, Doors(folder), StartWish(screen_file=folder.screen))
            window = program.open()
            window.move(0, 0)
        running = asyncio.ensure_future(program.run())
        try:
            await FirstPath(hall, load_sample_town(), window, phones, narrator).play()
        finally:
            window.close()
            await running

    with loop, collecting_on_this_thread():
        loop.run_until_complete(live())


def hand_over(folder: Path, residents: int) -> int:
    """Everything runs, the window is open, and a person plays."""
    print("Starting the sandbox and the relay with the sample town ...", flush=True)
    with town_hall(folder / "town", residents=residents, ports=PORTS) as hall:
        print(
            f"""
  Residents' phones   {hall.sandbox_url}/phone
  Relay               {hall.relay_url}   (its certificate is its own; accept it once in the browser)
  One-time code       {hall.code}   (already filled in; choose a login name and go on)

The window of the staff program opens now. Close it to end everything.
""",
            flush=True,
        )
        words = ["desktop", "--profile", str(folder / "profile"), "--relay", hall.relay_url]
        desktop = subprocess.Popen([sys.executable, "-m", *words, "--code", hall.code])
        try:
            while desktop.poll() is None:
                time.sleep(0.5)
        except KeyboardInterrupt:
            desktop.terminate()
            desktop.wait(15)
    return 0


if __name__ == "__main__":
    sys.exit(main())
