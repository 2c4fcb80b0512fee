"""Who may call the staff API from where, and whose word about addresses is believed. SEC-3."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.serve import running_relay
from relay.staff_api.addresses import make_address_rules, one_caller
from tests.conftest import Clock
from tests.relay.desk import Desk, reason, relay_settings

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


def test_the_staff_api_is_closed_to_other_networks_and_the_rest_stays_open(
    tmp_path: Path, clock: Clock
) -> None:
    settings = relay_settings(
        tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}", staff_allowed_addresses=("192.0.2.0/24",)
    )
    with running_relay(settings, clock=clock) as relay:
        desk = Desk(relay.url, relay.certificate, clock)
        for path in ("/staff/enrol", "/staff/sign-in/start", "/staff/sync", "/staff/ask/quota"):
            answer = desk.call(path, body=b"{}")
            assert (answer.status_code, reason(answer)) == (403, "address_not_allowed"), path
        assert desk.http.get(relay.url + "/health").status_code == 200
        desk.close()
