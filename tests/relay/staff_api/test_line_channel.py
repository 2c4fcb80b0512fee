"""The LINE channel entered by staff: at work at once, sealed, shown to nobody; environment wins. ADM-5."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import text

from protocol.audit import AuditPage, AuditQuery
from protocol.changes import TownSave
from protocol.signin import LineChannelAnswer, LineChannelSave
from protocol.staff import StaffMember
from protocol.sync import QuotaAnswer, TownSettings
from relay.features.line_channel import Channel, LineChannel
from relay.features.sign_in import SignedIn
from relay.providers.certificate import ensure_certificate
from relay.serve import RunningRelay, running_relay
from relay.store.database import Database
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.conftest import Clock
from tests.relay.desk import Desk, reason, relay_settings
from tests.relay.test_whole import wait_until


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Town:
    relay: RunningRelay
    sandbox: RunningSandbox
    desk: Desk

    def save(self, **values: str) -> LineChannelAnswer:
        answer = self.desk.call("/staff/line-channel", LineChannelSave(**values))
        assert answer.status_code == 200, answer.text
        return LineChannelAnswer.parse(answer.content)

    def save_all(self) -> LineChannelAnswer:
        line = self.sandbox.settings
        return self.save(
            channel_secret=line.channel_secret,
            channel_token=line.channel_token,
            login_channel_id=line.login_channel_id,
            liff_id=line.liff_id,
        )

    def settings(self) -> TownSettings:
        return TownSettings.parse(self.desk.records()["settings", "town"].body)

    def control(self, path: str, body: dict[str, object]) -> dict[str, object]:
        answer = requests.post(f"{self.sandbox.url}/sandbox/{path}", json=body, timeout=20)
        found: dict[str, object] = answer.json()
        return found

    def quota(self) -> QuotaAnswer:
        return QuotaAnswer.parse(self.desk.call("/staff/ask/quota").content)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A relay that knows where LINE is and nothing of a channel, as after an installation."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    certificate, _ = ensure_certificate(tmp_path, "localhost", utc_now())
    line = SandboxSettings(
        webhook_url=f"https://localhost:{port}/line/webhook",
        liff_endpoint_url=f"https://localhost:{port}/pages",
        webhook_ca_file=str(certificate),
    )
    with running_sandbox(line) as sandbox:
        settings = relay_settings(
            tmp_path,
            f"sqlcipher:{tmp_path / 'relay.db'}",
            listen_port=port,
            public_url=f"https://localhost:{port}",
            line_api_base=sandbox.url,
            line_login_base=sandbox.url,
            town_name="",
        )
        with running_relay(settings) as relay:
            desk = Desk(relay.url, relay.certificate, utc_now)
            desk.enrol(relay.new_code())
            assert desk.sign_in().status_code == 200
            yield Town(relay, sandbox, desk)
            desk.close()


def test_the_channel_works_the_moment_it_is_entered(town: Town) -> None:
    assert not town.settings().line_configured
    assert town.quota().reason == "line_not_configured"
    answer = town.save_all()
    assert answer.account_name and answer.basic_id.startswith("@") and not answer.reason
    assert town.settings().line_configured
    assert town.settings().account_name == answer.account_name
    assert town.quota().quota is not None, "calls carry the new token"
    # The webhook believes the new secret, the talk answers with the new token, and knows the LIFF app.
    people = town.control("residents", {"count": 1})["residents"]
    user = people[0]["userId"]  # type: ignore[index]
    town.control("do", {"userIds": [user], "action": "follow", "wait": True})

    def greeted() -> bool:
        talk = requests.get(f"{town.sandbox.url}/sandbox/residents/{user}/talk", timeout=20).json()
        return any(not bubble.get("fromResident", False) for bubble in talk["messages"])

    wait_until(greeted)
    page = town.desk.http.get(town.desk.url + "/pages").text
    assert town.sandbox.settings.liff_id in page


def test_a_part_entered_later_leaves_the_rest(town: Town) -> None:
    line = town.sandbox.settings
    assert town.save(channel_token=line.channel_token).account_name
    assert town.save(liff_id=line.liff_id).account_name, "the token stayed"
    assert line.liff_id in town.desk.http.get(town.desk.url + "/pages").text


def test_a_wrong_token_is_told_and_the_right_one_mends_it(town: Town) -> None:
    assert town.save().reason == "line_not_configured"
    assert town.save(channel_token="wrong").reason == "line_not_configured"
    assert town.save_all().account_name


@pytest.mark.parametrize(
    "odd",
    [
        {"channel_token": "a\r\nx-injected: 1"},
        {"channel_token": "a b"},
        {"channel_secret": "秘密"},
        {"login_channel_id": "12a"},
        {"liff_id": "../x"},
        {"channel_token": "x" * 2001},
    ],
)
def test_what_could_not_stand_in_a_header_or_an_address_is_refused(town: Town, odd: dict[str, str]) -> None:
    answer = town.desk.call("/staff/line-channel", LineChannelSave(**odd))
    assert (answer.status_code, reason(answer)) == (400, "malformed")


def test_no_secret_comes_out_again(town: Town) -> None:
    town.save_all()
    line = town.sandbox.settings
    found = str(town.desk.records())
    log = town.desk.call("/staff/ask/audit-search", AuditQuery(kinds=("line_channel_saved",)))
    entry = AuditPage.parse(log.content).entries[0]
    assert entry.object == "channel_secret channel_token liff_id login_channel_id"
    with town.relay.relay.database.read() as connection:
        found += str(connection.execute(text("SELECT * FROM secrets")).all())
    for secret in (line.channel_secret, line.channel_token):
        assert secret not in found + log.text


def test_the_towns_name_and_telephone_reach_record_and_pages(town: Town) -> None:
    version = town.desk.records()["settings", "town"].version
    town.desk.do("town.save", TownSave(town_name="みなと野市", telephone="0123-45-6789"), version)
    assert town.settings().town_name == "みなと野市"
    wait_until(lambda: "みなと野市" in town.desk.http.get(town.desk.url + "/pages").text)
    (result,) = town.desk.sync(town.desk.change("town.save", TownSave(town_name="別の市"), version)).results
    assert result.reason == "version_conflict"


# --- the environment, and other processes ---

ENVIRONMENT = Channel(channel_token="from-the-environment")
WHO = SignedIn(
    member=StaffMember(id="s", login_name="sato", display_name="佐藤"),
    device="d",
    token_hash=b"",
    used_at=datetime(2026, 11, 20, tzinfo=UTC),
)


def test_what_the_environment_sets_wins_and_is_not_changed(database: Database, clock: Clock) -> None:
    channel = LineChannel(database, clock, ENVIRONMENT)
    assert channel.from_environment == ("channel_token",)
    channel.save(WHO, LineChannelSave(channel_token="entered", channel_secret="s"))
    assert (channel.now.channel_token, channel.now.channel_secret) == ("from-the-environment", "s")
    assert LineChannel(database, clock, Channel()).now == Channel(channel_secret="s")


def test_another_process_works_with_it_at_its_next_look(database: Database, clock: Clock) -> None:
    here, elsewhere = (LineChannel(database, clock, Channel()) for _ in range(2))
    seen: list[str] = []
    elsewhere.follow(lambda now: seen.append(now.channel_token))
    here.save(WHO, LineChannelSave(channel_token="t1"))
    elsewhere.refresh()
    elsewhere.refresh()
    assert seen == ["", "t1"]
    assert "t1" not in repr(elsewhere.now)


def test_a_name_the_environment_sets_cannot_be_changed_by_staff(tmp_path: Path, clock: Clock) -> None:
    settings = relay_settings(tmp_path, f"sqlcipher:{tmp_path / 'relay.db'}", town_name="みなと野市")
    settings = settings.model_copy(update={"line_channel_secret": SecretStr("x")})
    with running_relay(settings, clock=clock) as relay:
        desk = Desk(relay.url, relay.certificate, clock)
        desk.enrol(relay.new_code())
        desk.sign_in()
        version = desk.records()["settings", "town"].version
        (result,) = desk.sync(desk.change("town.save", TownSave(town_name="別の市"), version)).results
        assert result.reason == "set_by_environment"
        desk.do("town.save", TownSave(town_name="みなと野市", telephone="0123"), version)
        desk.close()
