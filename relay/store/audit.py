"""The audit log's rows and the hash tree over them. SQL only; `features/audit.py` says what is logged."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, insert, select

from protocol.audit import AuditEntry, AuditQuery, entry_leaf
from protocol.changes import Change
from protocol.merkle import Nodes, nodes_after
from relay.store.cipher import ColumnCipher
from relay.store.counters import current_number, next_number
from relay.store.staff_tables import audit_entries, audit_nodes

_STREAM = "audit"
_CHANGE = "audit_entries.change"
_SHOWN = [column for column in audit_entries.c if column.name in AuditEntry.model_fields]


def add_entry(
    connection: Connection, cipher: ColumnCipher, entry: AuditEntry, change: Change | None
) -> AuditEntry:
    """Give the entry its number and write it with its leaf; returns it as it stands in the log.

    The numbers' row stays locked until the transaction ends, so entries queue and no number is ever missing.
    Call it last in a transaction: whoever waits here must hold nothing that the one before still wants.
    """
    no = next_number(connection, _STREAM) - 1
    entry = entry.model_copy(update={"no": no, "at": entry.at.astimezone(UTC)})
    leaf = entry_leaf(entry)
    sealed = None
    if change is not None:
        sealed = cipher.seal_text(_CHANGE, str(no), json.dumps(change.as_json()))
    values = entry.model_dump()
    connection.execute(insert(audit_entries).values(**values, leaf=leaf, change_sealed=sealed))
    made = nodes_after(nodes_of(connection), no, leaf)
    connection.execute(
        insert(audit_nodes), [{"level": level, "index": index, "hash": hash} for level, index, hash in made]
    )
    return entry


def count_entries(connection: Connection) -> int:
    """The size of the log."""
    return current_number(connection, _STREAM)


def nodes_of(connection: Connection) -> Nodes:
    """Reads nodes of full subtrees, as `protocol.merkle` asks for them."""

    def node(level: int, index: int) -> bytes:
        return bytes(
            connection.execute(
                select(audit_nodes.c.hash).where(
                    audit_nodes.c.level == level, audit_nodes.c["index"] == index
                )
            ).scalar_one()
        )

    return node


def search_entries(connection: Connection, query: AuditQuery, limit: int) -> list[AuditEntry]:
    """Newest first, at most `limit`."""
    wanted = select(*_SHOWN).order_by(audit_entries.c.no.desc()).limit(limit)
    if query.staff:
        wanted = wanted.where(audit_entries.c.staff == query.staff)
    if query.kinds:
        wanted = wanted.where(audit_entries.c.kind.in_(query.kinds))
    if query.object:
        among = " " + audit_entries.c.object + " "
        wanted = wanted.where(among.contains(f" {query.object} ", autoescape=True))
    if query.since is not None:
        wanted = wanted.where(audit_entries.c.at >= query.since)
    if query.until is not None:
        wanted = wanted.where(audit_entries.c.at < query.until)
    if query.before is not None:
        wanted = wanted.where(audit_entries.c.no < query.before)
    return [_entry(row) for row in connection.execute(wanted)]


def find_entry(
    connection: Connection, cipher: ColumnCipher, no: int
) -> tuple[AuditEntry, Change | None] | None:
    """One entry with the signed change behind it."""
    row = connection.execute(
        select(*_SHOWN, audit_entries.c.change_sealed).where(audit_entries.c.no == no)
    ).one_or_none()
    if row is None:
        return None
    if row.change_sealed is None:
        return _entry(row), None
    return _entry(row), Change.parse(cipher.open_text(_CHANGE, str(no), row.change_sealed))


def list_leaves(connection: Connection, *, start: int, limit: int) -> list[bytes]:
    """Leaf hashes from this number on."""
    rows = connection.execute(
        select(audit_entries.c.leaf)
        .where(audit_entries.c.no >= start)
        .order_by(audit_entries.c.no)
        .limit(limit)
    )
    return [bytes(leaf) for leaf in rows.scalars()]


def _entry(row: Any) -> AuditEntry:
    return AuditEntry.parse({column.name: getattr(row, column.name) for column in _SHOWN})
