"""Ctrl+K: find anything by name. Screens are the caller's; deliveries, items and manual pages are found
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from desktop.features.deliveries import Deliveries
from desktop.features.items import Items
from desktop.features.manual import Manual
from desktop.replica.records import DeliveryQuery

EACH_KIND = 6


@dataclass(frozen=True)
class Hit:
    kind: Literal["delivery", "item", "manual"]
    id: str
    title: str
    hint: str = ""


def find_anything(words: str, deliveries: Deliveries, items: Items, manual: Manual) -> list[Hit]:
    """A few of each kind; empty for an empty question."""
    wanted = words.strip()
    if not wanted:
        return []
    hits = [
        Hit("delivery", shown.id, shown.body.draft.title, shown.body.state)
        for shown in deliveries.page(DeliveryQuery(search=wanted, limit=EACH_KIND))
    ]
    low = wanted.lower()
    hits += [
        Hit("item", item.id, item.body.title, item.body.question)
        for item in items.all()
        if low in item.body.title.lower() or low in item.body.question.lower()
    ][:EACH_KIND]
    hits += [
        Hit("manual", found.page.name, found.page.title, found.excerpt) for found in manual.search(wanted)
    ][:EACH_KIND]
    return hits
