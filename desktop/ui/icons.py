"""Our own line icons from `resources/desktop/icons/`, drawn in any colour at any scale."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop.paths import resources


def pixmap(name: str, colour: str, size: int, ratio: float = 2.0) -> QPixmap:
    svg = _source(name).replace("#000", colour)
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: str, size: int = 24, *, chosen: str = "", disabled: str = "") -> QIcon:
    """`chosen` colours the checked state, `disabled` the disabled one."""
    made = QIcon(pixmap(name, colour, size))
    if chosen:
        made.addPixmap(pixmap(name, chosen, size), QIcon.Mode.Normal, QIcon.State.On)
    if disabled:
        made.addPixmap(pixmap(name, disabled, size), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return (resources() / "desktop" / "icons" / f"{name}.svg").read_text(encoding="utf-8")
