"""Saved groups of recipients (「保存した宛先」): kept, changed, taken away while nothing waits on them.

Meaning: `protocol/lists.py`. Requirement: SEG-4.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from protocol.delivery_changes import GroupRemove, GroupSave
from protocol.lists import LISTS_LIMIT, find_name_problems
from protocol.rights import DELIVERIES
from protocol.segments import InGroup, find_segment_problems
from relay.errors import Refused
from relay.features.items import list_items
from relay.features.segment_names import GROUP, read_named
from relay.features.segment_use import groups_using, is_waited_for
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record, put_record

_ID_LIMIT = 36


def save_group(
    connection: Connection, cipher: ColumnCipher, change: GroupSave, based_on: int, now: datetime
) -> int:
    """Write a new group or version; returns the version. Raises Refused with the first problem's code."""
    group = change.group
    if not 0 < len(group.id) <= _ID_LIMIT or "\0" in group.id:
        raise Refused("malformed")
    check_version(find_record(connection, cipher, GROUP, group.id), based_on)
    named = read_named(connection, cipher, group.segment)
    if group.id not in named.groups and len(named.groups) >= LISTS_LIMIT:
        raise Refused("list_full")
    with_this = replace(named, groups={**named.groups, group.id: group})
    # Asked by its name, so that a circle through other groups back to it is found.
    problems = (
        *find_name_problems(group.name),
        *find_segment_problems(InGroup(group=group.id), list_items(connection, cipher), with_this),
    )
    if problems:
        raise Refused(problems[0].code)
    return put_record(
        connection,
        cipher,
        kind=GROUP,
        id=group.id,
        body=group.as_json(),
        now=now,
        audiences=(DELIVERIES,),
    )


def remove_group(
    connection: Connection, cipher: ColumnCipher, change: GroupRemove, based_on: int, now: datetime
) -> int:
    """Take a group away. Raises Refused `in_use` while a delivery waits on it or another group names it."""
    check_version(find_record(connection, cipher, GROUP, change.group), based_on)
    in_use = groups_using(connection, cipher, group=change.group)
    if in_use or is_waited_for(connection, cipher, group=change.group):
        raise Refused("in_use")
    return put_record(connection, cipher, kind=GROUP, id=change.group, body={}, now=now, removed=True)
