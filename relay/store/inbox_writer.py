"""Puts batches of webhook events into the inbox, the way that is fastest on each engine. No rules.

Embedded: a thread of its own, because a commit waits for the disk. PostgreSQL: the driver's own asynchronous
connections, because threads would fight the event loop for the interpreter (measured: a third slower).
Decision: `docs/decisions/010-one-commit-for-all-waiting-webhooks.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import psycopg
from psycopg import AsyncConnection

from relay.errors import StoreUnavailable
from relay.store.database import Database
from relay.store.inbox import INSERT_POSTGRESQL, NewEvent, add_events, as_arrays

_CONNECTIONS = 2


class EventWriter(Protocol):
    """`store` returns when the batch is on disk, or raises StoreUnavailable; storing twice stores once."""

    at_once: int
    """How many batches may be on their way."""

    async def store(self, events: Sequence[NewEvent]) -> None: ...

    async def aclose(self) -> None: ...


def event_writer(database: Database) -> EventWriter:
    return EmbeddedWriter(database) if database.is_embedded else PostgresWriter(database)


class EmbeddedWriter:
    """One thread: SQLite has one writer."""

    at_once = 1

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inbox-writer")

    async def store(self, events: Sequence[NewEvent]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store, events)

    async def aclose(self) -> None:
        self._thread.shutdown()

    def _store(self, events: Sequence[NewEvent]) -> None:
        with self._database.write() as connection:
            add_events(connection, events)


class PostgresWriter:
    """Two connections of the event loop; each batch is one statement and so one transaction."""

    at_once = _CONNECTIONS

    def __init__(self, database: Database) -> None:
        url = database.engine.url.set(drivername="postgresql")
        self._address = url.render_as_string(hide_password=False)
        self._idle: list[AsyncConnection] = []

    def __repr__(self) -> str:
        return "PostgresWriter(…)"

    async def store(self, events: Sequence[NewEvent]) -> None:
        try:
            if self._idle and await self._try_idle(events):
                return
            connection = await AsyncConnection.connect(self._address, autocommit=True)
            await self._run(connection, events)
        except psycopg.errors.DiskFull:
            raise StoreUnavailable("disk_full") from None
        except psycopg.Error:  # also a server that was made read-only; the text may quote values
            raise StoreUnavailable("busy") from None

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _try_idle(self, events: Sequence[NewEvent]) -> bool:
        """False when the connection had been lost meanwhile; an event stored before is not stored again."""
        try:
            await self._run(self._idle.pop(), events)
        except psycopg.errors.DiskFull:
            raise
        except psycopg.Error:  # a fresh connection tells whether it was the connection's fault
            return False
        return True

    async def _run(self, connection: AsyncConnection, events: Sequence[NewEvent]) -> None:
        try:
            await connection.execute(INSERT_POSTGRESQL, as_arrays(events))
        except BaseException:
            await connection.close()
            raise
        self._idle.append(connection)
