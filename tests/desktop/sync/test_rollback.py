"""SEC-2: a relay that goes back in time, or takes something away, brings no replaced key or person back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.features.office import Office
from protocol.certificates import (
    DepartmentKey,
    Trust,
    certify_department_key,
    certify_directory,
    public_text,
)
from protocol.keys import new_secret
from protocol.staff import StaffMember
from tests.desktop.conftest import Desk
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_submissions import SealedTown, found_town
from tests.desktop.morning import morning


@pytest.fixture
def town(relay: FakeRelay) -> SealedTown:
    made = found_town(relay)
    made.department("soumu", "総務課")
    return made


@pytest.fixture
def office(desk: Desk, town: SealedTown) -> Office:
    office = desk.enrol()
    town.join("sato", "soumu")
    town.compare_root(desk.folder)
    office.sync()
    return office


def renewed(town: SealedTown) -> DepartmentKey:
    """Somebody left: 総務課 has a newer key."""
    key = DepartmentKey(
        id="key-new", department="soumu", year=2026, public=new_secret().public, recovery_wrap="",
        issued_at=morning() + timedelta(minutes=1), directory="",
    )  # fmt: skip
    return certify_department_key(town.directory, key)


def current(office: Office) -> str | None:
    key = office.ring().current_key("soumu")
    return key.id if key is not None else None


def test_a_key_taken_away_stays_the_newest_and_asks_for_another(office: Office, town: SealedTown) -> None:
    town.relay.put("key", "key-new", renewed(town).model_copy(update={"holders": (office.me.id,)}))
    office.sync()
    assert current(office) == "key-new"
    town.relay.put("key", "key-new", renewed(town), removed=True)
    office.sync()
    assert current(office) == "key-new"
    assert office.ring().department_keys["key-new"].holders == ()


def test_a_key_put_over_the_newest_leaves_none_to_seal_to(office: Office, town: SealedTown) -> None:
    town.relay.put("key", "key-new", renewed(town))
    office.sync()
    town.relay.put("key", "key-new", town.keys["soumu"].model_copy(update={"department": "zeimu"}))
    office.sync()
    assert current(office) is None
    assert office.ring().readers(["soumu"]) == {}


def test_a_relay_put_back_brings_no_older_key_back(office: Office, town: SealedTown) -> None:
    relay = town.relay
    yesterday, seq = dict(relay.records), relay._seq
    relay.put("key", "key-new", renewed(town))
    office.sync()
    relay.records, relay._seq = dict(yesterday), seq
    office.sync()
    office.sync()
    assert current(office) == "key-new"


def member(office: Office) -> StaffMember:
    return next(one for one in office.staff.all() if one.id == office.me.id)


def test_an_older_certificate_is_not_believed_after_a_newer_one(office: Office, town: SealedTown) -> None:
    before = member(office)
    assert office.ring().is_entitled(before, "soumu")
    town.join("sato", wrapped=False)  # moved away; the certificate says so
    office.sync()
    town.relay.put("staff", before.id, before)
    office.sync()
    assert member(office).certificate == before.certificate
    assert not office.ring().is_certified(member(office))


def test_a_directory_the_root_has_replaced_is_not_believed(office: Office, town: SealedTown) -> None:
    relay, root = town.relay, town.root
    before = Trust.parse(relay.records["trust", "town"].body)
    other = Ed25519PrivateKey.generate()
    newer = certify_directory(root, public_text(other), morning(), recovery="")
    relay.put("trust", "town", before.model_copy(update={"directory": newer}))
    office.sync()
    assert office.ring().root == "trusted"
    relay.put("trust", "town", before)
    office.sync()
    assert (office.ring().root, office.ring().department_keys) == ("forged", {})


def test_the_same_directory_vouched_for_earlier_is_fine(office: Office, town: SealedTown) -> None:
    before = Trust.parse(town.relay.records["trust", "town"].body)
    again = certify_directory(town.root, before.directory.key, morning(), recovery="")
    town.relay.put("trust", "town", before.model_copy(update={"directory": again}))
    office.sync()
    town.relay.put("trust", "town", before)
    office.sync()
    assert office.ring().root == "trusted"
