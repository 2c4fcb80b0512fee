"""Lists of residents (「リスト」): saved, filled from a condition, changed by hand, taken away.

A list holds residents.no and nothing else about anybody. Codes (認証コード) are in `codes.py`.
Meaning: `protocol/lists.py`. Requirement: SEG-4.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from protocol.changes import Change
from protocol.delivery_changes import ListChange, ListFill, ListRemove, ListSave
from protocol.lists import LISTS_LIMIT, RESIDENTS_AT_ONCE, ListKind, ResidentList, find_name_problems
from protocol.rights import DELIVERIES
from protocol.segments import expanded, find_segment_problems
from protocol.staff import StaffMember
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.contact_forms import check_readers
from relay.features.few import is_withheld
from relay.features.items import list_items
from relay.features.packed import numbers_of
from relay.features.segment_names import LIST, list_lists, read_named
from relay.features.segment_use import groups_using, is_waited_for
from relay.features.segments import SegmentIndex
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.lists import (
    add_to_list,
    count_codes,
    count_on_list,
    empty_list,
    find_numbers,
    revoke_all_codes,
    take_off_list,
)
from relay.store.records import find_record, put_record

CODE = "code"
_ID_LIMIT = 36


def save_list(
    connection: Connection, cipher: ColumnCipher, change: ListSave, based_on: int, now: datetime
) -> int:
    """Write a new list or version; returns the version. Raises Refused with the first problem's code."""
    wanted = change.list
    if not 0 < len(wanted.id) <= _ID_LIMIT or "\0" in wanted.id:
        raise Refused("malformed")
    record = find_record(connection, cipher, LIST, wanted.id)
    check_version(record, based_on)
    if record is not None and ResidentList.parse(record.body).kind != wanted.kind:
        raise Refused("list_kind_wrong")
    if record is None and len(list_lists(connection, cipher)) >= LISTS_LIMIT:
        raise Refused("list_full")
    problems = find_name_problems(wanted.name)
    if problems:
        raise Refused(problems[0].code)
    if wanted.kind != "codes":
        wanted = wanted.model_copy(update={"departments": ()})  # only codes have labels to be read
    check_readers(connection, cipher, wanted.departments, need_keys=False)
    return publish_list(connection, cipher, wanted, now)


def remove_list(
    connection: Connection, cipher: ColumnCipher, change: ListRemove, based_on: int, now: datetime
) -> int:
    """Take a list away with its codes. Raises Refused `in_use` while a delivery or a group names it."""
    check_version(find_record(connection, cipher, LIST, change.list), based_on)
    in_use = groups_using(connection, cipher, list=change.list)
    if in_use or is_waited_for(connection, cipher, list=change.list):
        raise Refused("in_use")
    empty_list(connection, change.list)
    for code in revoke_all_codes(connection, change.list):
        put_record(connection, cipher, kind=CODE, id=code, body={}, now=now, removed=True)
    return put_record(connection, cipher, kind=LIST, id=change.list, body={}, now=now, removed=True)


def change_list(
    connection: Connection, cipher: ColumnCipher, change: ListChange, based_on: int, now: datetime
) -> int:
    """Put people on a list or take them off, whatever version was seen: who is named is meant."""
    if len(change.add) + len(change.remove) > RESIDENTS_AT_ONCE:
        raise Refused("too_large")
    kept = find_list(connection, cipher, change.list)
    if change.add and kept.kind != "chosen":
        raise Refused("list_kind_wrong")
    named = [id for id in (*change.add, *change.remove) if "\0" not in id]
    found = find_numbers(connection, named)
    if any(id not in found for id in change.add):
        raise Refused("not_found")
    if change.remove:
        gone = [found[id] for id in change.remove if id in found]
        take_off_list(connection, change.list, gone)
    if change.add:
        add_to_list(connection, change.list, [found[id] for id in change.add], now)
    return publish_list(connection, cipher, kept, now)


class ListFilling:
    """`list.fill`: everybody who meets the segment now, counted before the lock is taken."""

    def __init__(self, database: Database, clock: Callable[[], datetime], index: SegmentIndex) -> None:
        self._database = database
        self._clock = clock
        self._index = index

    def fill(self, change: Change, payload: Wire, signer: StaffMember, /) -> Callable[[Connection], int]:
        assert isinstance(payload, ListFill)
        cipher = self._database.cipher
        with self._database.read() as connection:
            find_list(connection, cipher, payload.list, kind="tag")
            named = read_named(connection, cipher, payload.segment)
            problems = find_segment_problems(payload.segment, list_items(connection, cipher), named)
        if problems:
            raise Refused(problems[0].code)
        members = numbers_of(self._index.members(payload.segment))
        if is_withheld(expanded(payload.segment, named.groups), len(members)):
            raise Refused("too_few_for_list")  # the list would say how many

        def second(connection: Connection) -> int:
            kept = find_list(connection, cipher, payload.list, kind="tag")
            if payload.instead:
                empty_list(connection, payload.list)
            add_to_list(connection, payload.list, members, self._clock())
            return publish_list(connection, cipher, kept, self._clock())

        return second


def find_list(
    connection: Connection, cipher: ColumnCipher, id: str, *, kind: ListKind | None = None
) -> ResidentList:
    """Raises Refused `not_found`, or `list_kind_wrong` for one of another kind."""
    record = None if "\0" in id else find_record(connection, cipher, LIST, id)
    if record is None or record.removed:
        raise Refused("not_found")
    found = ResidentList.parse(record.body)
    if kind is not None and found.kind != kind:
        raise Refused("list_kind_wrong")
    return found


def publish_list(connection: Connection, cipher: ColumnCipher, kept: ResidentList, now: datetime) -> int:
    """The list as desktops see it, counted anew; returns the version."""
    count, codes = count_on_list(connection, kept.id), count_codes(connection, kept.id)
    body = kept.model_copy(update={"count": count, "codes": codes}).as_json()
    return put_record(connection, cipher, kind=LIST, id=kept.id, body=body, now=now, audiences=(DELIVERIES,))
