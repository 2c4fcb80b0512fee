"""Who called what from where is kept 180 days at least, without paths, tokens or user ids. SEC-5, SEC-2."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from protocol.audit import ACCESS_LOG_FLOOR_DAYS, AccessEntry, AccessLogQuery, AccessPage
from protocol.encoding import to_base64
from relay.config import RelaySettings
from relay.errors import StoreUnavailable
from relay.features.access_log import AccessLog
from relay.jobs.purge import Purge
from relay.serve import RunningRelay, running_relay
from relay.store.access_log import Access
from relay.store.database import Database
from relay.store.transit import TransitKeys
from tests.conftest import Clock
from tests.relay.desk import Desk, reason, relay_settings
from tests.relay.test_whole import wait_until


def ask(desk: Desk, **query: object) -> AccessPage:
    answer = desk.call("/staff/ask/access-log", AccessLogQuery.parse(query))
    assert answer.status_code == 200, answer.text
    return AccessPage.parse(answer.content)


def seen(desk: Desk, **query: object) -> list[tuple[str, str, int]]:
    return [(entry.method, entry.route, entry.status) for entry in ask(desk, **query).entries]


def test_every_door_is_noted_by_its_pattern_and_who_was_signed_in(relay: RunningRelay, desk: Desk) -> None:
    secret = "s3cret-" + "a" * 36
    desk.http.get(relay.url + f"/media/{secret[:43]}?token={secret}")
    desk.http.get(relay.url + "/health")
    desk.http.get(relay.url + f"/nowhere/{secret}")
    desk.http.get(relay.url + f"/pages/?liff.state=/{secret}")
    desk.call(f"/staff/files/{'0' * 64}/state", method="GET")
    desk.sync()
    wanted = {
        ("POST", "/staff/enrol", 200),
        ("POST", "/staff/sign-in", 200),
        ("GET", "/media/{token}", 404),
        ("GET", "-", 404),
        ("GET", "/pages/", 200),
        ("GET", "/staff/files/{sha256}/state", 200),
        ("POST", "/staff/sync", 200),
    }
    wait_until(lambda: wanted <= set(seen(desk)))
    entries = ask(desk).entries
    assert not any("health" in entry.route or secret in entry.model_dump_json() for entry in entries)
    by_route = {entry.route: entry for entry in entries}
    assert by_route["/staff/sync"].staff == desk.staff
    assert by_route["/media/{token}"].staff == by_route["/staff/sign-in"].staff == ""
    assert {entry.address for entry in entries} == {"127.0.0.1"}


def test_a_request_that_only_claims_a_session_is_not_put_down_to_the_person(desk: Desk) -> None:
    body = b'{"protocol": 1}'
    headers = desk.headers("POST", "/staff/sync", body)
    assert (
        reason(desk.http.post(desk.url + "/staff/sync", data=body + b" ", headers=headers)) == "bad_signature"
    )
    wait_until(lambda: ("POST", "/staff/sync", 401) in seen(desk, status=401))
    assert {entry.staff for entry in ask(desk, status=401).entries} == {""}


def test_it_is_searched_by_address_route_status_and_time_and_comes_in_pages(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    started = clock()
    clock.forward(minutes=1)
    for _ in range(5):
        desk.sync()
    wait_until(lambda: len(seen(desk, route="/staff/sync")) == 5)
    first = ask(desk, route="/staff/sync", limit=2)
    assert first.more and len(first.entries) == 2
    second = ask(desk, route="/staff/sync", limit=10, before=first.entries[-1].no)
    assert not second.more and len(second.entries) == 3
    assert ask(desk, address="192.0.2.1").entries == ()
    assert len(ask(desk, address="127.0.0.1").entries) >= 5
    assert {entry.route for entry in ask(desk, until=clock()).entries} <= {
        "/staff/enrol",
        "/staff/sign-in/start",
        "/staff/sign-in",
    }
    assert ask(desk, since=clock() + timedelta(days=1)).entries == ()
    assert ask(desk, since=started).kept_days == 200
    for query in ({"before": -1}, {"before": 2**70}, {"status": 10**12}, {"since": "2026-11-20T00:00:00"}):
        answer = desk.call(
            "/staff/ask/access-log", body=AccessLogQuery.parse(query).model_dump_json().encode()
        )
        assert (answer.status_code, reason(answer)) == (400, "malformed"), query


def test_of_the_webhook_only_what_was_refused_is_noted(tmp_path: Path, clock: Clock) -> None:
    settings = relay_settings(
        tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}", line_channel_secret="secret-of-the-channel"
    )
    body = b'{"destination":"U0","events":[]}'
    signature = b64encode(hmac.digest(b"secret-of-the-channel", body, hashlib.sha256)).decode()
    with running_relay(settings, clock=clock) as relay:
        desk = Desk(relay.url, relay.certificate, clock)
        desk.enrol(relay.new_code())
        assert desk.sign_in().status_code == 200
        hook = relay.url + "/line/webhook"
        assert desk.http.post(hook, data=body, headers={"x-line-signature": signature}).status_code == 200
        assert desk.http.post(hook, data=body, headers={"x-line-signature": "x"}).status_code == 401
        wait_until(lambda: seen(desk, route="/line/webhook"))
        assert seen(desk, route="/line/webhook") == [("POST", "/line/webhook", 401)]
        desk.close()


def test_what_waits_is_written_when_the_relay_stops(tmp_path: Path, clock: Clock) -> None:
    settings = relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}")
    with running_relay(settings, clock=clock) as relay:
        desk = Desk(relay.url, relay.certificate, clock)
        for _ in range(3):
            desk.http.get(relay.url + "/staff/nowhere")
        desk.close()
    with running_relay(settings, clock=clock) as relay, relay.relay.database.read() as connection:
        found = connection.execute(text("SELECT count(*) FROM access_log WHERE status = 404")).scalar_one()
    assert found == 3


def access(at: datetime, address: str = "192.0.2.7") -> Access:
    return Access(at=at, address=address, method="GET", route="/pages", status=200)


def entries(log: AccessLog) -> tuple[AccessEntry, ...]:
    return log.search(AccessLogQuery()).entries


def test_an_address_is_not_in_the_database_in_clear(database: Database, clock: Clock) -> None:
    log = AccessLog(database, clock, kept_days=200)
    log.note(access(clock()))
    assert [entry.address for entry in entries(log)] == ["192.0.2.7"]
    with database.read() as connection:
        row = connection.execute(text("SELECT * FROM access_log")).one()
    assert not any(b"192.0.2.7" in bytes(value) for value in row if isinstance(value, bytes | memoryview))
    assert "192.0.2.7" not in str(row)


def test_nothing_is_lost_while_the_store_is_away(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AccessLog(database, clock, kept_days=200)
    log.note(access(clock(), "192.0.2.1"))
    with monkeypatch.context() as away:

        def fail() -> None:
            raise StoreUnavailable("busy")

        away.setattr(database, "write", fail)
        with pytest.raises(StoreUnavailable):
            log.flush()
    log.note(access(clock(), "192.0.2.2"))
    assert [entry.address for entry in entries(log)] == ["192.0.2.2", "192.0.2.1"]


def test_it_is_kept_for_the_days_set_and_never_less_than_180(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    log = AccessLog(database, clock, kept_days=200)
    for days in (250, 199, 179, 1):
        log.note(access(clock() - timedelta(days=days), f"192.0.2.{days}"))
    log.flush()
    transit = TransitKeys(tmp_path / "transit")

    def purge(days: int) -> int:
        purge = Purge(database=database, transit=transit, clock=clock, access_log_days=days)
        return purge.run_once().accesses

    assert purge(200) == 1
    assert purge(10) == 1, "less than the floor is the floor"
    assert [entry.address for entry in entries(log)] == ["192.0.2.1", "192.0.2.179"]


def test_the_floor_cannot_be_lowered_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RelaySettings(access_log_days=ACCESS_LOG_FLOOR_DAYS).access_log_days == 180
    with pytest.raises(ValidationError):
        RelaySettings(access_log_days=179)
    monkeypatch.setenv("MADOGUCHI_ACCESS_LOG_DAYS", "30")
    with pytest.raises(ValidationError):
        RelaySettings()


def test_to_base64_is_not_how_an_address_is_hidden(database: Database, clock: Clock) -> None:
    """The index is keyed: whoever has the database alone cannot try all addresses."""
    log = AccessLog(database, clock, kept_days=200)
    log.note(access(clock()))
    log.flush()
    with database.read() as connection:
        index = bytes(connection.execute(text("SELECT address_index FROM access_log")).scalar_one())
    plain = hashlib.sha256(b"192.0.2.7").digest()
    assert to_base64(index) != to_base64(plain)
