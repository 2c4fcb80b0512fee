"""Any segment, any message, any moment: lists, texts of a run, rules, links and statistics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _runs()
    _rules()
    _residents()
    _links()


def _runs() -> None:
    op.create_table(
        "run_texts",
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("messages_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "no", name=op.f("pk_run_texts")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_run_texts_run")),
    )
    op.create_table(
        "result_watch",
        sa.Column("delivery", sa.String(36), nullable=False),
        sa.Column("unit", sa.String(30), nullable=False),
        sa.Column("request_id", sa.String(60), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_result_watch")),
    )
    op.create_index(op.f("ix_result_watch_next_at"), "result_watch", ["next_at"])
    op.create_table(
        "aggregation_units",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("month", "name", name=op.f("pk_aggregation_units")),
    )


def _rules() -> None:
    op.create_table(
        "moments",
        sa.Column("delivery", sa.String(36), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_moments")),
    )
    op.create_index(op.f("ix_moments_due_at"), "moments", ["due_at"])
    op.create_table(
        "rule_runs",
        sa.Column("rule", sa.String(60), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("delivery", sa.String(36), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "day", name=op.f("pk_rule_runs")),
    )


def _residents() -> None:
    op.create_table(
        "resident_numbers",
        sa.Column("resident", _ROW_NUMBER, nullable=False),
        sa.Column("item", sa.String(36), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("is_day", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resident", "item", name=op.f("pk_resident_numbers")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_resident_numbers_resident"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_resident_numbers_item"), "resident_numbers", ["item"])
    op.create_table(
        "resident_lists",
        sa.Column("list", sa.String(36), nullable=False),
        sa.Column("resident", _ROW_NUMBER, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("list", "resident", name=op.f("pk_resident_lists")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_resident_lists_resident"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_resident_lists_resident"), "resident_lists", ["resident"])
    op.create_table(
        "list_codes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("list", sa.String(36), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("resident", _ROW_NUMBER),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_codes")),
        sa.UniqueConstraint("hash", name=op.f("uq_list_codes_hash")),
        sa.ForeignKeyConstraint(
            ["resident"], ["residents.no"], name=op.f("fk_list_codes_resident"), ondelete="SET NULL"
        ),
    )
    op.create_index(op.f("ix_list_codes_list"), "list_codes", ["list"])


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("token", sa.String(22), nullable=False),
        sa.Column("delivery", sa.String(36), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_delivery"), "links", ["delivery"])
    op.create_table(
        "link_taps",
        sa.Column("token", sa.String(22), nullable=False),
        sa.Column("hour", sa.String(13), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token", "hour", name=op.f("pk_link_taps")),
        sa.ForeignKeyConstraint(
            ["token"], ["links.token"], name=op.f("fk_link_taps_token"), ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("a relay goes back by restoring a backup")
