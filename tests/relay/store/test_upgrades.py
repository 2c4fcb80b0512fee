"""The numbered upgrades and the readable schema lead to the same tables, on both engines. OPS-4."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from relay.store.cipher import ColumnCipher
from relay.store.database import Database, open_database
from relay.store.metadata import metadata
from relay.store.upgrades import NEWEST, bring_up_to_date, run_upgrades
from tests.relay.conftest import HOST_KEY


def describe(connection: Connection) -> dict[str, Any]:
    """Everything about the tables a program can notice."""
    found = inspect(connection)
    tables: dict[str, Any] = {}
    for name in sorted(found.get_table_names()):
        tables[name] = {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"], column.get("autoincrement"))
                for column in found.get_columns(name)
            ],
            "key": found.get_pk_constraint(name),
            "unique": sorted(map(str, found.get_unique_constraints(name))),
            "foreign": sorted(map(str, found.get_foreign_keys(name))),
            "indexes": sorted(map(str, found.get_indexes(name))),
        }
    return tables


def drop_everything(database: Database) -> None:
    with database.write() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))


def test_upgrades_from_nothing_make_the_same_tables_as_the_schema(database: Database) -> None:
    with database.read() as connection:
        made = describe(connection)
    drop_everything(database)
    with database.write() as connection:
        run_upgrades(connection)
    with database.read() as connection:
        upgraded = describe(connection)
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert upgraded == made
    assert version == NEWEST
    assert set(metadata.tables) | {"alembic_version"} == set(made)


def test_counting_columns_of_the_upgraded_store_never_reuse_a_number(database: Database) -> None:
    drop_everything(database)
    with database.write() as connection:
        run_upgrades(connection)
        if database.is_embedded:
            sql = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE name = 'residents'")
            ).scalar_one()
            assert "AUTOINCREMENT" in sql


def test_opening_a_store_of_today_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        before = describe(connection)
        bring_up_to_date(connection)
        assert describe(connection) == before


def test_a_store_keeps_its_name_and_its_key(database_url: str) -> None:
    first = open_database(database_url, HOST_KEY)
    first.close()
    second = open_database(database_url, HOST_KEY)
    assert second.relay_id == first.relay_id != ""
    second.close()


def test_two_processes_may_make_the_store_at_the_same_time(postgres_url: str, database: Database) -> None:
    if database.is_embedded:
        pytest.skip("an embedded store has one process")
    drop_everything(database)
    engine = create_engine(database.engine.url)
    other = Database(engine, ColumnCipher(HOST_KEY), is_embedded=False)
    with database.write() as first:
        bring_up_to_date(first)
    with other.write() as second:
        bring_up_to_date(second)
        assert set(describe(second)) >= set(metadata.tables)
    engine.dispose()
