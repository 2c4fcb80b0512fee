"""Who may call the staff API from where, and whose word about addresses is believed. SEC-3, ADM-2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from protocol.audit import AccessLogQuery, Notice
from relay.serve import RunningRelay, running_relay
from relay.staff_api.addresses import make_address_rules, one_caller
from relay.store.access_log import search_accesses
from relay.store.records import list_bodies
from tests.conftest import Clock
from tests.relay.desk import Desk, reason, relay_settings
from tests.relay.test_whole import wait_until

PROXIES = ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),  # a stranger's word
        ("10.0.0.5", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),  # the left part may be forged
        ("10.0.0.5", ["203.0.113.9, 10.0.0.6"], "203.0.113.9"),
        ("10.0.0.5", ["203.0.113.9", "10.0.0.6"], "203.0.113.9"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("::ffff:10.0.0.5", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.5", ["nonsense"], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1, unknown"], "10.0.0.5"),
        ("10.0.0.5", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.5", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.5", ['"[2001:db8::1]"'], "2001:db8::1"),
        ("10.0.0.5", ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: list[str], caller: str) -> None:
    assert make_address_rules([], PROXIES).caller(peer, forwarded) == caller


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.77", True),
        ("192.0.3.1", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("", False),
        ("nonsense", False),
        ("::ffff:192.0.2.1", True),
    ],
)
def test_allowed_networks(address: str, allowed: bool) -> None:
    assert make_address_rules(["192.0.2.0/24", "2001:db8::/32"], []).allows(address) == allowed


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_throttles_count_a_whole_ipv6_network_as_one(address: str, counted_as: str) -> None:
    assert one_caller(address) == counted_as


def test_without_a_list_everybody_may_try() -> None:
    assert make_address_rules([], []).allows("203.0.113.9")


def test_a_wrong_network_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        make_address_rules(["somewhere"], [])


@pytest.fixture
def closed(tmp_path: Path, clock: Clock) -> Iterator[tuple[RunningRelay, Desk]]:
    """A relay whose staff API is for another network, and a desk that calls from here."""
    settings = relay_settings(
        tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}", staff_allowed_addresses=("192.0.2.0/24",)
    )
    with running_relay(settings, clock=clock) as relay:
        desk = Desk(relay.url, relay.certificate, clock)
        yield relay, desk
        desk.close()


def test_every_staff_route_of_the_table_is_closed_to_other_networks(
    closed: tuple[RunningRelay, Desk],
) -> None:
    relay, desk = closed
    tried = 0
    for path, route in staff_routes(relay):
        for method in sorted(route.methods or ()):
            answer = desk.call(path, method=method, body=b"{}")
            assert answer.status_code == 403, (method, path)
            if method != "HEAD":
                assert reason(answer) == "address_not_allowed", (method, path)
            tried += 1
    assert tried >= 20


def test_the_rest_stays_open_to_everybody(closed: tuple[RunningRelay, Desk]) -> None:
    relay, desk = closed
    for path in ("/health", "/pages", "/pages/settings"):
        assert desk.http.get(relay.url + path).status_code == 200


def test_a_refused_address_raises_a_notice_and_stands_in_the_access_log(
    closed: tuple[RunningRelay, Desk],
) -> None:
    relay, desk = closed
    for _ in range(5):
        desk.call("/staff/sync", body=b"{}")
    database = relay.relay.database

    def found() -> list[Notice]:
        with database.read() as connection:
            return [Notice.parse(body) for body in list_bodies(connection, database.cipher, "notice")]

    (notice,) = wait_until(found)
    assert (notice.code, notice.subject) == ("address_refused", "127.0.0.1")
    with database.read() as connection:
        entries = search_accesses(connection, database.cipher, AccessLogQuery(status=403), 10)
    assert {entry.route for entry in entries} == {"/staff/sync"}


def staff_routes(relay: RunningRelay) -> list[tuple[str, Route]]:
    """Every route of the staff API with an address that fits its pattern."""
    routes = [route for route in relay.relay.staff_routes if isinstance(route, Route)]
    assert routes
    return [("/staff" + re.sub(r"{[^}]+}", "0" * 64, route.path), route) for route in routes]
