"""Pictures, video and sound for messages: fitted to LINE's sizes and kept for sending. Requirement: SEG-6."""

from __future__ import annotations

import io
import re

from tinytag import TinyTag, TinyTagException

from desktop.errors import MediaRefused
from desktop.features.asking import Ask
from desktop.features.pictures import fit_card_picture, fit_map_picture, fit_picture, fit_template_picture
from desktop.replica.files import Files
from protocol.files import FILE_BYTES_LIMIT
from protocol.message_limits import AUDIO_BYTES_LIMIT, VIDEO_BYTES_LIMIT
from protocol.messages import AudioMessage, ImageMessage, Picture, VideoMessage
from protocol.sync import CouponsAnswer

VIDEO_LIMIT = min(VIDEO_BYTES_LIMIT, FILE_BYTES_LIMIT)
AUDIO_LIMIT = min(AUDIO_BYTES_LIMIT, FILE_BYTES_LIMIT)
"""LINE's limits, or what the relay takes of one file where that is less."""


class Media:
    """Every call raises PictureRefused or MediaRefused for what LINE would not take."""

    def __init__(self, files: Files, ask: Ask) -> None:
        self._files = files
        self._ask = ask

    def image(self, content: bytes, description: str = "") -> ImageMessage:
        fitted = fit_picture(content)
        return ImageMessage(
            file=self._files.add(fitted.original),
            preview=self._files.add(fitted.preview),
            description=description,
            width=fitted.width,
            height=fitted.height,
        )

    def card_picture(self, content: bytes, description: str = "") -> Picture:
        """For cards: whole, at most 1,024 wide, JPEG."""
        fitted = fit_card_picture(content)
        return self._picture(fitted.original, fitted.width, fitted.height, description)

    def template_picture(self, content: bytes, description: str = "") -> Picture:
        """For buttons and carousels: cut to 1.51 : 1 around its middle."""
        fitted = fit_template_picture(content)
        return self._picture(fitted.original, fitted.width, fitted.height, description)

    def map_picture(self, content: bytes, description: str = "") -> Picture:
        """For areas to tap: exactly 1,040 wide."""
        fitted = fit_map_picture(content)
        return self._picture(fitted.original, fitted.width, fitted.height, description)

    def video(self, content: bytes, before: VideoMessage) -> VideoMessage:
        """An MP4; the still picture is chosen apart (`still`)."""
        if not is_mp4(content):
            raise MediaRefused("video_type")
        if len(content) > VIDEO_LIMIT:
            raise MediaRefused("video_too_large", limit=VIDEO_LIMIT // 1_000_000)
        return before.model_copy(update={"file": self._files.add(content)})

    def still(self, content: bytes, before: VideoMessage) -> VideoMessage:
        """What is shown before the video plays."""
        return before.model_copy(update={"preview": self._files.add(fit_picture(content).preview)})

    def audio(self, content: bytes, before: AudioMessage) -> AudioMessage:
        """An MP3 or M4A with its length."""
        if len(content) > AUDIO_LIMIT:
            raise MediaRefused("audio_too_large", limit=AUDIO_LIMIT // 1_000_000)
        milliseconds = length_of_sound(content)
        return before.model_copy(update={"file": self._files.add(content), "milliseconds": milliseconds})

    def coupons(self) -> CouponsAnswer:
        """The coupons LINE has. Asks the relay."""
        return self._ask("coupons", None, CouponsAnswer)

    def _picture(self, content: bytes, width: int, height: int, description: str) -> Picture:
        return Picture(file=self._files.add(content), description=description, width=width, height=height)


def is_mp4(content: bytes) -> bool:
    """By its own signature and a track with pictures, whatever the file is called. QuickTime is none."""
    return _is_film(content) and content[8:12] != b"qt  " and _has_track(content, b"vide")


def _is_film(content: bytes) -> bool:
    return content[4:8] == b"ftyp"


def _has_track(content: bytes, kind: bytes) -> bool:
    """A handler box of this kind: what the relay will look for, too."""
    return re.search(rb"hdlr.{8}" + kind, content, re.DOTALL) is not None


def length_of_sound(content: bytes) -> int:
    """Milliseconds of an MP3 or M4A. Raises MediaRefused: `audio_type`, `audio_damaged`."""
    is_m4a = _is_film(content) and not _has_track(content, b"vide")
    is_mp3 = content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1:2] >= b"\xe0")
    if not (is_m4a or is_mp3):
        raise MediaRefused("audio_type")
    try:
        tag = TinyTag.get(filename="sound.m4a" if is_m4a else "sound.mp3", file_obj=io.BytesIO(content))
    except (TinyTagException, ValueError, OSError, IndexError):
        raise MediaRefused("audio_damaged") from None
    if not tag.duration or tag.duration <= 0:
        raise MediaRefused("audio_damaged")
    return max(1, round(tag.duration * 1000))
