"""Ours of `start`: the program as it starts at a desk, saying so once its first window takes input."""

import sys
from pathlib import Path

from desktop.app import Doors
from desktop.paths import ProfileFolder
from desktop.ui.main import StartWish, start
from desktop.ui.window import MainWindow


def tell(window: MainWindow) -> None:
    window.repaint()
    print("ready", flush=True)


folder = ProfileFolder(Path(sys.argv[1]))
start(Doors(folder), StartWish(screen_file=folder.screen), shown=tell)
