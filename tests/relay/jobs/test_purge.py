"""What events leave behind is destroyed in time, and nothing that is still needed (SEC-2, SEC-12)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from protocol.files import CHUNK_BYTES, file_name
from relay.errors import WrongKey
from relay.features.files import Files
from relay.features.page_sessions import begin_page_session, find_session
from relay.features.residents import note_visitor
from relay.jobs.purge import Purge
from relay.store.database import Database
from relay.store.inbox import NewEvent, add_events, finish_event, microseconds
from relay.store.transit import TransitKeys
from tests.conftest import Clock
from tests.relay.films import film, keep
from tests.relay.webhooks import stored_ids, user


def store(database: Database, transit: TransitKeys, clock: Clock, event_id: str) -> bytes:
    now = clock()
    day, sealed = transit.seal(now, event_id, b"{}")
    at = microseconds(now)
    with database.write() as connection:
        add_events(connection, [NewEvent(event_id, at, at, b"", day, sealed)])
    return sealed


def test_a_days_key_is_destroyed_when_it_is_a_day_old_and_its_events_are_done(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    transit = TransitKeys(tmp_path / "transit")
    purge = Purge(database=database, transit=transit, clock=clock)
    sealed = store(database, transit, clock, "first")
    clock.forward(hours=23)
    assert purge.run_once().days_destroyed == ()
    clock.forward(hours=25)
    assert purge.run_once().days_waiting == ("2026-11-20",), "an event is still to be done"
    assert transit.open("2026-11-20", "first", sealed) == b"{}"
    with database.write() as connection:
        finish_event(connection, 1)
    assert purge.run_once().days_destroyed == ("2026-11-20",)
    with pytest.raises(WrongKey):
        TransitKeys(tmp_path / "transit").open("2026-11-20", "first", sealed)


def test_an_event_id_is_remembered_for_thirty_days_and_waiting_ones_for_ever(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    transit = TransitKeys(tmp_path / "transit")
    purge = Purge(database=database, transit=transit, clock=clock)
    store(database, transit, clock, "done")
    store(database, transit, clock, "waiting")
    with database.write() as connection:
        finish_event(connection, 1)
    clock.forward(days=29)
    assert purge.run_once().event_ids == 0
    clock.forward(days=2)
    assert purge.run_once().event_ids == 1
    assert stored_ids(database) == ["waiting"]


def test_ended_page_sessions_are_forgotten(database: Database, tmp_path: Path, clock: Clock) -> None:
    purge = Purge(database=database, transit=TransitKeys(tmp_path / "transit"), clock=clock)
    with database.write() as connection:
        resident = note_visitor(connection, database.cipher, user(1))
        token = begin_page_session(connection, resident.no, clock())
    clock.now += timedelta(hours=11)
    assert purge.run_once().page_sessions == 0
    with database.read() as connection:
        assert find_session(connection, database.cipher, token, clock()) is not None
    clock.now += timedelta(hours=2)
    assert purge.run_once().page_sessions == 1


def test_half_an_upload_waits_a_week_for_the_rest(database: Database, tmp_path: Path, clock: Clock) -> None:
    purge = Purge(database=database, transit=TransitKeys(tmp_path / "transit"), clock=clock)
    files = Files(database, clock, public_url="https://relay.example")
    whole = keep(files, film())
    half = film(CHUNK_BYTES + 1)
    name = file_name(half)
    files.take_chunk(name, offset=0, size=len(half), body=half[:CHUNK_BYTES])
    clock.forward(days=6)
    assert purge.run_once().half_files == 0
    clock.forward(days=2)
    assert purge.run_once().half_files == 1
    assert files.state(name).received == 0 and files.state(whole).complete
    assert keep(files, half) == name
