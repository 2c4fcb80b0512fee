"""Small things this desktop remembers by name, each as JSON of a protocol or desktop class."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import text

from desktop.replica.database import Store
from protocol.wire import Wire

W = TypeVar("W", bound=Wire)


class Memory:
    """Names are given by whoever remembers, such as `log.head`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str, body: type[W]) -> W | None:
        with self._store.reading() as connection:
            row = connection.execute(
                text("select value from setting where name=:name"), {"name": name}
            ).first()
        return body.parse(row.value) if row else None

    def put(self, name: str, body: Wire) -> None:
        with self._store.writing() as connection:
            connection.execute(
                text("insert or replace into setting (name, value) values (:name, :value)"),
                {"name": name, "value": body.model_dump_json()},
            )

    def forget(self, name: str) -> None:
        with self._store.writing() as connection:
            connection.execute(text("delete from setting where name=:name"), {"name": name})
