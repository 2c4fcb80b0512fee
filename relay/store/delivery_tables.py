"""When deliveries are due, who is on a list, links that are counted, LINE's statistics.

Requirements: SEG-4, SEG-5, SEG-9.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from relay.store.metadata import metadata
from relay.store.types import Instant, RowNumber

moments = Table(
    "moments",
    metadata,
    Column("delivery", String(36), primary_key=True),
    Column("due_at", Instant, nullable=False, index=True),
    Column("kind", String(12), nullable=False, comment="hold, at, repeating, resident_day, age"),
    comment="the next moment of every confirmed delivery that does not go out at once",
)

rule_runs = Table(
    "rule_runs",
    metadata,
    Column("rule", String(60), primary_key=True, comment="id of a repeating delivery, or a rule: waste:eve"),
    Column("day", String(10), primary_key=True, comment="day in Japan it is for"),
    Column("delivery", String(36), nullable=False, comment="what was made of it; empty when skipped"),
    Column("made_at", Instant, nullable=False),
    comment="each day of a rule happens once, whoever tries it again",
)

resident_lists = Table(
    "resident_lists",
    metadata,
    Column("list", String(36), primary_key=True),
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="CASCADE"), primary_key=True),
    Column("added_at", Instant, nullable=False),
    Index("ix_resident_lists_resident", "resident"),
)

list_codes = Table(
    "list_codes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("list", String(36), nullable=False, index=True),
    Column("hash", String(64), nullable=False, unique=True, comment="protocol.lists.code_hash"),
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="SET NULL")),
    Column("used_at", Instant),
    Column("revoked", Boolean, nullable=False, default=False),
    comment="who entered which code; the names are sealed in the `code` record",
)

links = Table(
    "links",
    metadata,
    Column("token", String(22), primary_key=True),
    Column("delivery", String(36), nullable=False, index=True),
    Column("no", Integer, nullable=False),
    Column("url_sealed", LargeBinary, nullable=False),
    Column("label", String, nullable=False, default=""),
    Column("made_at", Instant, nullable=False),
    comment="addresses of a delivery that are counted when tapped",
)

link_taps = Table(
    "link_taps",
    metadata,
    Column("token", String(22), ForeignKey("links.token", ondelete="CASCADE"), primary_key=True),
    Column("hour", String(13), primary_key=True, comment="YYYY-MM-DDTHH in Japan"),
    Column("count", Integer, nullable=False),
    comment="how often, never by whom",
)

aggregation_units = Table(
    "aggregation_units",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("name", String(30), primary_key=True),
    Column("run", String(36), nullable=False),
    comment="names given to LINE's statistics; the 1,001st of a month would be sent but not counted",
)

result_watch = Table(
    "result_watch",
    metadata,
    Column("delivery", String(36), primary_key=True),
    Column("unit", String(30), nullable=False, default=""),
    Column("request_id", String(60), nullable=False, default="", comment="of a broadcast"),
    Column("sent_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False, index=True),
    comment="deliveries whose statistics are still fetched: 14 days",
)
