"""Opening the encrypted file, transactions, and turning the database's errors into troubles.

SQLCipher with a raw key through SQLAlchemy. One writer at a time; readers do not wait for it (WAL).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from desktop.errors import DiskFull, ReplicaDamaged, ReplicaLocked, ReplicaTooNew, Trouble
from desktop.replica.schema import SCHEMA, UPGRADES, VERSION

LOCK_WAIT_SECONDS = 5.0


class Store:
    """The open file. Close it when done."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._writing = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent look. Raises the troubles of `translated`."""
        with self._noting_damage(), translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing."""
        with self._writing, self._noting_damage(), translated(), self._engine.connect() as connection:
            connection.exec_driver_sql("begin immediate")
            try:
                yield connection
            except BaseException:
                driver: Any = connection.connection.driver_connection
                if driver.in_transaction:  # a full disk has ended it already
                    connection.exec_driver_sql("rollback")
                raise
            connection.exec_driver_sql("commit")

    @contextmanager
    def _noting_damage(self) -> Iterator[None]:
        """Damage noticed while running is remembered, so that the next start begins a new file."""
        try:
            yield
        except ReplicaDamaged:
            with contextlib.suppress(OSError):
                damage_mark(self._path).touch()
            raise

    def limit_pages(self, pages: int) -> None:
        """Let the file grow to so many pages only. For tests: a full disk on demand."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"pragma max_page_count={pages:d}")

    def close(self) -> None:
        self._engine.dispose()


def open_store(path: Path, key: bytes) -> Store:
    """Open or create. Raises ReplicaDamaged, ReplicaLocked, ReplicaTooNew, DiskFull."""
    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=lambda: _connect(path, key),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=4,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # an error text must not carry what people wrote
    )
    store = Store(engine, path)
    try:
        if path.exists() and path.stat().st_size:
            _check_every_page(store)
        _bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def _connect(path: Path, key: bytes) -> Any:
    connection = sqlcipher.connect(
        str(path), timeout=LOCK_WAIT_SECONDS, check_same_thread=False, isolation_level=None
    )
    try:
        connection.execute("pragma cipher_log_level=none")
        connection.execute(f"pragma key=\"x'{key.hex()}'\"")
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.execute("pragma foreign_keys=on")
        connection.execute("pragma cache_size=-32768")  # KiB; a cold start writes much at once
    except BaseException:
        connection.close()
        raise
    return connection


def damage_mark(path: Path) -> Path:
    """Stands beside a file in which damage was noticed."""
    return path.with_name(path.name + "-damaged")


def _check_every_page(store: Store) -> None:
    """Read the file once (some 100 MB take a fifth of a second). A page of zeros would else pass for an empty
    one, and show as a text that ends early. Raises ReplicaDamaged.
    """
    with store.reading() as connection:
        if connection.exec_driver_sql("pragma cipher_integrity_check").first() is not None:
            raise ReplicaDamaged


def _bring_up_to_date(store: Store) -> None:
    with store.reading() as connection:
        version = connection.exec_driver_sql("pragma user_version").scalar_one()
        if version == VERSION:
            connection.exec_driver_sql("select count(*) from record").scalar_one()
            return
    if version > VERSION:
        raise ReplicaTooNew
    with store.writing() as connection:
        if version == 0:
            run_script(connection, SCHEMA)
        for step in range(version + 1 if version else VERSION + 1, VERSION + 1):
            run_script(connection, UPGRADES[step])
        connection.exec_driver_sql(f"pragma user_version={VERSION:d}")


def run_script(connection: Connection, script: str) -> None:
    """Several statements within the running transaction (the driver's own `executescript` would commit
    it).
    """
    plain = "\n".join(line.split("--", 1)[0] for line in script.splitlines())
    for statement in plain.split(";"):
        if statement.strip():
            connection.execute(text(statement))


@contextmanager
def translated() -> Iterator[None]:
    """Database errors as troubles a person can act on; anything else goes through unchanged."""
    try:
        yield
    except Trouble:
        raise
    except (DBAPIError, sqlcipher.Error) as error:
        trouble = _trouble_of(str(getattr(error, "orig", None) or error).lower())
        if trouble is None:
            raise
        raise trouble from error


def _trouble_of(message: str) -> Trouble | None:
    if "locked" in message or "busy" in message:
        return ReplicaLocked()
    if "full" in message:
        return DiskFull()
    if "not a database" in message or "malformed" in message or "disk i/o" in message or "hmac" in message:
        return ReplicaDamaged()
    if "unable to open" in message or "readonly" in message:
        return ReplicaDamaged()
    return None
