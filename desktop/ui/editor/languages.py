"""Languages of a delivery: which are written, which one is edited now. Requirement: SEG-6 (variants)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.features.composing import languages_left, languages_of
from desktop.features.wording import words_for
from desktop.ui.parts.buttons import button
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.parts.menu_button import Entry, menu_button
from desktop.ui.screen import Desk
from protocol.deliveries import DeliveryDraft
from protocol.languages import DEFAULT_LANGUAGE


class Languages(QWidget):
    """`chosen(language)`, `added(language)`, `removed(language)`."""

    chosen = Signal(str)
    added = Signal(str)
    removed = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._row = Flow(spacing=0)
        column.addWidget(self._row)
        self._words = label("", "small", wrap=True, name="languages.words")
        column.addWidget(self._words)

    def show_draft(self, draft: DeliveryDraft, language: str, unfinished: frozenset[str]) -> None:
        """`unfinished`: languages in which something is still to be mended."""
        written = languages_of(draft)
        shown = (written, language, unfinished)
        if shown == self._shown:
            return
        self._shown = shown
        self._row.empty()
        names = words_for("language")
        for one in written:
            self._row.put(self._tab(one, names[one], one == language, one in unfinished))
        left = languages_left(draft)
        if left:
            self._row.put(menu_button(
                "言語を追加", [Entry(f"languages.add.{one}", names[one], self._adder(one)) for one in left],
                name="languages.add", icon="plus", role="quiet", theme=self._desk.theme,
            ))  # fmt: skip
        if language != DEFAULT_LANGUAGE:
            self._row.put(button(
                f"{names[language]}をやめる", lambda: self.removed.emit(language), name="languages.remove",
                role="quiet", icon="trash", theme=self._desk.theme,
            ))  # fmt: skip
        self._words.setText(_words(written, language, names))

    def _tab(self, language: str, words: str, now: bool, unfinished: bool) -> QPushButton:
        made = QPushButton(f"{words} ●" if unfinished else words)
        made.setObjectName(f"languages.{language}")
        made.setProperty("role", "segment")
        made.setCheckable(True)
        made.setChecked(now)
        made.setAutoDefault(False)
        told = "（直すところか書きかけがあります）" if unfinished else ""
        made.setAccessibleName(f"{words}{told}")
        made.setToolTip(f"{words}{told}")
        made.clicked.connect(lambda: self.chosen.emit(language))
        return made

    def _adder(self, language: str) -> Callable[[], None]:
        return lambda: self.added.emit(language)


def _words(written: tuple[str, ...], language: str, names: dict[str, str]) -> str:
    if len(written) == 1:
        return "ほかの言語を追加すると、その言語を選んだ住民にはその文が届きます。"
    if language == DEFAULT_LANGUAGE:
        return "ほかの言語のない住民には、日本語が届きます。"
    return f"{names[language]}を選んだ住民に届く文です。日本語の写しから始まります。"
