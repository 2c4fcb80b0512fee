"""Pictures with areas to tap, in the five widths phones ask for. Made when first asked for, kept in memory.

Source: LINE Messaging API, "Imagemap message": `<base URL>/1040` and so on, no file extension. SEG-6.
"""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict

from PIL import Image, ImageOps

from relay.features.file_kinds import PICTURE_TYPES
from relay.features.files import Files, PublicFile
from relay.features.message_parts import MAP_PIXELS_LIMIT

WIDTHS = (240, 300, 460, 700, 1040)
_KEPT_BYTES = 32 * 1000 * 1000
_BROKEN_LIMIT = 1000
_QUALITY = 88
_TALLEST = 3  # pixels in height for one in width
_log = logging.getLogger(__name__)


class Imagemaps:
    """Of pictures `Files` has published for this and nothing else."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], PublicFile] = OrderedDict()
        self._broken: OrderedDict[str, None] = OrderedDict()

    def find(self, token: str, width: int) -> PublicFile | None:
        """The picture in this width; None where there is none. From any thread."""
        if width not in WIDTHS:
            return None
        kept, is_known = self._look(token, width)
        if is_known:
            return kept
        with self._making:  # one at a time: a decoded picture is large
            kept, is_known = self._look(token, width)
            return kept if is_known else self._make(token).get(width)

    def _look(self, token: str, width: int) -> tuple[PublicFile | None, bool]:
        """What is kept, and whether it is known at all; a picture that could not be made is known as None."""
        with self._lock:
            if token in self._broken:
                return None, True
            kept = self._kept.get((token, width))
            if kept is not None:
                self._kept.move_to_end((token, width))
            return kept, kept is not None

    def _make(self, token: str) -> dict[int, PublicFile]:
        """All widths from one decoding: phones of other widths follow soon."""
        media = self._files.find_public(token, "imagemap")
        if media is None or media.content_type not in PICTURE_TYPES:
            return {}
        content = self._files.content(media)
        try:
            made = _in_all_widths(content)
        except Exception as error:  # Pillow's readers raise whatever a broken file leads them to
            _log.error("a picture with areas cannot be made: %s", type(error).__name__)
            with self._lock:
                self._broken[token] = None
                while len(self._broken) > _BROKEN_LIMIT:
                    self._broken.popitem(last=False)
            return {}
        with self._lock:
            for width, picture in made.items():
                self._kept[token, width] = picture
            while sum(len(file.content) for file in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return made


def _in_all_widths(content: bytes) -> dict[int, PublicFile]:
    """Raises ValueError where it is too large, and whatever Pillow raises."""
    largest = WIDTHS[-1]
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as opened:
        if opened.width * opened.height > MAP_PIXELS_LIMIT:  # told by the header: no pixel is decoded before
            raise ValueError("too many pixels")
        opened.draft("RGB", (largest, largest * _TALLEST))  # a JPEG is decoded no larger than needed
        picture = ImageOps.exif_transpose(opened)
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):  # colours by number cannot be mixed
        picture.thumbnail((largest, picture.height), Image.Resampling.LANCZOS)
    picture = picture.convert("RGBA")
    return {width: _sized(picture, width) for width in WIDTHS}


def _sized(picture: Image.Image, width: int) -> PublicFile:
    height = max(1, min(width * _TALLEST, round(picture.height * width / picture.width)))
    white = Image.new("RGB", (width, height), "white")
    sized = picture.resize((width, height), Image.Resampling.LANCZOS)
    white.paste(sized, mask=sized)
    out = io.BytesIO()
    white.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return PublicFile(content=out.getvalue(), content_type="image/jpeg")
