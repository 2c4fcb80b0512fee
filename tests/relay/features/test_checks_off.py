"""The keys are the first wall: a relay that checks nothing any more opens nothing for strangers. SEC-8."""

from __future__ import annotations

from datetime import datetime

import pytest

from protocol.certificates import KeyWrap
from protocol.ids import new_id
from protocol.keys import CannotUnwrap, SharedSecret, unwrap, wrap
from protocol.rights import TOWN, inbox_audience
from protocol.sealing import CannotOpen, SealedHeader, SealedRecord, open_sealed, seal
from protocol.staff import StaffMember
from relay.features import sync
from tests.relay.features.office import Office
from tests.relay.town_keys import TownKeys

DEPARTMENTS = ("welfare", "tax", "roads")


def hand_out(office: Office, town: TownKeys, now: datetime) -> tuple[dict[str, StaffMember], dict[str, str]]:
    """A member and a key for each department, and one sealed record; nothing asked, nothing checked."""
    members, keys = {}, {}
    for department in DEPARTMENTS:
        office.add_department(department)
        member = office.add_person(department, role="editor", departments=(department,))
        key = town.department_key(department, now)
        handed = KeyWrap(
            key=key.id,
            staff=member.id,
            sealed=wrap(town.secrets[key.id].raw, member.seal_key, key=key.id, reader=member.id),
            by=member.id,
            made_at=now,
        )
        office.put("key", key.id, key.as_json())
        office.put("wrap", f"{key.id}/{member.id}", handed.as_json(), (f"staff:{member.id}",))
        header = SealedHeader(
            town=office.database.relay_id, part="answer", id=new_id(now), object="contact:x", sealed_at=now
        )
        record = seal(header, {"text": department}, {key.id: key.public})
        office.put("submission", header.id, record.as_json(), (inbox_audience(department),))
        members[department], keys[department] = member, key.id
    return members, keys


def test_with_every_check_off_a_member_of_one_department_opens_nothing_of_another(
    office: Office, sato: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, relay = TownKeys(), office.database.relay_id
    members, keys = hand_out(office, town, office.clock())
    everything = (
        TOWN,
        *map(inbox_audience, DEPARTMENTS),
        *(f"staff:{member.id}" for member in members.values()),
    )
    monkeypatch.setattr(sync, "audiences_of", lambda member, grid: everything)
    opened: dict[tuple[str, str], str] = {}
    for department, member in members.items():
        records = [SealedRecord.parse(r.body) for r in office.records(member, "submission").values()]
        wraps = [KeyWrap.parse(record.body) for record in office.records(member, "wrap").values()]
        assert (len(records), len(wraps)) == (3, 3)  # the relay holds nothing back
        own = {}
        for handed in wraps:
            # As whoever the wrap names, and as oneself.
            for reader in (handed.staff, member.id):
                try:
                    private = office.keys_of(member).seal
                    raw = unwrap(handed.sealed, private, key=handed.key, reader=reader)
                except CannotUnwrap:
                    continue
                own[handed.key] = SharedSecret(raw).private
        assert set(own) == {keys[department]}
        for record in records:
            # A stolen id does not help: one's own key under the name of another's opens nothing either.
            renamed = dict.fromkeys(keys.values(), own[keys[department]])
            for held in (own, renamed):
                try:
                    opened[department, open_sealed(record, held, town=relay)["text"]] = "opened"
                except CannotOpen as refused:
                    assert refused.reason in ("key_missing", "key_wrong")
    assert set(opened) == {(department, department) for department in DEPARTMENTS}
