"""Pictures come in chunks, are proved, and some become public. SEG-6, SEC-3."""

from __future__ import annotations

import io
import os
import struct
import zlib

import pytest
import requests
from PIL import Image
from sqlalchemy import select

from protocol.files import CHUNK_BYTES, FILE_BYTES_LIMIT, FileState, file_name
from relay.features.files import Files
from relay.serve import RunningRelay
from relay.store.tables import file_chunks
from tests.conftest import Clock
from tests.relay.desk import Desk, reason
from tests.relay.pictures import jpeg, png


def put(desk: Desk, content: bytes, *, name: str = "", offset: int = 0, size: int = 0) -> requests.Response:
    path = f"/staff/files/{name or file_name(content)}?offset={offset}&size={size or len(content)}"
    return desk.call(path, method="PUT", body=content)


def noisy_png() -> bytes:
    """A picture of several chunks that does not compress."""
    out = io.BytesIO()
    Image.frombytes("RGB", (500, 400), os.urandom(600_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("picture", [png(), jpeg()], ids=["png", "jpeg"])
def test_a_picture_comes_back_as_it_was(desk: Desk, picture: bytes) -> None:
    assert FileState.parse(put(desk, picture).content).complete
    answer = desk.call(f"/staff/files/{file_name(picture)}", method="GET")
    assert answer.content == picture
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_upload_goes_on_where_it_was_cut(desk: Desk) -> None:
    content = noisy_png()
    name = file_name(content)

    def chunk(offset: int) -> FileState:
        part = content[offset : offset + CHUNK_BYTES]
        return FileState.parse(put(desk, part, name=name, offset=offset, size=len(content)).content)

    assert chunk(0).received == CHUNK_BYTES
    assert chunk(0).received == CHUNK_BYTES  # its answer was lost, so it comes again
    assert chunk(2 * CHUNK_BYTES).received == CHUNK_BYTES  # too early: nothing is taken
    state = FileState.parse(desk.call(f"/staff/files/{name}/state", method="GET").content)
    while not state.complete:
        state = chunk(state.received)
    assert desk.call(f"/staff/files/{name}", method="GET").content == content


def test_chunks_lie_sealed_in_the_store(relay: RunningRelay, desk: Desk) -> None:
    picture = png()
    put(desk, picture)
    with relay.relay.database.read() as connection:
        (chunk,) = connection.execute(select(file_chunks.c.body_sealed)).scalars()
    assert picture not in chunk and b"PNG" not in chunk


def pixel_flood() -> bytes:
    """A PNG of a few bytes whose header promises 10,000,000,000 pixels."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", b"") + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg onload=alert(1)>", "file_type_refused"),
        (b"GIF89a" + b"\0" * 40, "file_type_refused"),
        (b"\x89PNG\r\n\x1a\nbroken", "file_type_refused"),
        (pixel_flood(), "file_too_large"),
    ],
    ids=["svg", "gif", "broken", "flood"],
)
def test_what_is_no_harmless_picture_is_refused_and_not_kept(desk: Desk, content: bytes, code: str) -> None:
    assert reason(put(desk, content)) == code
    state = FileState.parse(desk.call(f"/staff/files/{file_name(content)}/state", method="GET").content)
    assert state.received == 0


def test_content_that_is_not_what_its_name_says_is_refused(desk: Desk) -> None:
    assert reason(put(desk, png(), name=file_name(jpeg()))) == "file_damaged"


def test_limits_and_nonsense_are_refused(desk: Desk) -> None:
    name = file_name(png())
    assert reason(put(desk, b"x", name=name, size=FILE_BYTES_LIMIT + 1)) == "file_too_large"
    assert reason(put(desk, b"x" * (CHUNK_BYTES + 1), name=name)) == "too_large"
    assert reason(put(desk, b"xx", name=name, offset=5, size=6)) == "malformed"
    assert reason(put(desk, b"x", name="not-a-name")) == "malformed"
    bad = desk.call(f"/staff/files/{name}?offset=-1&size=x", method="PUT", body=b"x")
    assert reason(bad) == "malformed"
    assert reason(desk.call(f"/staff/files/{name}", method="GET")) == "not_found"


def test_only_published_files_are_public_and_only_under_their_secret_address(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    picture = png()
    put(desk, picture)
    files = Files(relay.relay.database, clock, public_url=relay.url)
    with relay.relay.database.write() as connection:
        address = files.publish(connection, file_name(picture))
        assert files.publish(connection, file_name(picture)) == address
    answer = desk.http.get(address)
    assert answer.content == picture
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    for unknown in ("x", "A" * 43, "A" * 500, file_name(picture)):
        assert desk.http.get(f"{relay.url}/media/{unknown}").status_code == 404
