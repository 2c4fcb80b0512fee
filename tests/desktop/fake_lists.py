"""What the fake relay does with saved groups, lists, codes and the merging of choices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from protocol.changes import Change
from protocol.deliveries import Delivery, whole_segment
from protocol.delivery_changes import CodesAdd, CodesRevoke, ListChange
from protocol.items import SegmentItem
from protocol.lists import Code, ResidentList, SegmentGroup, find_name_problems
from protocol.rights import DELIVERIES
from protocol.segments import InGroup, OnList, Segment, iter_nodes
from protocol.sync import PeopleAnswer, Refusal
from protocol.waste import WasteCalendar, WasteWord

if TYPE_CHECKING:
    from tests.desktop.fake_relay import FakeRelay

KINDS = frozenset(
    {
        "group.save", "group.remove", "list.save", "list.remove", "list.fill", "list.change", "codes.add",
        "codes.revoke", "item.merge", "waste.save", "waste_words.put",
    }
)  # fmt: skip
HELD = ("asked", "held", "scheduled", "repeating")
IN_TAG = 312
"""People a condition puts on a tag here."""


def do(relay: FakeRelay, change: Change) -> tuple[str, int]:
    """Apply a change of `KINDS`: the reason of a refusal, and the version."""
    payload = change.payload
    match change.kind:
        case "group.save":
            group = SegmentGroup.parse(payload["group"])
            return relay.save("group", group.id, group, change.based_on, audience=DELIVERIES)
        case "list.save":
            return _save_list(relay, ResidentList.parse(payload["list"]), change.based_on)
        case "group.remove" | "list.remove":
            kind = change.kind.partition(".")[0]
            if _is_used(relay, kind, payload[kind]):
                return "in_use", 0
            gone = Refusal(reason="")
            return "", relay.put(kind, payload[kind], gone, removed=True, audience=DELIVERIES).version
        case "waste.save":
            calendar = WasteCalendar.parse(payload["calendar"])
            return relay.save("waste", "town", calendar, change.based_on)
        case "waste_words.put":
            for word in payload["words"]:
                relay.put("waste_word", word["id"], WasteWord.parse(word))
            for id in payload["remove"]:
                relay.put("waste_word", id, Refusal(reason=""), removed=True)
            return "", 0
        case "item.merge":
            return "", _merge(relay, payload["item"], payload["choice"], payload["into"])
    one = ResidentList.parse(relay.records["list", payload_list(change)].body)
    if change.kind == "list.fill":
        return "", _count(relay, one, IN_TAG if payload["instead"] else one.count + IN_TAG)
    if change.kind == "list.change":
        moved = ListChange.parse(payload)
        return "", _count(relay, one, one.count + len(moved.add) - len(moved.remove))
    if change.kind == "codes.add":
        for code in CodesAdd.parse(payload).codes:
            relay.put("code", code.id, code, audience=DELIVERIES)
        return "", _count(relay, one, one.count)
    for id in CodesRevoke.parse(payload).codes:
        known = Code.parse(relay.records["code", id].body)
        relay.put("code", id, known.model_copy(update={"revoked": True}), audience=DELIVERIES)
    return "", _count(relay, one, one.count)


def payload_list(change: Change) -> str:
    payload = change.payload
    return str(payload["codes"][0]["list"] if change.kind == "codes.add" else payload["list"])


def enter(relay: FakeRelay, code: str) -> None:
    """As if somebody had typed this code into the talk."""
    known = Code.parse(relay.records["code", code].body)
    used = known.model_copy(update={"used_at": datetime(2026, 11, 20, 4, 5, tzinfo=UTC)})
    relay.put("code", code, used, audience=DELIVERIES)


def codes(relay: FakeRelay) -> list[Code]:
    return [Code.parse(record.body) for record in relay.records.values() if record.kind == "code"]


def people(relay: FakeRelay, segment: Segment) -> PeopleAnswer:
    """`segment-people`: everybody in one district but for a few."""
    many = relay.count(segment)
    return PeopleAnswer(
        count=many,
        choices={
            "item-district": {"川北1": many - 3, "港町2": 0},
            "item-topics": {"t0": many, "t1": many // 3},
        },
        ages={"item-birth": {"30": many // 2, "40": many // 4}},
        languages={"ja": many - 20, "en": 20},
        followed={"2026-09": many // 2, "2026-10": many // 2},
        few=("choices.item-district.港町2",),
        as_of=relay.clock(),
    )


def _save_list(relay: FakeRelay, one: ResidentList, based_on: int) -> tuple[str, int]:
    if find_name_problems(one.name):
        return "text_missing", 0
    known = relay.records.get(("list", one.id))
    count = ResidentList.parse(known.body).count if known else 0
    return relay.save("list", one.id, one.model_copy(update={"count": count}), based_on, audience=DELIVERIES)


def _count(relay: FakeRelay, one: ResidentList, count: int) -> int:
    valid = sum(code.list == one.id and not code.revoked for code in codes(relay))
    update = {"count": count, "codes": valid}
    return relay.put("list", one.id, one.model_copy(update=update), audience=DELIVERIES).version


def _merge(relay: FakeRelay, item_id: str, gone: str, into: str) -> int:
    item: SegmentItem = relay.items()[item_id]
    update = {"retired": True, "merged_into": into}
    choices = tuple(
        choice.model_copy(update=update) if choice.id == gone else choice for choice in item.choices
    )
    return relay.put("item", item_id, item.model_copy(update={"choices": choices})).version


def _is_used(relay: FakeRelay, kind: str, thing: str) -> bool:
    segments: list[Segment] = []
    for record in relay.records.values():
        if record.kind == "delivery" and not record.removed and record.body["state"] in HELD:
            segments.append(whole_segment(Delivery.parse(record.body).draft))
        elif record.kind == "group" and not record.removed:
            segments.append(SegmentGroup.parse(record.body).segment)
    nodes = [node for segment in segments for node in iter_nodes(segment)]
    return any(
        (isinstance(node, InGroup) and (kind, thing) == ("group", node.group))
        or (isinstance(node, OnList) and (kind, thing) == ("list", node.list))
        for node in nodes
    )
