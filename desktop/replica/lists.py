"""Codes of lists of residents (「認証コード」) as this desktop holds them: searched and paged in SQL.

For whom a code is lies sealed in it. It is opened when a person looks at the list, and kept in this file,
which is encrypted as a whole, for as long as the key that opened it is held.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from desktop.replica.database import Store
from desktop.replica.folding import fold
from desktop.replica.submissions import stamp
from protocol.lists import Code
from protocol.sealing import SealedRecord

CodeState = Literal["unused", "used", "revoked"]
CodeSort = Literal["number", "name", "department", "state", "used_at"]
_SORTS: tuple[CodeSort, ...] = ("number", "name", "department", "state", "used_at")
_UNOPENED = "key_missing"


@dataclass(frozen=True)
class HeldCode:
    """One code. `unopened`: a reason code; then nobody here knows for whom it is."""

    id: str
    list: str
    state: CodeState
    used_at: datetime | None
    number: str
    name: str
    department: str
    unopened: str

    def __repr__(self) -> str:
        return f"HeldCode({self.id}, {self.state})"  # never for whom


@dataclass(frozen=True)
class Label:
    """For whom a code is, opened with the department key `key`; or why it could not be opened."""

    code: str
    key: str = ""
    number: str = ""
    name: str = ""
    department: str = ""
    unopened: str = ""

    def __repr__(self) -> str:
        return f"Label({self.code})"


@dataclass(frozen=True)
class CodeQuery:
    """One page of a list's codes. `states` empty means all; every word of `search` must be found."""

    list: str
    states: tuple[CodeState, ...] = ()
    search: str = ""
    sort: CodeSort = "number"
    descending: bool = False
    limit: int = 100
    offset: int = 0


class Codes:
    """Pages of codes, and the writing of what has been opened."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, query: CodeQuery) -> list[HeldCode]:
        where, values = _filter(query)
        direction = "desc" if query.descending else "asc"
        column = _SORTS[_SORTS.index(query.sort)]
        statement = (
            f"select * from code where {where} order by {column} {direction}, id {direction}"  # noqa: S608
            " limit :limit offset :offset"
        )
        with self._store.reading() as connection:
            rows = connection.execute(
                text(statement), values | {"limit": query.limit, "offset": query.offset}
            ).all()
        return [_held(row) for row in rows]

    def count(self, query: CodeQuery) -> int:
        where, values = _filter(query)
        with self._store.reading() as connection:
            statement = text(f"select count(*) from code where {where}")  # noqa: S608
            return int(connection.execute(statement, values).scalar_one())

    def counts(self, list_id: str) -> dict[str, int]:
        """How many codes of the list are in each state."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text("select state, count(*) as many from code where list=:list group by state"),
                {"list": list_id},
            ).all()
        return {row.state: row.many for row in rows}

    def sealed(self, list_id: str) -> list[tuple[str, SealedRecord]]:
        """What is not open yet: id of the code, and what is sealed in it."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text(
                    "select id, sealed from code where list=:list and unopened<>'' and sealed<>'' order by id"
                ),
                {"list": list_id},
            ).all()
        return [(row.id, SealedRecord.parse(row.sealed)) for row in rows]

    def keep(self, labels: Iterable[Label]) -> None:
        """Write down for whom these codes are."""
        rows = [
            (
                label.key, label.unopened, label.number, label.name, label.department,
                fold("\n".join((label.number, label.name, label.department))), label.code,
            )
            for label in labels
        ]  # fmt: skip
        if not rows:
            return
        with self._store.writing() as connection:
            connection.exec_driver_sql(
                "update code set key=?, unopened=?, number=?, name=?, department=?, words=? where id=?", rows
            )

    def close_without(self, keys: Sequence[str]) -> None:
        """Forget what was opened with keys this person does not hold any more."""
        held = json.dumps(list(keys))
        with self._store.writing() as connection:
            connection.execute(
                text(
                    "update code set key='', unopened=:unopened, number='', name='', department='', words=''"
                    " where key<>'' and key not in (select value from json_each(:held))"
                ),
                {"unopened": _UNOPENED, "held": held},
            )

    def opened_with(self) -> list[str]:
        """The ids of the keys that opened something here."""
        with self._store.reading() as connection:
            return list(connection.execute(text("select distinct key from code where key<>''")).scalars())


def show_codes(connection: Connection, ids: Iterable[str]) -> None:
    """Stored records of these codes into the table screens read; what was opened before stays open."""
    for id in ids:
        stored = connection.execute(
            text(
                "select version, body from record where kind='code' and id=:id"
                " order by from_chunk, version desc limit 1"
            ),
            {"id": id},
        ).first()
        if stored is None:
            connection.execute(text("delete from code where id=:id"), {"id": id})
            continue
        code = Code.parse(stored.body)
        connection.execute(
            text(
                "insert into code (id, list, version, state, used_at, sealed)"
                " values (:id, :list, :version, :state, :used_at, :sealed)"
                " on conflict (id) do update set list=excluded.list, version=excluded.version,"
                " state=excluded.state, used_at=excluded.used_at, sealed=excluded.sealed"
            ),
            {
                "id": id,
                "list": code.list,
                "version": stored.version,
                "state": "revoked" if code.revoked else "used" if code.used_at else "unused",
                "used_at": stamp(code.used_at),
                "sealed": code.label.model_dump_json() if code.label else "",
            },
        )


def _filter(query: CodeQuery) -> tuple[str, dict[str, Any]]:
    parts, values = ["list=:list"], dict[str, Any](list=query.list)
    if query.states:
        names = [f"state{place}" for place in range(len(query.states))]
        parts.append(f"state in ({', '.join(':' + name for name in names)})")
        values |= dict(zip(names, query.states, strict=True))
    for place, word in enumerate(fold(query.search).split()):
        plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parts.append(f"words like :word{place} escape '\\'")
        values[f"word{place}"] = f"%{plain}%"
    return " and ".join(parts), values


def _held(row: Row[Any]) -> HeldCode:
    return HeldCode(
        id=row.id,
        list=row.list,
        state=row.state,
        used_at=datetime.fromisoformat(row.used_at) if row.used_at else None,
        number=row.number,
        name=row.name,
        department=row.department,
        unopened=row.unopened,
    )
