"""The whole schema of the relay, for both engines. Upgrades between versions are in `upgrades/`.

Columns named `…_sealed` hold AEAD ciphertext made by `cipher.ColumnCipher`: names, texts, contacts, codes and
the LINE user id (design "Who can read what"). States, times, numbers and random ids stay in the clear, so
that constraints and joins work; SQLCipher or an encrypted volume lies beneath.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from relay.store.metadata import metadata
from relay.store.types import Instant, RowNumber

# --- the relay itself ---

meta = Table(
    "meta",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", String, nullable=False),
    comment="relay id, and a sealed word that proves the host key fits",
)

tallies = Table(
    "tallies",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    comment="how often something was kept, ignored or refused; never by whom",
)

# --- what desktops see: records by audience ---

counters = Table(
    "counters",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", RowNumber, nullable=False),
    comment="one row per stream, locked while a number is taken; a number shows only after all before it",
)

records = Table(
    "records",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False, default=False),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

record_audiences = Table(
    "record_audiences",
    metadata,
    Column("audience", String(80), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("seq", RowNumber, nullable=False),
    Column("gone", Boolean, nullable=False, default=False, comment="this audience may see it no longer"),
    UniqueConstraint("audience", "seq"),
    Index("ix_record_audiences_record", "kind", "id"),
    comment="which audience may see a record, and under which number of its stream it last changed",
)

changes_done = Table(
    "changes_done",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("staff", String(36), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(40), nullable=False, default=""),
    Column("version", Integer, nullable=False, default=0),
    Column("done_at", Instant, nullable=False),
    comment="every change ever taken, so that a second copy of it changes nothing",
)

# --- residents ---

residents = Table(
    "residents",
    metadata,
    Column("no", RowNumber, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("line_user_index", LargeBinary, nullable=False, unique=True),
    Column("line_user_sealed", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False, comment="friend, blocked"),
    Column(
        "state_at",
        Instant,
        nullable=False,
        comment="time of the LINE event that set it; older events change nothing",
    ),
    Column("followed_at", Instant, nullable=False),
    Column(
        "language", String(8), nullable=False, default="ja", comment="what the resident reads, or LINE says"
    ),
    Column("language_chosen", Boolean, nullable=False, default=False, comment="by the resident"),
    Column(
        "changed_seq",
        RowNumber,
        nullable=False,
        unique=True,
        comment="number in the stream `residents` that feeds the segment index",
    ),
    sqlite_autoincrement=True,
    comment="the only place that knows a LINE user id; everything else uses no or id",
)

resident_choices = Table(
    "resident_choices",
    metadata,
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="CASCADE"), primary_key=True),
    Column("item", String(36), primary_key=True),
    Column("choice", String(36), primary_key=True),
    Column("answered_at", Instant, nullable=False),
    Index(
        "ix_resident_choices_item_choice", "item", "choice", "resident"
    ),  # grouped without a look at the rows
)

resident_years = Table(
    "resident_years",
    metadata,
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="CASCADE"), primary_key=True),
    Column("item", String(36), primary_key=True),
    Column("no", Integer, primary_key=True, default=0, comment="which of several people, such as children"),
    Column("year", Integer, nullable=False),
    Column("month", Integer, comment="where the resident agreed to tell it; never a day"),
    Column("answered_at", Instant, nullable=False),
    Index("ix_resident_years_item", "item", "year", "month", "resident"),
)

resident_numbers = Table(
    "resident_numbers",
    metadata,
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="CASCADE"), primary_key=True),
    Column("item", String(36), primary_key=True),
    Column("value", Integer, nullable=False),
    Column("is_day", Boolean, nullable=False, default=False),
    Column("answered_at", Instant, nullable=False),
    Index("ix_resident_numbers_item", "item"),
    comment="answers to number items, and to date items as days since 0001-01-01 (date.toordinal)",
)

talk_places = Table(
    "talk_places",
    metadata,
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="CASCADE"), primary_key=True),
    Column("item", String(36), nullable=False),
    Column(
        "single",
        Boolean,
        nullable=False,
        comment="asked alone from the settings, not as part of the first questionnaire",
    ),
    Column("asked_at", Instant, nullable=False),
    comment="the question of the questionnaire a resident is at",
)

page_sessions = Table(
    "page_sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="CASCADE"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

line_links = Table(
    "line_links",
    metadata,
    Column("staff", String(36), ForeignKey("staff.id"), primary_key=True),
    Column("code_hash", String(64), unique=True),
    Column("expires_at", Instant),
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="SET NULL")),
    Column("linked_at", Instant),
    comment="which resident a staff member is, for test deliveries; set by a code typed into the talk",
)

# --- the inbox of webhook events ---

inbox = Table(
    "inbox",
    metadata,
    Column("no", RowNumber, primary_key=True, autoincrement=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("received_at", Instant, nullable=False),
    Column(
        "event_at", Instant, nullable=False, comment="LINE's time of the event, unchanged when redelivered"
    ),
    Column(
        "subject",
        LargeBinary,
        nullable=False,
        comment="keyed hash of the person it is about: one worker at a time serves a person; may be empty",
    ),
    Column("transit_day", String(10), nullable=False),
    Column("state", String(10), nullable=False, comment="waiting, done, set_aside"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_until", Instant),
    Column("reason", String(40), nullable=False, default=""),
    Column("body_sealed", LargeBinary, comment="emptied when done"),
    Index("ix_inbox_state", "state", "no"),
    sqlite_autoincrement=True,
)

# --- files and what LINE must be able to fetch ---

files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("content_type", String(60), nullable=False, default=""),
    Column("complete", Boolean, nullable=False, default=False),
    Column("added_at", Instant, nullable=False),
)

file_chunks = Table(
    "file_chunks",
    metadata,
    Column("sha256", String(64), ForeignKey("files.sha256", ondelete="CASCADE"), primary_key=True),
    Column("offset", Integer, primary_key=True),
    Column("body_sealed", LargeBinary, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("token", String(43), primary_key=True),
    Column("sha256", String(64), ForeignKey("files.sha256"), nullable=False),
    Column("purpose", String(8), nullable=False, comment="file: as it is; imagemap: in LINE's five widths"),
    Column("published_at", Instant, nullable=False),
    UniqueConstraint("sha256", "purpose"),
    comment="files LINE and phones may fetch under an address nobody can guess",
)

# --- deliveries ---

runs = Table(
    "runs",
    metadata,
    Column(
        "id",
        String(36),
        primary_key=True,
        comment="id of the delivery, or of the change that asked for a test",
    ),
    Column("kind", String(10), nullable=False, comment="segment, test"),
    Column("delivery", String(36), nullable=False),
    Column("state", String(10), nullable=False, comment="queued, sending, paused, sent, cancelled, failed"),
    Column("unit", String(30), nullable=False, default="", comment="LINE's customAggregationUnit"),
    Column("silent", Boolean, nullable=False, default=False),
    Column("recipients", Integer, nullable=False, default=0),
    Column("reason", String(40), nullable=False, default=""),
    Column("confirmed_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("reported_at", Instant, comment="when the numbers last went to the desktops"),
)

run_texts = Table(
    "run_texts",
    metadata,
    Column("run", String(36), ForeignKey("runs.id"), primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("messages_sealed", LargeBinary, nullable=False, comment="frozen LINE message objects as JSON"),
    comment="what a run says: one row per language and set of placeholder values",
)

batches = Table(
    "batches",
    metadata,
    Column("run", String(36), ForeignKey("runs.id"), primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("text", Integer, nullable=False, default=0, comment="run_texts.no: what these people get"),
    Column("endpoint", String(10), nullable=False, comment="multicast, push, broadcast"),
    Column("retry_key", String(36), nullable=False, unique=True),
    Column("members", LargeBinary, nullable=False, comment="residents.no, four bytes each, little endian"),
    Column("count", Integer, nullable=False),
    Column(
        "state", String(10), nullable=False, comment="waiting, claimed, accepted, refused, unknown, cancelled"
    ),
    Column("attempts", Integer, nullable=False, default=0),
    Column("first_try_at", Instant),
    Column("next_try_at", Instant),
    Column("lease_until", Instant),
    Column("owner", String(36)),
    Column("http_status", Integer),
    Column("request_id", String(60), nullable=False, default=""),
    Column("finished_at", Instant),
    Index("ix_batches_state", "state", "run", "no"),
    comment="the ledger: frozen before the first call, one retry key each for all tries",
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(80), nullable=False, default="", comment="the id it is about"),
    Column("run_at", Instant, nullable=False),
    Column("state", String(10), nullable=False, comment="waiting, done, failed"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_until", Instant),
    Column("owner", String(36)),
    Column("reason", String(40), nullable=False, default=""),
    Index("ix_jobs_state", "state", "run_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(36), nullable=False),
    Column("until", Instant, nullable=False),
    comment="who may do what only one process may do at a time, such as pacing the channel",
)
