"""The sample districts with waste collection: 燃えるごみ on Mondays and Thursdays, moved over holidays."""

from __future__ import annotations

from datetime import date
from typing import Any

from protocol.items import Choice, SegmentItem
from protocol.schedules import Recurrence
from protocol.waste import WasteCalendar, WasteException, WasteKind, WasteRule, WasteWord
from relay.store.database import Database
from relay.store.records import put_record
from tests.relay.counter import DISTRICT, sample_items

NOTICE, MORNING, EVE, NONE = "item-waste", "w-morning", "w-eve", "w-none"
FIRST = date(2026, 4, 1)
ALL = tuple(f"d{n:02}" for n in range(58))
"""d58 and d59 have no collection of their own."""


def notice_item() -> SegmentItem:
    labels = {MORNING: "朝に受け取る", EVE: "前の晩に受け取る", NONE: "受け取らない"}
    return SegmentItem(
        id=NOTICE,
        kind="single",
        title="ごみ収集のお知らせ",
        question="ごみの収集日のお知らせを受け取りますか。",
        choices=tuple(Choice(id=id, label=label) for id, label in labels.items()),
        position=9,
    )


def calendar(**more: Any) -> WasteCalendar:
    def weekly(*weekdays: int, shift: str = "keep") -> Recurrence:
        values = {"pattern": "weekly", "weekdays": weekdays, "first": FIRST, "on_holiday": shift}
        return Recurrence.parse(values)

    values = {
        "district_item": DISTRICT,
        "notice_item": NOTICE,
        "morning_choice": MORNING,
        "eve_choice": EVE,
        "kinds": (
            WasteKind(id="burn", name="燃えるごみ", colour="#ce0000", how="指定の袋に入れてください。"),
            WasteKind(id="pet", name="ペットボトル", colour="#0017c1", position=1),
        ),
        "rules": (
            WasteRule(id="r1", kind="burn", districts=ALL, rule=weekly(0, 3, shift="after")),
            WasteRule(id="r2", kind="pet", districts=("d00", "d01"), rule=weekly(1)),
        ),
        "exceptions": (WasteException(id="e1", day=date(2026, 12, 31), kind="burn", note="年末"),),
    }
    return WasteCalendar.parse({**values, **more})


def words() -> list[WasteWord]:
    return [
        WasteWord(id="w1", name="乾電池", reading="かんでんち", synonyms=("電池",), how="回収箱に入れます。"),
        WasteWord(id="w2", name="電池式の時計", reading="でんちしきのとけい", kind="burn"),
        WasteWord(id="w3", name="ペットボトル", kind="pet", fee="無料"),
    ]


def save_waste(database: Database, now: Any, *, items: bool = True, **more: Any) -> None:
    """As staff would have saved it."""
    made = [*sample_items(), notice_item()] if items else []
    records = [("item", item.id, item.as_json()) for item in made]
    records.append(("waste", "town", calendar(**more).as_json()))
    records += [("waste_word", word.id, word.as_json()) for word in words()]
    with database.write() as connection:
        for kind, id, body in records:
            put_record(connection, database.cipher, kind=kind, id=id, body=body, now=now)
