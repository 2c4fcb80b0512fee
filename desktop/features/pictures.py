"""Pictures for the talk: any photo becomes what LINE takes. Requirement: SEG-6.

LINE: JPEG or PNG, at most 10 MB, and a preview of at most 1 MB. Place and camera data (EXIF) are dropped,
because a photo of the town hall's desk must not tell where it was taken.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from desktop.errors import PictureRefused
from protocol.message_limits import IMAGE_BYTES_LIMIT, PREVIEW_BYTES_LIMIT

LONGEST_SIDE = 2048  # phones show no more
PREVIEW_SIDE = 480
PIXELS_LIMIT = 60_000_000  # a picture that unpacks to more is refused before it is unpacked
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


@dataclass(frozen=True)
class FittedPicture:
    """`original` and `preview` are JPEG or PNG bytes; width and height are the original's."""

    original: bytes
    preview: bytes
    width: int
    height: int


def fit_picture(content: bytes) -> FittedPicture:
    """Raises PictureRefused: `file_type_refused`, `file_damaged` or `file_too_large`."""
    picture = _open(content)
    large = _shrunk(picture, LONGEST_SIDE)
    original = _encoded(large, IMAGE_BYTES_LIMIT)
    preview = _encoded(_shrunk(picture, PREVIEW_SIDE), PREVIEW_BYTES_LIMIT)
    return FittedPicture(original=original, preview=preview, width=large.width, height=large.height)


def _open(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is stricter
            picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError:
        raise PictureRefused("file_type_refused") from None
    except Image.DecompressionBombError:
        raise PictureRefused("file_too_large") from None
    except (OSError, ValueError, SyntaxError):
        raise PictureRefused("file_damaged") from None
    if picture.width * picture.height > PIXELS_LIMIT:
        raise PictureRefused("file_too_large")
    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise PictureRefused("file_damaged") from None
    return upright if upright.mode in ("RGB", "RGBA") else upright.convert(_plain_mode(upright))


def _plain_mode(picture: Image.Image) -> str:
    return "RGBA" if picture.mode in ("LA", "PA") or "transparency" in picture.info else "RGB"


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    copy = picture.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def _encoded(picture: Image.Image, limit: int) -> bytes:
    """PNG while it is see-through and small enough, else JPEG on white, with less quality until it fits."""
    if picture.mode == "RGBA":
        if picture.getchannel("A").getextrema() != (255, 255):
            png = _bytes(picture, "PNG", optimize=True)
            if len(png) <= limit:
                return png
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    for quality in (90, 80, 65, 50):
        jpeg = _bytes(picture, "JPEG", quality=quality, optimize=True)
        if len(jpeg) <= limit:
            return jpeg
    raise PictureRefused("file_too_large")


def _bytes(picture: Image.Image, form: str, **options: int | bool) -> bytes:
    plain = Image.new(picture.mode, picture.size)  # a new one, so that no metadata comes along
    plain.paste(picture)
    out = io.BytesIO()
    plain.save(out, form, **options)
    return out.getvalue()
