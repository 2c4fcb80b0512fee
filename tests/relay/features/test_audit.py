"""The audit log only grows, misses nothing staff do, and holds ids but no words. SEC-5, SEC-9.

A desktop that remembers a head and demands the proof finds every change of the past: the last tests alter the
database behind the relay's back and look with a desktop's eyes.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from protocol.audit import (
    NOT_KEPT,
    AuditEntry,
    AuditEntryQuery,
    AuditLeavesQuery,
    AuditQuery,
    TreeHead,
    entry_leaf,
)
from protocol.certificates import DIRECTORY
from protocol.changes import (
    PAYLOADS,
    Change,
    ExportMade,
    GreetingSave,
    ItemRemove,
    ItemSave,
    KeyPublish,
    LineLinkRemove,
    TrustPublish,
    WrapAdd,
    change_hash,
    is_signed_by,
)
from protocol.encoding import from_base64
from protocol.ids import new_id
from protocol.merkle import is_consistent, root_of_leaves
from protocol.staff import StaffMember
from relay.errors import Refused
from relay.features.audit import _OBJECT_PLACES, AuditLog, append, object_ids
from relay.store.database import Database
from tests.conftest import Clock
from tests.relay.features.office import Office, district_item
from tests.relay.town_keys import TownKeys


@pytest.fixture
def log(database: Database) -> AuditLog:
    return AuditLog(database)


def add(database: Database, clock: Clock, kind: str = "sign_in") -> None:
    with database.write() as connection:
        append(connection, database.cipher, kind=kind, staff="s", now=clock())


def grew(old: TreeHead, new: TreeHead, proof: tuple[str, ...]) -> bool:
    """As a desktop checks it."""
    parts = [bytes.fromhex(part) for part in proof]
    return is_consistent(old.size, bytes.fromhex(old.root), new.size, bytes.fromhex(new.root), parts)


def recomputed(log: AuditLog) -> TreeHead:
    """The head from nothing but the entries, as whoever has an export can make it."""
    entries: list[AuditEntry] = []
    before = None
    while True:
        page = log.search(AuditQuery(before=before, limit=7))
        entries += page.entries
        if not page.more:
            break
        before = page.entries[-1].no
    leaves = [entry_leaf(entry) for entry in reversed(entries)]
    return TreeHead(size=len(leaves), root=root_of_leaves(leaves).hex())


def test_every_change_is_an_entry_whatever_became_of_it(
    office: Office, sato: StaffMember, log: AuditLog
) -> None:
    office.do(sato, "item.save", ItemSave(item=district_item()))
    office.do(sato, "item.remove", ItemRemove(item="item-district"), 7)
    office.do(sato, "export.made", ExportMade(what="audit", count=12))
    found = log.search(AuditQuery()).entries
    assert [(entry.no, entry.kind, entry.object, entry.outcome, entry.reason) for entry in found] == [
        (2, "export.made", "", "applied", ""),
        (1, "item.remove", "item-district", "refused", "version_conflict"),
        (0, "item.save", "item-district", "applied", ""),
    ]
    assert {entry.staff for entry in found} == {sato.id}


def test_the_device_a_change_came_from_is_noted(office: Office, sato: StaffMember, log: AuditLog) -> None:
    change = office.change(sato, "line_link.remove", LineLinkRemove())
    office.rounds.apply(sato, (change,), device="device-1")
    assert log.search(AuditQuery()).entries[0].device == "device-1"


def test_a_change_sent_again_is_one_entry(office: Office, sato: StaffMember, log: AuditLog) -> None:
    change = office.change(sato, "item.save", ItemSave(item=district_item()))
    for _ in range(3):
        office.rounds.apply(sato, (change, change))
    assert log.search(AuditQuery()).head.size == 1


def test_a_forged_change_is_not_put_down_to_the_person(
    office: Office, sato: StaffMember, suzuki: StaffMember, log: AuditLog
) -> None:
    true = office.change(sato, "greeting.save", GreetingSave(text="こんにちは"))
    forged = true.model_copy(update={"payload": {"text": "別の文"}})
    office.rounds.apply(sato, (forged,))
    office.rounds.apply(suzuki, (true,))
    assert log.search(AuditQuery()).entries == ()


def test_an_entry_holds_ids_and_never_what_was_written(
    office: Office, sato: StaffMember, log: AuditLog, database: Database
) -> None:
    secret = "見せてはならない文"
    office.do(sato, "greeting.save", GreetingSave(text=secret))
    item = district_item().model_copy(update={"id": secret})
    odd = office.change(sato, "item.save", ItemSave(item=item))
    office.rounds.apply(sato, (odd,))
    unknown = office.sign_again(odd.model_copy(update={"id": new_id(office.clock()), "kind": secret}))
    office.rounds.apply(sato, (unknown,))
    entries = log.search(AuditQuery()).entries
    assert [entry.kind for entry in entries] == ["unknown", "item.save", "greeting.save"]
    assert secret not in str(entries)
    with database.read() as connection:
        row = connection.execute(text("SELECT * FROM audit_entries")).all()
    assert secret not in str(row) and secret.encode() not in str(row).encode()


def test_the_signed_change_behind_an_entry_proves_who_did_it(
    office: Office, sato: StaffMember, log: AuditLog
) -> None:
    office.do(sato, "greeting.save", GreetingSave(text="ようこそ"))
    detail = log.entry(AuditEntryQuery(no=0))
    assert detail.change is not None
    assert detail.change.payload["text"] == "ようこそ"
    assert is_signed_by(detail.change, from_base64(sato.sign_key))
    assert change_hash(detail.change) == detail.entry.change_hash
    for no in (1, -1, 2**63, 2**80):
        with pytest.raises(Refused, match="not_found"):
            log.entry(AuditEntryQuery(no=no))


@pytest.mark.parametrize("kind", sorted(NOT_KEPT))
def test_wrapped_secrets_are_not_kept_for_whoever_reads_the_log(
    office: Office, sato: StaffMember, log: AuditLog, database: Database, kind: str
) -> None:
    keys, now = TownKeys(), office.clock()
    wraps = (keys.wrap(DIRECTORY, sato, sato, now),)
    payload = {
        "trust.publish": TrustPublish(trust=keys.trust(now), wraps=wraps),
        "key.publish": KeyPublish(key=keys.department_key("tax", now), wraps=wraps),
        "wrap.add": WrapAdd(wraps=wraps),
    }[kind]
    changes = (office.change(sato, kind, payload), office.change(sato, kind, payload, 7))
    results = office.rounds.apply(sato, changes)
    assert "refused" in {result.outcome for result in results}
    for no, change in enumerate(changes):
        detail = log.entry(AuditEntryQuery(no=no))
        assert detail.change is None and detail.entry.change_hash == change_hash(change)
    with database.read() as connection:
        kept = connection.execute(text("SELECT change_sealed FROM audit_entries")).scalars().all()
    assert kept == [None, None]


def test_every_kind_of_change_says_where_its_ids_are() -> None:
    assert _OBJECT_PLACES.keys() == PAYLOADS.keys()
    for kind, places in _OBJECT_PLACES.items():
        for place in places:
            assert place.split(".")[0] in PAYLOADS[kind].model_fields, (kind, place)


def test_ids_in_lists_and_within_parts_are_found_once_each(clock: Clock) -> None:
    wraps = [{"key": "k1", "staff": "a"}, {"key": "k1", "staff": "b"}, {"key": 5}, "x"]
    change = Change(id="i", kind="wrap.add", payload={"wraps": wraps}, made_at=clock(), staff="s", relay="r")
    assert object_ids(change) == ("k1", "a", "b")


def test_it_is_searched_by_person_kind_object_and_time(
    office: Office, sato: StaffMember, suzuki: StaffMember, log: AuditLog, clock: Clock
) -> None:
    office.do(sato, "item.save", ItemSave(item=district_item("item-a")))
    clock.forward(hours=1)
    office.do(suzuki, "item.save", ItemSave(item=district_item("item-ab")))
    clock.forward(hours=1)
    office.do(suzuki, "line_link.remove", LineLinkRemove())

    def found(**query: object) -> list[int]:
        return [entry.no for entry in log.search(AuditQuery.parse(query)).entries]

    assert found(staff=suzuki.id) == [2, 1]
    assert found(kinds=["line_link.remove", "sign_in"]) == [2]
    assert found(object="item-a") == [0], "not part of another id"
    assert found(object="item_a") == found(object="%") == []
    assert found(since=clock() - timedelta(hours=1)) == [2, 1]
    assert found(until=clock() - timedelta(hours=1)) == [0]
    assert found(before=2, limit=1) == [1]
    for odd in ({"since": "2026-11-20T00:00:00"}, {"before": 2**70}, {"staff": "\0"}, {"object": "\0"}):
        with pytest.raises(Refused, match="malformed"):
            found(**odd)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=5))
def test_every_head_grows_out_of_every_one_before(
    database: Database, clock: Clock, log: AuditLog, sizes: list[int]
) -> None:
    heads = [log.growth(0)[0]]
    for size in sizes:
        for _ in range(size):
            add(database, clock)
        heads.append(log.growth(0)[0])
    assert heads[-1] == recomputed(log)
    for old in heads:
        head, proof = log.growth(old.size)
        assert head == heads[-1]
        assert grew(old, head, proof)
    leaves = log.leaves(AuditLeavesQuery(start=0))
    assert root_of_leaves([bytes.fromhex(leaf) for leaf in leaves.leaves]).hex() == leaves.head.root


def test_leaves_come_from_any_number_on(database: Database, clock: Clock, log: AuditLog) -> None:
    for _ in range(5):
        add(database, clock)
    whole = log.leaves(AuditLeavesQuery(start=0)).leaves
    assert log.leaves(AuditLeavesQuery(start=3)).leaves == whole[3:]
    assert log.leaves(AuditLeavesQuery(start=5)).leaves == ()
    assert log.leaves(AuditLeavesQuery(start=10**12)).leaves == ()
    with pytest.raises(Refused, match="malformed"):
        log.leaves(AuditLeavesQuery(start=-1))


def test_entries_written_at_once_are_numbered_without_a_gap(
    database: Database, clock: Clock, log: AuditLog
) -> None:
    def write() -> None:
        for _ in range(10):
            add(database, clock)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    entries = log.search(AuditQuery()).entries
    assert [entry.no for entry in entries] == list(range(39, -1, -1))
    assert log.growth(0)[0] == recomputed(log)


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(
    database: Database, clock: Clock, log: AuditLog
) -> None:
    add(database, clock)
    with pytest.raises(RuntimeError), database.write() as connection:
        append(connection, database.cipher, kind="sign_in", staff="s", now=clock())
        raise RuntimeError
    add(database, clock)
    assert [entry.no for entry in log.search(AuditQuery()).entries] == [1, 0]
    assert log.growth(0)[0] == recomputed(log)


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit_entries SET staff = 'x' WHERE no = 2",
        "UPDATE audit_entries SET outcome = 'applied' WHERE no = 0",
        "UPDATE audit_entries SET at = at + 1 WHERE no = 4",
        "UPDATE audit_entries SET object = 'other' WHERE no = 3",
        "DELETE FROM audit_entries WHERE no = 1",
    ],
)
def test_an_altered_entry_no_longer_fits_the_head_a_desktop_remembers(
    database: Database, clock: Clock, log: AuditLog, tamper: str
) -> None:
    for _ in range(5):
        add(database, clock)
    remembered = log.growth(0)[0]
    with database.write() as connection:
        connection.execute(text(tamper))
    assert recomputed(AuditLog(database)) != remembered


def test_a_log_rewritten_with_its_tree_cannot_prove_that_it_grew(
    database: Database, clock: Clock, log: AuditLog
) -> None:
    for _ in range(6):
        add(database, clock)
    remembered = log.growth(0)[0]
    with database.write() as connection:
        for table in ("audit_entries", "audit_nodes"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("DELETE FROM counters WHERE name = 'audit'"))
    for _ in range(9):
        add(database, clock, "sign_out")
    head, proof = AuditLog(database).growth(remembered.size)
    assert head.size > remembered.size
    assert not grew(remembered, head, proof)


def test_a_log_restored_from_an_older_backup_is_smaller(
    database: Database, clock: Clock, log: AuditLog
) -> None:
    add(database, clock)
    head, proof = log.growth(7)
    assert (head.size, proof) == (1, ())
