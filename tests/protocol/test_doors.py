"""Codes, passphrases, signed requests and signed changes (SEC-1, SEC-9, ADM-7)."""

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from protocol.changes import Change, GreetingSave, is_signed_by, make_change
from protocol.delivery_changes import DeliveryRemove
from protocol.devices import SIGNATURE_HEADER, is_request_signed, read_signed_parts, sign_request
from protocol.encoding import from_base64, to_base64
from protocol.enrolment import EnrolmentCodeDamaged, format_code, new_enrolment_code, parse_code
from protocol.signin import derive_keys, new_cost, new_staff_keys, unwrap_keys, wrap_keys
from protocol.wire import MalformedMessage, canonical_bytes

NOW = datetime(2026, 11, 20, 1, 2, 3, 456000, tzinfo=UTC)
CERTIFICATE = hashlib.sha256(b"a certificate's public key").digest()
CHEAP = new_cost(memory_kib=64)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_a_printed_code_is_read_however_it_was_typed() -> None:
    code = new_enrolment_code(CERTIFICATE)
    printed = format_code(code)
    wide = "".join(chr(ord(c) + 0xFEE0) if c != "-" else " " for c in printed)
    for typed in (printed, printed.lower(), printed.replace("-", ""), f"  {printed}\n", wide):
        assert parse_code(typed) == code
    assert code.fits_pin(CERTIFICATE)
    assert not code.fits_pin(hashlib.sha256(b"another").digest())


@given(st.integers(0, 34), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_mistyped_sign_is_noticed_before_anything_is_sent(place: int, sign: str) -> None:
    text = format_code(new_enrolment_code(CERTIFICATE)).replace("-", "")
    if text[place] == sign:
        return
    try:
        read = parse_code(text[:place] + sign + text[place + 1 :])
    except EnrolmentCodeDamaged:
        return
    # Fifteen check bits let one typo in 32,768 through; the relay or the pin then refuses it.
    assert read != parse_code(text)


@pytest.mark.parametrize("typed", ["", "12345", "あいうえお", "!" * 35])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(EnrolmentCodeDamaged):
        parse_code(typed)


def test_a_code_does_not_show_in_a_repr() -> None:
    code = new_enrolment_code(CERTIFICATE)
    assert code.secret not in repr(code)


def test_words_make_the_same_keys_however_they_were_typed() -> None:
    keys = derive_keys("sakura tanuki yama kawa hoshi", CHEAP)
    assert derive_keys("  Sakura-tanuki  YAMA kawa hoshi ", CHEAP) == keys
    assert derive_keys("sakura tanuki yama kawa", CHEAP) != keys
    assert keys.login != keys.wrapping
    assert keys.login.hex() not in repr(keys)


def test_staff_keys_open_only_for_their_owner() -> None:
    keys, wrapping = new_staff_keys(), derive_keys("a b c d e", CHEAP).wrapping
    blob = wrap_keys(keys, wrapping, "tanaka")
    assert unwrap_keys(blob, wrapping, "tanaka").sign_public == keys.sign_public
    assert unwrap_keys(blob, wrapping, "tanaka").seal_public == keys.seal_public
    with pytest.raises(ValueError, match="do not open"):
        unwrap_keys(blob, wrapping, "suzuki")
    with pytest.raises(ValueError, match="do not open"):
        unwrap_keys(blob, derive_keys("a b c d f", CHEAP).wrapping, "tanaka")


def test_a_request_is_bound_to_its_method_path_body_and_device() -> None:
    key = Ed25519PrivateKey.generate()
    headers = sign_request("device", key, method="POST", path="/staff/sync", body=b"{}", now=NOW)
    parts = read_signed_parts(headers)
    assert parts is not None and parts.time == NOW.replace(microsecond=0)
    public = public_bytes(key)
    assert is_request_signed(parts, public, method="POST", path="/staff/sync", body=b"{}")
    assert not is_request_signed(parts, public, method="GET", path="/staff/sync", body=b"{}")
    assert not is_request_signed(parts, public, method="POST", path="/staff/sync?a=1", body=b"{}")
    assert not is_request_signed(parts, public, method="POST", path="/staff/sync", body=b"{ }")
    other = public_bytes(Ed25519PrivateKey.generate())
    assert not is_request_signed(parts, other, method="POST", path="/staff/sync", body=b"{}")


def test_a_request_without_all_headers_claims_nothing() -> None:
    headers = sign_request("d", Ed25519PrivateKey.generate(), method="GET", path="/", body=b"", now=NOW)
    for name in headers:
        assert read_signed_parts({k: v for k, v in headers.items() if k != name}) is None
    assert read_signed_parts(headers | {"madoguchi-time": "soon"}) is None
    damaged = read_signed_parts(headers | {SIGNATURE_HEADER: "@@"})
    assert damaged is not None and not is_request_signed(damaged, b"x" * 32, method="GET", path="/", body=b"")


def test_a_change_survives_the_wire_and_any_edit_is_noticed() -> None:
    keys = new_staff_keys()
    change = make_change(
        "greeting.save",
        GreetingSave(text="ようこそ 髙﨑𠮷葛󠄀"),
        based_on=3,
        now=NOW,
        staff="s",
        relay="r",
        key=keys.sign,
    )
    arrived = Change.parse(change.model_dump_json())
    assert is_signed_by(arrived, keys.sign_public)
    edits = {
        "id": "x",
        "kind": "delivery.remove",
        "payload": {"text": "!"},
        "based_on": 4,
        "staff": "t",
        "relay": "q",
        "made_at": NOW.replace(year=2027),
    }
    for name, value in edits.items():
        assert not is_signed_by(arrived.model_copy(update={name: value}), keys.sign_public), name


def test_a_change_takes_only_its_own_payload() -> None:
    with pytest.raises(TypeError):
        make_change(
            "greeting.save",
            DeliveryRemove(delivery="x"),
            based_on=0,
            now=NOW,
            staff="s",
            relay="r",
            key=new_staff_keys().sign,
        )


def test_a_malformed_message_says_where_and_not_what() -> None:
    with pytest.raises(MalformedMessage) as caught:
        Change.parse({"id": 5, "kind": "秘密の値"})
    assert "秘密" not in str(caught.value)
    assert "payload" in caught.value.places


@given(st.binary(max_size=80))
def test_bytes_survive_as_text(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data


@pytest.mark.parametrize("text", ["=", "a", "あ", "AB=", "A B", "AA=="])
def test_other_forms_of_base64_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        from_base64(text)


def test_signed_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert canonical_bytes({"b": 1, "a": "あ"}) == '{"a":"あ","b":1}'.encode()
    with pytest.raises(TypeError):
        canonical_bytes({"a": [1.5]})
