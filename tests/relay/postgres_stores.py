"""Empty PostgreSQL stores for tests, emptied and used again: making one takes five times as long.

A store whose tables a test changed is thrown away; everything else is emptied down to the bare tables.
"""

from __future__ import annotations

import uuid

from sqlalchemy import Connection, create_engine, text

from relay.store.metadata import metadata
from relay.store.upgrades import bring_up_to_date

_SHAPE = text(
    "SELECT md5(string_agg(concat_ws(',', table_name, column_name, data_type, is_nullable), ';'"
    " ORDER BY table_name, ordinal_position)) FROM information_schema.columns WHERE table_schema = 'public'"
)


class PostgresStores:
    """`take` a store of this server, `give_back` when its test is over, whatever still holds it."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._server = create_engine(server_url, isolation_level="AUTOCOMMIT")
        self._free: list[str] = []
        self._shape = ""

    def url_of(self, name: str) -> str:
        return self._server_url.replace("/postgres?", f"/{name}?")

    def take(self) -> str:
        return self._free.pop() if self._free else self._make()

    def give_back(self, name: str) -> None:
        with self._server.connect() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": name},
            )
        engine = create_engine(self.url_of(name))
        with engine.begin() as connection:
            is_whole = connection.execute(_SHAPE).scalar() == self._shape
            if is_whole:
                _empty(connection)
        engine.dispose()
        if is_whole:
            self._free.append(name)
        else:
            self._drop(name)

    def close(self) -> None:
        for name in self._free:
            self._drop(name)
        self._server.dispose()

    def _make(self) -> str:
        name = f"t{uuid.uuid4().hex}"
        with self._server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine = create_engine(self.url_of(name))
        with engine.begin() as connection:
            bring_up_to_date(connection)
            self._shape = connection.execute(_SHAPE).scalar_one()
        engine.dispose()
        return name

    def _drop(self, name: str) -> None:
        with self._server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _empty(connection: Connection) -> None:
    tables = metadata.sorted_tables
    asked = ", ".join(f'EXISTS (SELECT FROM "{table.name}")' for table in tables)
    row = connection.execute(text(f"SELECT {asked}")).one()
    filled = [table for table, is_filled in zip(tables, row, strict=True) if is_filled]
    for table in reversed(filled):
        connection.execute(table.delete())
    for name in connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars().all():
        connection.execute(text(f'ALTER SEQUENCE "{name}" RESTART'))
