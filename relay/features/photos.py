"""Photos residents send: decoded within limits and written anew, so that nothing of the file itself survives.

No place, no device, no hidden second content: only pixels pass (security I4 to I6).
"""

from __future__ import annotations

import io
import threading

from PIL import Image, ImageOps, UnidentifiedImageError

from relay.errors import Refused

PHOTO_BYTES_LIMIT = 10 * 1024 * 1024
PIXELS_LIMIT = 40_000_000
CONTENT_TYPE = "image/jpeg"
_LONGEST_SIDE = 2400
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 85
# A decoded photo takes up to 120 MB, so few are open at a time however many people send some.
Image.MAX_IMAGE_PIXELS = None  # our own limit is lower and refuses by name
_DECODING = threading.Semaphore(2)


def clean_photo(content: bytes) -> bytes:
    """A fresh JPEG of at most 2,400 pixels a side, upright. Raises Refused."""
    if len(content) > PHOTO_BYTES_LIMIT:
        raise Refused("file_too_large", status=413)
    with _DECODING:
        try:
            return _fresh(content)
        except Refused:
            raise
        except UnidentifiedImageError:
            raise Refused("file_type_refused", status=422) from None
        except Exception:  # Pillow's readers raise whatever a broken file leads them to
            raise Refused("file_damaged", status=422) from None


def _fresh(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        width, height = picture.size
        if width * height > PIXELS_LIMIT:  # told by the header: no pixel is decoded before
            raise Refused("file_too_large", status=413)
        picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        # Onto a new sheet: what is saved from the opened one could carry its comments and profiles along.
        sheet = Image.new("RGB", upright.size, "white")
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            seen = upright.convert("RGBA")
            sheet.paste(seen, mask=seen.getchannel("A"))
        else:
            sheet.paste(upright.convert("RGB"))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
