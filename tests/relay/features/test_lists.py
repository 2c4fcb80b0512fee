"""Groups, lists and codes: conditions kept by name, and what may not be taken away under them. SEG-4."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import (
    CodesAdd,
    CodesRevoke,
    GroupRemove,
    GroupSave,
    ListChange,
    ListFill,
    ListRemove,
    ListSave,
)
from protocol.lists import Code, ResidentList, SegmentGroup, code_hash, new_code
from protocol.segments import Everyone, Except, HasAnswered, InGroup, OnList, Segment
from protocol.staff import StaffMember
from relay.features.codes import CodeOutcome, enter_code
from relay.features.deliveries import put_delivery
from relay.store.records import find_record
from relay.store.residents import find_resident_by_no
from tests.relay.features.office import Office
from tests.relay.town import add_friends

CODES = tuple(new_code() for _ in range(3))


def group(id: str, segment: Segment, **changes: Any) -> GroupSave:
    return GroupSave(group=SegmentGroup(id=id, name=f"{id}の世帯", segment=segment, **changes))


def a_list(id: str, kind: Any, **changes: Any) -> ListSave:
    return ListSave(list=ResidentList(id=id, name=f"{id}のリスト", kind=kind, **changes))


def record(office: Office, kind: str, id: str) -> dict[str, Any]:
    with office.database.read() as connection:
        found = find_record(connection, office.database.cipher, kind, id)
    assert found is not None
    return {} if found.removed else found.body


def resident_id(office: Office, number: int) -> str:
    with office.database.read() as connection:
        found = find_resident_by_no(connection, number)
    assert found is not None
    return found.id


def enter(office: Office, number: int, typed: str) -> CodeOutcome:
    with office.database.write() as connection:
        resident = find_resident_by_no(connection, number)
        assert resident is not None
        return enter_code(connection, office.database.cipher, resident, typed, office.clock())


def put_away(office: Office, segment: Segment, state: Any) -> None:
    """A delivery in that state, whatever brought it there."""
    with office.database.write() as connection:
        draft = DeliveryDraft(id="d1", title="お知らせ", segment=segment)
        put_delivery(connection, office.database.cipher, Delivery(draft=draft, state=state), office.clock())


@pytest.fixture
def heads(office: Office, sato: StaffMember) -> Office:
    """Ten friends, a list of ward heads and three codes of theirs."""
    add_friends(office.database, 10, office.clock())
    office.do(sato, "list.save", a_list("heads", "codes"))
    codes = tuple(Code(id=f"c{no}", list="heads", hash=code_hash(code)) for no, code in enumerate(CODES))
    assert office.do(sato, "codes.add", CodesAdd(codes=codes)).outcome == "applied"
    return office


def test_a_group_is_followed_as_it_is_defined_when_it_is_asked(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 3, office.clock())
    assert office.do(sato, "group.save", group("g", Everyone())).version == 1
    assert office.index.count(InGroup(group="g")) == 3
    assert office.do(sato, "group.save", group("g", Except(part=Everyone())), 1).version == 2
    assert office.index.count(InGroup(group="g")) == 0
    assert office.do(sato, "group.save", group("g", Everyone()), 1).reason == "version_conflict"


def test_groups_that_would_go_in_a_circle_or_ask_for_nothing_are_refused(
    office: Office, sato: StaffMember
) -> None:
    office.do(sato, "group.save", group("a", Everyone()))
    office.do(sato, "group.save", group("b", InGroup(group="a")))
    circle = group("a", Except(part=InGroup(group="b")))
    assert office.do(sato, "group.save", circle, 1).reason == "group_circle"
    assert office.do(sato, "group.save", group("c", InGroup(group="c"))).reason == "group_circle"
    assert office.do(sato, "group.save", group("c", HasAnswered(item="gone"))).reason == "item_unknown"
    assert office.do(sato, "group.save", group("c", OnList(list="gone"))).reason == "list_unknown"


@pytest.mark.parametrize("state", ["asked", "held", "scheduled", "repeating", "sending", "paused"])
def test_a_group_a_delivery_waits_on_stays(office: Office, sato: StaffMember, state: str) -> None:
    office.do(sato, "group.save", group("inner", Everyone()))
    office.do(sato, "group.save", group("outer", InGroup(group="inner")))
    assert office.do(sato, "group.remove", GroupRemove(group="inner"), 1).reason == "in_use"
    put_away(office, InGroup(group="outer"), state)
    assert office.do(sato, "group.remove", GroupRemove(group="outer"), 1).reason == "in_use"
    put_away(office, InGroup(group="outer"), "sent")
    assert office.do(sato, "group.remove", GroupRemove(group="outer"), 1).outcome == "applied"
    assert office.do(sato, "group.remove", GroupRemove(group="inner"), 1).outcome == "applied"


def test_a_tag_is_filled_from_a_condition_as_it_is_at_that_moment(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 4, office.clock())
    office.do(sato, "list.save", a_list("tag", "tag", count=99))
    assert record(office, "list", "tag")["count"] == 0  # the relay counts, whatever staff send
    fill = ListFill(list="tag", segment=Everyone())
    assert office.do(sato, "list.fill", fill).outcome == "applied"
    add_friends(office.database, 2, office.clock(), start=50)
    assert record(office, "list", "tag")["count"] == office.index.count(OnList(list="tag")) == 4
    instead = ListFill(list="tag", segment=Except(part=OnList(list="tag")), instead=True)
    office.do(sato, "list.fill", instead)
    assert record(office, "list", "tag")["count"] == office.index.count(OnList(list="tag")) == 2


def test_people_are_put_on_a_chosen_list_by_their_random_ids(office: Office, sato: StaffMember) -> None:
    add_friends(office.database, 4, office.clock())
    office.do(sato, "list.save", a_list("chosen", "chosen"))
    ids = tuple(resident_id(office, number) for number in (1, 2, 3))
    assert office.do(sato, "list.change", ListChange(list="chosen", add=ids)).outcome == "applied"
    assert office.do(sato, "list.change", ListChange(list="chosen", add=ids[:1], remove=ids[1:])).outcome
    assert record(office, "list", "chosen")["count"] == office.index.count(OnList(list="chosen")) == 1
    strangers = ListChange(list="chosen", add=("nobody",))
    assert office.do(sato, "list.change", strangers).reason == "not_found"


def test_each_kind_of_list_is_filled_in_its_own_way(heads: Office, sato: StaffMember) -> None:
    fill = ListFill(list="heads", segment=Everyone())
    assert heads.do(sato, "list.fill", fill).reason == "list_kind_wrong"
    by_hand = ListChange(list="heads", add=(resident_id(heads, 1),))
    assert heads.do(sato, "list.change", by_hand).reason == "list_kind_wrong"
    assert heads.do(sato, "list.save", a_list("heads", "tag"), 2).reason == "list_kind_wrong"
    heads.do(sato, "list.save", a_list("tag", "tag"))
    code = Code(id="x", list="tag", hash=code_hash(new_code()))
    assert heads.do(sato, "codes.add", CodesAdd(codes=(code,))).reason == "list_kind_wrong"


def test_who_enters_a_code_is_on_the_list_until_it_is_revoked(heads: Office, sato: StaffMember) -> None:
    assert enter(heads, 3, CODES[0].lower().replace("-", " ")) == "entered"
    assert enter(heads, 3, CODES[0]) == "again"
    assert heads.index.count(OnList(list="heads")) == 1
    assert (record(heads, "list", "heads")["count"], record(heads, "list", "heads")["codes"]) == (1, 3)
    assert record(heads, "code", "c0")["used_at"]
    revoke = CodesRevoke(list="heads", codes=("c0",))
    assert heads.do(sato, "codes.revoke", revoke).outcome == "applied"
    assert heads.index.count(OnList(list="heads")) == 0
    assert (record(heads, "list", "heads")["count"], record(heads, "list", "heads")["codes"]) == (0, 2)
    assert record(heads, "code", "c0")["revoked"]
    assert enter(heads, 3, CODES[0]) == "refused"


def test_who_entered_two_codes_stays_on_the_list_while_one_is_valid(heads: Office, sato: StaffMember) -> None:
    enter(heads, 3, CODES[0])
    enter(heads, 3, CODES[1])
    heads.do(sato, "codes.revoke", CodesRevoke(list="heads", codes=("c0",)))
    assert heads.index.count(OnList(list="heads")) == 1
    unknown = CodesRevoke(list="heads", codes=("c1", "nothing"))
    assert heads.do(sato, "codes.revoke", unknown).reason == "code_unknown"
    assert heads.index.count(OnList(list="heads")) == 1


def test_a_code_of_somebody_else_is_refused_like_one_that_never_was(heads: Office) -> None:
    assert enter(heads, 3, CODES[0]) == "entered"
    assert enter(heads, 4, CODES[0]) == "refused"
    assert enter(heads, 4, new_code()) == "refused"
    assert enter(heads, 4, "区長です") == "refused"
    assert heads.index.count(OnList(list="heads")) == 1


def test_guessing_codes_stops_a_person_for_a_while_and_nobody_else(heads: Office) -> None:
    assert [enter(heads, 4, new_code()) for _ in range(6)] == ["refused"] * 5 + ["throttled"]
    assert enter(heads, 4, CODES[0]) == "throttled"
    assert enter(heads, 5, CODES[1]) == "entered"
    heads.clock.forward(minutes=11)  # type: ignore[attr-defined]
    assert enter(heads, 4, CODES[0]) == "entered"


def test_codes_are_added_once_and_whole(heads: Office, sato: StaffMember) -> None:
    known = CodesAdd(codes=(Code(id="new", list="heads", hash=code_hash(CODES[0])),))
    assert heads.do(sato, "codes.add", known).reason == "duplicate_id"
    plain = CodesAdd(codes=(Code(id="new", list="heads", hash=CODES[0]),))
    assert heads.do(sato, "codes.add", plain).reason == "malformed"
    assert heads.do(sato, "codes.add", CodesAdd(codes=())).reason == "malformed"


def test_a_list_goes_with_its_people_and_codes_when_nothing_names_it(
    heads: Office, sato: StaffMember
) -> None:
    enter(heads, 3, CODES[0])
    heads.do(sato, "group.save", group("g", OnList(list="heads")))
    version = record_version(heads, "heads")
    assert heads.do(sato, "list.remove", ListRemove(list="heads"), version).reason == "in_use"
    heads.do(sato, "group.remove", GroupRemove(group="g"), 1)
    assert heads.do(sato, "list.remove", ListRemove(list="heads"), version).outcome == "applied"
    assert heads.index.count(OnList(list="heads")) == 0
    assert record(heads, "code", "c1") == {}
    assert enter(heads, 4, CODES[1]) == "refused"


def record_version(office: Office, id: str) -> int:
    with office.database.read() as connection:
        found = find_record(connection, office.database.cipher, "list", id)
    assert found is not None
    return found.version
