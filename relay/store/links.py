"""Addresses of deliveries that are counted when tapped, and how often; never by whom. SQL only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, text

from relay.store.cipher import ColumnCipher
from relay.store.delivery_tables import links

_COLUMN = "links.url"
# A link that was removed meanwhile takes its taps with it.
_ADD_TAPS = text(
    "INSERT INTO link_taps (token, hour, count) SELECT token, :hour, :count FROM links WHERE token = :token "
    "ON CONFLICT (token, hour) DO UPDATE SET count = link_taps.count + :count"
)


@dataclass(frozen=True)
class StoredLink:
    token: str
    url: str
    label: str


def list_delivery_links(connection: Connection, cipher: ColumnCipher, delivery: str) -> list[StoredLink]:
    """In the order they were met in the delivery."""
    rows = connection.execute(select(links).where(links.c.delivery == delivery).order_by(links.c.no)).all()
    return [
        StoredLink(token=row.token, url=cipher.open_text(_COLUMN, row.token, row.url_sealed), label=row.label)
        for row in rows
    ]


def add_link(
    connection: Connection, cipher: ColumnCipher, link: StoredLink, *, delivery: str, no: int, now: datetime
) -> None:
    connection.execute(
        insert(links).values(
            token=link.token,
            delivery=delivery,
            no=no,
            url_sealed=cipher.seal_text(_COLUMN, link.token, link.url),
            label=link.label,
            made_at=now,
        )
    )


def find_target(connection: Connection, cipher: ColumnCipher, token: str) -> str | None:
    """The address behind a token."""
    sealed = connection.execute(select(links.c.url_sealed).where(links.c.token == token)).scalar_one_or_none()
    return None if sealed is None else cipher.open_text(_COLUMN, token, sealed)


def add_taps(connection: Connection, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to the numbers of (token, hour in Japan)."""
    # In order, so that two processes never wait for each other's rows.
    rows = [{"token": token, "hour": hour, "count": n} for (token, hour), n in sorted(counts.items())]
    if rows:
        connection.execute(_ADD_TAPS, rows)
