"""Departments, the audit log, the access log, and what residents send in sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _people()
    _logs()
    _sealed()


def _people() -> None:
    op.create_table(
        "staff_departments",
        sa.Column("staff", sa.String(36), nullable=False),
        sa.Column("department", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("staff", "department", name=op.f("pk_staff_departments")),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_staff_departments_staff")),
    )
    op.create_index(op.f("ix_staff_departments_department"), "staff_departments", ["department"])


def _logs() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("no", _ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("device", sa.String(36), nullable=False),
        sa.Column("change_hash", sa.String(64), nullable=False),
        sa.Column("change_sealed", sa.LargeBinary()),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"])
    op.create_index(op.f("ix_audit_entries_staff"), "audit_entries", ["staff"])
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", _ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_audit_nodes")),
    )
    op.create_table(
        "access_log",
        sa.Column("no", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("route", sa.String(120), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("staff", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_access_log")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_access_log_at"), "access_log", ["at"])
    op.create_index("ix_access_log_address", "access_log", ["address_index", "no"])


def _sealed() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("resident", _ROW_NUMBER),
        sa.Column("object", sa.String(80), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("number", name=op.f("uq_submissions_number")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_submissions_resident"), ondelete="SET NULL"
        ),
    )
    op.create_index(op.f("ix_submissions_resident"), "submissions", ["resident"])
    op.create_index("ix_submissions_object", "submissions", ["object", "received_at"])
    op.create_table(
        "resident_copies",
        sa.Column("submission", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(24), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("submission", name=op.f("pk_resident_copies")),
        sa.ForeignKeyConstraint(
            ["submission"],
            ["submissions.id"],
            name=op.f("fk_resident_copies_submission"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("audience", sa.String(80), nullable=False),
        sa.Column("first_seq", _ROW_NUMBER, nullable=False),
        sa.Column("last_seq", _ROW_NUMBER, nullable=False),
        sa.Column("header", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
    )
    op.create_index("ix_chunks_audience", "chunks", ["audience", "last_seq"])
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )


def downgrade() -> None:
    raise NotImplementedError("a relay goes back by restoring a backup")
