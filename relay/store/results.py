"""What LINE's statistics are fetched for, the names it counts by, and taps on our own links. SQL only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, text, update

from protocol.results import UNITS_A_MONTH
from relay.store.delivery_tables import aggregation_units, link_taps, links, result_watch
from relay.store.tables import batches

_ONE_AT_A_TIME = 0x4D41_444F  # a lock of PostgreSQL's under a number of our own


@dataclass(frozen=True)
class Watched:
    """A delivery whose numbers still change. `unit` or `request_id` names it to LINE; neither: only taps."""

    delivery: str
    unit: str
    request_id: str
    sent_at: datetime
    next_at: datetime


@dataclass(frozen=True)
class TappedLink:
    """A counted link and its taps by hour (`YYYY-MM-DDTHH` in Japan)."""

    token: str
    url_sealed: bytes
    label: str
    taps: dict[str, int]


def take_unit(connection: Connection, run: str, month: str) -> str:
    """A new name to count this run by; empty when the month's names are used up. `month`: YYYY-MM in Japan.

    A name is kept although the run may fail: LINE may have heard it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    used = connection.execute(
        select(func.count()).select_from(aggregation_units).where(aggregation_units.c.month == month)
    ).scalar_one()
    if used >= UNITS_A_MONTH:
        return ""
    name = f"m{month.replace('-', '')}_{secrets.token_hex(8)}"
    connection.execute(insert(aggregation_units).values(month=month, name=name, run=run))
    return name


def add_watch(connection: Connection, watched: Watched) -> None:
    """Once per delivery; whoever adds it again changes nothing."""
    known = connection.execute(
        select(result_watch.c.delivery).where(result_watch.c.delivery == watched.delivery)
    ).first()
    if known is None:
        connection.execute(
            insert(result_watch).values(
                delivery=watched.delivery,
                unit=watched.unit,
                request_id=watched.request_id,
                sent_at=watched.sent_at,
                next_at=watched.next_at,
            )
        )


def list_watched(connection: Connection) -> list[Watched]:
    """All of them, those first whose turn came first."""
    rows = connection.execute(select(result_watch).order_by(result_watch.c.next_at, result_watch.c.delivery))
    return [Watched(**row._mapping) for row in rows]


def claim_watch(connection: Connection, watched: Watched, next_at: datetime) -> bool:
    """Set when it is looked at next; False when another worker did so first."""
    done = connection.execute(
        update(result_watch)
        .where(result_watch.c.delivery == watched.delivery, result_watch.c.next_at == watched.next_at)
        .values(next_at=next_at)
    )
    return done.rowcount == 1


def end_watch(connection: Connection, delivery: str) -> None:
    connection.execute(delete(result_watch).where(result_watch.c.delivery == delivery))


def find_request_id(connection: Connection, run: str) -> str:
    """The id under which LINE took a broadcast; empty when its answer was lost."""
    found = connection.execute(
        select(batches.c.request_id).where(batches.c.run == run, batches.c.endpoint == "broadcast")
    ).scalar_one_or_none()
    return found or ""


def is_broadcast(connection: Connection, run: str) -> bool:
    found = connection.execute(
        select(batches.c.no).where(batches.c.run == run, batches.c.endpoint == "broadcast").limit(1)
    ).first()
    return found is not None


def list_links(connection: Connection, delivery: str) -> list[TappedLink]:
    """The counted links of a delivery in their order, each with its taps."""
    found = connection.execute(select(links).where(links.c.delivery == delivery).order_by(links.c.no)).all()
    taps: dict[str, dict[str, int]] = {}
    rows = connection.execute(
        select(link_taps)
        .join(links, links.c.token == link_taps.c.token)
        .where(links.c.delivery == delivery)
        .order_by(link_taps.c.hour)
    )
    for row in rows:
        taps.setdefault(row.token, {})[row.hour] = int(row._mapping["count"])
    return [
        TappedLink(token=row.token, url_sealed=row.url_sealed, label=row.label, taps=taps.get(row.token, {}))
        for row in found
    ]
