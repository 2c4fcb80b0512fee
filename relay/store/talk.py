"""Where a resident is in the questionnaire, and codes by which staff tie their own LINE account. SQL only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from relay.store.tables import line_links, talk_places


@dataclass(frozen=True)
class TalkPlace:
    """The question being asked. `single`: alone, from the settings, not as part of the questionnaire."""

    item: str
    single: bool


def find_place(connection: Connection, resident_no: int) -> TalkPlace | None:
    row = connection.execute(
        select(talk_places.c.item, talk_places.c.single).where(talk_places.c.resident == resident_no)
    ).one_or_none()
    return None if row is None else TalkPlace(item=row.item, single=row.single)


def set_place(connection: Connection, resident_no: int, place: TalkPlace | None, now: datetime) -> None:
    """None: no question is open."""
    connection.execute(delete(talk_places).where(talk_places.c.resident == resident_no))
    if place is not None:
        connection.execute(
            insert(talk_places).values(
                resident=resident_no, item=place.item, single=place.single, asked_at=now
            )
        )


def take_line_link(connection: Connection, code_hash: str, resident_no: int, now: datetime) -> str | None:
    """Redeem a code: tie its staff member to this resident. Returns the staff id, None for no such code."""
    staff = connection.execute(
        select(line_links.c.staff).where(line_links.c.code_hash == code_hash, line_links.c.expires_at > now)
    ).scalar_one_or_none()
    if staff is None:
        return None
    taken = connection.execute(
        update(line_links)
        .where(line_links.c.staff == staff, line_links.c.code_hash == code_hash)
        .values(code_hash=None, expires_at=None, resident=resident_no, linked_at=now)
    )
    return str(staff) if taken.rowcount == 1 else None
