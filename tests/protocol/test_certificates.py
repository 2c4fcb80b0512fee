"""Root, directory, people and department keys vouch for each other as signed, or not at all. SEC-2."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.certificates import (
    FINGERPRINT_WORDS,
    DepartmentKey,
    DirectoryCertificate,
    StaffCertificate,
    Trust,
    certify_department_key,
    certify_directory,
    certify_staff,
    fingerprint,
    is_department_key_certified,
    is_directory_certified,
    is_staff_certified,
    public_text,
)
from protocol.encoding import from_base64, to_base64
from protocol.keys import new_secret

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
ROOT, OTHER_ROOT, DIRECTORY, OTHER_DIRECTORY = (Ed25519PrivateKey.generate() for _ in range(4))

RECOVERY = new_secret().public


def a_trust(root: Ed25519PrivateKey = ROOT, directory: Ed25519PrivateKey = DIRECTORY) -> Trust:
    return Trust(
        root=public_text(root),
        directory=certify_directory(root, public_text(directory), NOW, recovery=RECOVERY),
        recovery=RECOVERY,
        recovery_box="AAAA",
        directory_recovery="AAAA",
    )


def a_person(directory: Ed25519PrivateKey = DIRECTORY) -> StaffCertificate:
    return certify_staff(
        directory,
        staff="hanako",
        sign_key="c2lnbg",
        seal_key="c2VhbA",
        departments=("welfare",),
        admin=False,
        now=NOW,
    )


def a_key(directory: Ed25519PrivateKey = DIRECTORY) -> DepartmentKey:
    key = DepartmentKey(
        id="k1",
        department="welfare",
        year=2026,
        public=new_secret().public,
        recovery_wrap="AAAA",
        issued_at=NOW,
        directory="",
    )
    return certify_department_key(directory, key)


def test_each_statement_is_vouched_for_by_its_own_signer_and_nobody_else() -> None:
    for signer, named in itertools.product((ROOT, OTHER_ROOT), repeat=2):
        trust = a_trust(signer).model_copy(update={"root": public_text(named)})
        assert is_directory_certified(trust) == (signer is named)
    for signer, named in itertools.product((DIRECTORY, OTHER_DIRECTORY, ROOT), repeat=2):
        assert is_staff_certified(a_person(signer), public_text(named)) == (signer is named)
        assert is_department_key_certified(a_key(signer), public_text(named)) == (signer is named)


def test_statements_survive_the_wire() -> None:
    trust = Trust.parse(a_trust().model_dump_json())
    person = StaffCertificate.parse(a_person().model_dump_json())
    key = DepartmentKey.parse(a_key().model_dump_json())
    assert is_directory_certified(trust)
    assert is_staff_certified(person, trust.directory.key)
    assert is_department_key_certified(key, trust.directory.key)


LATER = NOW + timedelta(microseconds=1)


@pytest.mark.parametrize(
    "update", [{"staff": "jiro"}, {"sign_key": "eA"}, {"seal_key": "eA"}, {"issued_at": LATER}]
)
def test_nothing_in_a_persons_certificate_can_be_changed(update: dict[str, Any]) -> None:
    edited = a_person().model_copy(update=update)
    assert not is_staff_certified(edited, public_text(DIRECTORY))


@pytest.mark.parametrize(
    "update",
    [
        {"id": "k2"},
        {"department": "tax"},
        {"form_class": "health"},
        {"year": 2027},
        {"public": new_secret().public},
        {"recovery_wrap": "BBBB"},
        {"issued_at": LATER},
    ],
)
def test_nothing_the_directory_signed_about_a_department_key_can_be_changed(update: dict[str, Any]) -> None:
    edited = a_key().model_copy(update=update)
    assert not is_department_key_certified(edited, public_text(DIRECTORY))


def test_the_relays_own_bookkeeping_is_not_part_of_what_was_signed() -> None:
    kept = a_key().model_copy(update={"holders": ("hanako", "jiro"), "retired": True})
    assert is_department_key_certified(kept, public_text(DIRECTORY))


def test_the_directory_key_in_a_trust_cannot_be_exchanged() -> None:
    trust = a_trust()
    for directory in (
        trust.directory.model_copy(update={"key": public_text(OTHER_DIRECTORY)}),
        trust.directory.model_copy(update={"issued_at": LATER}),
        certify_directory(OTHER_ROOT, public_text(DIRECTORY), NOW, recovery=RECOVERY),
        DirectoryCertificate(key=public_text(DIRECTORY), recovery=RECOVERY, issued_at=NOW),
    ):
        assert not is_directory_certified(trust.model_copy(update={"directory": directory}))


def test_the_recovery_key_cannot_be_exchanged_for_one_of_the_relays() -> None:
    trust, other = a_trust(), new_secret().public
    assert is_directory_certified(trust)
    directory = trust.directory.model_copy(update={"recovery": other})
    for edited in (
        {"recovery": other},
        {"directory": directory},
        {"recovery": other, "directory": directory},
    ):
        assert not is_directory_certified(trust.model_copy(update=edited))


def test_a_signature_for_one_kind_of_statement_means_nothing_for_another() -> None:
    # One key signs both here, and the statement has every property of the other.
    directory, person = certify_directory(DIRECTORY, "c2lnbg", NOW, recovery=RECOVERY), a_person()
    assert not is_staff_certified(
        person.model_copy(update={"signature": directory.signature}), public_text(DIRECTORY)
    )
    key = a_key()
    for signature in (person.signature, directory.signature):
        stolen = key.model_copy(update={"signature": signature})
        assert not is_department_key_certified(stolen, public_text(DIRECTORY))


def test_every_altered_byte_of_a_signature_is_noticed() -> None:
    person = a_person()
    signature = from_base64(person.signature)
    for place in range(len(signature)):
        altered = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        edited = person.model_copy(update={"signature": to_base64(altered)})
        assert not is_staff_certified(edited, public_text(DIRECTORY))


@given(st.text(max_size=100), st.text(max_size=60))
def test_rubbish_vouches_for_nobody_and_is_never_an_error(signature: str, directory: str) -> None:
    edited = a_person().model_copy(update={"signature": signature, "directory": directory})
    assert not is_staff_certified(edited, directory)
    assert not is_staff_certified(edited, public_text(DIRECTORY))


# --- what people compare ---


def test_a_fingerprint_is_eight_words_of_a_list_of_1024() -> None:
    words = fingerprint("c2lnbg", "c2VhbA")
    assert len(words) == FINGERPRINT_WORDS == 8
    assert all(0 <= word < 1024 for word in words)
    assert words == fingerprint("c2lnbg", "c2VhbA")


def test_a_fingerprint_said_today_is_the_same_in_ten_years() -> None:
    # Printed on the paper in the safe: if the rule ever changes, this line must not.
    assert fingerprint("AAAA") == FIXED


FIXED = (586, 61, 256, 491, 772, 484, 344, 884)


def test_other_keys_another_order_and_another_split_have_other_words() -> None:
    made = {
        fingerprint(*keys)
        for keys in (("AAAA", "BBBB"), ("BBBB", "AAAA"), ("AAAABBBB",), ("AAAA",), ("AAAB", "BBBB"))
    }
    assert len(made) == 5


@given(st.lists(st.binary(min_size=1, max_size=65).map(to_base64), min_size=1, max_size=3))
def test_each_word_of_a_fingerprint_may_be_any(keys: list[str]) -> None:
    assert all(0 <= word < 1024 for word in fingerprint(*keys))


def test_a_fingerprint_uses_every_bit() -> None:
    # Over a few hundred keys each of the eighty bits is sometimes set and sometimes not.
    seen = [fingerprint(f"key{number}") for number in range(400)]
    for place in range(8):
        for bit in range(10):
            assert {words[place] >> bit & 1 for words in seen} == {0, 1}
