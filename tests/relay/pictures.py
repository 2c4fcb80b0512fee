"""Small pictures made on the spot."""

from __future__ import annotations

import io

from PIL import Image


def png(width: int = 40, height: int = 30, *, colour: str = "navy") -> bytes:
    return _encode(Image.new("RGB", (width, height), colour), "PNG")


def jpeg(width: int = 40, height: int = 30, *, colour: str = "navy") -> bytes:
    return _encode(Image.new("RGB", (width, height), colour), "JPEG")


def _encode(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()
