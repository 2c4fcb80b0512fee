"""What screens and features read: pages and single things from stored + pending; and what a round writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, text

from desktop.replica.database import Store
from desktop.replica.delivery_query import DeliveryQuery, DeliverySort, delivery_filter, sort_column
from desktop.replica.shown import refresh
from protocol.deliveries import Delivery
from protocol.items import SegmentItem
from protocol.staff import StaffMember
from protocol.sync import RECORD_KINDS, Record, TestRun, TownSettings, TownSummary
from protocol.wire import Wire

__all__ = ["DeliveryQuery", "DeliverySort", "Records", "Shown"]
_KEY = "key"
T = TypeVar("T")
W = TypeVar("W", bound=Wire)


@dataclass(frozen=True)
class Shown(Generic[T]):
    """A thing with what a person should know about it: is a change on its way, was one refused."""

    id: str
    body: T
    version: int
    waiting: int
    refused: str
    place: int = 0


class Records:
    """Reading, and the writing of what a sync round brought. `staff` is the id of the person signed in."""

    def __init__(self, store: Store, staff: str) -> None:
        self._store = store
        self._staff = staff

    def items(self) -> list[Shown[SegmentItem]]:
        """In the order in which residents are asked."""
        with self._store.reading() as connection:
            rows = connection.execute(text("select * from shown where kind='item' order by place, id")).all()
        return [_shown(row, SegmentItem.parse(row.body)) for row in rows]

    def item(self, item_id: str) -> Shown[SegmentItem] | None:
        row = self._row("item", item_id)
        return _shown(row, SegmentItem.parse(row.body)) if row else None

    def deliveries(self, query: DeliveryQuery) -> list[Shown[Delivery]]:
        where, values = delivery_filter(query)
        direction = "desc" if query.descending else "asc"
        statement = (
            f"select * from shown where {where} order by {sort_column(query.sort)} {direction}, id {direction}"  # noqa: E501, S608
            " limit :limit offset :offset"
        )
        with self._store.reading() as connection:
            rows = connection.execute(
                text(statement), values | {"limit": query.limit, "offset": query.offset}
            ).all()
        return [_shown(row, Delivery.parse(row.body)) for row in rows]

    def count_deliveries(self, query: DeliveryQuery) -> int:
        where, values = delivery_filter(query)
        with self._store.reading() as connection:
            return int(
                connection.execute(text(f"select count(*) from shown where {where}"), values).scalar_one()  # noqa: S608
            )

    def deliveries_due(self, first: datetime, last: datetime) -> list[Shown[Delivery]]:
        """Those that go or went out between two moments, the first included, and every repeating one."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text(
                    "select * from shown where kind='delivery' and archived=0 and"
                    " ((due>=:first and due<:last) or state='repeating') order by due, id"
                ),
                {"first": first.isoformat(), "last": last.isoformat()},
            ).all()
        return [_shown(row, Delivery.parse(row.body)) for row in rows]

    def delivery(self, delivery_id: str) -> Shown[Delivery] | None:
        row = self._row("delivery", delivery_id)
        return _shown(row, Delivery.parse(row.body)) if row else None

    def staff(self) -> list[StaffMember]:
        with self._store.reading() as connection:
            rows = connection.execute(
                text("select body from shown where kind='staff' order by title, id")
            ).all()
        return [StaffMember.parse(row.body) for row in rows]

    def summary(self) -> TownSummary | None:
        row = self._row("summary", "town")
        return TownSummary.parse(row.body) if row else None

    def settings(self) -> Shown[TownSettings] | None:
        row = self._row("settings", "town")
        return _shown(row, TownSettings.parse(row.body)) if row else None

    def test_run(self, change_id: str) -> TestRun | None:
        """What the relay said last about this test delivery."""
        row = self._row("test_run", change_id)
        return TestRun.parse(row.body) if row else None

    def all(self, kind: str, body: type[W]) -> list[W]:
        """Every thing of a kind with few of them, pending changes included, by title."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text("select body from shown where kind=:kind order by place, title, id"), {"kind": kind}
            ).all()
        return [body.parse(row.body) for row in rows]

    def shown(self, kind: str, body: type[W]) -> list[Shown[W]]:
        """As `all`, with what a person should know about each."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text("select * from shown where kind=:kind order by place, title, id"), {"kind": kind}
            ).all()
        return [_shown(row, body.parse(row.body)) for row in rows]

    def version(self, kind: str, thing: str) -> int:
        """The stored version a change would be based on; 0 for something new."""
        row = self._row(kind, thing)
        return int(row.version) if row is not None else 0

    def one(self, kind: str, thing: str, body: type[W]) -> Shown[W] | None:
        row = self._row(kind, thing)
        return _shown(row, body.parse(row.body)) if row else None

    def title_of(self, thing: str) -> str:
        """The name under which screens show the thing of this id; empty where it is not here."""
        with self._store.reading() as connection:
            found = connection.execute(
                text("select title from shown where id=:id and title<>'' limit 1"), {"id": thing}
            ).scalar()
        return str(found or "")

    def cursor(self) -> dict[str, int]:
        with self._store.reading() as connection:
            rows = connection.execute(text("select audience, seq from cursor")).all()
        return {row.audience: row.seq for row in rows}

    def apply(self, connection: Connection, records: tuple[Record, ...], *, from_chunk: bool = False) -> int:
        """Store newer states within the running transaction; older and repeated ones change nothing.

        Two rounds may run side by side: an answer that comes late holds nothing the cursor has not passed,
        and must not bring back what was removed since. `from_chunk`: a colleague told them, and what the
        relay tells through another audience goes before.
        """
        rows = connection.execute(text("select audience, seq from cursor")).all()
        passed = {row.audience: row.seq for row in rows}
        touched: dict[str, set[str]] = {}
        for record in records:
            if record.kind not in RECORD_KINDS or record.kind == "submission":
                continue  # a newer relay knows more than this program; sealed ones have a table of their own
            is_news = record.seq > passed.get(record.audience, 0)
            if is_news and self._store_one(connection, record, from_chunk=from_chunk):
                touched.setdefault(record.kind, set()).add(record.id)
        for kind, ids in touched.items():
            refresh(connection, kind, ids, self._staff)
        return sum(len(ids) for ids in touched.values())

    def told(self, kind: str) -> list[Record]:
        """Every record of a kind as the relay told it, without what is pending."""
        with self._store.reading() as connection:
            rows = connection.execute(text("select * from record where kind=:kind"), {"kind": kind}).all()
        return [
            Record(
                kind=kind, id=row.id, audience=row.audience, seq=row.seq, version=row.version,
                body=json.loads(row.body),
            )
            for row in rows
        ]  # fmt: skip

    def stream(self, audience: str, after: int, until: int) -> list[Record]:
        """What this audience holds between two numbers of its stream, the second included, oldest first."""
        with self._store.reading() as connection:
            rows = connection.execute(
                text(
                    "select * from record where audience=:audience and seq>:after and seq<=:until"
                    " order by seq"
                ),
                {"audience": audience, "after": after, "until": until},
            ).all()
        return [
            Record(
                kind=row.kind, id=row.id, audience=audience, seq=row.seq, version=row.version,
                body=json.loads(row.body),
            )
            for row in rows
        ]  # fmt: skip

    def forget(self, connection: Connection, audience: str) -> None:
        """This person may no longer see the audience, or the relay was put back: its records go, but for the
        departments' keys.
        """
        rows = connection.execute(
            text("select kind, id from record where audience=:audience"), {"audience": audience}
        ).all()
        for row in rows:
            if row.kind == _KEY:
                _keep_key(connection, {"kind": _KEY, "id": row.id, "audience": audience}, seq=0)
        connection.execute(
            text("delete from record where audience=:audience and kind<>:key"),
            {"audience": audience, "key": _KEY},
        )
        connection.execute(text("delete from cursor where audience=:audience"), {"audience": audience})
        for row in rows:
            refresh(connection, row.kind, [row.id], self._staff)

    def move_cursor(self, connection: Connection, cursor: dict[str, int]) -> None:
        """Forwards only: two rounds may run side by side."""
        for audience, seq in cursor.items():
            connection.execute(
                text(
                    "insert into cursor (audience, seq) values (:audience, :seq)"
                    " on conflict (audience) do update set seq=max(seq, excluded.seq)"
                ),
                {"audience": audience, "seq": seq},
            )
        self._pass_covered(connection)

    def _pass_covered(self, connection: Connection) -> None:
        """Step over the stretches that came in chunks, so that nobody sends them again."""
        step = text(
            "update cursor set seq=(select max(last_seq) from covered where covered.audience=cursor.audience"
            " and first_seq<=cursor.seq+1) where exists (select 1 from covered where"
            " covered.audience=cursor.audience and first_seq<=cursor.seq+1 and last_seq>cursor.seq)"
        )
        while connection.execute(step).rowcount:
            pass
        connection.execute(
            text(
                "delete from covered where last_seq<=(select seq from cursor"
                " where cursor.audience=covered.audience)"
            )
        )

    def _store_one(self, connection: Connection, record: Record, *, from_chunk: bool) -> bool:
        key = {"kind": record.kind, "id": record.id, "audience": record.audience}
        known = connection.execute(
            text("select seq from record where kind=:kind and id=:id and audience=:audience"), key
        ).scalar()
        if known is not None and known >= record.seq:
            return False
        if record.removed and record.kind == _KEY:
            return _keep_key(connection, key, seq=record.seq)
        if record.removed:
            connection.execute(
                text("delete from record where kind=:kind and id=:id and audience=:audience"), key
            )
            return True
        values = key | {
            "seq": record.seq,
            "version": record.version,
            "from_chunk": from_chunk,
            "body": record.model_dump_json(include={"body"})[len('{"body":') : -1],
        }
        connection.execute(
            text(
                "insert or replace into record (kind, id, audience, seq, version, body, from_chunk)"
                " values (:kind, :id, :audience, :seq, :version, :body, :from_chunk)"
            ),
            values,
        )
        return True

    def _row(self, kind: str, thing: str) -> Row[Any] | None:
        with self._store.reading() as connection:
            return connection.execute(
                text("select * from shown where kind=:kind and id=:id"), {"kind": kind, "id": thing}
            ).first()


def _keep_key(connection: Connection, key: dict[str, str], *, seq: int) -> bool:
    """A relay that takes a department's newest key away must not make an older one the newest. That nobody
    holds it says to whoever keeps the directory that a new one is due.
    """
    done = connection.execute(
        text(
            "update record set seq=:seq, body=json_set(body, '$.holders', json('[]'))"
            " where kind=:kind and id=:id and audience=:audience"
        ),
        key | {"seq": seq},
    )
    return done.rowcount > 0


def _shown(row: Row[Any], body: T) -> Shown[T]:
    return Shown(
        id=row.id, body=body, version=row.version, waiting=row.waiting, refused=row.refused, place=row.place
    )
