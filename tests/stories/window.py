"""Hands and eyes on the real window: finds widgets by their names, clicks, types, waits, takes pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QListWidget, QPlainTextEdit, QWidget

from desktop.ui.window import MainWindow

W = TypeVar("W", bound=QWidget)
WAIT_SECONDS = 30.0


class NeverHappened(AssertionError):
    """What the story waited for did not come."""


async def until(condition: Callable[[], object], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Let the program live until the condition holds."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise NeverHappened(what)
        await asyncio.sleep(0.02)


class Hands:
    """What a person at the desk can do. Every act waits until the widget is there and takes it."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def find(self, name: str, kind: type[W] = QWidget) -> W | None:  # type: ignore[assignment]
        """The visible widget of that name, in the window or a sheet above it."""
        for top in reversed(QApplication.topLevelWidgets()):
            for found in [top, *top.findChildren(QWidget)]:
                if found.objectName() == name and isinstance(found, kind) and found.isVisible():
                    return found
        return None

    async def see(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        await until(lambda: self.find(name, kind) is not None, f"{name} is on the screen")
        found = self.find(name, kind)
        assert found is not None
        return found

    async def click(self, name: str) -> None:
        widget = await self.see(name)
        await until(widget.isEnabled, f"{name} can be pressed")
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    async def type(self, name: str, text: str) -> None:
        """Type into a field and leave it; text acts on commit."""
        field = await self.see(name)
        field.setFocus()
        if isinstance(field, QPlainTextEdit):
            field.setPlainText(text)
        elif isinstance(field, QLineEdit):
            field.setText(text)
            field.editingFinished.emit()
        else:
            raise TypeError(f"{name} takes no text")
        await asyncio.sleep(0)

    async def choose(self, name: str, text: str) -> None:
        """Choose a line of a combo box by its text."""
        box = await self.see(name, QComboBox)
        place = box.findText(text)
        assert place >= 0, f"{name} does not offer it"
        box.setCurrentIndex(place)

    async def tick(self, name: str, text: str) -> None:
        """Tick a line of a list."""
        listed = await self.see(name, QListWidget)
        lines = listed.findItems(text, Qt.MatchFlag.MatchExactly)
        assert lines, f"{name} does not offer it"
        listed.scrollToItem(lines[0])
        lines[0].setCheckState(Qt.CheckState.Checked)

    async def read(self, name: str) -> str:
        return (await self.see(name, QLabel)).text()

    async def wait_for_text(self, name: str, fits: Callable[[str], object], what: str) -> str:
        """Until the label reads as wished; its text."""

        def fitting() -> bool:
            shown = self.find(name, QLabel)
            return shown is not None and bool(fits(shown.text()))

        await until(fitting, what)
        return await self.read(name)

    async def picture(self, file: Path) -> None:
        """The screen as it is seen, once nothing moves in the background."""
        await until(lambda: not self.window.background.busy, "the window is calm", seconds=5)
        QApplication.processEvents()
        screen = QApplication.primaryScreen()
        assert screen is not None
        picture = screen.grabWindow(0)
        if picture.isNull() or QApplication.platformName() == "offscreen":
            picture = self.window.grab()
        picture.save(str(file))
