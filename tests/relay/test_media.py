"""Films, sounds and pictures of a delivery, as LINE and phones fetch them (SEG-6)."""

from __future__ import annotations

import io
import resource
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import requests
from PIL import Image

from protocol.files import CHUNK_BYTES, file_name
from protocol.messages import (
    AudioMessage,
    CardMessage,
    ImagemapMessage,
    ImageMessage,
    Message,
    Picture,
    VideoMessage,
)
from relay.errors import Refused
from relay.features import imagemaps
from relay.features.file_kinds import find_kind
from relay.features.files import Files, PublicFile
from relay.features.imagemaps import WIDTHS, Imagemaps
from relay.features.message_parts import check_message_files
from relay.serve import RunningRelay, running_relay
from relay.store.database import Database
from tests.conftest import Clock
from tests.make import every_message
from tests.relay.desk import relay_settings
from tests.relay.films import film, keep, m4a, mp3
from tests.relay.pictures import jpeg, png


@pytest.fixture
def files(database: Database, clock: Clock) -> Files:
    return Files(database, clock, public_url="https://relay.example")


@pytest.fixture
def relay(tmp_path: Path, database_url: str, clock: Clock) -> Iterator[RunningRelay]:
    with running_relay(relay_settings(tmp_path, database_url), clock=clock) as running:
        yield running


def look(content: bytes, size: int = 0) -> tuple[str, str]:
    """What the relay says of a file of this content."""
    return find_kind(lambda at, length: content[at : at + length], size or len(content))


def publish(relay: RunningRelay, clock: Clock, content: bytes, *, imagemap: bool = False) -> str:
    files = Files(relay.relay.database, clock, public_url=relay.url)
    name = keep(files, content)
    with relay.relay.database.write() as connection:
        return (files.publish_imagemap if imagemap else files.publish)(connection, name)


def get(relay: RunningRelay, url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, verify=str(relay.certificate), timeout=10)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (film(), "video/mp4"),
        (film(tracks=(b"soun", b"vide")), "video/mp4"),
        (m4a(), "audio/mp4"),
        (mp3(), "audio/mpeg"),
        (mp3(tagged=True), "audio/mpeg"),
        (png(), "image/png"),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, content_type: str) -> None:
    assert look(content) == ("", content_type)


@pytest.mark.parametrize(
    "content",
    [
        film(brand=b"qt  "),
        film(tracks=()),
        film()[:-10],  # cut off
        b"\0\0\0\x08ftyp" * 400,
        b"ID3\x04\0\0\0\0\0\x10" + bytes(100),
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\xff\xf1\x50\x80" + bytes(400),  # AAC without its box
    ],
)
def test_what_line_cannot_play_is_refused(content: bytes) -> None:
    assert look(content) == ("file_type_refused", "")


def test_a_picture_may_not_be_as_large_as_a_film() -> None:
    assert look(png(), size=10_000_001) == ("file_too_large", "")
    assert look(mp3(), size=200_000_000) == ("", "audio/mpeg")
    assert look(mp3(), size=200_000_001) == ("file_too_large", "")


def test_a_bad_film_is_not_kept(files: Files) -> None:
    content = film()[:-10]
    with pytest.raises(Refused, match="file_type_refused"):
        keep(files, content)
    assert files.state(file_name(content)).received == 0


def test_a_file_that_came_whole_as_the_relay_ended_is_looked_at_when_asked_about(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = film(CHUNK_BYTES + 10)
    monkeypatch.setattr(Files, "_settle", lambda *_: "busy")
    with pytest.raises(Refused, match="busy"):
        keep(files, content)
    monkeypatch.undo()
    assert files.state(file_name(content)).complete


def test_every_place_takes_its_own_kind_only(files: Files, database: Database) -> None:
    names = {
        kind: keep(files, made) for kind, made in (("film", film()), ("sound", mp3()), ("picture", png()))
    }

    def trouble(message: Message) -> str:
        try:
            with database.read() as connection:
                check_message_files(files, connection, (message,))
        except Refused as refused:
            return refused.reason
        return ""

    video = VideoMessage(file=names["film"], preview=names["picture"])
    assert trouble(video) == ""
    assert trouble(video.model_copy(update={"file": names["sound"]})) == "file_type_refused"
    assert trouble(video.model_copy(update={"preview": names["film"]})) == "file_type_refused"
    assert trouble(AudioMessage(file=names["sound"], milliseconds=1)) == ""
    assert trouble(AudioMessage(file=names["film"], milliseconds=1)) == "file_type_refused"
    assert trouble(ImageMessage(file=names["film"], preview=names["picture"])) == "file_type_refused"
    for message in every_message():
        if isinstance(message, CardMessage) or message.type in ("imagemap", "buttons", "carousel"):
            assert trouble(message) == "file_unknown"  # the pictures within are looked for


def test_a_film_is_fetched_whole_in_parts_and_by_its_head(relay: RunningRelay, clock: Clock) -> None:
    content = film(2 * CHUNK_BYTES + 1000)
    url = publish(relay, clock, content)
    whole = get(relay, url)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, content, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    last = len(content) - 1
    for asked, first, end in (
        ("bytes=0-1", 0, 1),
        (f"bytes={CHUNK_BYTES - 5}-{CHUNK_BYTES + 5}", CHUNK_BYTES - 5, CHUNK_BYTES + 5),
        ("bytes=100-", 100, last),
        ("bytes=-50", last - 49, last),
        (f"bytes=10-{last + 999}", 10, last),
    ):
        part = get(relay, url, range=asked)
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {first}-{end}/{len(content)}"
        assert part.content == content[first : end + 1]
    for beyond in (f"bytes={last + 1}-", "bytes=5-2", "bytes=-0"):
        assert get(relay, url, range=beyond).status_code == 416
    assert get(relay, url, range="bytes=0-1,5-6").content == content
    head = requests.head(url, verify=str(relay.certificate), timeout=10)
    assert head.headers["content-length"] == str(len(content)) and not head.content


def test_an_imagemap_comes_in_lines_five_widths(relay: RunningRelay, clock: Clock) -> None:
    url = publish(relay, clock, png(1040, 700), imagemap=True)
    for width in WIDTHS:
        answer = get(relay, f"{url}/{width}")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (width, round(700 * width / 1040))
        assert answer.headers["content-type"] == "image/jpeg"
        assert "immutable" in answer.headers["cache-control"]
    assert get(relay, f"{url}/700").content == get(relay, f"{url}/700").content
    film_url = publish(relay, clock, film(), imagemap=True)
    for wrong in (f"{url}/701", f"{url}/x", f"{url}/1040.png", f"{url[:-1]}/700", f"{film_url}/700"):
        assert get(relay, wrong).status_code == 404


def test_a_picture_of_a_message_is_no_imagemap_and_an_imagemap_is_no_file(
    relay: RunningRelay, clock: Clock
) -> None:
    plain, areas = publish(relay, clock, png()), publish(relay, clock, png(), imagemap=True)
    assert get(relay, f"{plain.replace('/media/', '/imagemap/')}/1040").status_code == 404
    assert get(relay, areas.replace("/imagemap/", "/media/")).status_code == 404


def test_an_imagemap_is_unpacked_once_and_one_that_cannot_be_is_not_tried_again(
    files: Files, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked: list[int] = []
    whole, broken = png(1040, 700), png(1040, 701)
    names = {"whole": keep(files, whole), "broken": keep(files, broken)}
    with database.write() as connection:
        tokens = {key: files.publish_imagemap(connection, name).split("/")[-1] for key, name in names.items()}
    content = {names["whole"]: whole, names["broken"]: broken[: len(broken) // 2]}
    monkeypatch.setattr(Files, "content", lambda _, media: content[media.sha256])

    def counted(picture: bytes) -> dict[int, PublicFile]:
        unpacked.append(len(picture))
        return really(picture)

    really = imagemaps._in_all_widths
    monkeypatch.setattr(imagemaps, "_in_all_widths", counted)
    maps = Imagemaps(files)
    assert all(maps.find(tokens["whole"], width) for width in WIDTHS)
    assert [maps.find(tokens["broken"], width) for width in WIDTHS] == [None] * len(WIDTHS)
    assert len(unpacked) == 2


@pytest.mark.parametrize("whole", [png(400, 300), jpeg(400, 300)])
def test_a_picture_cut_off_is_refused_when_it_comes(whole: bytes) -> None:
    assert look(whole)[0] == ""
    assert look(whole[: len(whole) // 2 + 20]) == ("file_damaged", "")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(
    files: Files, database: Database
) -> None:
    assert look(_claiming(8000, 5001)) == ("file_too_large", "")
    large = keep(files, png(4000, 3300))
    message = ImagemapMessage(picture=Picture(file=large), alt="地図", height=1040)
    with database.read() as connection, pytest.raises(Refused, match="file_too_large"):
        check_message_files(files, connection, (message,))


def _claiming(width: int, height: int) -> bytes:
    """A small picture whose header tells another size."""
    made = bytearray(png())
    made[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    made[29:33] = zlib.crc32(bytes(made[12:29])).to_bytes(4, "big")
    return bytes(made)


def test_a_sealed_file_never_gets_an_address(files: Files, database: Database) -> None:
    with database.write() as connection, pytest.raises(Refused, match="file_unknown"):
        files.publish(connection, "a" * 64)


@pytest.mark.slow
def test_two_hundred_megabytes_pass_through_little_memory(files: Files) -> None:
    name = keep(files, film(199_000_000))
    media = files.find(name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen: list[int] = []

    async def fetch() -> None:
        async for piece in files.pieces(media, 0, media.size - 1):
            seen.append(len(piece))

    run: Any = anyio.run
    run(fetch)
    assert sum(seen) == media.size and max(seen) <= CHUNK_BYTES
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB
