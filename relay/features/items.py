"""Segment items as staff change them: add, edit, retire, reorder, delete with what was answered.

Meaning and limits are in `protocol/items.py`. Requirement: SEG-1.
"""

from __future__ import annotations

from datetime import datetime

from protocol.changes import ItemMerge, ItemRemove, ItemSave, ItemsReorder
from protocol.items import Choice, SegmentItem, find_item_problems
from protocol.sync import ItemUseAnswer
from relay.errors import Refused
from relay.features.contact_forms import check_readers
from relay.features.segment_use import WAITING, deliveries_using, is_waited_for
from relay.features.versions import check_version
from relay.store.answers import count_answers, count_by_choice, delete_answers, merge_choice
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record, list_bodies, put_record
from relay.store.submissions import count_submissions_to

ITEM = "item"
_ID_LIMIT = 36


def list_items(connection: Connection, cipher: ColumnCipher) -> dict[str, SegmentItem]:
    """All items by id, retired ones included, in the order they are asked."""
    items = [SegmentItem.parse(body) for body in list_bodies(connection, cipher, ITEM)]
    return {item.id: item for item in sorted(items, key=lambda item: (item.position, item.id))}


def save_item(
    connection: Connection, cipher: ColumnCipher, change: ItemSave, based_on: int, now: datetime
) -> int:
    """Write a new item or version; returns the version. Raises Refused with the first problem's code."""
    item = change.item
    _check_ids(item)
    record = find_record(connection, cipher, ITEM, item.id)
    check_version(record, based_on)
    before = SegmentItem.parse(record.body) if record is not None else None
    item = _keep_merges(before, item)
    problems = find_item_problems(item)
    if problems:
        raise Refused(problems[0].code)
    loses_meaning = before is not None and _answers_lose_meaning(before, item)
    if loses_meaning and (
        count_answers(connection, item.id) or count_submissions_to(connection, f"item:{item.id}")
    ):
        raise Refused("in_use")
    if item.kind == "text":
        check_readers(connection, cipher, item.departments, need_keys=not item.retired)
    return put_record(connection, cipher, kind=ITEM, id=item.id, body=item.as_json(), now=now)


def remove_item(
    connection: Connection, cipher: ColumnCipher, change: ItemRemove, based_on: int, now: datetime
) -> int:
    """Delete the item and every answer to it, if no more would be lost than the person was shown.

    What was written in free words is the departments' and stays with them.
    """
    check_version(find_record(connection, cipher, ITEM, change.item), based_on)
    if is_waited_for(connection, cipher, item=change.item):
        raise Refused("in_use")
    if count_answers(connection, change.item) > change.answers_seen:
        raise Refused("count_changed")
    delete_answers(connection, change.item)
    return put_record(connection, cipher, kind=ITEM, id=change.item, body={}, now=now, removed=True)


def merge_item(
    connection: Connection, cipher: ColumnCipher, change: ItemMerge, based_on: int, now: datetime
) -> int:
    """Answers with one choice count as another from now on, each person's once; the choice is retired for
    good. Refused `count_changed` where more people chose it than was shown.
    """
    record = find_record(connection, cipher, ITEM, change.item)
    check_version(record, based_on)
    if record is None:
        raise Refused("not_found")
    item = SegmentItem.parse(record.body)
    old, new = item.choice(change.choice), item.choice(change.into)
    if old is None or new is None or old.merged_into or new.retired:
        raise Refused("choice_unknown")
    if old.id == new.id:
        raise Refused("same_choice")
    if count_by_choice(connection, item.id).get(old.id, 0) > change.answers_seen:
        raise Refused("count_changed")
    merged = old.model_copy(update={"retired": True, "merged_into": new.id})
    choices = tuple(merged if choice.id == old.id else choice for choice in item.choices)
    item = item.model_copy(update={"choices": choices})
    problems = find_item_problems(item)
    if problems:
        raise Refused(problems[0].code)
    merge_choice(connection, item.id, old.id, new.id)
    return put_record(connection, cipher, kind=ITEM, id=item.id, body=item.as_json(), now=now)


def reorder_items(
    connection: Connection, cipher: ColumnCipher, change: ItemsReorder, based_on: int, now: datetime
) -> int:
    """Give positions 0, 1, 2 …: the named items first, then the rest in the order they had."""
    items = list_items(connection, cipher)
    if any(id not in items for id in change.items):
        raise Refused("item_unknown")
    named = list(dict.fromkeys(change.items))
    ordered = named + [id for id in items if id not in named]
    for position, id in enumerate(ordered):
        if items[id].position != position:
            body = items[id].model_copy(update={"position": position}).as_json()
            put_record(connection, cipher, kind=ITEM, id=id, body=body, now=now)
    return 0


def item_use(connection: Connection, cipher: ColumnCipher, item: str) -> ItemUseAnswer:
    """What would be lost if this item were deleted. `deliveries` counts those not yet sent."""
    found = deliveries_using(connection, cipher, item=item)
    waiting = [delivery for delivery in found if delivery.state == "draft" or delivery.state in WAITING]
    return ItemUseAnswer(
        answers=count_answers(connection, item),
        deliveries=len(waiting),
        choices=count_by_choice(connection, item),
    )


def _keep_merges(before: SegmentItem | None, after: SegmentItem) -> SegmentItem:
    """Only `item.merge` merges, and what was merged stays so: its answers are the other choice's for good."""
    merged = {choice.id: choice for choice in before.choices if choice.merged_into} if before else {}

    def kept(choice: Choice) -> Choice:
        known = merged.get(choice.id)
        if known is None:
            return choice.model_copy(update={"merged_into": ""})
        return choice.model_copy(update={"retired": True, "merged_into": known.merged_into})

    named = {choice.id for choice in after.choices}
    lost = tuple(choice for choice in merged.values() if choice.id not in named)
    return after.model_copy(update={"choices": (*map(kept, after.choices), *lost)})


def _answers_lose_meaning(before: SegmentItem, after: SegmentItem) -> bool:
    # One choice asked by area or not is the same answer; a year or several choices are not.
    def shape(item: SegmentItem) -> str:
        return "single" if item.kind == "district" else item.kind

    return shape(before) != shape(after)


def _check_ids(item: SegmentItem) -> None:
    ids = (item.id, *(choice.id for choice in item.choices))
    if any(not 0 < len(id) <= _ID_LIMIT or "\0" in id for id in ids):
        raise Refused("malformed")
