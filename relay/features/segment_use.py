"""Which deliveries and groups name an item, a list or a group: what may not be taken away under them.

Requirements: SEG-1, SEG-4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protocol.deliveries import Delivery, whole_segment
from protocol.lists import SegmentGroup
from protocol.schedules import OnAge, OnResidentDay
from protocol.segments import Segment, groups_used, items_used, lists_used
from relay.features.segment_names import list_groups
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import list_bodies

_DELIVERY = "delivery"
WAITING = ("asked", "held", "scheduled", "repeating", "queued", "sending", "paused")
"""States in which a delivery still needs what its recipients are told by."""


@dataclass(frozen=True)
class Uses:
    """What a segment names, its groups looked into."""

    items: frozenset[str]
    lists: frozenset[str]
    groups: frozenset[str]


def uses_of(segment: Segment, groups: Mapping[str, SegmentGroup]) -> Uses:
    named: set[str] = set()
    waiting = list(groups_used(segment))
    while waiting:
        group = waiting.pop()
        if group not in named:
            named.add(group)
            waiting += groups_used(groups[group].segment) if group in groups else ()
    parts = [segment, *(groups[group].segment for group in named if group in groups)]
    return Uses(
        items=frozenset().union(*map(items_used, parts)),
        lists=frozenset().union(*map(lists_used, parts)),
        groups=frozenset(named),
    )


def deliveries_using(
    connection: Connection, cipher: ColumnCipher, *, item: str = "", list: str = "", group: str = ""
) -> Iterator[Delivery]:
    """Deliveries in any state that name it, if by way of a group, or go out by residents' own dates in it."""
    groups = list_groups(connection, cipher)
    for body in list_bodies(connection, cipher, _DELIVERY):
        delivery = Delivery.parse(body)
        uses = uses_of(whole_segment(delivery.draft), groups)
        when = delivery.draft.when
        by_date = isinstance(when, OnResidentDay | OnAge) and when.item == item
        if by_date or item in uses.items or list in uses.lists or group in uses.groups:
            yield delivery


def is_waited_for(
    connection: Connection, cipher: ColumnCipher, *, item: str = "", list: str = "", group: str = ""
) -> bool:
    """Whether a delivery that is not over yet names it."""
    found = deliveries_using(connection, cipher, item=item, list=list, group=group)
    return any(delivery.state in WAITING for delivery in found)


def groups_using(connection: Connection, cipher: ColumnCipher, *, list: str = "", group: str = "") -> bool:
    """Whether a saved group names this list or this other group itself."""
    segments = [saved.segment for saved in list_groups(connection, cipher).values()]
    return any(list in lists_used(segment) or group in groups_used(segment) for segment in segments)
