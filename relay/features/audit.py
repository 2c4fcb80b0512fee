"""What goes into the audit log and what comes out of it. Requirements: SEC-5, SEC-9.

An entry is appended in the transaction that does what it records, as the last thing in it. It names ids,
never what was written; the signed change behind it is kept sealed and comes out by `audit-entry` alone, but
for those with wrapped secrets in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from protocol.audit import (
    AUDIT_PAGE,
    NOT_KEPT,
    AuditDetail,
    AuditEntry,
    AuditEntryQuery,
    AuditLeaves,
    AuditLeavesQuery,
    AuditPage,
    AuditQuery,
    Outcome,
    TreeHead,
)
from protocol.changes import PAYLOADS, Change, ChangeResult, change_hash
from protocol.merkle import consistency_proof, root
from relay.errors import Refused
from relay.store.audit import (
    add_entry,
    count_entries,
    find_entry,
    list_leaves,
    nodes_of,
    search_entries,
)
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database

LEAVES_LIMIT = 10_000
UNKNOWN_KIND = "unknown"
_OBJECTS_LIMIT = 1000
_HIGHEST = 2**62
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:/-]{0,79}")

_OBJECT_PLACES: Mapping[str, tuple[str, ...]] = {
    "item.save": ("item.id",),
    "item.remove": ("item",),
    "items.reorder": ("items",),
    "delivery.save": ("draft.id",),
    "delivery.remove": ("delivery",),
    "delivery.test": ("draft.id", "staff"),
    "delivery.send": ("delivery",),
    "delivery.resume": ("delivery",),
    "delivery.ask": ("delivery",),
    "delivery.return": ("delivery",),
    "delivery.stop": ("delivery",),
    "delivery.cancel": ("delivery",),
    "delivery.archive": ("delivery",),
    "item.merge": ("item", "choice", "into"),
    "group.save": ("group.id",),
    "group.remove": ("group",),
    "list.save": ("list.id",),
    "list.remove": ("list",),
    "list.fill": ("list",),
    "list.change": ("list",),
    "codes.add": ("codes.list",),
    "codes.revoke": ("list", "codes"),
    "sending_rules.save": (),
    "holidays.save": (),
    "waste.save": (),
    "waste_words.put": ("words.id", "remove"),
    "line_link.start": (),
    "line_link.remove": (),
    "greeting.save": (),
    "town.save": (),
    "department.save": ("department.id",),
    "department.remove": ("department",),
    "member.save": ("staff", "departments"),
    "member.confirm": ("certificate.staff",),
    "member.leave": ("staff", "heir"),
    "rights.save": (),
    "trust.publish": ("wraps.staff",),
    "trust.practised": (),
    "key.publish": ("key.id", "key.department", "wraps.staff", "replaces"),
    "wrap.add": ("wraps.key", "wraps.staff"),
    "device.revoke": ("device",),
    "contact_form.save": ("form.id",),
    "contact_form.remove": ("form",),
    "submission.update": ("submission",),
    "submissions.opened": ("submissions",),
    "export.made": (),
    "notice.dismiss": ("notice",),
}
"""Where the ids of a change lie. Every kind of `PAYLOADS` stands here; a test compares the two."""


def append(
    connection: Connection,
    cipher: ColumnCipher,
    *,
    kind: str,
    staff: str,
    now: datetime,
    object: str = "",
    outcome: Outcome = "done",
    reason: str = "",
    device: str = "",
    change: Change | None = None,
) -> AuditEntry:
    """One entry, with the transaction's fate. Call it last in the transaction (`store.audit.add_entry`).

    `object`: ids separated by spaces. `staff` empty: nobody is known to have done it.
    """
    entry = AuditEntry(
        no=0,
        at=now,
        staff=staff,
        kind=kind,
        object=object,
        outcome=outcome,
        reason=reason,
        device=device,
        change_hash="" if change is None else change_hash(change),
    )
    kept = None if change is None or change.kind in NOT_KEPT else change
    return add_entry(connection, cipher, entry, kept)


def append_change(
    connection: Connection,
    cipher: ColumnCipher,
    change: Change,
    result: ChangeResult,
    *,
    now: datetime,
    device: str = "",
) -> AuditEntry:
    """The entry of a change that was applied or refused. Its signature has been proved before."""
    return append(
        connection,
        cipher,
        kind=change.kind if change.kind in PAYLOADS else UNKNOWN_KIND,
        staff=change.staff,
        now=now,
        object=" ".join(object_ids(change)),
        outcome=result.outcome,
        reason=result.reason,
        device=device,
        change=change,
    )


def object_ids(change: Change) -> tuple[str, ...]:
    """The ids a change is about, each once; what has not the form of an id is left out."""
    found: dict[str, None] = {}
    for place in _OBJECT_PLACES.get(change.kind, ()):
        for value in _values_at(change.payload, place.split(".")):
            if isinstance(value, str) and _ID.fullmatch(value):
                found[value] = None
    return tuple(found)[:_OBJECTS_LIMIT]


def _values_at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for part in value:
            yield from _values_at(part, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values_at(value[path[0]], path[1:])


class AuditLog:
    """Answers about the log. Nothing here changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._head = TreeHead(size=-1, root="")

    def head(self, connection: Connection) -> TreeHead:
        """The log now. The newest head is kept: a tree of one size has one root."""
        size = count_entries(connection)
        if self._head.size != size:
            self._head = TreeHead(size=size, root=root(nodes_of(connection), size).hex())
        return self._head

    def growth(self, known_size: int) -> tuple[TreeHead, tuple[str, ...]]:
        """The head, and the proof that it grew out of the log of `known_size` entries.

        The proof is empty where there is nothing to prove: from nothing, no news, or a log become smaller.
        """
        with self._database.read() as connection:
            head = self.head(connection)
            if not 0 < known_size < head.size:
                return head, ()
            proof = consistency_proof(nodes_of(connection), known_size, head.size)
        return head, tuple(part.hex() for part in proof)

    def search(self, query: AuditQuery) -> AuditPage:
        """A page of entries, newest first."""
        limit = max(1, min(query.limit, AUDIT_PAGE))
        if query.before is not None and not 0 <= query.before < _HIGHEST:
            raise Refused("malformed", status=400)
        for time in (query.since, query.until):
            if time is not None and time.tzinfo is None:
                raise Refused("malformed", status=400)
        if "\0" in query.staff + query.object + "".join(query.kinds):
            raise Refused("malformed", status=400)
        with self._database.read() as connection:
            found = search_entries(connection, query, limit + 1)
            head = self.head(connection)
        return AuditPage(entries=tuple(found[:limit]), more=len(found) > limit, head=head)

    def entry(self, query: AuditEntryQuery) -> AuditDetail:
        """One entry and the change behind it, where that is kept. Raises Refused `not_found`."""
        if not 0 <= query.no < _HIGHEST:
            raise Refused("not_found", status=404)
        with self._database.read() as connection:
            found = find_entry(connection, self._database.cipher, query.no)
        if found is None:
            raise Refused("not_found", status=404)
        entry, change = found
        return AuditDetail(entry=entry, change=change)

    def leaves(self, query: AuditLeavesQuery) -> AuditLeaves:
        """Leaf hashes from a number on, and the head they lead to."""
        if not 0 <= query.start < _HIGHEST:
            raise Refused("malformed", status=400)
        with self._database.read() as connection:
            head = self.head(connection)
            limit = max(0, min(LEAVES_LIMIT, head.size - query.start))
            found = list_leaves(connection, start=query.start, limit=limit) if limit else []
        return AuditLeaves(leaves=tuple(leaf.hex() for leaf in found), head=head)
