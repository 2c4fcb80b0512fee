"""Nothing but windows, dialogs and menus may ever be a window: a part shown before it has its place
flickers.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QWidget


class _Watch(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.strays: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            name = f"{type(watched).__name__} {watched.objectName()}"
            private = (
                type(watched).__name__ in ("QWidget", "QFrame")
                and "QComboBox" in watched.metaObject().className()
            )
            if not isinstance(watched, QMainWindow | QDialog | QMenu) and not private:
                self.strays.append(name)
        return False


@pytest.fixture(autouse=True)
def _no_stray_windows(qapp: QApplication) -> Iterator[None]:
    watch = _Watch()
    qapp.installEventFilter(watch)
    yield
    qapp.removeEventFilter(watch)
    assert watch.strays == []
