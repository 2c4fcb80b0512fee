"""Questions that are answered on the page alone: which of them somebody has not answered yet.

Requirements: SEG-1, SEG-2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from protocol.items import SegmentItem
from relay.features.questionnaire import items_for_taps, order_items
from relay.features.text_items import is_text_left
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection


def items_for_page(items: Iterable[SegmentItem]) -> list[SegmentItem]:
    """Those the talk cannot ask, in their order."""
    asked = order_items(items)
    taps = {item.id for item in items_for_taps(asked)}
    return [item for item in asked if item.id not in taps]


def count_left(
    connection: Connection,
    cipher: ColumnCipher,
    items: Iterable[SegmentItem],
    answered: Collection[str],
    resident_no: int,
) -> int:
    """How many of these questions this person has not answered. Free words count when they were sent."""
    return sum(
        is_text_left(connection, cipher, item, resident_no)
        if item.kind == "text"
        else item.id not in answered
        for item in items
    )
