"""Waste collection of the sample town: its calendar and dictionary from `resources/samples/minatono`."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from protocol.delivery_changes import WasteSave, WasteWordsPut
from protocol.items import SegmentItem
from protocol.schedules import Recurrence
from protocol.staff import StaffMember
from protocol.waste import WasteCalendar, WasteException, WasteKind, WasteRule, WasteWord
from relay.features.waste import put_words, save_calendar
from relay.store.database import Database

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples" / "minatono"


def load_calendar(items: Sequence[SegmentItem]) -> WasteCalendar:
    """The calendar, with every area of a rule written out as its districts."""
    with (FOLDER / "waste.toml").open("rb") as file:
        told = tomllib.load(file)
    item = next(item for item in items if item.id == told["district_item"])
    return WasteCalendar(
        district_item=told["district_item"],
        notice_item=told["notice_item"],
        morning_choice=told["morning_choice"],
        eve_choice=told["eve_choice"],
        put_out_by=told["put_out_by"],
        kinds=tuple(WasteKind.parse(kind | {"position": place}) for place, kind in enumerate(told["kinds"])),
        rules=tuple(
            WasteRule(
                id=f"sample-rule-{place}",
                kind=rule["kind"],
                districts=tuple(choice.id for choice in item.choices if choice.group in rule["areas"]),
                rule=_recurrence(rule, told),
            )
            for place, rule in enumerate(told["rules"])
        ),
        exceptions=tuple(
            WasteException.parse(exception | {"id": f"sample-exception-{place}"})
            for place, exception in enumerate(told["exceptions"])
        ),
    )


def load_words() -> list[WasteWord]:
    with (FOLDER / "waste-words.tsv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    return [
        WasteWord(
            id=f"sample-word-{place}",
            name=line["name"],
            reading=line["reading"],
            kind=line["kind"],
            how=line["how"],
            fee=line["fee"],
            synonyms=tuple(part for part in line["synonyms"].split("、") if part),
        )
        for place, line in enumerate(lines)
    ]


def fill_waste(
    connection: Connection,
    database: Database,
    items: Sequence[SegmentItem],
    now: datetime,
    *,
    signer: StaffMember,
) -> None:
    """As staff would have saved both; the daily messages are not switched on."""
    calendar = WasteSave(calendar=load_calendar(items))
    save_calendar(connection, database.cipher, calendar, 0, now, signer=signer)
    put_words(connection, database.cipher, WasteWordsPut(words=tuple(load_words())), 0, now)


def _recurrence(rule: dict[str, Any], told: dict[str, Any]) -> Recurrence:
    nths = rule.get("nths", [])
    return Recurrence(
        pattern="nth_weekday" if nths else "weekly",
        weekdays=tuple(rule["weekdays"]),
        nths=tuple(nths),
        first=told["first"],
        on_holiday=rule["on_holiday"],
    )
