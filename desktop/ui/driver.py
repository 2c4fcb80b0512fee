"""For story scripts and tests: walk through the window by real clicks and typing, and keep pictures of it.

    async def story(driver):
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "防災訓練のお知らせ")
        await driver.picture("07-editor")

    run_story(doors, StartWish(folder.screen), story, pictures=Path("shots"))

Names are those of the table in `desktop/ui/window.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import qasync
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from desktop.ui.garbage import collecting_on_this_thread
from desktop.ui.main import Doors, Program, StartWish, make_application
from desktop.ui.window import MainWindow

W = TypeVar("W", bound=QWidget)
WAIT_SECONDS = 15.0
_STEP_SECONDS = 0.02


class NotSeen(AssertionError):
    """What the story waited for did not come, or is not on the screen."""


class Driver:
    """`pictures` None keeps no pictures."""

    def __init__(self, window: MainWindow, pictures: Path | None = None) -> None:
        self.window = window
        self._pictures = pictures

    def find(self, name: str) -> QWidget:
        """The visible widget of this name, in an open dialog first. Raises NotSeen."""
        return self.find_as(name, QWidget)

    def find_as(self, name: str, kind: type[W]) -> W:
        """As `find`, for a widget of this class."""
        dialog = QApplication.activeModalWidget()
        for root in ([dialog] if dialog is not None else []) + [self.window]:
            for widget in root.findChildren(kind, name):
                if widget.isVisible():
                    return widget
        raise NotSeen(name)

    def sees(self, name: str) -> bool:
        try:
            self.find(name)
        except NotSeen:
            return False
        return True

    def click(self, name: str) -> None:
        """A real click in the middle (for a tick box, on its box). Raises NotSeen for one that is
        disabled.
        """
        widget = self.find(name)
        if not widget.isEnabled():
            raise NotSeen(f"{name} is disabled")
        self._scroll_to(widget)
        at = widget.rect().center()
        if isinstance(widget, QAbstractButton) and widget.isCheckable() and widget.width() > 200:
            at = QPoint(14, at.y())
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at)

    def type(self, name: str, text: str) -> None:
        """Replace the content of a field, as if typed."""
        widget = self.find(name)
        self._scroll_to(widget)
        widget.setFocus()
        if isinstance(widget, QLineEdit):
            widget.selectAll()
            QTest.keyClicks(widget, text) if text.isascii() else widget.insert(text)
        elif isinstance(widget, QPlainTextEdit):
            widget.selectAll()
            widget.insertPlainText(text)
        else:
            raise NotSeen(f"{name} takes no text")

    def choose(self, name: str, words: str) -> None:
        """Choose an entry of a combo box by its words."""
        box = self.find_as(name, QComboBox)
        place = box.findText(words)
        if place < 0:
            raise NotSeen(f"{words} in {name}")
        box.setCurrentIndex(place)

    def text(self, name: str) -> str:
        """What a label, button or field says."""
        widget = self.find(name)
        if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
            return widget.text()
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        raise NotSeen(f"{name} has no text")

    def press(self, keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        root = QApplication.activeModalWidget() or self.window
        focus = QApplication.focusWidget() or root.focusWidget() or root
        QTest.keyClick(focus, keys, modifier)

    @property
    def page(self) -> str:
        return self.window.work.page if self.window.work is not None else ""

    async def until(
        self, condition: Callable[[], object], what: str = "", seconds: float = WAIT_SECONDS
    ) -> None:
        """Wait for a condition; raises NotSeen when it does not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except NotSeen:
                pass
            await asyncio.sleep(_STEP_SECONDS)
        raise NotSeen(what or "the condition did not come")

    async def until_page(self, page: str) -> None:
        await self.until(lambda: self.page == page, f"page {page}")
        await self.settle()

    async def until_seen(self, name: str) -> None:
        await self.until(lambda: self.sees(name), name)

    async def until_text(self, name: str, part: str, seconds: float = WAIT_SECONDS) -> None:
        await self.until(lambda: part in self.text(name), f"{part} in {name}", seconds)

    async def until_enabled(self, name: str) -> None:
        await self.until(lambda: self.find(name).isEnabled(), f"{name} enabled")

    async def settle(self) -> None:
        """Until nothing runs in the background and the screen is drawn."""
        await self.until(lambda: not self.window.background.busy, "quiet")
        for _ in range(3):
            await asyncio.sleep(_STEP_SECONDS)

    async def picture(self, name: str) -> Path | None:
        """The window as it is now, with an open dialog in its middle; returns the file."""
        await self.settle()
        if self._pictures is None:
            return None
        self._pictures.mkdir(parents=True, exist_ok=True)
        path = self._pictures / f"{name}.png"
        shot = self.window.grab()
        dialog = QApplication.activeModalWidget()
        if dialog is not None:
            _lay_over(shot, dialog)
        shot.save(str(path))
        return path

    def _scroll_to(self, widget: QWidget) -> None:
        parent = widget.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea):
                parent.ensureWidgetVisible(widget, 20, 20)
            parent = parent.parentWidget()


def run_story(
    doors: Doors, wish: StartWish, story: Callable[[Driver], Awaitable[None]], *, pictures: Path | None = None
) -> None:
    """Start the program in this process, run the story, and end in order, also when the story fails."""
    app = make_application()
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)

    async def live() -> None:
        program = Program(app, doors, wish)
        window = program.open()
        ending = asyncio.ensure_future(program.run())
        try:
            await story(Driver(window, pictures))
        finally:
            dialog = QApplication.activeModalWidget()
            if dialog is not None:
                dialog.close()
            window.close()
            await ending

    with loop, collecting_on_this_thread():
        loop.run_until_complete(live())


def _lay_over(shot: QPixmap, dialog: QWidget) -> None:
    picture = dialog.grab()
    size = shot.deviceIndependentSize()
    own = picture.deviceIndependentSize()
    painter = QPainter(shot)
    painter.fillRect(0, 0, round(size.width()), round(size.height()), QColor(0, 0, 0, 90))
    painter.drawPixmap(
        QPoint(round((size.width() - own.width()) / 2), round((size.height() - own.height()) / 2)), picture
    )
    painter.end()
