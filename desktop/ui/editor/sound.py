"""Video and voice: a file, and for a video the still picture before it plays."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from desktop.features.media import AUDIO_LIMIT, VIDEO_LIMIT
from desktop.ui.editor.part import Part
from desktop.ui.editor.picture import FileTaker, Thumb
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.messages import AudioMessage, VideoMessage

_MEGA = 1_000_000
_ABOUT = "内容の説明（住民には見えません）"


class VideoPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        media = desk.office.media
        self.taker = FileTaker(
            desk, "動画を選ぶ", f"{name}.pick", lambda content: media.video(content, self._value), self._took,
            kinds="動画 (*.mp4 *.m4v)", icon="download",
        )  # fmt: skip
        self.still = FileTaker(
            desk,
            "静止画を選ぶ",
            f"{name}.still",
            lambda content: media.still(content, self._value),
            self._took,
        )
        self._words = label("", "small", wrap=True)
        self._thumb = Thumb(desk)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self._thumb, 0, Qt.AlignmentFlag.AlignTop)
        inner = QVBoxLayout()
        inner.setSpacing(6)
        inner.addWidget(self.taker)
        inner.addWidget(self.still)
        inner.addWidget(self._words)
        row.addLayout(inner, 1)
        self.column.addLayout(row)
        self.column.addWidget(self.entry("description", _ABOUT, "動画の説明"))

    def show_value(self, value: VideoMessage) -> None:
        self.show_all(value)
        self._thumb.show_file(value.preview)
        film = "動画を選びました。" if value.file else f"MP4、{VIDEO_LIMIT // _MEGA}MBまで。"
        still = "" if value.preview else "再生の前に出る静止画も選んでください。"
        self._words.setText(film + still)

    def _took(self, message: Any) -> None:
        new = message.model_copy(update={"description": self._value.description})
        self.show_value(new)
        self.tell("動画の変更", new)


class AudioPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        media = desk.office.media
        self.taker = FileTaker(
            desk, "音声を選ぶ", f"{name}.pick", lambda content: media.audio(content, self._value), self._took,
            kinds="音声 (*.mp3 *.m4a)", icon="download",
        )  # fmt: skip
        self.column.addWidget(self.taker)
        self.length = label("", "small", wrap=True, name=f"{name}.length")
        self.column.addWidget(self.length)
        self.column.addWidget(self.entry("description", _ABOUT, "音声の説明"))

    def show_value(self, value: AudioMessage) -> None:
        self.show_all(value)
        length = f"長さ {spoken_length(value.milliseconds)}。" if value.file else ""
        self.length.setText(length or f"MP3かM4A、{AUDIO_LIMIT // _MEGA}MBまで。")

    def _took(self, message: Any) -> None:
        new = message.model_copy(update={"description": self._value.description})
        self.show_value(new)
        self.tell("音声の変更", new)


def spoken_length(milliseconds: int) -> str:
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}分{seconds:02d}秒" if minutes else f"{seconds}秒"
