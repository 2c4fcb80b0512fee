"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "changes_done",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("staff", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes_done")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("value", _ROW_NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "enrolment_codes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("for_staff", sa.String(36)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_codes")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_enrolment_codes_secret_hash")),
    )
    op.create_table(
        "files",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(60), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_files")),
    )
    op.create_table(
        "inbox",
        sa.Column("no", _ROW_NUMBER, nullable=False, autoincrement=True),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("transit_day", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_inbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_inbox_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inbox_state"), "inbox", ["state", "no"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("owner", sa.String(36)),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_state"), "jobs", ["state", "run_at"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "nonces",
        sa.Column("device", sa.String(36), nullable=False),
        sa.Column("nonce", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "nonce", name=op.f("pk_nonces")),
    )
    op.create_index(op.f("ix_nonces_seen_at"), "nonces", ["seen_at"])
    op.create_table(
        "record_audiences",
        sa.Column("audience", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("seq", _ROW_NUMBER, nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("audience", "kind", "id", name=op.f("pk_record_audiences")),
        sa.UniqueConstraint("audience", "seq", name=op.f("uq_record_audiences_audience")),
    )
    op.create_index("ix_record_audiences_record", "record_audiences", ["kind", "id"])
    op.create_table(
        "records",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_records")),
    )
    op.create_table(
        "residents",
        sa.Column("no", _ROW_NUMBER, nullable=False, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("line_user_index", sa.LargeBinary(), nullable=False),
        sa.Column("line_user_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("state_at", sa.BigInteger(), nullable=False),
        sa.Column("followed_at", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("language_chosen", sa.Boolean(), nullable=False),
        sa.Column("changed_seq", _ROW_NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_residents")),
        sa.UniqueConstraint("changed_seq", name=op.f("uq_residents_changed_seq")),
        sa.UniqueConstraint("id", name=op.f("uq_residents_id")),
        sa.UniqueConstraint("line_user_index", name=op.f("uq_residents_line_user_index")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("delivery", sa.String(36), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("unit", sa.String(30), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("reported_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("login_index", sa.LargeBinary(), nullable=False),
        sa.Column("login_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("salt", sa.String(40), nullable=False),
        sa.Column("memory_kib", sa.Integer(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("login_key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sign_key", sa.String(60), nullable=False),
        sa.Column("seal_key", sa.String(120), nullable=False),
        sa.Column("wrapped_keys", sa.String(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("certified_at", sa.BigInteger()),
        sa.Column("totp_sealed", sa.LargeBinary()),
        sa.Column("totp_step", _ROW_NUMBER, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login_index", name=op.f("uq_staff_login_index")),
    )
    op.create_table(
        "tallies",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name=op.f("pk_tallies")),
    )
    op.create_table(
        "throttles",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_throttles")),
    )
    op.create_table(
        "batches",
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("text", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(10), nullable=False),
        sa.Column("retry_key", sa.String(36), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_try_at", sa.BigInteger()),
        sa.Column("next_try_at", sa.BigInteger()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("owner", sa.String(36)),
        sa.Column("http_status", sa.Integer()),
        sa.Column("request_id", sa.String(60), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("run", "no", name=op.f("pk_batches")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_batches_run")),
        sa.UniqueConstraint("retry_key", name=op.f("uq_batches_retry_key")),
    )
    op.create_index(op.f("ix_batches_state"), "batches", ["state", "run", "no"])
    op.create_table(
        "devices",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("staff", sa.String(36), nullable=False),
        sa.Column("public_key", sa.String(60), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_devices_staff")),
    )
    op.create_table(
        "file_chunks",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "offset", name=op.f("pk_file_chunks")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["files.sha256"], name=op.f("fk_file_chunks_sha256"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "line_links",
        sa.Column("staff", sa.String(36), nullable=False),
        sa.Column("code_hash", sa.String(64)),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("resident", _ROW_NUMBER),
        sa.Column("linked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_line_links")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_line_links_resident"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_line_links_staff")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_line_links_code_hash")),
    )
    op.create_table(
        "media",
        sa.Column("token", sa.String(43), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_media")),
        sa.ForeignKeyConstraint(["sha256"], ["files.sha256"], name=op.f("fk_media_sha256")),
        sa.UniqueConstraint("sha256", "purpose", name=op.f("uq_media_sha256")),
    )
    op.create_table(
        "page_sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("resident", _ROW_NUMBER, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_page_sessions")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_page_sessions_resident"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_page_sessions_expires_at"), "page_sessions", ["expires_at"])
    op.create_table(
        "resident_choices",
        sa.Column("resident", _ROW_NUMBER, nullable=False),
        sa.Column("item", sa.String(36), nullable=False),
        sa.Column("choice", sa.String(36), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resident", "item", "choice", name=op.f("pk_resident_choices")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_resident_choices_resident"), ondelete="CASCADE"
        ),
    )
    op.create_index(
        op.f("ix_resident_choices_item_choice"), "resident_choices", ["item", "choice", "resident"]
    )
    op.create_table(
        "resident_years",
        sa.Column("resident", _ROW_NUMBER, nullable=False),
        sa.Column("item", sa.String(36), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer()),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resident", "item", "no", name=op.f("pk_resident_years")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_resident_years_resident"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_resident_years_item"), "resident_years", ["item", "year", "month", "resident"])
    op.create_table(
        "talk_places",
        sa.Column("resident", _ROW_NUMBER, nullable=False),
        sa.Column("item", sa.String(36), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resident", name=op.f("pk_talk_places")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_talk_places_resident"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff", sa.String(36), nullable=False),
        sa.Column("device", sa.String(36), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
        sa.ForeignKeyConstraint(["device"], ["devices.id"], name=op.f("fk_sessions_device")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_sessions_staff")),
    )


def downgrade() -> None:
    raise NotImplementedError("a relay goes back by restoring a backup")
