"""Opens the store on either engine and hands out connections; knows engines, not tables' meaning.

Embedded: one SQLCipher file, one process, one writer at a time. Outgrown: PostgreSQL, many processes.
Decisions: `docs/decisions/002-two-engines-one-schema.md`.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from relay.errors import Deadlocked, StoreUnavailable, WrongKey
from relay.store.cipher import ColumnCipher
from relay.store.tables import meta
from relay.store.upgrades import bring_up_to_date

_PROOF = "key proof"
_DEADLOCK = "40P01"


class Database:
    """One open store. `read()` and `write()` give a Connection inside a transaction of its own.

    `cipher` seals the columns; `is_embedded` tells which engine; `relay_id` names this relay for good.
    """

    def __init__(self, engine: Engine, cipher: ColumnCipher, *, is_embedded: bool) -> None:
        self.engine = engine
        self.cipher = cipher
        self.is_embedded = is_embedded
        self.relay_id = ""
        self._writer = threading.RLock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; nothing may be written through it."""
        with _known_trouble(), self.engine.connect() as connection:
            if self.is_embedded:  # the driver runs in autocommit; without this two reads could differ
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                if self.is_embedded:
                    connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block has ended, or not at all when it raised."""
        if not self.is_embedded:
            with _known_trouble(), self.engine.begin() as connection:
                yield connection
            return
        # SQLite has one writer; queueing here is fairer and faster than its busy handler.
        with self._writer, _known_trouble(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str, host_key: bytes) -> Database:
    """Open or create the store. Raises WrongKey or StoreUnavailable with a reason code."""
    cipher = ColumnCipher(host_key)
    if url.startswith("sqlcipher:"):
        engine = _open_embedded(Path(url.removeprefix("sqlcipher:")), cipher.derive("database file"))
        database = Database(engine, cipher, is_embedded=True)
    else:
        # Large enough for the worker threads of one process, small enough for a default PostgreSQL.
        database = Database(
            create_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True),
            cipher,
            is_embedded=False,
        )
    try:
        upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def upgrade(database: Database) -> None:
    """Bring the tables to the newest version and prove the key, one process after the other."""
    with database.write() as connection:
        bring_up_to_date(connection)
        _prove_key(connection, database)


def _open_embedded(path: Path, key: bytes) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # SQLite gives the files beside it the same rights

    def connect() -> Any:
        connection = sqlcipher.connect(str(path), check_same_thread=False, isolation_level=None, timeout=5)
        for pragma in (
            "cipher_log_level = none",
            f"key = \"x'{key.hex()}'\"",
            "journal_mode = wal",
            "synchronous = full",
            "foreign_keys = on",
            "temp_store = memory",
            "secure_delete = on",
        ):
            connection.execute(f"pragma {pragma}")
        return connection

    return create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=connect,
        poolclass=QueuePool,
        pool_size=8,
        hide_parameters=True,  # an error's text must not quote the values
    )


def _prove_key(connection: Connection, database: Database) -> None:
    known = dict(connection.execute(select(meta.c.name, meta.c.value)).all())
    if _PROOF in known:
        database.cipher.open("meta.value", _PROOF, bytes.fromhex(known[_PROOF]))
        database.relay_id = known["relay id"]
        return
    database.relay_id = str(uuid.uuid4())
    proof = database.cipher.seal("meta.value", _PROOF, b"madoguchi").hex()
    connection.execute(
        insert(meta), [{"name": _PROOF, "value": proof}, {"name": "relay id", "value": database.relay_id}]
    )


@contextmanager
def _known_trouble() -> Iterator[None]:
    """Driver errors a person can act on become ours; the driver's text may quote values and is dropped."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _DEADLOCK:
            raise Deadlocked from None
        raise StoreUnavailable(_reason(str(error.orig).lower())) from None
    except PoolTimeout:
        raise StoreUnavailable("busy") from None
    except DatabaseError as error:
        text = str(error.orig).lower()
        if "file is not a database" in text:
            raise WrongKey("the key does not open the database file") from None
        if isinstance(error, IntegrityError | ProgrammingError | DataError):
            raise  # a bug of ours, to be seen as one
        # A server made read-only, a damaged file: nothing a second try of the same code would mend.
        raise StoreUnavailable(_reason(text)) from None


def _reason(text: str) -> str:
    if "full" in text or "no space" in text:
        return "disk_full"
    return "busy"
