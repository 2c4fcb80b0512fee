"""Trouble of the store has a reason code and never quotes a value. SEC-2, OPS-6."""

from __future__ import annotations

import logging
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from relay.errors import StoreUnavailable
from relay.store.database import Database

_SECRET = "kept out of every text"


def test_an_error_of_the_store_quotes_no_value(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    statement = text("INSERT INTO meta (name, value) VALUES (:name, :value)")
    try:
        with database.write() as connection:
            for _ in range(2):
                connection.execute(statement, {"name": "twice", "value": _SECRET})
    except IntegrityError as error:
        logging.getLogger("test").exception("the store refused")
        assert _SECRET not in str(error)
    else:
        pytest.fail("the second row was taken")
    assert "the store refused" in caplog.text
    assert _SECRET not in caplog.text


def test_when_no_connection_is_free_the_store_is_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.05)
    monkeypatch.setattr(pool, "_max_overflow", 0)
    begun, done = threading.Barrier(pool.size() + 1), threading.Event()  # type: ignore[attr-defined]

    def hold() -> None:
        with database.read():
            begun.wait()
            done.wait()

    threads = [threading.Thread(target=hold) for _ in range(pool.size())]  # type: ignore[attr-defined]
    for thread in threads:
        thread.start()
    begun.wait()
    with pytest.raises(StoreUnavailable), database.read():
        pass
    done.set()
    for thread in threads:
        thread.join()
