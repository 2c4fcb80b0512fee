"""Ten thousand changes replayed, ten thousand edited, ten thousand overtaking each other (four hundred
of these unless the slow tests are asked for): none twice, none forged, one end. SEC-9.

What is replayed and edited are real signed changes of every kind a small office makes, taken as they go over
the wire: JSON out of the desktop, JSON into the relay.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from protocol.changes import (
    Change,
    DepartmentSave,
    DeviceRevoke,
    ExportMade,
    GreetingSave,
    ItemRemove,
    ItemSave,
    ItemsReorder,
    LineLinkRemove,
    NoticeDismiss,
    RightsSave,
)
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliveryRemove, DeliverySave
from protocol.ids import new_id
from protocol.rights import RightsGrid
from protocol.staff import Department, StaffMember
from protocol.wire import MalformedMessage, Wire
from relay.store.database import Database, open_database
from tests.conftest import Clock
from tests.relay.conftest import HOST_KEY
from tests.relay.features.office import Office, district_item

MANY = 10_000
STEPS = 4
"""Drafts of one delivery, each upon the one before."""
_TABLES = ("records", "record_audiences", "changes_done", "audit_entries", "devices", "staff")


def payloads() -> list[tuple[str, Wire, int]]:
    """What one office does in a morning; some of it is refused, which counts too."""
    draft = DeliveryDraft(id="delivery-1", title="断水のお知らせ")
    return [
        ("item.save", ItemSave(item=district_item()), 0),
        ("item.save", ItemSave(item=district_item("item-b")), 0),
        ("items.reorder", ItemsReorder(items=("item-b", "item-district")), 0),
        ("item.remove", ItemRemove(item="item-b"), 9),
        ("delivery.save", DeliverySave(draft=draft), 0),
        ("delivery.save", DeliverySave(draft=draft.model_copy(update={"title": "断水"})), 1),
        ("delivery.remove", DeliveryRemove(delivery="delivery-1"), 2),
        ("greeting.save", GreetingSave(text="ようこそ"), 0),
        ("department.save", DepartmentSave(department=Department(id=_DEPARTMENT, name="福祉課")), 0),
        ("rights.save", RightsSave(grid=RightsGrid(cells={"viewer": {"audit": "none"}})), 0),
        ("line_link.remove", LineLinkRemove(), 0),
        ("device.revoke", DeviceRevoke(device="nobody's"), 0),
        ("notice.dismiss", NoticeDismiss(notice="none"), 0),
        ("export.made", ExportMade(what="audit", count=3), 0),
    ]


_DEPARTMENT = "01980000-0000-7000-8000-00000000dddd"


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    """One engine is enough here: the other tests of the rounds run on both."""
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    yield database
    database.close()


@pytest.fixture
def small_office(embedded: Database, clock: Clock) -> Office:
    return Office(embedded, clock)


def recorded(office: Office, who: StaffMember) -> list[bytes]:
    """The morning's changes as they went over the wire, all taken once."""
    made = []
    for kind, payload, based_on in payloads():
        change = office.change(who, kind, payload, based_on)
        office.rounds.apply(who, (change,))
        made.append(json.dumps(change.as_json(), ensure_ascii=False).encode())
    return made


def state(database: Database) -> dict[str, Any]:
    """How many rows there are, and the newest number of every stream: a change of anything changes it."""
    with database.read() as connection:
        rows = {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in _TABLES
        }
        numbers = connection.execute(text("SELECT name, value FROM counters WHERE name != 'changes'")).all()
        versions = connection.execute(text("SELECT kind, id, version FROM records ORDER BY kind, id")).all()
    return {**rows, "numbers": sorted(map(tuple, numbers)), "versions": list(map(tuple, versions))}


def test_ten_thousand_replays_change_nothing(small_office: Office) -> None:
    who = small_office.add_person()
    wire = recorded(small_office, who)
    results = {one.id: one for one in small_office.rounds.apply(who, tuple(map(Change.parse, wire)))}
    assert {result.outcome for result in results.values()} == {"applied", "refused"}
    before = state(small_office.database)
    pick = random.Random(9)
    sent = 0
    while sent < MANY:  # in any order, in rounds of any size, some twice in one round
        changes = tuple(Change.parse(pick.choice(wire)) for _ in range(pick.randint(1, 100)))
        for result in small_office.rounds.apply(who, changes):
            assert result == results[result.id]
        sent += len(changes)
    assert state(small_office.database) == before


def flip_byte(pick: random.Random, wire: bytes) -> bytes:
    place = pick.randrange(len(wire))
    return wire[:place] + bytes([wire[place] ^ (1 << pick.randrange(8))]) + wire[place + 1 :]


def cut_out(pick: random.Random, wire: bytes) -> bytes:
    start = pick.randrange(len(wire))
    return wire[:start] + wire[start + pick.randint(1, 20) :]


def change_value(pick: random.Random, wire: bytes) -> bytes:
    """One property, anywhere in the message, gets another value of its type."""
    message = json.loads(wire)
    parent, name = pick.choice(list(places(message)))
    value = parent[name]
    if isinstance(value, bool):
        parent[name] = not value
    elif isinstance(value, int):
        parent[name] = value + pick.choice([-1, 1, 1000])
    elif isinstance(value, str):
        parent[name] = value + "x" if value else "x"
    elif value is None:
        parent[name] = "x"
    else:
        parent[name] = [] if isinstance(value, dict) else {}
    return json.dumps(message).encode()


def add_property(pick: random.Random, wire: bytes) -> bytes:
    message = json.loads(wire)
    message["payload"][f"extra{pick.randrange(10)}"] = pick.choice([1, "x", None, [], {}])
    return json.dumps(message).encode()


def drop_property(pick: random.Random, wire: bytes) -> bytes:
    message = json.loads(wire)
    parent, name = pick.choice(list(places(message)))
    if isinstance(parent, dict):
        del parent[name]
    else:
        parent.pop(name)
    return json.dumps(message).encode()


def new_identity(pick: random.Random, wire: bytes) -> bytes:
    """The same act under a fresh id, to have it applied once more."""
    message = json.loads(wire)
    message["id"] = new_id(Change.parse(wire).made_at)
    return json.dumps(message).encode()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in list(pairs):
        yield value, name
        yield from places(part)


EDITS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    flip_byte,
    cut_out,
    change_value,
    add_property,
    drop_property,
    new_identity,
)


def test_of_ten_thousand_edits_none_is_accepted(small_office: Office) -> None:
    """An edit that leaves the signed bytes as they were (a space, an unknown property) is the same change."""
    who = small_office.add_person()
    wire = recorded(small_office, who)
    known = [Change.parse(one) for one in wire]
    results = {one.id: one for one in small_office.rounds.apply(who, tuple(known))}
    originals = {change.id: change for change in known}
    before = {**state(small_office.database), "numbers": None}
    pick = random.Random(11)
    refused, unreadable, same = 0, 0, 0
    waiting: list[Change] = []
    for number in range(MANY):
        original = pick.choice(wire)
        edited = EDITS[number % len(EDITS)](pick, original)
        try:
            change = Change.parse(edited)
        except MalformedMessage:
            unreadable += 1
            continue
        waiting.append(change)
    for start in range(0, len(waiting), 100):
        changes = waiting[start : start + 100]
        for change, result in zip(changes, small_office.rounds.apply(who, tuple(changes)), strict=True):
            if originals.get(change.id) == change:
                same += 1
                assert result == results[change.id]
            else:
                refused += 1
                assert result.outcome == "refused"
                assert result.reason in {"bad_signature", "malformed", "not_allowed", "wrong_relay"}, (
                    change.kind
                )
    assert refused + unreadable + same == MANY
    assert refused > MANY // 2
    after = {**state(small_office.database), "numbers": None}
    # The only trace is the notice about them.
    notice = [row for row in after["versions"] if row[0] == "notice"]
    after["versions"] = [row for row in after["versions"] if row[0] != "notice"]
    after["records"] -= len(notice)
    after["record_audiences"] -= len(notice)
    assert len(notice) == 1
    assert after == before


def overtake_each_other(office: Office, pick: random.Random, who: StaffMember, ids: list[str]) -> None:
    """Drafts of many deliveries in any order: each is applied or refused by its version.

    The desktop sends what was refused again, made anew, as people do.
    """
    changes = [
        office.change(who, "delivery.save", DeliverySave(draft=DeliveryDraft(id=id, title=f"{step}")), step)
        for id in ids
        for step in range(STEPS)
    ]
    pick.shuffle(changes)
    applied = 0
    for _ in range(STEPS):
        results = {one.id: one for one in office.rounds.apply(who, tuple(changes))}
        left = [change for change in changes if results[change.id].outcome == "refused"]
        assert {results[change.id].reason for change in left} <= {"version_conflict", "not_found"}
        applied += len(changes) - len(left)
        again = [change.model_copy(update={"id": new_id(change.made_at)}) for change in left]
        changes = [office.sign_again(change) for change in again]
    assert (applied, changes) == (STEPS * len(ids), [])


@pytest.mark.parametrize(
    "many", [400, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_changes_that_overtake_each_other_come_to_the_same_end(small_office: Office, many: int) -> None:
    who = small_office.add_person()
    pick = random.Random(5)
    ids = [f"delivery-{number}" for number in range(many // STEPS)]
    for start in range(0, len(ids), 25):  # rounds of a hundred changes, as the desktop sends them
        overtake_each_other(small_office, pick, who, ids[start : start + 25])
    records = small_office.records(who, "delivery")
    assert set(records) == set(ids)
    assert {(one.version, one.body["draft"]["title"]) for one in records.values()} == {
        (STEPS, str(STEPS - 1))
    }
