"""A display for machines without one: Xvfb, and fonts the browser can find without the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FONTS = Path(__file__).resolve().parents[2] / "resources" / "desktop" / "fonts"
_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <alias><family>sans-serif</family><prefer>
    <family>BIZ UDPGothic</family><family>Noto Sans JP</family><family>Noto Color Emoji</family>
  </prefer></alias>
</fontconfig>
"""


class NoVirtualScreen(RuntimeError):
    """Xvfb is not installed or did not start."""


def has_display() -> bool:
    """Whether a person could see a window here."""
    return os.name == "nt" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def use_bundled_fonts(folder: Path) -> None:
    """Let Chromium find our fonts, as a phone would find its own. Call before anything reads fonts."""
    config = folder / "fonts.conf"
    config.write_text(_FONTCONFIG.format(fonts=FONTS, cache=folder / "font-cache"), "utf-8")
    os.environ["FONTCONFIG_FILE"] = str(config)


@contextmanager
def virtual_screen(width: int = 1280, height: int = 800) -> Iterator[None]:
    """Start Xvfb on a free display for the length of the block and point Qt at it."""
    if shutil.which("Xvfb") is None:
        raise NoVirtualScreen("Xvfb is not installed: apt-get install -y xvfb")
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise NoVirtualScreen("Xvfb did not start")
        os.environ["DISPLAY"] = f":{number}"
        os.environ["QT_QPA_PLATFORM"] = "xcb"
        yield
    finally:
        server.terminate()
        server.wait(10)
        os.environ.pop("DISPLAY", None)
