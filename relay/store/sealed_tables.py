"""What residents sent in and the relay cannot read, and what is kept beside it.

The sealed record itself is a record like any other (`records`, kind `submission`). Requirement: SEC-8.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from relay.store.metadata import metadata
from relay.store.types import Instant, RowNumber

submissions = Table(
    "submissions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("resident", RowNumber, ForeignKey("residents.no", ondelete="SET NULL"), index=True),
    Column("object", String(80), nullable=False, comment="contact:<form> or item:<item>"),
    Column("number", String(20), nullable=False, unique=True),
    Column("received_at", Instant, nullable=False),
    Column("state", String(10), nullable=False, comment="new, working, done"),
    Index("ix_submissions_object", "object", "received_at"),
    comment="number, date and state, for the resident's own list",
)

resident_copies = Table(
    "resident_copies",
    metadata,
    Column("submission", String(36), ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("nonce", String(24), nullable=False),
    Column("body", String, nullable=False),
    comment="what only the resident's own page opens; encrypted in the browser or on a desktop",
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("audience", String(80), nullable=False),
    Column("first_seq", RowNumber, nullable=False),
    Column("last_seq", RowNumber, nullable=False),
    Column("header", String, nullable=False, comment="JSON of ChunkHeader"),
    Column("body", LargeBinary, nullable=False, comment="encrypted on a desktop"),
    Column("made_at", Instant, nullable=False),
    Index("ix_chunks_audience", "audience", "last_seq"),
    comment="compacted records for cold starts; dropped when a record in them changes",
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("saved_at", Instant, nullable=False),
    comment="the LINE channel as entered in the desktop's assistant",
)
