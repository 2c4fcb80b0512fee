"""Staff and their doors: accounts, devices, sessions, codes, and what was done and by whom.

Columns named `…_sealed` are explained in `tables.py`. Requirements: ADM-1, ADM-7, SEC-5, SEC-9.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from relay.store.metadata import metadata
from relay.store.types import Instant, RowNumber

staff = Table(
    "staff",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("login_index", LargeBinary, nullable=False, unique=True),
    Column("login_sealed", LargeBinary, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("role", String(20), nullable=False),
    Column("state", String(12), nullable=False, comment="invited, unconfirmed, active, left"),
    Column("salt", String(40), nullable=False),
    Column("memory_kib", Integer, nullable=False),
    Column("passes", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("login_key_hash", LargeBinary, nullable=False),
    Column("sign_key", String(60), nullable=False),
    Column("seal_key", String(120), nullable=False),
    Column("wrapped_keys", String, nullable=False),
    Column("certificate", String, nullable=False, default="", comment="JSON; empty until confirmed"),
    Column("certified_at", Instant, comment="of the newest certificate there ever was"),
    Column("totp_sealed", LargeBinary, comment="secret of the second factor; NULL: none"),
    Column("totp_step", RowNumber, nullable=False, default=0, comment="last time step a code was taken for"),
    Column("created_at", Instant, nullable=False),
)

staff_departments = Table(
    "staff_departments",
    metadata,
    Column("staff", String(36), ForeignKey("staff.id"), primary_key=True),
    Column("department", String(36), primary_key=True, index=True),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("staff", String(36), ForeignKey("staff.id"), nullable=False),
    Column("public_key", String(60), nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("seen_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("staff", String(36), ForeignKey("staff.id"), nullable=False),
    Column("device", String(36), ForeignKey("devices.id"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

nonces = Table(
    "nonces",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("nonce", String(40), primary_key=True),
    Column("seen_at", Instant, nullable=False, index=True),
    comment="signed requests already taken; kept as long as a request may be old",
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("kind", String(10), nullable=False, comment="first, enrol, device, reset"),
    Column("for_staff", String(36), comment="the account it is for; unset: makes the first account"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

throttles = Table(
    "throttles",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("window_start", Instant, nullable=False),
    comment="failed tries per door and address; the address is kept as a keyed hash",
)

# --- what was done ---

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("no", RowNumber, primary_key=True, autoincrement=False, comment="from 0, without a gap"),
    Column("at", Instant, nullable=False, index=True),
    Column("staff", String(36), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("object", String, nullable=False, default="", comment="random ids only"),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(40), nullable=False, default=""),
    Column("device", String(36), nullable=False, default=""),
    Column("change_hash", String(64), nullable=False, default=""),
    Column("change_sealed", LargeBinary, comment="the signed change as JSON; NULL where there is none"),
    Column("leaf", LargeBinary, nullable=False),
    comment="the audit log: rows are added and never changed",
)

audit_nodes = Table(
    "audit_nodes",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("index", RowNumber, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    comment="full subtrees of the Merkle tree over audit_entries.leaf (RFC 6962)",
)

access_log = Table(
    "access_log",
    metadata,
    Column("no", RowNumber, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("address_index", LargeBinary, nullable=False, comment="keyed hash, to search by"),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("method", String(10), nullable=False),
    Column("route", String(120), nullable=False, comment="the pattern, never the address as sent"),
    Column("status", Integer, nullable=False),
    Column("staff", String(36), nullable=False, default=""),
    Index("ix_access_log_address", "address_index", "no"),
    sqlite_autoincrement=True,
)
