"""SEC-9: two changes of one's own never stand in each other's way, however a round falls between them."""

from __future__ import annotations

from desktop.features.office import Office
from protocol.changes import GreetingSave
from protocol.sync import TownSettings
from tests.desktop.fake_relay import FakeRelay


def put_greeting(office: Office, text: str, based_on: int) -> None:
    office.items._replica.outbox.put("greeting.save", GreetingSave(text=text), based_on=based_on)


def version(office: Office) -> int:
    return office.items._replica.records.version("settings", "town")


def test_a_version_looked_at_before_the_own_round_ended_is_no_conflict(
    office: Office, relay: FakeRelay
) -> None:
    seen = version(office)
    put_greeting(office, "こんにちは", seen)
    office.sync()
    put_greeting(office, "こんばんは", seen)
    office.sync()
    assert office.home.refused() == []
    assert TownSettings.parse(relay.records["settings", "town"].body).greeting == "こんばんは"


def test_what_a_colleague_changed_is_still_a_conflict(office: Office, relay: FakeRelay) -> None:
    seen = version(office)
    put_greeting(office, "こんにちは", seen)
    office.sync()
    relay.set_town(town_name="みなと野市", environment="training", greeting="同僚のあいさつ")
    put_greeting(office, "こんばんは", seen)
    office.sync()
    (refused,) = office.home.refused()
    assert refused.reason == "version_conflict"
    assert TownSettings.parse(relay.records["settings", "town"].body).greeting == "同僚のあいさつ"
