"""What residents sent in, as this person may read it: written by sync, read by features. Searched in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from desktop.replica.database import Store
from desktop.replica.folding import fold
from protocol.sealed_files import SealedFile

SubmissionSort = Literal["number", "received_at", "title", "shown_state", "topic", "updated_by"]
_SORTS: tuple[SubmissionSort, ...] = (
    "number", "received_at", "title", "shown_state", "topic", "updated_by",
)  # fmt: skip
_STORED = (
    "id", "version", "number", "object", "title", "departments", "received_at", "state", "resident", "topic",
    "text", "files", "note", "reply", "copy_key", "copy_version", "updated_at", "updated_by", "original",
    "unopened", "sealed", "words", "shown_state", "from_chunk",
)  # fmt: skip
_UPSERT = (
    f"insert into submission ({', '.join(_STORED)}) values ({', '.join('?' * len(_STORED))})"  # noqa: S608
    f" on conflict (id) do update set {', '.join(f'{name}=excluded.{name}' for name in _STORED[1:])}"
    # The newer version wins; of the same version, the one that is open. What a chunk told gives way to what
    # the relay tells, and never the other way round: its version is a colleague's word.
    " where (excluded.version > submission.version and excluded.from_chunk <= submission.from_chunk)"
    " or (excluded.from_chunk < submission.from_chunk and excluded.unopened = '')"
    " or (excluded.version = submission.version and submission.unopened <> '')"
)
_SEEN = "insert or replace into submission_audience (audience, id, seq) values (?, ?, ?)"


@dataclass(frozen=True)
class Held:
    """One submission on this desktop. `unopened`: a reason code; then the content is empty.

    `state` includes what is pending, `stored_state` does not. `copy_key` is base64.
    """

    id: str
    version: int
    number: str
    object: str
    title: str
    departments: tuple[str, ...]
    received_at: datetime
    state: str
    stored_state: str
    resident: str
    topic: str
    text: str
    files: tuple[SealedFile, ...]
    note: str
    reply: str
    copy_key: str
    copy_version: int
    updated_at: datetime | None
    updated_by: str
    unopened: str
    waiting: int
    refused: str

    def __repr__(self) -> str:
        return f"Held({self.id}, version {self.version})"  # never what was written


@dataclass(frozen=True)
class Opened:
    """What sync makes of a submission's record: ready to be stored. `files`: JSON, times as in `stamp`."""

    id: str
    version: int
    number: str
    object: str
    title: str
    departments: tuple[str, ...]
    received_at: str
    state: str
    resident: str = ""
    topic: str = ""
    text: str = ""
    files: str = "[]"
    note: str = ""
    reply: str = ""
    copy_key: str = ""
    copy_version: int = 0
    updated_at: str = ""
    updated_by: str = ""
    original: str = ""
    unopened: str = ""
    sealed: str = ""

    def __repr__(self) -> str:
        return f"Opened({self.id}, version {self.version})"

    def values(self) -> tuple[Any, ...]:
        """In the order of the table's columns."""
        departments = json.dumps(list(self.departments))
        words = fold("\n".join((self.number, self.title, self.topic, self.text, self.note, self.reply)))
        return (
            self.id, self.version, self.number, self.object, self.title, departments, self.received_at,
            self.state, self.resident, self.topic, self.text, self.files, self.note, self.reply,
            self.copy_key, self.copy_version, self.updated_at, self.updated_by, self.original, self.unopened,
            self.sealed, words, self.state, 0,
        )  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """That an audience shows a submission at this place of its stream; `opened` None: no longer."""

    audience: str
    id: str
    seq: int
    opened: Opened | None


@dataclass(frozen=True)
class Stretch:
    """Numbers of one audience's stream, both ends included."""

    audience: str
    first: int
    last: int


Numbered = tuple[int, tuple[Any, ...]]
"""Its number in the stream, and `Opened.values()`."""


@dataclass(frozen=True)
class SubmissionQuery:
    """One page of the list. `states` empty means all; every word of `search` must be found."""

    states: tuple[str, ...] = ()
    search: str = ""
    sort: SubmissionSort = "received_at"
    descending: bool = True
    limit: int = 100
    offset: int = 0


class Submissions:
    """Pages and single ones, and the writing of what sync has opened."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, query: SubmissionQuery) -> list[Held]:
        where, values = _filter(query)
        direction = "desc" if query.descending else "asc"
        column = _SORTS[_SORTS.index(query.sort)]
        statement = (
            f"select * from submission where {where} order by {column} {direction}, id {direction}"  # noqa: S608
            " limit :limit offset :offset"
        )
        with self._store.reading() as connection:
            rows = connection.execute(
                text(statement), values | {"limit": query.limit, "offset": query.offset}
            ).all()
        return [_held(row) for row in rows]

    def count(self, query: SubmissionQuery) -> int:
        where, values = _filter(query)
        with self._store.reading() as connection:
            statement = text(f"select count(*) from submission where {where}")  # noqa: S608
            return int(connection.execute(statement, values).scalar_one())

    def counts(self) -> dict[str, int]:
        """How many there are in each state."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text("select shown_state, count(*) as many from submission group by shown_state")
            ).all()
        return {row.shown_state: row.many for row in rows}

    def get(self, submission: str) -> Held | None:
        with self._store.reading() as connection:
            row = connection.execute(
                text("select * from submission where id=:id"), {"id": submission}
            ).first()
        return _held(row) if row else None

    def unopened(self, *, after: int = 0, limit: int = 500) -> list[tuple[int, int, str]]:
        """Those that lack a key, as (number of the row, version, JSON of the Submission)."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text(
                    "select no, version, sealed from submission"
                    " where unopened in ('key_missing', 'key_wrong') and sealed<>'' and no>:after"
                    " order by no limit :limit"
                ),
                {"after": after, "limit": limit},
            ).all()
        return [(row.no, row.version, row.sealed) for row in rows]

    def apply(self, connection: Connection, arrived: Iterable[Seen]) -> int:
        """Store newer states within the running transaction; returns how many submissions were touched.

        What the cursor has passed is old news and changes nothing (see `Records.apply`).
        """
        passed = _passed(connection)
        fresh = [seen for seen in arrived if seen.seq > passed.get(seen.audience, 0)]
        gone = [seen for seen in fresh if seen.opened is None]
        self._write(connection, [seen for seen in fresh if seen.opened is not None])
        for seen in gone:
            key = {"audience": seen.audience, "id": seen.id}
            connection.execute(
                text("delete from submission_audience where audience=:audience and id=:id"), key
            )
        if gone:
            _drop_unseen(connection, [seen.id for seen in gone])
        return len({seen.id for seen in fresh})

    def load(self, connection: Connection, stretch: Stretch, rows: Sequence[Numbered]) -> int:
        """Store what a chunk holds of a stretch, and note that it is held; returns how many rows were new.

        Rows the cursor has passed are left alone: they came, or were removed, by the ordinary way.
        """
        passed = _passed(connection).get(stretch.audience, 0)
        fresh = [row for row in rows if row[0] > passed]
        if fresh:
            connection.exec_driver_sql(_UPSERT, [values for _, values in fresh])
            connection.exec_driver_sql(_SEEN, [(stretch.audience, values[0], seq) for seq, values in fresh])
            _show_touched(connection, {values[0] for _, values in fresh})
        if stretch.last > passed:
            connection.execute(
                text(
                    "insert into covered (audience, first_seq, last_seq) values (:audience, :first, :last)"
                    " on conflict (audience, first_seq) do update set last_seq=max(last_seq, :last)"
                ),
                {"audience": stretch.audience, "first": stretch.first, "last": stretch.last},
            )
        return len(fresh)

    def covered(self) -> list[Stretch]:
        """Stretches held ahead of the cursor."""
        with self._store.reading() as connection:
            rows = connection.execute(text("select * from covered order by audience, first_seq")).all()
        return [Stretch(row.audience, row.first_seq, row.last_seq) for row in rows]

    def renew(self, connection: Connection, opened: Sequence[Opened]) -> None:
        """Those that open by now, in place of their sealed rows."""
        self._upsert(connection, opened)

    def forget(self, connection: Connection, audience: str) -> None:
        """This person may no longer see the audience: content seen through no other one goes."""
        values = {"audience": audience}
        connection.execute(text("delete from covered where audience=:audience"), values)
        connection.execute(text("delete from submission_audience where audience=:audience"), values)
        connection.execute(
            text(
                "delete from submission where not exists"
                " (select 1 from submission_audience as seen where seen.id=submission.id)"
            )
        )

    def count_above(self, audience: str, after: int) -> int:
        """How many of an audience stand above a number of its stream."""
        with self._store.reading() as connection:
            statement = text(
                "select count(*) from submission_audience where audience=:audience and seq>:after"
            )
            values = {"audience": audience, "after": after}
            return int(connection.execute(statement, values).scalar_one())

    def stream(self, audience: str, after: int, until: int, limit: int) -> list[tuple[int, Opened]]:
        """Those of an audience between two numbers, the second included, oldest first, open or not."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text(
                    "select seen.seq, submission.* from submission_audience as seen"
                    " join submission on submission.id=seen.id"
                    " where seen.audience=:audience and seen.seq>:after and seen.seq<=:until"
                    " order by seen.seq limit :limit"
                ),
                {"audience": audience, "after": after, "until": until, "limit": limit},
            ).all()
        return [(row.seq, _opened(row)) for row in rows]

    def _write(self, connection: Connection, fresh: Sequence[Seen]) -> None:
        self._upsert(connection, [seen.opened for seen in fresh if seen.opened is not None])
        if fresh:
            connection.exec_driver_sql(_SEEN, [(seen.audience, seen.id, seen.seq) for seen in fresh])

    def _upsert(self, connection: Connection, opened: Sequence[Opened]) -> None:
        if not opened:
            return
        connection.exec_driver_sql(_UPSERT, [one.values() for one in opened])
        _show_touched(connection, {one.id for one in opened})


def show_pending(connection: Connection, submissions: Iterable[str]) -> None:
    """Stored + pending of these, after either changed. Note and reply stay sealed in the outbox."""
    for submission in submissions:
        changes = connection.execute(
            text(
                "select state, reason, payload from outbox"
                " where record_kind='submission' and record_id=:id order by number"
            ),
            {"id": submission},
        ).all()
        pending = [row for row in changes if row.state != "refused"]
        refused = [row.reason for row in changes if row.state == "refused"]
        connection.execute(
            text(
                "update submission set waiting=:waiting, refused=:refused,"
                " shown_state=case when :state='' then state else :state end where id=:id"
            ),
            {
                "waiting": len(pending),
                "refused": refused[-1] if refused else "",
                "state": json.loads(pending[-1].payload)["state"] if pending else "",
                "id": submission,
            },
        )


def _show_touched(connection: Connection, touched: set[str]) -> None:
    pending = connection.execute(
        text("select distinct record_id from outbox where record_kind='submission'")
    ).scalars()
    show_pending(connection, [submission for submission in pending if submission in touched])


def stamp(moment: datetime | None) -> str:
    """A time as the table keeps it: UTC and always of the same length; empty for None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else ""


def _passed(connection: Connection) -> dict[str, int]:
    rows = connection.execute(text("select audience, seq from cursor")).all()
    return {row.audience: row.seq for row in rows}


def _drop_unseen(connection: Connection, submissions: Sequence[str]) -> None:
    for submission in submissions:
        connection.execute(
            text(
                "delete from submission where id=:id and not exists"
                " (select 1 from submission_audience as seen where seen.id=:id)"
            ),
            {"id": submission},
        )


def _filter(query: SubmissionQuery) -> tuple[str, dict[str, Any]]:
    parts, values = ["1=1"], dict[str, Any]()
    if query.states:
        names = [f"state{place}" for place in range(len(query.states))]
        parts.append(f"shown_state in ({', '.join(':' + name for name in names)})")
        values |= dict(zip(names, query.states, strict=True))
    for place, word in enumerate(fold(query.search).split()):
        plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parts.append(f"words like :word{place} escape '\\'")
        values[f"word{place}"] = f"%{plain}%"
    return " and ".join(parts), values


def _held(row: Row[Any]) -> Held:
    return Held(
        id=row.id,
        version=row.version,
        number=row.number,
        object=row.object,
        title=row.title,
        departments=tuple(json.loads(row.departments)),
        received_at=datetime.fromisoformat(row.received_at),
        state=row.shown_state,
        stored_state=row.state,
        resident=row.resident,
        topic=row.topic,
        text=row.text,
        files=tuple(SealedFile.parse(file) for file in json.loads(row.files)),
        note=row.note,
        reply=row.reply,
        copy_key=row.copy_key,
        copy_version=row.copy_version,
        updated_at=datetime.fromisoformat(row.updated_at) if row.updated_at else None,
        updated_by=row.updated_by,
        unopened=row.unopened,
        waiting=row.waiting,
        refused=row.refused,
    )


def _opened(row: Row[Any]) -> Opened:
    return Opened(
        id=row.id, version=row.version, number=row.number, object=row.object, title=row.title,
        departments=tuple(json.loads(row.departments)), received_at=row.received_at, state=row.state,
        resident=row.resident, topic=row.topic, text=row.text, files=row.files, note=row.note,
        reply=row.reply, copy_key=row.copy_key, copy_version=row.copy_version, updated_at=row.updated_at,
        updated_by=row.updated_by, original=row.original, unopened=row.unopened, sealed=row.sealed,
    )  # fmt: skip
