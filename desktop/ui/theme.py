"""Colours and type. From the Digital Agency design tokens, for Fusion, light and dark, at any text size."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from desktop.config import ScreenSettings
from desktop.paths import resources
from desktop.ui.stylesheet import stylesheet

BODY_PX = 15
_ICONS = resources() / "desktop" / "icons"


@dataclass(frozen=True)
class Colours:
    """Names say what a colour is for. Text colours keep 4.5:1 on their grounds."""

    page: str
    surface: str
    sunken: str
    line: str
    strong_line: str
    text: str
    muted: str
    primary: str
    on_primary: str
    primary_hover: str
    primary_soft: str
    accent_text: str
    error: str
    error_soft: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    focus: str
    rail: str
    rail_text: str
    rail_chosen: str
    marks: str
    """Folder of the small marks the style sheet draws in boxes and fields."""


LIGHT = Colours(
    page="#f5f6f8", surface="#ffffff", sunken="#f2f2f2", line="#e0e2e6", strong_line="#767676",
    text="#1a1a1a", muted="#5c5f66", primary="#0017c1", on_primary="#ffffff", primary_hover="#00118f",
    primary_soft="#e8f1fe", accent_text="#0017c1", error="#ce0000", error_soft="#fdeeee",
    success="#115a36", success_soft="#e6f5ec", warning="#604b00", warning_soft="#fbf5e0",
    focus="#0017c1", rail="#ffffff", rail_text="#333333", rail_chosen="#e8f1fe",
    marks=(_ICONS / "light").as_posix(),
)  # fmt: skip
DARK = Colours(
    page="#16181d", surface="#212429", sunken="#2a2e35", line="#3a3f48", strong_line="#949494",
    text="#f2f2f2", muted="#b3b8c2", primary="#c5d7fb", on_primary="#00118f", primary_hover="#d9e6ff",
    primary_soft="#24325c", accent_text="#c5d7fb", error="#ff9696", error_soft="#45191c",
    success="#9bd4b5", success_soft="#123524", warning="#ffe380", warning_soft="#3d3208",
    focus="#c5d7fb", rail="#1c1f24", rail_text="#d9dce2", rail_chosen="#24325c",
    marks=(_ICONS / "dark").as_posix(),
)  # fmt: skip

ENVIRONMENT_COLOURS = {"production": "#0031d8", "test": "#197a4b", "training": "#5c10be"}
"""Frame and badge; white text on each keeps 4.5:1."""


class Theme(QObject):
    """The colours in force. `changed` tells painters and icons to draw again."""

    changed = Signal()

    def __init__(self, app: QApplication, settings: ScreenSettings) -> None:
        super().__init__(app)
        self._app = app
        self.settings = settings
        self.colours = LIGHT
        app.setStyle(QStyleFactory.create("Fusion"))
        app.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.apply(settings)

    def apply(self, settings: ScreenSettings) -> None:
        self.settings = settings
        self.colours = DARK if self._is_dark() else LIGHT
        font = QFont(["BIZ UDPGothic", "Noto Sans JP"])
        font.setPixelSize(self.px(BODY_PX))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self._app.setFont(font)
        self._app.setPalette(_palette(self.colours))
        self._app.setStyleSheet(stylesheet(self.colours, self.px))
        self.changed.emit()

    def px(self, size: float) -> int:
        """A size at 100 % as pixels at the chosen text size."""
        return round(size * self.settings.text_size / 100)

    @property
    def dark(self) -> bool:
        return self.colours is DARK

    def _is_dark(self) -> bool:
        if self.settings.theme == "auto":
            return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self.settings.theme == "dark"

    def _follow_system(self) -> None:
        if self.settings.theme == "auto":
            self.apply(self.settings)


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.page,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.sunken,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.Button: colours.surface,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.Highlight: colours.primary_soft,
        QPalette.ColorRole.HighlightedText: colours.text,
        QPalette.ColorRole.Link: colours.accent_text,
        QPalette.ColorRole.LinkVisited: colours.accent_text,
        QPalette.ColorRole.ToolTipBase: colours.text,
        QPalette.ColorRole.ToolTipText: colours.surface,
        QPalette.ColorRole.Accent: colours.primary,
        QPalette.ColorRole.Light: colours.surface,
        QPalette.ColorRole.Mid: colours.line,
        QPalette.ColorRole.Dark: colours.strong_line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    return palette
