"""A sealed record opens for its readers; moved, edited, cut or of another town it does not. SEC-8."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.encoding import from_base64, to_base64
from protocol.keys import new_secret
from protocol.sealing import (
    SUITE,
    CannotOpen,
    SealedHeader,
    SealedRecord,
    open_sealed,
    pad,
    record_hash,
    seal,
    unpad,
)
from protocol.wire import canonical_bytes

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
TOWN, OTHER_TOWN = "relay-of-minatono", "relay-of-elsewhere"
WELFARE, OLD_WELFARE, TAX = new_secret(), new_secret(), new_secret()
READERS = {"welfare-2026": WELFARE.public}
KEYS = {"welfare-2026": WELFARE.private}
CONTENT = {"topic": "子ども医療", "text": "髙﨑𠮷葛󠄀 の件です。", "files": []}

contents = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=50),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


def a_header(**more: Any) -> SealedHeader:
    values = {"town": TOWN, "part": "answer", "id": "s1", "object": "contact:f1", "version": 3}
    return SealedHeader(**{**values, "sealed_at": NOW, **more})


def a_record(**more: Any) -> SealedRecord:
    return seal(a_header(**more), CONTENT, READERS)


def why(record: SealedRecord, keys: Any = KEYS, town: str = TOWN) -> str:
    """The reason it does not open, "" when it does."""
    try:
        open_sealed(record, keys, town=town)
    except CannotOpen as refused:
        assert set(refused.keys) == set(record.wraps)
        assert "髙﨑" not in str(refused)
        return refused.reason
    return ""


@given(contents)
@settings(max_examples=50, deadline=None)
def test_what_was_sealed_comes_out_as_it_went_in_also_over_the_wire(content: dict[str, Any]) -> None:
    record = SealedRecord.parse(seal(a_header(), content, READERS).model_dump_json())
    assert open_sealed(record, KEYS, town=TOWN) == content


def test_a_record_sealed_to_three_opens_for_each_and_for_nobody_else() -> None:
    pairs = {"welfare": WELFARE, "tax": TAX, "old": OLD_WELFARE}
    for count in (1, 2, 3):
        for chosen in itertools.combinations(pairs, count):
            record = seal(a_header(), CONTENT, {id: pairs[id].public for id in chosen})
            for id, secret in pairs.items():
                expected = "" if id in chosen else "key_missing"
                assert why(record, {id: secret.private}) == expected


def test_every_pair_of_a_key_and_the_name_it_goes_by_gives_its_reason() -> None:
    record = a_record()
    for (name, key), town in itertools.product(
        itertools.product(("welfare-2026", "welfare-2025", "tax-2026"), (WELFARE, OLD_WELFARE, TAX)),
        (TOWN, OTHER_TOWN),
    ):
        right = "" if key is WELFARE else "key_wrong"
        expected = "other_town" if town == OTHER_TOWN else right if name == "welfare-2026" else "key_missing"
        assert why(record, {name: key.private}, town) == expected
    assert why(record, {}) == "key_missing"


def test_a_record_of_another_town_does_not_open_even_with_a_changed_name() -> None:
    foreign = a_record(town=OTHER_TOWN)
    assert why(foreign) == "other_town"
    renamed = foreign.model_copy(update={"header": foreign.header.model_copy(update={"town": TOWN})})
    assert why(renamed) == "key_wrong"


@pytest.mark.parametrize(
    "update",
    [
        {"part": "staff"},
        {"part": "copy"},
        {"id": "s2"},
        {"object": "contact:f2"},
        {"object": "item:f1"},
        {"version": 4},
        {"sealed_at": NOW + timedelta(microseconds=1)},
    ],
)
def test_no_property_of_the_header_can_be_changed(update: dict[str, Any]) -> None:
    record = a_record()
    moved = record.model_copy(update={"header": record.header.model_copy(update=update)})
    assert why(moved) == "key_wrong"
    # Nor does the body open under the wrap of the record it was moved to.
    target = a_record(**update)
    assert why(target.model_copy(update={"body": record.body, "nonce": record.nonce})) == "record_damaged"
    assert why(target.model_copy(update={"wraps": record.wraps})) == "key_wrong"


def test_another_suite_is_named_and_not_tried() -> None:
    record = a_record()
    other = record.model_copy(update={"header": record.header.model_copy(update={"suite": "x/2"})})
    assert why(other) == "other_suite"
    assert record.header.suite == SUITE


def each_byte_altered(text: str) -> list[str]:
    blob = from_base64(text)
    places = range(len(blob)) if len(blob) < 200 else [*range(0, len(blob), 17), len(blob) - 1]
    return [to_base64(blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]) for place in places]


@pytest.mark.parametrize(
    ("read", "write", "reason"),
    [
        (lambda r: r.nonce, lambda r, text: r.model_copy(update={"nonce": text}), "record_damaged"),
        (lambda r: r.body, lambda r, text: r.model_copy(update={"body": text}), "record_damaged"),
        (
            lambda r: r.wraps["welfare-2026"],
            lambda r, text: r.model_copy(update={"wraps": {"welfare-2026": text}}),
            "key_wrong",
        ),
    ],
    ids=["nonce", "body", "wrap"],
)
def test_every_altered_or_missing_byte_is_noticed(
    read: Callable[[SealedRecord], str], write: Callable[[SealedRecord, str], SealedRecord], reason: str
) -> None:
    record = a_record()
    for altered in each_byte_altered(read(record)):
        assert why(write(record, altered)) == reason
    blob = from_base64(read(record))
    for length in {0, 1, len(blob) // 2, len(blob) - 1}:
        assert why(write(record, to_base64(blob[:length]))) == reason
    for rubbish in ("", "=", "あ", "A" * 10000):
        assert why(write(record, rubbish)) == reason


def test_a_wrap_by_another_reader_put_under_a_known_name_opens_nothing() -> None:
    record = seal(a_header(), CONTENT, {"welfare": WELFARE.public, "tax": TAX.public})
    swapped = {"welfare": record.wraps["tax"], "tax": record.wraps["welfare"]}
    for id, secret in (("welfare", WELFARE), ("tax", TAX)):
        assert why(record.model_copy(update={"wraps": swapped}), {id: secret.private}) == "key_wrong"


def test_the_same_words_never_look_the_same() -> None:
    records = [a_record() for _ in range(20)]
    assert len({r.body for r in records}) == len({r.nonce for r in records}) == 20
    assert len({r.wraps["welfare-2026"] for r in records}) == len({record_hash(r) for r in records}) == 20


def test_the_sealed_form_holds_nothing_of_what_was_written() -> None:
    wire = a_record().model_dump_json()
    for word in ("子ども医療", "髙﨑", json.dumps("髙﨑")[1:-1], to_base64("髙﨑𠮷".encode())[:8]):
        assert word not in wire


def test_nothing_is_sealed_for_nobody_or_for_what_is_no_key() -> None:
    with pytest.raises(ValueError, match="reader"):
        seal(a_header(), CONTENT, {})
    with pytest.raises(ValueError, match=r".*"):
        seal(a_header(), CONTENT, {"welfare": "AAAA"})
    with pytest.raises(TypeError):
        seal(a_header(), {"amount": 1.5}, READERS)


@given(st.binary(max_size=70_000))
@settings(max_examples=60, deadline=None)
def test_padding_says_one_of_few_sizes_and_comes_off_again(content: bytes) -> None:
    padded = pad(content)
    assert unpad(padded) == content
    assert len(padded) in (1024, 4096, 16384, 65536) or len(padded) % 65536 == 0
    assert 0 <= len(padded) - len(content) - 4 < max(len(padded), 1024)


@pytest.mark.parametrize(
    ("size", "bucket"),
    [
        (0, 1024),
        (1020, 1024),
        (1021, 4096),
        (4092, 4096),
        (4093, 16384),
        (16380, 16384),
        (16381, 65536),
        (65532, 65536),
        (65533, 131072),
        (131068, 131072),
        (131069, 196608),
    ],
)
def test_the_buckets_begin_and_end_where_they_say(size: int, bucket: int) -> None:
    assert len(pad(b"x" * size)) == bucket


def test_two_answers_of_one_bucket_have_one_length() -> None:
    short, long = (seal(a_header(), {"text": "あ" * count}, READERS) for count in (1, 300))
    assert len(short.body) == len(long.body)
    assert len(seal(a_header(), {"text": "あ" * 400}, READERS).body) > len(long.body)


@pytest.mark.parametrize("padded", [b"", b"\0\0\0", b"\0\0\0\2x", b"\xff\xff\xff\xff" + b"x" * 1020])
def test_padding_with_a_length_that_cannot_be_is_refused(padded: bytes) -> None:
    with pytest.raises(ValueError, match="cut"):
        unpad(padded)


def test_the_hash_names_the_whole_record() -> None:
    record = a_record()
    assert record_hash(record) == record_hash(SealedRecord.parse(record.model_dump_json()))
    other = record.model_copy(update={"wraps": {**record.wraps, "tax": "AAAA"}})
    assert record_hash(other) != record_hash(record)
    assert canonical_bytes(record.header.as_json()) in canonical_bytes(record.as_json())
