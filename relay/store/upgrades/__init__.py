"""Upgrades of the schema, numbered. `tables.py` and its three neighbours are the whole schema as it is now.

A test compares the two. An empty store is made from them and marked with the newest number; an older one goes
through the files in `versions/` one by one. Decision: `docs/decisions/002-two-engines-one-schema.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

import relay.store.delivery_tables
import relay.store.sealed_tables
import relay.store.staff_tables
import relay.store.tables  # noqa: F401  every table must be known to the metadata
from relay.store.metadata import metadata

NEWEST = "0003"
_LOCK = 0x6D61646F  # any number; two processes starting at once must use the same


def bring_up_to_date(connection: Connection) -> None:
    """Make or upgrade the tables within the caller's transaction; quick when there is nothing to do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    known = _known_version(connection)
    if known == NEWEST:
        return
    if known is None:
        metadata.create_all(connection)
        _mark(connection)
        return
    run_upgrades(connection)


def run_upgrades(connection: Connection) -> None:
    """Run the files above the store's version, from nothing where it has none."""
    from alembic.migration import MigrationContext  # 0.2 s that a store of today need not wait for
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    folder = Path(__file__).parent
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])

    def steps(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(connection, opts={"fn": steps})
    with Operations.context(context):
        context.run_migrations()


def _known_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _mark(connection: Connection) -> None:
    # The table as Alembic makes it itself.
    connection.execute(
        text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:newest)"), {"newest": NEWEST})
