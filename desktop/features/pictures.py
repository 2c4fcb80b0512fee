"""Pictures for the talk: any photo becomes what LINE takes. Requirement: SEG-6.

LINE: JPEG or PNG, at most 10 MB, and a preview of at most 1 MB. Place and camera data (EXIF) are dropped,
because a photo of the town hall's desk must not tell where it was taken.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from desktop.errors import MediaRefused, PictureRefused
from protocol.card_limits import MAP_HEIGHT_LIMIT, MAP_WIDTH
from protocol.message_limits import IMAGE_BYTES_LIMIT, PREVIEW_BYTES_LIMIT

LONGEST_SIDE = 2048  # phones show no more
PREVIEW_SIDE = 480
CARD_WIDTH = 1024
TALLEST = 3  # LINE: a picture in a card is at most three times as high as it is wide
TEMPLATE_RATIO = 1.51
FITTED_BYTES = PREVIEW_BYTES_LIMIT  # a card of pictures must come up quickly on a slow line
PIXELS_LIMIT = 40_000_000  # a picture that unpacks to more is refused before it is unpacked
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


def fit_card_picture(content: bytes) -> FittedPicture:
    """For cards: whole, at most 1,024 wide, JPEG, not higher than LINE shows."""
    picture = _open(content)
    ratio = picture.height / picture.width
    if ratio > TALLEST:
        picture = _middle(picture, picture.width, round(picture.width * TALLEST))
    return _fitted(_no_wider(picture, CARD_WIDTH))


def fit_template_picture(content: bytes) -> FittedPicture:
    """For buttons and carousels: the middle in LINE's 1.51 : 1, at most 1,024 wide, JPEG."""
    picture = _open(content)
    wide = min(picture.width, round(picture.height * TEMPLATE_RATIO))
    cut = _middle(picture, max(1, wide), max(1, round(wide / TEMPLATE_RATIO)))
    return _fitted(_no_wider(cut, CARD_WIDTH))


def fit_map_picture(content: bytes) -> FittedPicture:
    """For areas to tap: exactly 1,040 wide. Raises MediaRefused `picture_too_tall`, too, where it would
    not fit a screen.
    """
    picture = _open(content)
    height = max(1, round(picture.height * MAP_WIDTH / picture.width))
    if height > MAP_HEIGHT_LIMIT:
        raise MediaRefused("picture_too_tall")
    return _fitted(picture.resize((MAP_WIDTH, height), Image.Resampling.LANCZOS))


def is_animated(content: bytes) -> bool:
    """Whether only the first of several pictures will be used."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            return bool(getattr(picture, "is_animated", False))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _fitted(picture: Image.Image) -> FittedPicture:
    content = _encoded(_on_white(picture), FITTED_BYTES)
    return FittedPicture(original=content, preview=content, width=picture.width, height=picture.height)


def _no_wider(picture: Image.Image, width: int) -> Image.Image:
    if picture.width <= width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _middle(picture: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


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
        picture = _on_white(picture)
    for quality in (90, 80, 65, 50):
        jpeg = _bytes(picture, "JPEG", quality=quality, optimize=True)
        if len(jpeg) <= limit:
            return jpeg
    raise PictureRefused("file_too_large")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _bytes(picture: Image.Image, form: str, **options: int | bool) -> bytes:
    plain = Image.new(picture.mode, picture.size)  # a new one, so that no metadata comes along
    plain.paste(picture)
    out = io.BytesIO()
    plain.save(out, form, **options)
    return out.getvalue()
