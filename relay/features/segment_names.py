"""What an expression may name that is kept as records: saved groups, lists, titles, choices that were merged.

Read again only when a record of the stream changed. Meaning: `protocol/segments.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocol.deliveries import Delivery
from protocol.items import SegmentItem
from protocol.lists import ResidentList, SegmentGroup
from protocol.rights import DELIVERIES
from protocol.segments import Named, Received, Segment, iter_nodes
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import TOWN, find_record, list_bodies

GROUP = "group"
LIST = "list"
_DELIVERY = "delivery"
_ITEM = "item"


def list_groups(connection: Connection, cipher: ColumnCipher) -> dict[str, SegmentGroup]:
    """Every saved group by id."""
    groups = [SegmentGroup.parse(body) for body in list_bodies(connection, cipher, GROUP)]
    return {group.id: group for group in groups}


def list_lists(connection: Connection, cipher: ColumnCipher) -> dict[str, ResidentList]:
    """Every list by id."""
    lists = [ResidentList.parse(body) for body in list_bodies(connection, cipher, LIST)]
    return {list.id: list for list in lists}


def read_named(connection: Connection, cipher: ColumnCipher, *segments: Segment) -> Named:
    """The groups and lists there are, and the deliveries these segments or the groups name, if they exist."""
    groups = list_groups(connection, cipher)
    asked = (*segments, *(group.segment for group in groups.values()))
    return Named(
        groups=groups,
        lists=list_lists(connection, cipher),
        deliveries=_titles(connection, cipher, {id for segment in asked for id in _received(segment)}),
    )


class SegmentNames:
    """Groups and merged choices as of the numbers of the streams last shown to it."""

    def __init__(self, cipher: ColumnCipher) -> None:
        self._cipher = cipher
        self._groups: tuple[int, Mapping[str, SegmentGroup]] = (-1, {})
        self._living: tuple[int, Mapping[tuple[str, str], str]] = (-1, {})

    def groups(self, connection: Connection, numbers: Mapping[str, int]) -> Mapping[str, SegmentGroup]:
        if self._groups[0] != numbers[DELIVERIES]:
            self._groups = (numbers[DELIVERIES], list_groups(connection, self._cipher))
        return self._groups[1]

    def living(self, connection: Connection, numbers: Mapping[str, int]) -> Mapping[tuple[str, str], str]:
        """(item, choice) → the choice that took its answers over; only those that were merged."""
        if self._living[0] != numbers[TOWN]:
            items = [SegmentItem.parse(body) for body in list_bodies(connection, self._cipher, _ITEM)]
            merged = {
                (item.id, choice.id): item.living_choice(choice.id)
                for item in items
                for choice in item.choices
                if choice.merged_into
            }
            self._living = (numbers[TOWN], merged)
        return self._living[1]


def _received(segment: Segment) -> Iterable[str]:
    return (node.delivery for node in iter_nodes(segment) if isinstance(node, Received))


def _titles(connection: Connection, cipher: ColumnCipher, ids: Iterable[str]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for id in ids:
        record = None if "\0" in id else find_record(connection, cipher, _DELIVERY, id)
        if record is not None and not record.removed:
            titles[id] = Delivery.parse(record.body).draft.title
    return titles
