"""Wraps and boxes open for the one they were made for and for nobody else, altered never. SEC-8."""

from __future__ import annotations

import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.encoding import from_base64, to_base64
from protocol.keys import (
    CannotUnwrap,
    SharedSecret,
    lock_box,
    new_secret,
    open_box,
    point,
    point_text,
    unwrap,
    wrap,
)

READER = generate_private_key(SECP256R1())
PUBLIC = point_text(READER.public_key())
SEALED = wrap(b"s" * 32, PUBLIC, key="key", reader="hanako")
BOX = lock_box(b"content", b"shares", "recovery")


def test_a_wrap_opens_for_the_key_and_reader_it_names_and_no_other() -> None:
    names = ("key", "other", "", "directory", "key\nhanako")
    for key, reader in itertools.product(names, ("hanako", "jiro", "", "recovery")):
        if (key, reader) == ("key", "hanako"):
            assert unwrap(SEALED, READER, key=key, reader=reader) == b"s" * 32
            continue
        with pytest.raises(CannotUnwrap):
            unwrap(SEALED, READER, key=key, reader=reader)
    with pytest.raises(CannotUnwrap):
        unwrap(SEALED, generate_private_key(SECP256R1()), key="key", reader="hanako")


def test_a_wrap_altered_anywhere_does_not_open() -> None:
    sealed = from_base64(SEALED)
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(CannotUnwrap):
            unwrap(to_base64(altered), READER, key="key", reader="hanako")
    for length in range(len(sealed)):
        with pytest.raises(CannotUnwrap):
            unwrap(to_base64(sealed[:length]), READER, key="key", reader="hanako")


@given(st.text(max_size=60))
def test_what_is_no_wrap_is_refused_and_never_an_error(text: str) -> None:
    with pytest.raises(CannotUnwrap):
        unwrap(text, READER, key="key", reader="hanako")
    with pytest.raises(CannotUnwrap):
        open_box(text, b"shares", "recovery")


def test_a_box_opens_by_its_secret_for_its_purpose() -> None:
    assert open_box(BOX, b"shares", "recovery") == b"content"
    for secret, purpose in ((b"share", "recovery"), (b"shares", "root"), (b"", ""), (b"shares", "")):
        with pytest.raises(CannotUnwrap):
            open_box(BOX, secret, purpose)
    box = from_base64(BOX)
    for place in range(len(box)):
        altered = box[:place] + bytes([box[place] ^ 128]) + box[place + 1 :]
        with pytest.raises(CannotUnwrap):
            open_box(to_base64(altered), b"shares", "recovery")


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=50)
def test_one_secret_gives_one_pair_and_one_chunk_key_always(raw: bytes) -> None:
    secret = SharedSecret(raw)
    again = SharedSecret(bytes(raw))
    assert (secret.public, secret.chunk_key) == (again.public, again.chunk_key)
    assert point_text(secret.private.public_key()) == secret.public
    assert len({secret.raw, secret.chunk_key, from_base64(secret.public)[1:33]}) == 3


def test_a_secret_given_today_is_the_same_in_ten_years() -> None:
    # Records of years are sealed to this: if the derivation ever changes, this line must not.
    fixed = SharedSecret(bytes(range(32)))
    assert fixed.public == FIXED_PUBLIC
    assert fixed.chunk_key.hex() == FIXED_CHUNK_KEY


FIXED_PUBLIC = "BER8kBpgkHegJaQ1iR9M7hPB_fb09s2tWT99c_vPPOfwjG0A1I2ClvmH4kyUtTmaq64X4KyAUo-KwS-FPGDq2pQ"
FIXED_CHUNK_KEY = "a52cae51dc030238828aba62d687b2ef186ed30722a9b5e777eb0504625c484c"


def test_no_two_secrets_are_alike_and_none_shows_in_a_repr() -> None:
    secrets = [new_secret() for _ in range(100)]
    assert len({secret.raw for secret in secrets}) == len({secret.public for secret in secrets}) == 100
    assert secrets[0].raw.hex() not in repr(secrets[0]) and str(secrets[0].raw) not in repr(secrets[0])


def test_what_is_no_point_of_the_curve_is_refused() -> None:
    other_curve = point_text(generate_private_key(SECP384R1()).public_key())
    off_the_curve = to_base64(b"\4" + b"\1" * 64)
    infinity = to_base64(b"\0")
    for text in (other_curve, off_the_curve, infinity, "", "あ", PUBLIC[:-2]):
        with pytest.raises(ValueError, match=r".*"):
            point(text)
        with pytest.raises(ValueError, match=r".*"):
            wrap(b"s", text, key="key", reader="hanako")
    assert point_text(point(PUBLIC)) == PUBLIC
