"""Bundled fonts, so that every machine shows 髙 﨑 𠮷 the same way."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase

from desktop.paths import resources

FILES = ("BIZUDPGothic_400Regular.ttf", "BIZUDPGothic_700Bold.ttf", "NotoSansJP_400Regular.ttf")


def load_fonts() -> None:
    """Needs a QApplication. A missing file is a broken installation and says so."""
    for name in FILES:
        path = resources() / "desktop" / "fonts" / name
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            raise FileNotFoundError(name)
