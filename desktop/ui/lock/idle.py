"""Notices that nobody is at the machine: no key, no mouse, in any window of the program. Requirement: SEC-1.

Rounds, long polls and timers are not a person; only what comes from the system's input counts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QWindow

WARN_SECONDS = 30
_LOOK_EVERY_MS = 1000
_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.KeyRelease,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
        QEvent.Type.InputMethod,
    }
)


class IdleWatch(QObject):
    """`limit`: seconds until `idle` is called, read at every look. `warned`: seconds left, 0 when the person
    came back. `clock` counts seconds and goes on while the machine sleeps, where the system has such a clock.
    """

    def __init__(
        self,
        *,
        limit: Callable[[], float],
        warned: Callable[[int], None],
        idle: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._limit, self._warned, self._idle, self._clock = limit, warned, idle, clock
        self._last = clock()
        self._told = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        self.touch()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication) and not self._timer.isActive():
            app.focusWindowChanged.connect(self._watch)
            for window in QGuiApplication.topLevelWindows():
                self._watch(window)
        self._timer.start(_LOOK_EVERY_MS)

    def stop(self) -> None:
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication) and self._timer.isActive():
            app.focusWindowChanged.disconnect(self._watch)
            for window in QGuiApplication.topLevelWindows():
                window.removeEventFilter(self)
        self._timer.stop()

    def touch(self) -> None:
        """Somebody is there."""
        self._last = self._clock()

    def look(self) -> None:
        """Once a second, and whenever a test says so."""
        left = self._limit() - (self._clock() - self._last)
        if left <= 0:
            self._told = 0
            self._idle()
            return
        told = math.ceil(left) if left <= WARN_SECONDS else 0
        if told != self._told:
            self._told = told
            self._warned(told)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self.touch()
        return False

    def _watch(self, window: QWindow | None) -> None:
        # A window of the system sees every key and click before any widget does; one filter each is enough.
        if window is not None:
            window.removeEventFilter(self)
            window.installEventFilter(self)
