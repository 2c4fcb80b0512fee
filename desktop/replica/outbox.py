"""The outbox: what staff did that the relay has not settled. Nothing leaves it without a result.

A change is signed when it is first sent, because only then is the version known that it follows; from that
moment its bytes never change, so a repeated send is recognised by the relay.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from desktop.replica.database import Store
from desktop.replica.overlay import ORDER
from desktop.replica.shown import refresh
from desktop.replica.unsent import UnsentLog
from protocol.changes import PAYLOADS, Change, ChangeResult
from protocol.ids import new_id
from protocol.wire import Wire

Sign = Callable[[str, str, Wire, int], Change]
"""Makes the signed change of an id, kind, payload and version."""

_BESIDE = ("delivery.test", "submissions.opened", "export.made")
"""Changes whose result is not the version of the record they show at."""
_SAVES = (
    "item.save", "delivery.save", "greeting.save", "items.reorder", "contact_form.save", "group.save",
    "list.save",
)  # fmt: skip


@dataclass(frozen=True)
class OutboxEntry:
    """One unsettled change as screens show it."""

    id: str
    kind: str
    payload: Wire
    record_kind: str
    record_id: str
    made_at: datetime
    state: str
    reason: str


class Outbox:
    """Changes in the order they were made."""

    def __init__(self, store: Store, unsent: UnsentLog, clock: Callable[[], datetime], staff: str) -> None:
        self._store = store
        self._unsent = unsent
        self._clock = clock
        self._staff = staff
        self._own_steps: dict[tuple[str, str, int], int] = {}
        """(record kind, id, version) → the version an own change made of it, since this program began."""

    def put(self, kind: str, payload: Wire, *, based_on: int) -> str:
        """Keep a change; returns its id, which it keeps at the relay. A save not yet sent of the same thing
        is replaced by the newer one.
        """
        if not isinstance(payload, PAYLOADS[kind]):
            raise TypeError(kind)
        now = self._clock()
        record_kind, record_id = record_of(kind, payload, self._staff)
        entry = {
            "id": new_id(now),
            "kind": kind,
            "payload": payload.model_dump_json(),
            "based_on": based_on,
            "record_kind": record_kind,
            "record_id": record_id,
            "made_at": now.isoformat(),
            "signed": "",
        }
        with self._store.writing() as connection:
            self._drop_superseded(connection, entry)
            self._insert(connection, entry)
            # Before the commit: should either write fail, neither is kept and the person is told.
            self._unsent.put(entry)
        return str(entry["id"])

    def restore(self, entries: list[dict[str, Any]]) -> None:
        """Put back what the side file kept, after the local file had to be made anew."""
        with self._store.writing() as connection:
            for entry in entries:
                self._insert(connection, entry)

    def take(self, limit: int, sign: Sign) -> list[Change]:
        """Signed changes ready to go: of each record only the oldest, since the next one builds on its
        result.
        """
        ready: list[Change] = []
        with self._store.writing() as connection:
            rows = connection.execute(
                text("select * from outbox where state in ('waiting', 'signed') order by number")
            ).all()
            busy: set[tuple[str, str]] = set()
            for row in rows:
                record = (row.record_kind, row.record_id)
                if record in busy or len(ready) >= limit:
                    continue
                busy.add(record)
                ready.append(self._signed(connection, row, sign))
        return ready

    def settle(self, connection: Connection, results: tuple[ChangeResult, ...]) -> None:
        """Write the relay's results into the running transaction of a round."""
        by_change = {result.id: result for result in results}
        rows = connection.execute(text("select * from outbox where state='signed'")).all()
        for row in rows:
            result = by_change.get(Change.parse(row.signed).id)
            if result is None:
                continue
            connection.execute(
                text("update outbox set state=:state, reason=:reason, result_version=:version where id=:id"),
                {"state": result.outcome, "reason": result.reason, "version": result.version, "id": row.id},
            )
            if result.outcome == "applied":
                self._unsent.done(row.id)
            if result.outcome == "refused" and row.kind == "delivery.save":
                self._refuse_followers(connection, row, result.reason)
            if result.outcome == "applied" and row.kind not in _BESIDE:
                self._base_followers_on(connection, row, result.version)
                if result.version > row.based_on:
                    self._own_steps[row.record_kind, row.record_id, row.based_on] = result.version
            refresh(connection, row.record_kind, [row.record_id], self._staff)

    def forget_applied(self, connection: Connection) -> None:
        """Drop applied changes: by now their records have come."""
        rows = connection.execute(
            text("select distinct record_kind, record_id from outbox where state='applied'")
        ).all()
        connection.execute(text("delete from outbox where state='applied'"))
        for row in rows:
            refresh(connection, row.record_kind, [row.record_id], self._staff)

    def dismiss(self, entry_id: str) -> None:
        """A person has seen the refusal and lets the change go."""
        with self._store.writing() as connection:
            row = connection.execute(
                text("select record_kind, record_id from outbox where id=:id and state='refused'"),
                {"id": entry_id},
            ).first()
            if row is None:
                return
            connection.execute(text("delete from outbox where id=:id"), {"id": entry_id})
            self._unsent.done(entry_id)
            refresh(connection, row.record_kind, [row.record_id], self._staff)

    def count_waiting(self) -> int:
        with self._store.reading() as connection:
            return int(
                connection.execute(
                    text("select count(*) from outbox where state in ('waiting', 'signed')")
                ).scalar_one()
            )

    def entries(self, *, state: str = "", record: tuple[str, str] | None = None) -> list[OutboxEntry]:
        """Unsettled changes, oldest first."""
        with self._store.reading() as connection:
            rows = connection.execute(text("select * from outbox order by number")).all()
        return [
            _entry(row)
            for row in rows
            if (not state or row.state == state)
            and (record is None or (row.record_kind, row.record_id) == record)
        ]

    def _drop_superseded(self, connection: Connection, entry: dict[str, Any]) -> None:
        """A newer save makes an unsent one needless, and answers a refused one. Anything in flight stays."""
        rows = connection.execute(
            text("select * from outbox where record_kind=:kind and record_id=:id order by number"),
            {"kind": entry["record_kind"], "id": entry["record_id"]},
        ).all()
        waiting = [row for row in rows if row.state == "waiting"]
        if waiting and waiting[-1].kind == entry["kind"] and entry["kind"] in _SAVES:
            entry["based_on"] = waiting[-1].based_on
            self._delete(connection, waiting[-1].id)
        for row in rows:
            if row.state == "refused" and _answers(entry["kind"], row.kind):
                self._delete(connection, row.id)
        applied = [row.result_version for row in rows if row.state == "applied" and row.kind not in _BESIDE]
        if applied:
            entry["based_on"] = max(entry["based_on"], *applied)
        # A round may have ended between the look at the version and this moment. What oneself did meanwhile
        # is no surprise to oneself; what a colleague did still is.
        step = (entry["record_kind"], entry["record_id"])
        while (*step, entry["based_on"]) in self._own_steps:
            entry["based_on"] = self._own_steps[*step, entry["based_on"]]

    def _delete(self, connection: Connection, entry_id: str) -> None:
        connection.execute(text("delete from outbox where id=:id"), {"id": entry_id})
        self._unsent.done(entry_id)

    def _insert(self, connection: Connection, entry: dict[str, Any]) -> None:
        connection.execute(
            text(
                "insert into outbox (id, kind, payload, based_on, record_kind, record_id, made_at, state, signed)"  # noqa: E501
                " values (:id, :kind, :payload, :based_on, :record_kind, :record_id, :made_at, :state, :signed)"  # noqa: E501
            ),
            entry | {"state": "signed" if entry["signed"] else "waiting"},
        )
        refresh(connection, entry["record_kind"], [entry["record_id"]], self._staff)

    def _signed(self, connection: Connection, row: Row[Any], sign: Sign) -> Change:
        if row.state == "signed":
            return Change.parse(row.signed)
        change = sign(row.id, row.kind, PAYLOADS[row.kind].parse(row.payload), row.based_on)
        signed = change.model_dump_json()
        connection.execute(
            text("update outbox set state='signed', signed=:signed where id=:id"),
            {"signed": signed, "id": row.id},
        )
        self._unsent.signed(row.id, signed)
        return change

    def _refuse_followers(self, connection: Connection, row: Row[Any], reason: str) -> None:
        """Whoever confirmed a delivery confirmed this very content: without it nothing may go out. And what
        was saved on top of it, not knowing of a colleague's version either, must not write that one over.
        """
        connection.execute(
            text(
                "update outbox set state='refused', reason=:reason where state='waiting' and number>:number"
                " and record_kind=:kind and record_id=:id and"
                " (kind in ('delivery.send', 'delivery.ask')"
                " or (kind='delivery.save' and :reason='version_conflict'))"
            ),
            {"reason": reason, "number": row.number, "kind": row.record_kind, "id": row.record_id},
        )

    def _base_followers_on(self, connection: Connection, row: Row[Any], version: int) -> None:
        connection.execute(
            text(
                "update outbox set based_on=:version where state='waiting' and number>:number"
                " and record_kind=:kind and record_id=:id"
            ),
            {"version": version, "number": row.number, "kind": row.record_kind, "id": row.record_id},
        )


def _answers(kind: str, refused: str) -> bool:
    """Whether a new change of a thing leaves nothing to say of a refused one. Keys handed to one person say
    nothing of another's.
    """
    return kind != "wrap.add" and (kind == refused or kind in _SAVES or kind.endswith(".remove"))


def record_of(kind: str, payload: Wire, staff: str) -> tuple[str, str]:
    """Kind and id of the record a change shows at."""
    body = payload.as_json()
    match kind:
        case "item.save":
            return "item", str(body["item"]["id"])
        case "item.remove":
            return "item", str(body["item"])
        case "items.reorder":
            return "item", ORDER
        case "delivery.save" | "delivery.test":
            return "delivery", str(body["draft"]["id"])
        case _ if kind.startswith("delivery."):
            return "delivery", str(body["delivery"])
        case "item.merge":
            return "item", str(body["item"])
        case "group.save":
            return "group", str(body["group"]["id"])
        case "group.remove":
            return "group", str(body["group"])
        case "list.save":
            return "list", str(body["list"]["id"])
        case "list.remove" | "list.fill" | "list.change" | "codes.revoke":
            return "list", str(body["list"])
        case "codes.add":
            return "list", str(body["codes"][0]["list"]) if body["codes"] else ""
        case "sending_rules.save":
            return "sending_rules", "town"
        case "holidays.save":
            return "holidays", "town"
        case "waste.save":
            return "waste", "town"
        case "waste_words.put":
            return "waste_word", ""
        case "greeting.save" | "town.save":
            return "settings", "town"
        case "department.save":
            return "department", str(body["department"]["id"])
        case "department.remove":
            return "department", str(body["department"])
        case "member.save" | "member.leave":
            return "staff", str(body["staff"])
        case "member.confirm":
            return "staff", str(body["certificate"]["staff"])
        case "rights.save":
            return "rights", "town"
        case "trust.publish" | "trust.practised":
            return "trust", "town"
        case "key.publish":
            return "key", str(body["key"]["id"])
        case "wrap.add":
            return "key", str(body["wraps"][0]["key"]) if body["wraps"] else ""
        case "device.revoke":
            return "device", str(body["device"])
        case "contact_form.save":
            return "contact_form", str(body["form"]["id"])
        case "contact_form.remove":
            return "contact_form", str(body["form"])
        case "submission.update":
            return "submission", str(body["submission"])
        case "notice.dismiss":
            return "notice", str(body["notice"])
        case "submissions.opened":  # shows nowhere, and one must not wait for the other
            return "opened", str(body["submissions"][0]) if body["submissions"] else ""
        case "export.made":
            return "export", str(body["what"])
    return "staff", staff


def _entry(row: Row[Any]) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        kind=row.kind,
        payload=PAYLOADS[row.kind].parse(json.loads(row.payload)),
        record_kind=row.record_kind,
        record_id=row.record_id,
        made_at=datetime.fromisoformat(row.made_at),
        state=row.state,
        reason=row.reason,
    )
