"""Pictures with areas to tap, in the five widths phones ask for. Made when first asked for, kept in memory.

Source: LINE Messaging API, "Imagemap message": `<base URL>/1040` and so on, no file extension. SEG-6.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict

from PIL import Image, ImageOps

from relay.features.file_kinds import PICTURE_TYPES
from relay.features.files import Files, PublicFile

WIDTHS = (240, 300, 460, 700, 1040)
_KEPT_BYTES = 32 * 1000 * 1000
_QUALITY = 88
_TALLEST = 3  # pixels in height for one in width


class Imagemaps:
    """`Files` has published the pictures; their token is the imagemap's as well."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], PublicFile] = OrderedDict()

    def find(self, token: str, width: int) -> PublicFile | None:
        """The picture in this width; None where there is none. From any thread."""
        if width not in WIDTHS:
            return None
        kept = self._look(token, width)
        if kept is not None:
            return kept
        with self._making:  # one at a time: a decoded picture is large
            return self._look(token, width) or self._make(token, width)

    def _look(self, token: str, width: int) -> PublicFile | None:
        with self._lock:
            kept = self._kept.get((token, width))
            if kept is not None:
                self._kept.move_to_end((token, width))
            return kept

    def _make(self, token: str, width: int) -> PublicFile | None:
        media = self._files.find_public(token)
        if media is None or media.content_type not in PICTURE_TYPES:
            return None
        with Image.open(io.BytesIO(self._files.content(media)), formats=("JPEG", "PNG")) as opened:
            opened.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))  # a JPEG is decoded no larger than needed
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
        height = max(1, min(width * _TALLEST, round(picture.height * width / picture.width)))
        white = Image.new("RGB", (width, height), "white")
        sized = picture.resize((width, height), Image.Resampling.LANCZOS)
        white.paste(sized, mask=sized)
        out = io.BytesIO()
        white.save(out, "JPEG", quality=_QUALITY, optimize=True)
        made = PublicFile(content=out.getvalue(), content_type="image/jpeg")
        self._keep(token, width, made)
        return made

    def _keep(self, token: str, width: int, made: PublicFile) -> None:
        with self._lock:
            self._kept[token, width] = made
            while sum(len(file.content) for file in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
