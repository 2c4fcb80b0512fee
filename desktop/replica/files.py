"""Pictures on this machine: those waiting to go up, and those fetched to be looked at. Encrypted like all
else.
"""

from __future__ import annotations

from sqlalchemy import text

from desktop.replica.database import Store
from protocol.files import file_name


class Files:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, content: bytes) -> str:
        """Keep a picture that is to be sent up; returns its name."""
        name = file_name(content)
        with self._store.writing() as connection:
            connection.execute(
                text("insert or ignore into file (sha256, content, uploaded) values (:name, :content, 0)"),
                {"name": name, "content": content},
            )
        return name

    def keep_fetched(self, name: str, content: bytes) -> None:
        with self._store.writing() as connection:
            connection.execute(
                text("insert or ignore into file (sha256, content, uploaded) values (:name, :content, 1)"),
                {"name": name, "content": content},
            )

    def content(self, name: str) -> bytes | None:
        with self._store.reading() as connection:
            found = connection.execute(
                text("select content from file where sha256=:name"), {"name": name}
            ).scalar()
        return bytes(found) if found is not None else None

    def waiting(self) -> list[str]:
        with self._store.reading() as connection:
            return list(connection.execute(text("select sha256 from file where uploaded=0")).scalars())

    def mark_uploaded(self, name: str) -> None:
        with self._store.writing() as connection:
            connection.execute(text("update file set uploaded=1 where sha256=:name"), {"name": name})
