"""SEC-2, SEC-8, F14: wrong, missing, old and foreign keys open nothing, and the ring says which it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from desktop.features.town_root import BOX, NewTown, new_town
from desktop.keys.keyring import KeyRing, open_ring
from protocol.certificates import (
    DIRECTORY,
    DepartmentKey,
    KeyWrap,
    Trust,
    certify_department_key,
    certify_directory,
    certify_staff,
    public_text,
)
from protocol.encoding import to_base64
from protocol.keys import SharedSecret, new_secret, wrap
from protocol.sealing import CannotOpen, SealedHeader, open_sealed, seal
from protocol.signin import StaffKeys, new_staff_keys
from protocol.staff import Role, StaffMember

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ME = "staff-me"


@pytest.fixture(scope="module")
def town() -> NewTown:
    return new_town(NOW)


@pytest.fixture(scope="module")
def keys() -> StaffKeys:
    return new_staff_keys()


def department_key(town: NewTown, secret: SharedSecret, id: str = "k1", **more: object) -> DepartmentKey:
    key = DepartmentKey(
        id=id, department="welfare", year=2026, public=secret.public,
        recovery_wrap=wrap(secret.raw, town.trust.recovery, key=id, reader=BOX),
        issued_at=NOW, directory="",
    )  # fmt: skip
    return certify_department_key(town.directory, key.model_copy(update=more))


def wrapped(raw: bytes, keys: StaffKeys, key: str = "k1", reader: str = ME) -> KeyWrap:
    sealed = wrap(raw, to_base64(keys.seal_public), key=key, reader=reader)
    return KeyWrap(key=key, staff=ME, sealed=sealed, by="staff-admin", made_at=NOW)


def ring(town: NewTown, keys: StaffKeys, *parts: DepartmentKey | KeyWrap, root: str | None = None,
         trust: Trust | None = None) -> KeyRing:  # fmt: skip
    return open_ring(
        ME,
        keys,
        root=town.trust.root if root is None else root,
        trust=trust or town.trust,
        department_keys=[part for part in parts if isinstance(part, DepartmentKey)],
        wraps=[part for part in parts if isinstance(part, KeyWrap)],
    )


def test_a_wrap_of_a_certified_key_opens_what_is_sealed_to_it(town: NewTown, keys: StaffKeys) -> None:
    secret = new_secret()
    held = ring(town, keys, department_key(town, secret), wrapped(secret.raw, keys))
    assert held.root == "trusted" and held.wrong == ()
    header = SealedHeader(town="t", part="answer", id="s", object="contact:x", sealed_at=NOW)
    record = seal(header, {"text": "x"}, held.readers(["welfare"]))
    assert open_sealed(record, held.private_keys, town="t") == {"text": "x"}
    with pytest.raises(CannotOpen) as caught:
        open_sealed(record, held.private_keys, town="another")
    assert caught.value.reason == "other_town"


def test_without_a_wrap_the_reason_is_a_missing_key(town: NewTown, keys: StaffKeys) -> None:
    held = ring(town, keys, department_key(town, new_secret()))
    header = SealedHeader(town="t", part="answer", id="s", object="contact:x", sealed_at=NOW)
    record = seal(header, {}, held.readers(["welfare"]))
    with pytest.raises(CannotOpen) as caught:
        open_sealed(record, held.private_keys, town="t")
    assert caught.value.reason == "key_missing" and caught.value.keys == ("k1",)


@pytest.mark.parametrize(
    "how", ["to another person", "for another key", "of another secret", "cut", "no base64"]
)
def test_a_wrap_that_is_not_this_one_opens_nothing_and_is_named(
    town: NewTown, keys: StaffKeys, how: str
) -> None:
    secret = new_secret()
    good = wrapped(secret.raw, keys)
    wrong = {
        "to another person": wrapped(secret.raw, new_staff_keys()),
        "for another key": wrapped(secret.raw, keys, key="k2").model_copy(update={"key": "k1"}),
        "of another secret": wrapped(new_secret().raw, keys),
        "cut": good.model_copy(update={"sealed": good.sealed[:40]}),
        "no base64": good.model_copy(update={"sealed": "###"}),
    }[how]
    held = ring(town, keys, department_key(town, secret), wrong)
    assert held.secrets == {}
    assert held.wrong == ("k1",)


def test_a_key_the_directory_did_not_sign_does_not_exist(town: NewTown, keys: StaffKeys) -> None:
    secret, stranger = new_secret(), new_town(NOW)
    forged = department_key(stranger, secret)
    pretended = forged.model_copy(update={"directory": town.trust.directory.key})
    moved = department_key(town, secret).model_copy(update={"department": "water"})
    for key in (forged, pretended, moved):
        held = ring(town, keys, key, wrapped(secret.raw, keys))
        assert held.department_keys == {} and held.secrets == {}
        assert held.readers(["welfare", "water"]) == {}


def test_older_keys_open_but_nothing_new_is_sealed_to_them_whatever_the_relay_says(
    town: NewTown, keys: StaffKeys
) -> None:
    old, new, past = new_secret(), new_secret(), new_secret()
    held = ring(
        town, keys,
        department_key(town, old, "k1"), wrapped(old.raw, keys, "k1"),
        department_key(town, past, "k0", year=2025), wrapped(past.raw, keys, "k0"),
        department_key(town, new, "k2", issued_at=NOW + timedelta(days=1), retired=True),
        wrapped(new.raw, keys, "k2"),
    )  # fmt: skip
    assert set(held.secrets) == {"k0", "k1", "k2"}
    assert list(held.readers(["welfare"])) == ["k2"]


def test_nothing_opens_before_the_root_was_compared(town: NewTown, keys: StaffKeys) -> None:
    secret = new_secret()
    held = ring(town, keys, department_key(town, secret), wrapped(secret.raw, keys), root="")
    assert (held.root, held.secrets, held.department_keys) == ("unknown", {}, {})


def test_another_root_than_the_compared_one_opens_nothing(town: NewTown, keys: StaffKeys) -> None:
    secret, stranger = new_secret(), new_town(NOW)
    held = ring(
        stranger, keys, department_key(stranger, secret), wrapped(secret.raw, keys), root=town.trust.root
    )
    assert (held.root, held.secrets) == ("changed", {})


def test_a_directory_the_root_did_not_sign_opens_nothing(town: NewTown, keys: StaffKeys) -> None:
    secret, stranger = new_secret(), new_town(NOW)
    directory = certify_directory(
        stranger.root, public_text(stranger.directory), NOW, recovery=town.trust.recovery
    )
    forged = town.trust.model_copy(update={"directory": directory})
    held = ring(stranger, keys, department_key(stranger, secret), wrapped(secret.raw, keys), trust=forged)
    assert (held.root, held.secrets) == ("forged", {})
    compared = ring(stranger, keys, root=town.trust.root, trust=forged)
    assert compared.root == "forged"


def test_the_directory_key_counts_only_if_it_is_the_certified_one(town: NewTown, keys: StaffKeys) -> None:
    good = ring(town, keys, wrapped(town.directory.private_bytes_raw(), keys, DIRECTORY))
    assert good.directory is not None and good.wrong == ()
    other = ring(town, keys, wrapped(new_town(NOW).directory.private_bytes_raw(), keys, DIRECTORY))
    assert other.directory is None and other.wrong == (DIRECTORY,)


def test_a_colleague_counts_only_with_a_certificate_for_the_present_keys(
    town: NewTown, keys: StaffKeys
) -> None:
    sign, sealing = to_base64(keys.sign_public), to_base64(keys.seal_public)
    certificate = certify_staff(
        town.directory,
        staff="s",
        sign_key=sign,
        seal_key=sealing,
        departments=("welfare",),
        admin=False,
        now=NOW,
    )
    member = StaffMember(
        id="s", login_name="s", display_name="s", sign_key=sign, seal_key=sealing, certificate=certificate
    )
    held = ring(town, keys)
    assert held.is_certified(member)
    other = new_staff_keys()
    for change in (
        {"seal_key": to_base64(other.seal_public)},
        {"sign_key": to_base64(other.sign_public)},
        {"id": "t"},
        {"certificate": None},
        {"certificate": certificate.model_copy(update={"seal_key": to_base64(other.seal_public)})},
        {"certificate": certify_staff(
            new_town(NOW).directory, staff="s", sign_key=sign, seal_key=sealing, departments=(), admin=False,
            now=NOW,
        )},
    ):  # fmt: skip
        assert not held.is_certified(member.model_copy(update=change))
    assert not ring(town, keys, root="").is_certified(member)


def test_the_relays_word_alone_puts_nobody_into_a_department(town: NewTown, keys: StaffKeys) -> None:
    sign, sealing = to_base64(keys.sign_public), to_base64(keys.seal_public)
    certificate = certify_staff(
        town.directory,
        staff="s",
        sign_key=sign,
        seal_key=sealing,
        departments=("welfare", "tax"),
        admin=False,
        now=NOW,
    )
    member = StaffMember(
        id="s", login_name="s", display_name="s", departments=("welfare", "roads"), sign_key=sign,
        seal_key=sealing, certificate=certificate,
    )  # fmt: skip
    held = ring(town, keys)
    assert held.is_entitled(member, "welfare")
    assert not held.is_entitled(member, "roads")  # the relay says so, the certificate does not
    assert not held.is_entitled(member, "tax")  # left since
    assert not held.is_entitled(member.model_copy(update={"state": "left"}), "welfare")


def test_who_may_keep_the_directory_is_in_the_certificate(town: NewTown, keys: StaffKeys) -> None:
    sign, sealing = to_base64(keys.sign_public), to_base64(keys.seal_public)

    def member(*, certified: bool, role: Role) -> StaffMember:
        certificate = certify_staff(
            town.directory,
            staff="s",
            sign_key=sign,
            seal_key=sealing,
            departments=(),
            admin=certified,
            now=NOW,
        )
        return StaffMember(
            id="s", login_name="s", display_name="s", role=role, departments=(DIRECTORY,), sign_key=sign,
            seal_key=sealing, certificate=certificate,
        )  # fmt: skip

    held = ring(town, keys)
    assert held.is_entitled(member(certified=True, role="admin"), DIRECTORY)
    assert not held.is_entitled(member(certified=False, role="admin"), DIRECTORY)
    assert not held.is_entitled(member(certified=True, role="viewer"), DIRECTORY)
