"""Segment items as staff change them: add, edit, retire, reorder, delete with what was answered.

Meaning and limits are in `protocol/items.py`. Requirement: SEG-1.
"""

from __future__ import annotations

from datetime import datetime

from protocol.changes import ItemRemove, ItemSave, ItemsReorder
from protocol.deliveries import Delivery
from protocol.items import SegmentItem, find_item_problems
from protocol.segments import items_used
from protocol.sync import ItemUseAnswer
from relay.errors import Refused
from relay.features.contact_forms import check_readers
from relay.features.versions import check_version
from relay.store.answers import count_answers, count_by_choice, delete_answers
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record, list_bodies, put_record
from relay.store.submissions import count_submissions_to

ITEM = "item"
DELIVERY = "delivery"
_ID_LIMIT = 36
_UNFINISHED = ("queued", "sending", "paused")


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
    problems = find_item_problems(item)
    if problems:
        raise Refused(problems[0].code)
    loses_meaning = record is not None and _answers_lose_meaning(SegmentItem.parse(record.body), item)
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
    if any(delivery.state in _UNFINISHED for delivery in _deliveries_using(connection, cipher, change.item)):
        raise Refused("in_use")
    if count_answers(connection, change.item) > change.answers_seen:
        raise Refused("count_changed")
    delete_answers(connection, change.item)
    return put_record(connection, cipher, kind=ITEM, id=change.item, body={}, now=now, removed=True)


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
    waiting = [
        delivery
        for delivery in _deliveries_using(connection, cipher, item)
        if delivery.state == "draft" or delivery.state in _UNFINISHED
    ]
    return ItemUseAnswer(
        answers=count_answers(connection, item),
        deliveries=len(waiting),
        choices=count_by_choice(connection, item),
    )


def _deliveries_using(connection: Connection, cipher: ColumnCipher, item: str) -> list[Delivery]:
    deliveries = [Delivery.parse(body) for body in list_bodies(connection, cipher, DELIVERY)]
    return [delivery for delivery in deliveries if item in items_used(delivery.draft.segment)]


def _answers_lose_meaning(before: SegmentItem, after: SegmentItem) -> bool:
    # One choice asked by area or not is the same answer; a year or several choices are not.
    def shape(item: SegmentItem) -> str:
        return "single" if item.kind == "district" else item.kind

    return shape(before) != shape(after)


def _check_ids(item: SegmentItem) -> None:
    ids = (item.id, *(choice.id for choice in item.choices))
    if any(not 0 < len(id) <= _ID_LIMIT or "\0" in id for id in ids):
        raise Refused("malformed")
