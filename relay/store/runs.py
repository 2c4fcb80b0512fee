"""Runs: one sending of a delivery or a test, its frozen messages, the sums of its ledger. SQL only."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from protocol.deliveries import DeliveryNumbers
from relay.store.cipher import ColumnCipher
from relay.store.tables import batches, run_texts, runs


@dataclass(frozen=True)
class Run:
    """`kind` is segment or test; `state` queued, sending, paused, sent, cancelled or failed."""

    id: str
    kind: str
    delivery: str
    state: str
    silent: bool
    recipients: int
    reason: str
    started_at: datetime | None
    finished_at: datetime | None
    reported_at: datetime | None
    unit: str = ""


@dataclass(frozen=True)
class Text:
    """What some people of a run get: LINE message objects as JSON bytes, and what LINE is told besides."""

    messages: bytes
    silent: bool
    unit: str


def add_run(
    connection: Connection,
    *,
    id: str,
    kind: str,
    delivery: str,
    silent: bool,
    recipients: int,
    now: datetime,
) -> None:
    """A confirmed run that waits to be frozen into batches; `recipients` is the number at confirmation."""
    connection.execute(
        insert(runs).values(
            id=id,
            kind=kind,
            delivery=delivery,
            state="queued",
            silent=silent,
            recipients=recipients,
            confirmed_at=now,
        )
    )


def add_texts(
    connection: Connection, cipher: ColumnCipher, run: str, texts: Sequence[Sequence[dict[str, Any]]]
) -> None:
    """The message objects of each text of the run, numbered as given."""
    rows = []
    for no, messages in enumerate(texts):
        body = json.dumps(list(messages), ensure_ascii=False).encode()
        sealed = cipher.seal("run_texts.messages", f"{run}/{no}", body)
        rows.append({"run": run, "no": no, "messages_sealed": sealed})
    connection.execute(insert(run_texts), rows)


def find_run(connection: Connection, id: str, *, lock: bool = False) -> Run | None:
    """`lock` keeps other processes from changing the run until the transaction ends."""
    query = select(
        runs.c.id,
        runs.c.kind,
        runs.c.delivery,
        runs.c.state,
        runs.c.silent,
        runs.c.recipients,
        runs.c.reason,
        runs.c.started_at,
        runs.c.finished_at,
        runs.c.reported_at,
        runs.c.unit,
    ).where(runs.c.id == id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else Run(**row._mapping)


def list_unended(connection: Connection) -> list[str]:
    """The ids of the runs that are being sent, and of those that were stopped for good and not closed yet."""
    stopped_test = and_(runs.c.kind == "test", runs.c.state == "paused")
    found = connection.execute(
        select(runs.c.id).where(or_(runs.c.state == "sending", stopped_test, _is_cancelled_open()))
    )
    return list(found.scalars())


def list_cancelled_open(connection: Connection) -> list[str]:
    """Cancelled runs of which some calls were still under way when they were cancelled."""
    return list(connection.execute(select(runs.c.id).where(_is_cancelled_open())).scalars())


def list_stopped(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of these runs that are not being sent now."""
    going = select(runs.c.id).where(runs.c.id.in_(ids), runs.c.state == "sending")
    return set(ids) - set(connection.execute(going).scalars())


def _is_cancelled_open() -> ColumnElement[bool]:
    return and_(runs.c.state == "cancelled", runs.c.finished_at.is_(None))


def count_people_under_way(connection: Connection, *, since: datetime) -> int:
    """People of confirmed runs who were not in LINE's count then: still to be sent to, or sent since."""
    queued = connection.execute(select(func.sum(runs.c.recipients)).where(runs.c.state == "queued"))
    waiting = connection.execute(
        select(func.sum(batches.c.count))
        .join(runs, runs.c.id == batches.c.run)
        .where(runs.c.state == "sending", batches.c.state.in_(("waiting", "claimed")))
    )
    sent = connection.execute(
        select(func.sum(batches.c.count)).where(
            batches.c.state.in_(("accepted", "unknown")), batches.c.finished_at >= since
        )
    )
    return sum(int(found.scalar() or 0) for found in (queued, waiting, sent))


def find_text(connection: Connection, cipher: ColumnCipher, id: str, text: int = 0) -> Text:
    """One frozen text of a run."""
    row = connection.execute(
        select(run_texts.c.messages_sealed, runs.c.silent, runs.c.unit)
        .join(runs, runs.c.id == run_texts.c.run)
        .where(run_texts.c.run == id, run_texts.c.no == text)
    ).one()
    messages = cipher.open("run_texts.messages", f"{id}/{text}", row.messages_sealed)
    return Text(messages=messages, silent=row.silent, unit=row.unit)


def begin_run(connection: Connection, id: str, *, recipients: int, now: datetime, unit: str = "") -> None:
    """The batches are frozen: sending may begin. `unit`: the name under which LINE counts it."""
    connection.execute(
        update(runs)
        .where(runs.c.id == id)
        .values(state="sending", recipients=recipients, started_at=now, unit=unit)
    )


def end_run(connection: Connection, id: str, *, state: str, reason: str, now: datetime) -> None:
    connection.execute(
        update(runs).where(runs.c.id == id).values(state=state, reason=reason, finished_at=now)
    )


def pause_run(connection: Connection, id: str, reason: str) -> bool:
    """Whether it was sending until now."""
    done = connection.execute(
        update(runs).where(runs.c.id == id, runs.c.state == "sending").values(state="paused", reason=reason)
    )
    return done.rowcount == 1


def resume_run(connection: Connection, id: str) -> bool:
    """Whether it was paused until now."""
    done = connection.execute(
        update(runs).where(runs.c.id == id, runs.c.state == "paused").values(state="sending", reason="")
    )
    return done.rowcount == 1


def cancel_run(connection: Connection, id: str) -> bool:
    """Whether it was paused until now. `finished_at` follows when no call is under way any more."""
    done = connection.execute(
        update(runs).where(runs.c.id == id, runs.c.state == "paused").values(state="cancelled", reason="")
    )
    return done.rowcount == 1


def mark_reported(connection: Connection, id: str, now: datetime) -> None:
    connection.execute(update(runs).where(runs.c.id == id).values(reported_at=now))


def sum_ledger(connection: Connection, run: str) -> DeliveryNumbers:
    """People by what became of their batch; those claimed count as waiting."""
    rows = connection.execute(
        select(batches.c.state, func.sum(batches.c.count))
        .where(batches.c.run == run)
        .group_by(batches.c.state)
    )
    people = {state: int(count) for state, count in rows}
    return DeliveryNumbers(
        recipients=sum(people.values()),
        waiting=people.get("waiting", 0) + people.get("claimed", 0),
        accepted=people.get("accepted", 0),
        refused=people.get("refused", 0),
        unknown=people.get("unknown", 0),
        cancelled=people.get("cancelled", 0),
    )
