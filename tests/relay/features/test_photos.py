"""Photos of residents become fresh pictures or are refused; nothing else of a file passes. SEC-3."""

from __future__ import annotations

import io
import os
import random
import struct
import zlib

import pytest
from PIL import Image

from protocol.files import file_name
from relay.errors import Refused
from relay.features.files import Files, keep_sealed
from relay.features.photos import clean_photo
from relay.store.database import Database
from tests.conftest import Clock


def picture(kind: str, size: tuple[int, int] = (120, 80), mode: str = "RGB", **save: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(out, kind, **save)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def reason(content: bytes) -> str:
    try:
        clean_photo(content)
    except Refused as refused:
        return refused.reason
    return ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_becomes_a_jpeg_of_the_same_picture(kind: str) -> None:
    cleaned = opened(clean_photo(picture(kind)))
    assert (cleaned.format, cleaned.size, cleaned.mode) == ("JPEG", (120, 80), "RGB")


def test_large_photos_come_out_smaller_and_see_through_ones_on_white() -> None:
    assert max(opened(clean_photo(picture("JPEG", (5000, 3000)))).size) <= 2400
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(clean_photo(out.getvalue())).getpixel((20, 20)) == (255, 255, 255)


def test_nothing_behind_or_beside_the_pixels_passes() -> None:
    secret = os.urandom(64)
    exif = Image.Exif()
    exif[0x9286] = secret
    told = picture("JPEG", exif=exif, comment=secret, icc_profile=secret * 4) + b"PK\x03\x04" + secret
    cleaned = clean_photo(told)
    assert not any(secret[start : start + 16] in cleaned for start in range(48))
    assert set(opened(cleaned).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_pixel_flood_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)

    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    flood = (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"")) + part(b"IEND", b"")
    )
    assert reason(flood) == "file_too_large"
    assert reason(b"\0" * (10 * 1024 * 1024 + 1)) == "file_too_large"


@pytest.mark.parametrize("content", [b"", b"GIF89a" + b"\0" * 40, b"%PDF-1.7", b"<svg/>", b"\xff\xd8\xff"])
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    assert reason(content) in ("file_type_refused", "file_damaged")


def test_five_hundred_broken_photos_never_raise_anything_else() -> None:
    dice = random.Random(500)
    whole = [picture(kind, (60, 40)) for kind in ("JPEG", "PNG", "WEBP")]
    reasons = set()
    for number in range(500):
        content = bytearray(whole[number % 3])
        for _ in range(dice.randint(1, 8)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        if dice.random() < 0.3:
            del content[dice.randrange(len(content)) :]
        reasons.add(reason(bytes(content)))
    assert reasons <= {"", "file_type_refused", "file_damaged", "file_too_large"}
    assert {"", "file_damaged"} <= reasons


def test_a_sealed_photo_never_becomes_a_public_picture(database: Database, clock: Clock) -> None:
    files = Files(database, clock, public_url="https://relay.example")
    sealed = os.urandom(70_000)
    name = file_name(sealed)
    with database.write() as connection:
        keep_sealed(connection, database.cipher, name, sealed, clock())
    assert files.read(name).content == sealed
    assert files.read(name).content_type == "application/octet-stream"
    with database.read() as connection, pytest.raises(Refused) as refused:
        files.check_picture(connection, name, 10_000_000)
    assert refused.value.reason == "file_type_refused"
