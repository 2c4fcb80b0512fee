"""Waste collection as the relay keeps it: the calendar, the dictionary, and both ready to be asked.

What is collected when is reckoned in `protocol/waste_days.py`. Requirement: SEG-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from protocol.delivery_changes import WasteSave, WasteWordsPut
from protocol.items import SegmentItem
from protocol.rights import CHANGE_NEEDS
from protocol.schedules import Holidays
from protocol.staff import StaffMember
from protocol.waste import (
    WORDS_AT_ONCE,
    WORDS_LIMIT,
    WasteCalendar,
    WasteWord,
    changes_messages,
    find_word_problems,
)
from protocol.waste_days import find_calendar_problems, on_day, waste_values, with_living_districts
from protocol.waste_search import WasteSearch
from relay.errors import Refused
from relay.features.items import ITEM, list_items
from relay.features.rights import find_grid, require
from relay.features.sending_rules import HOLIDAYS, find_holidays
from relay.features.versions import check_version
from relay.features.waste_moments import begin_sending
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import TOWN, count_records, find_record, last_change, list_bodies, put_record

WASTE = "waste"
WASTE_WORD = "waste_word"
_ID_LIMIT = 36


def find_calendar(connection: Connection, cipher: ColumnCipher) -> WasteCalendar:
    """The town's calendar as staff saved it; an empty one while there is none."""
    record = find_record(connection, cipher, WASTE, TOWN)
    return WasteCalendar() if record is None or record.removed else WasteCalendar.parse(record.body)


def save_calendar(
    connection: Connection,
    cipher: ColumnCipher,
    change: WasteSave,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Write the whole calendar; returns its version. Raises Refused with the first problem's code.

    The daily messages go out without anybody's further yes: who decides about them must be allowed to send.
    """
    record = find_record(connection, cipher, WASTE, TOWN)
    check_version(record, based_on)
    calendar, before = change.calendar, find_calendar(connection, cipher)
    if changes_messages(before, calendar):
        require(signer, CHANGE_NEEDS["delivery.send"], find_grid(connection, cipher))
    ids = [part.id for parts in (calendar.kinds, calendar.rules, calendar.exceptions) for part in parts]
    if any(not _is_id(id) for id in ids):
        raise Refused("malformed")
    problems = find_calendar_problems(calendar, list_items(connection, cipher))
    if problems:
        raise Refused(problems[0].code)
    if calendar.sends and not before.sends:
        begin_sending(connection, calendar, now)
    return put_record(connection, cipher, kind=WASTE, id=TOWN, body=calendar.as_json(), now=now)


def put_words(
    connection: Connection, cipher: ColumnCipher, change: WasteWordsPut, based_on: int, now: datetime
) -> int:
    """Write and take out words of the dictionary, all or none. Returns 0: there is no one record."""
    if len(change.words) + len(change.remove) > WORDS_AT_ONCE:
        raise Refused("too_large")
    ids = [word.id for word in change.words]
    if len(set(ids)) != len(ids) or set(ids) & set(change.remove):
        raise Refused("duplicate_id")
    if not all(_is_id(id) for id in ids):
        raise Refused("malformed")
    kinds = frozenset(kind.id for kind in find_calendar(connection, cipher).kinds)
    for word in change.words:
        problems = find_word_problems(word, kinds)
        if problems:
            raise Refused(problems[0].code)
    for id in change.remove:
        known = find_record(connection, cipher, WASTE_WORD, id)
        if known is not None and not known.removed:
            put_record(connection, cipher, kind=WASTE_WORD, id=id, body={}, now=now, removed=True)
    for word in change.words:
        put_record(connection, cipher, kind=WASTE_WORD, id=word.id, body=word.as_json(), now=now)
    if count_records(connection, TOWN, WASTE_WORD) > WORDS_LIMIT:
        raise Refused("too_large")
    return 0


@dataclass(frozen=True)
class WasteTown:
    """The calendar with its districts and holidays, as one moment of the store."""

    calendar: WasteCalendar
    holidays: Holidays
    item: SegmentItem | None

    @property
    def is_kept(self) -> bool:
        """Whether the town told anything yet."""
        return self.item is not None and bool(self.calendar.kinds) and bool(self.calendar.rules)

    def label(self, district: str) -> str:
        """The name of a district; empty for one that is not offered."""
        choice = self.item.choice(district) if self.item else None
        return "" if choice is None or choice.retired else choice.label

    def districts_with(self, day: date) -> tuple[str, ...]:
        """Where something is collected on the day, in the order of the item's choices."""
        offered = self.item.offered_choices if self.item else ()
        found = [c.id for c in offered if on_day(self.calendar, c.id, day, self.holidays)]
        return tuple(found)

    def values(self, day: date) -> dict[str, dict[str, str]]:
        """District → what the placeholders of the daily message stand for; only where something is."""
        return {
            district: waste_values(
                self.calendar, day, district, self.holidays, district_label=self.label(district)
            )
            for district in self.districts_with(day)
        }


class WasteBook:
    """The calendar and the dictionary, opened and prepared once and again only after they changed."""

    def __init__(self, cipher: ColumnCipher) -> None:
        self._cipher = cipher
        self._town: tuple[int, WasteTown] | None = None
        self._search: tuple[int, WasteSearch] | None = None

    def town(self, connection: Connection) -> WasteTown:
        number = last_change(connection, TOWN, (WASTE, HOLIDAYS, ITEM))
        known = self._town
        if known is None or known[0] != number:
            known = self._town = (number, read_town(connection, self._cipher))
        return known[1]

    def search(self, connection: Connection) -> WasteSearch:
        number = last_change(connection, TOWN, (WASTE_WORD,))
        known = self._search
        if known is None or known[0] != number:
            bodies = list_bodies(connection, self._cipher, WASTE_WORD)
            known = self._search = (number, WasteSearch(WasteWord.parse(body) for body in bodies))
        return known[1]


def read_town(connection: Connection, cipher: ColumnCipher) -> WasteTown:
    """The calendar as it is stored now, with merged districts under their living names."""
    calendar = find_calendar(connection, cipher)
    item = list_items(connection, cipher).get(calendar.district_item)
    return WasteTown(with_living_districts(calendar, item), find_holidays(connection, cipher), item)


def _is_id(id: str) -> bool:
    return 0 < len(id) <= _ID_LIMIT and "\0" not in id
