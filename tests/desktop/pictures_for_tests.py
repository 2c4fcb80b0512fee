"""Pictures made on the spot, so that no binary files lie in the repository."""

from __future__ import annotations

import io
import random

from PIL import Image


def noise(side: int) -> bytes:
    """A PNG that hardly compresses."""
    generator = random.Random(side)
    picture = Image.frombytes("RGB", (side, side), generator.randbytes(side * side * 3))
    return encoded(picture, "PNG")


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()
