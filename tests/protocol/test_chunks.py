"""Compacted chunks open whole, by the department's key and the signing member's, and no other way. SEC-8."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import chunks
from protocol.certificates import public_text
from protocol.chunks import (
    ChunkHeader,
    ChunkRefused,
    chunk_bytes,
    close_chunk,
    open_chunk,
    read_chunk_bytes,
)
from protocol.encoding import to_base64
from protocol.keys import new_secret
from protocol.wire import MalformedMessage

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
SIGNER, STRANGER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
SIGN_KEY = public_text(SIGNER)
KEY = new_secret().chunk_key
ROWS = [{"id": f"s{number}", "text": "髙﨑𠮷\n改行も" * number} for number in range(20)]


def a_header(**more: Any) -> ChunkHeader:
    values = {"id": "c1", "town": "relay", "audience": "department:welfare", "key": "k1", "first_seq": 1}
    values |= {"last_seq": 20, "records": len(ROWS), "made_by": "hanako", "made_at": NOW}
    return ChunkHeader(**{**values, **more})


HEADER, BODY = close_chunk(a_header(), ROWS, KEY, SIGNER)

rows = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(max_size=30) | st.integers() | st.none(), max_size=4),
    max_size=20,
)


def signed_again(header: ChunkHeader) -> ChunkHeader:
    """The header as a member could have signed it, whatever was altered in it."""
    return header.model_copy(update={"signature": to_base64(SIGNER.sign(chunks._signed_bytes(header)))})


@given(rows)
@settings(max_examples=60, deadline=None)
def test_what_was_compacted_comes_out_in_its_order_also_over_the_wire(parts: list[dict[str, Any]]) -> None:
    header, body = read_chunk_bytes(
        chunk_bytes(*close_chunk(a_header(records=len(parts)), parts, KEY, SIGNER))
    )
    assert [json.loads(row) for row in open_chunk(header, body, KEY, SIGN_KEY)] == parts


def test_the_wrong_key_and_the_wrong_signer_open_nothing() -> None:
    for key, sign_key in (
        (new_secret().chunk_key, SIGN_KEY),
        (KEY, public_text(STRANGER)),
        (KEY, ""),
        (KEY, "あ"),
        (b"\0" * 32, SIGN_KEY),
    ):
        with pytest.raises(ChunkRefused):
            open_chunk(HEADER, BODY, key, sign_key)


@pytest.mark.parametrize(
    "update",
    [
        {"id": "c2"},
        {"town": "other"},
        {"audience": "department:tax"},
        {"key": "k2"},
        {"codec": "gzip"},
        {"first_seq": 2},
        {"last_seq": 21},
        {"records": 19},
        {"made_by": "jiro"},
        {"made_at": NOW + timedelta(seconds=1)},
    ],
)
def test_no_property_of_the_header_can_be_changed_by_anybody(update: dict[str, Any]) -> None:
    edited = HEADER.model_copy(update=update)
    for header in (edited, signed_again(edited)):  # by the relay; by another member, who can sign
        with pytest.raises(ChunkRefused):
            open_chunk(header, BODY, KEY, SIGN_KEY)


def test_every_altered_or_missing_byte_is_noticed_even_when_signed_again() -> None:
    for place in [*range(0, len(BODY), 7), len(BODY) - 1]:
        for altered in (
            BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :],
            BODY[:place],
            BODY[:place] + BODY[place + 1 :],
        ):
            with pytest.raises(ChunkRefused):
                open_chunk(HEADER, altered, KEY, SIGN_KEY)
            renamed = HEADER.model_copy(update={"body_hash": hashlib.sha256(altered).hexdigest()})
            with pytest.raises(ChunkRefused):
                open_chunk(signed_again(renamed), altered, KEY, SIGN_KEY)


def test_a_body_moved_under_another_header_does_not_open() -> None:
    other, _ = close_chunk(a_header(id="c2"), ROWS, KEY, SIGNER)
    with pytest.raises(ChunkRefused):
        open_chunk(other, BODY, KEY, SIGN_KEY)


def test_a_small_chunk_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = [{"text": "0" * 100_000}]
    header, body = close_chunk(a_header(records=1), bomb, KEY, SIGNER)
    assert len(body) < 1000
    assert open_chunk(header, body, KEY, SIGN_KEY)
    monkeypatch.setattr(chunks, "CHUNK_PLAIN_LIMIT", 50_000)
    with pytest.raises(ChunkRefused):
        open_chunk(header, body, KEY, SIGN_KEY)


@given(st.binary(max_size=200))
def test_what_is_no_chunk_is_refused_and_never_another_error(sent: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_chunk_bytes(sent)


def test_a_chunk_cut_on_the_wire_is_refused() -> None:
    sent = chunk_bytes(HEADER, BODY)
    for length in range(0, len(sent), 11):
        try:
            header, body = read_chunk_bytes(sent[:length])
        except MalformedMessage:
            continue
        with pytest.raises(ChunkRefused):
            open_chunk(header, body, KEY, SIGN_KEY)


def test_the_closed_form_holds_nothing_of_the_records() -> None:
    assert "髙﨑".encode() not in BODY
    assert b"text" not in BODY
