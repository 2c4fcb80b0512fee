"""A sealed photo opens whole, unaltered, and by its own key only. SEC-8."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.encoding import to_base64
from protocol.files import file_name
from protocol.sealed_files import PLAIN_CHUNK, FileDamaged, SealedFile, open_file, seal_file

_TAG = 16
SIZES = (0, 1, PLAIN_CHUNK - 1, PLAIN_CHUNK, PLAIN_CHUNK + 1, 2 * PLAIN_CHUNK, 3 * PLAIN_CHUNK + 7)


def renamed(manifest: SealedFile, sealed: bytes) -> SealedFile:
    """The manifest as if these bytes had been stored: what a relay could make of it without the key."""
    return manifest.model_copy(update={"sha256": file_name(sealed)})


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_comes_back(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    manifest, sealed = seal_file(content, content_type="image/jpeg", name="写真.jpg")
    assert (manifest.size, manifest.content_type, manifest.sha256) == (size, "image/jpeg", file_name(sealed))
    assert open_file(SealedFile.parse(manifest.model_dump_json()), sealed) == content
    chunks = max(1, -(-size // PLAIN_CHUNK))
    assert len(sealed) == size + chunks * _TAG


@given(st.binary(min_size=16, max_size=3000))
@settings(max_examples=40, deadline=None)
def test_small_files_come_back_and_do_not_show(content: bytes) -> None:
    manifest, sealed = seal_file(content, content_type="image/png")
    assert open_file(manifest, sealed) == content
    assert content not in sealed


def test_every_altered_byte_is_noticed_even_under_the_right_name() -> None:
    manifest, sealed = seal_file(b"x" * 300, content_type="image/png")
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(FileDamaged):
            open_file(manifest, altered)
        with pytest.raises(FileDamaged):
            open_file(renamed(manifest, altered), altered)


def test_chunks_cannot_be_cut_off_swapped_repeated_or_left_out() -> None:
    whole = PLAIN_CHUNK + _TAG
    manifest, sealed = seal_file(b"a" * PLAIN_CHUNK + b"b" * PLAIN_CHUNK + b"c" * 10, content_type="x")
    first, second, last = sealed[:whole], sealed[whole : 2 * whole], sealed[2 * whole :]
    for altered in (
        first + second,
        first,
        b"",
        second + first + last,
        first + first + last,
        first + last,
        sealed + last,
        sealed + b"\0",
        sealed[:-1],
    ):
        with pytest.raises(FileDamaged):
            open_file(renamed(manifest, altered), altered)


def test_another_key_size_or_file_is_refused() -> None:
    manifest, sealed = seal_file(b"x" * 100, content_type="x")
    other, other_sealed = seal_file(b"x" * 100, content_type="x")
    assert sealed != other_sealed
    for wrong in (
        manifest.model_copy(update={"key": other.key}),
        manifest.model_copy(update={"key": to_base64(b"\0" * 32)}),
        manifest.model_copy(update={"size": 99}),
        manifest.model_copy(update={"size": 101}),
    ):
        with pytest.raises(FileDamaged):
            open_file(wrong, sealed)
    with pytest.raises(FileDamaged):
        open_file(manifest, other_sealed)
