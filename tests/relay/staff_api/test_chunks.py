"""Chunks and originals over the staff API: members only, in one piece, within limits. SEC-8, ADM-1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, text

from protocol.chunks import (
    ChunkHeader,
    ChunkList,
    ChunkQuery,
    Originals,
    OriginalsQuery,
    chunk_bytes,
    close_chunk,
    read_chunk_bytes,
)
from protocol.ids import new_id
from relay.config import RelaySettings
from relay.features.staff import member_of, publish_member
from relay.serve import RunningRelay
from relay.store.cipher import load_or_make_host_key
from relay.store.database import Database, open_database
from relay.store.staff import find_account
from relay.store.staff_tables import staff_departments
from tests.conftest import Clock
from tests.relay.desk import Desk, reason
from tests.relay.sections import Sections
from tests.relay.town import add_friends

ROADS = "inbox:roads"


@pytest.fixture
def database(relay: RunningRelay, settings: RelaySettings) -> Iterator[Database]:
    """The store of the running relay, seen from beside it."""
    url = settings.database_url.get_secret_value()
    database = open_database(url, load_or_make_host_key(settings.key_file))
    yield database
    database.close()


@pytest.fixture
def sections(database: Database, clock: Clock) -> Sections:
    sections = Sections(database, clock)
    sections.add("roads")
    (user,) = add_friends(database, 1, clock(), start=5)
    sections.arrive(user, ("roads",))
    return sections


@pytest.fixture
def member(desk: Desk, database: Database, sections: Sections) -> Desk:
    """The person at the desk belongs to the department, active."""
    with database.write() as connection:
        connection.execute(insert(staff_departments).values(staff=desk.staff, department="roads"))
        connection.execute(text("UPDATE staff SET state = 'active'"))
        account = find_account(connection, database.cipher, desk.staff)
        assert account is not None
        publish_member(connection, database.cipher, member_of(account), desk.clock())
    return desk


def made(desk: Desk, sections: Sections, size: int = 1) -> tuple[ChunkHeader, bytes]:
    now = desk.clock()
    header = ChunkHeader(
        id=new_id(now),
        town=desk.relay,
        audience=ROADS,
        key=sections.key_of["roads"],
        first_seq=1,
        last_seq=1,
        records=1,
        made_by=desk.staff,
        made_at=now,
    )
    rows = [{"id": "x" * size}]
    return close_chunk(header, rows, sections.secret("roads").chunk_key, desk.keys.sign)


def test_a_chunk_goes_up_and_comes_down(member: Desk, sections: Sections) -> None:
    header, body = made(member, sections)
    path = f"/staff/chunks/{header.id}"
    assert member.call(path, method="PUT", body=chunk_bytes(header, body)).status_code == 204
    listed = ChunkList.parse(member.call("/staff/ask/chunks", ChunkQuery(audience=ROADS)).content)
    assert listed.chunks == (header,)
    answer = member.call(path, method="GET")
    assert read_chunk_bytes(answer.content) == (header, body)
    assert answer.headers["cache-control"] == "no-store"
    other = member.call("/staff/ask/chunks", ChunkQuery(audience="inbox:parks"))
    assert (other.status_code, reason(other)) == (403, "not_allowed")


def test_strangers_and_broken_bodies_are_refused(
    member: Desk, sections: Sections, relay: RunningRelay, clock: Clock
) -> None:
    header, body = made(member, sections)
    path = f"/staff/chunks/{header.id}"
    assert member.call("/staff/chunks/x", method="PUT", body=chunk_bytes(header, body)).status_code == 400
    assert member.call(path, method="PUT", body=b"").status_code == 400
    assert member.call(path, method="PUT", body=b"\xff" * 100).status_code == 400
    assert reason(member.call(path, method="GET")) == "not_found"
    stranger = Desk(relay.url, relay.certificate, clock)
    for method in ("PUT", "GET"):
        assert stranger.call(path, method=method, body=b"").status_code == 401
    assert stranger.call("/staff/ask/originals", OriginalsQuery(ids=("a",))).status_code == 401
    stranger.close()


def test_originals_are_handed_to_members_alone(member: Desk, sections: Sections, clock: Clock) -> None:
    (user,) = add_friends(sections.database, 1, clock())
    sections.add("parks")
    own = sections.arrive(user, ("roads",))
    foreign = sections.arrive(user, ("parks",))
    answer = member.call("/staff/ask/originals", OriginalsQuery(ids=(own.id,)))
    (record,) = Originals.parse(answer.content).records
    assert (record.id, record.audience, record.body) == (own.id, ROADS, own.as_json())
    for ids in ((own.id, foreign.id), ("unknown",)):
        refused = member.call("/staff/ask/originals", OriginalsQuery(ids=ids))
        assert (refused.status_code, reason(refused)) == (403, "not_allowed")
    many = OriginalsQuery(ids=tuple(str(number) for number in range(51)))
    assert member.call("/staff/ask/originals", many).status_code == 413
    assert member.call("/staff/ask/originals", OriginalsQuery(ids=())).status_code == 400
