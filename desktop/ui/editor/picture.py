"""A picture within a bubble: chosen, shown small, described, taken out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.pictures import is_animated
from desktop.features.wording import words_of_trouble
from desktop.ui.editor.part import Part
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.flow import Flow
from desktop.ui.screen import Desk
from protocol.messages import Picture

PICTURES = "画像 (*.jpg *.jpeg *.png *.webp *.gif *.bmp *.tif *.tiff)"
STILLED = "動く画像は、最初の1枚だけを使います。"


class Thumb(QLabel):
    """A picture made small; it comes from this machine or the relay."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("（なし）")
        self._desk, self._shown = desk, ""
        self.setFixedSize(112, 84)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAccessibleName("画像の縮小表示")

    def show_file(self, name: str) -> None:
        if name == self._shown:
            return
        self._shown = name
        if not name:
            self.clear()
            self.setText("（なし）")
            return
        self.setText("…")
        self._desk.background.ask(
            lambda: self._desk.office.fetch_picture(name),
            lambda content: self._came(name, content),
            lambda _: None,
        )

    def _came(self, name: str, content: bytes) -> None:
        picture = QPixmap()
        if name == self._shown and picture.loadFromData(content):
            self.setPixmap(picture.scaled(
                self.size(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            ))  # fmt: skip


class FileTaker(QWidget):
    """A button that asks for a file, reads it off this thread, and tells what became of it."""

    def __init__(
        self, desk: Desk, words: str, name: str, take: Callable[[bytes], Any], done: Callable[[Any], Any],
        *, kinds: str = PICTURES, icon: str = "image",
    ) -> None:  # fmt: skip
        super().__init__()
        self._desk, self._take, self._done, self._kinds, self._words = desk, take, done, kinds, words
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.banner = Banner(desk.theme, name=f"{name}.banner")
        self.button = button(words, self._pick, name=name, icon=icon, theme=desk.theme)
        self.row = Flow(self.button)
        column.addWidget(self.row)
        column.addWidget(self.banner)

    def forget(self) -> None:
        """Another thing is shown: what was told about the last file is over."""
        self.banner.hide()

    def take_file(self, path: Path) -> None:
        """Read and fit a file; also the door for scripts."""

        def read() -> tuple[Any, bool]:
            content = path.read_bytes()
            return self._take(content), self._kinds == PICTURES and is_animated(content)

        self.banner.tell("info", "LINEの大きさに合わせています…")
        self._desk.background.local(read, self._ready, self._failed)

    def _pick(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self._words, "", self._kinds)
        if path:
            self.take_file(Path(path))

    def _ready(self, read: tuple[Any, bool]) -> None:
        made, stilled = read
        self.banner.tell("info", STILLED) if stilled else self.banner.hide()
        self._done(made)
        self._desk.routes.wake_sync()

    def _failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)


class PicturePart(Part):
    """A `Picture` or None. `fit` brings the bytes to the size its place needs."""

    def __init__(
        self,
        desk: Desk,
        name: str,
        fit: Callable[[bytes], Picture],
        *,
        title: str = "画像",
        optional: bool = True,
    ) -> None:
        super().__init__(desk, name)
        self._optional = optional
        self.taker = FileTaker(desk, f"{title}を選ぶ", f"{name}.pick", fit, self._took)
        self._thumb = Thumb(desk)
        self._remove = button("外す", self._take_out, name=f"{name}.remove", role="quiet")
        self.taker.row.put(self._remove)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self._thumb, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.taker)
        self.description = self.entry("description", "画像の説明（住民には見えません）", "画像の説明")
        words.addWidget(self.description)
        row.addLayout(words, 1)
        self.column.addLayout(row)
        self.column.addWidget(self.trouble)

    def show_value(self, value: Picture | None) -> None:
        self._value = value
        has = value is not None and bool(value.file)
        self._thumb.setVisible(has)
        self._thumb.show_file(value.file if value is not None else "")
        self._remove.setVisible(has and self._optional)
        self.description.setVisible(has)
        self.description.set_text(value.description if value is not None else "")

    def _took(self, picture: Picture) -> None:
        old = self._value.description if self._value is not None else ""
        new = picture.model_copy(update={"description": old})
        self.show_value(new)
        self.tell("画像の変更", new)

    def _take_out(self) -> None:
        self.show_value(None)
        self.tell("画像の削除", None)
