"""`run.py manual`: the manual's and the README's pictures, taken anew from the running program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from desktop.app import Doors, enrol_office
from desktop.paths import ProfileFolder
from desktop.sync.enrol import Enrolment
from desktop.ui.pictures import TOLD
from tests.stories.demo import ROOT
from tests.stories.phone import HEIGHT, WIDTH
from tests.stories.town_hall import town_hall

MANUAL = ROOT / "docs" / "manual" / "pictures"
README = ROOT / "docs" / "pictures"


SCREENSHOTS = {
    "setup": "setup-keys",
    "town-keys": "yoshida-hand-on",
    "delivery-hold": "storm-held",
    "delivery-stop": "storm-sending",
}
"""Pages whose picture has another name in the stories."""
FULLER = ("delivery-result",)
"""Pages of the walk on which a story has more to show: what residents did with a delivery."""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="madoguchi-", ignore_cleanup_errors=True) as folder:
        take_manual_pictures(Path(folder))
        output = Path(folder) / "stories"
        subprocess.run(
            [sys.executable, "-m", "tests.stories.demo", "--story", "--output", str(output)], check=True
        )
        keep_told_pictures(output)
        keep_readme_pictures(output)
    return 0


def take_manual_pictures(folder: Path) -> None:
    profile = ProfileFolder(folder / "profile")
    words = Doors(profile).new_passphrase().typed
    with town_hall(folder / "town") as hall:
        wish = Enrolment(
            relay_url=hall.relay_url,
            code=hall.code,
            login_name="mizusawa-y",
            passphrase=words,
            display_name="広報課 水沢 結",
        )
        with enrol_office(profile.root, wish) as office:
            office.sync()
        subprocess.run(
            [sys.executable, "-m", "desktop", "--profile", str(profile.root), "--pictures", str(MANUAL)],
            input=words + "\n",
            text=True,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            check=True,
        )


def keep_told_pictures(output: Path) -> None:
    """What the manual shows of a town at work, from the stories' screenshots."""
    for page in TOLD + FULLER:
        with Image.open(screenshot(output, SCREENSHOTS.get(page, page))) as window:
            window.convert("RGB").save(MANUAL / f"{page}.png", optimize=True)


def keep_readme_pictures(output: Path) -> None:
    """Two of the first path: the window while composing, the phone that received it."""
    README.mkdir(exist_ok=True)
    shutil.copyfile(screenshot(output, "window-editor"), README / "window.png")
    with Image.open(screenshot(output, "phone-received")) as phone:
        phone.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(README / "phone.png")


def screenshot(output: Path, name: str) -> Path:
    """The only one of this name, whatever its number."""
    (found,) = (file for file in output.glob("*.png") if re.fullmatch(rf"\d+-{name}", file.stem))
    return found


if __name__ == "__main__":
    sys.exit(main())
