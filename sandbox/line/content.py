"""Photos and files that residents sent, kept until asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageDraw

PREVIEW_WIDTH = 240


@dataclass(slots=True)
class Content:
    data: bytes
    content_type: str
    kind: str  # image, video, audio, file
    ready_at: datetime
    unsent: bool = False


def preview_of(content: Content) -> bytes:
    """A small JPEG; for a video a grey picture, because nothing here decodes video."""
    if content.kind == "image":
        picture = Image.open(io.BytesIO(content.data)).convert("RGB")
        picture.thumbnail((PREVIEW_WIDTH, PREVIEW_WIDTH * 2))
    else:
        picture = Image.new("RGB", (PREVIEW_WIDTH, 135), "#566270")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def generated_photo(number: int) -> bytes:
    """A plain but not empty picture for scripts that have no photo at hand."""
    picture = Image.new("RGB", (960, 720), (88 + number * 37 % 120, 130, 150))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 960, 720), fill=(112, 120, 118))
    draw.ellipse((330, 520, 640, 660), fill=(60, 62, 66))
    draw.polygon([(420, 180), (540, 180), (480, 80)], fill=(222, 178, 60))
    draw.rectangle((470, 180, 490, 470), fill=(90, 90, 92))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
