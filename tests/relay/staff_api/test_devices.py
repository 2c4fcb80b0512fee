"""Devices are seen by their owner and by administrators, and a revoked one is out at once. SEC-1, SEC-3."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from protocol.changes import DeviceRevoke, RightsSave
from protocol.rights import RightsGrid
from protocol.signin import EnrolAnswer
from protocol.sync import Device, SyncRequest
from relay.serve import RunningRelay
from tests.conftest import Clock
from tests.relay.desk import Desk, reason

ROUND = SyncRequest(protocol=1)


@pytest.fixture
def second(relay: RunningRelay, desk: Desk, clock: Clock) -> Iterator[Desk]:
    """The same person's other machine, signed in."""
    other = Desk(relay.url, relay.certificate, clock)
    other.keys = desk.keys
    request = other.enrol_request(relay.new_code("sato"), further_device=True)
    other.take(EnrolAnswer.parse(other.call("/staff/enrol", request).content))
    assert other.sign_in().status_code == 200
    yield other
    other.close()


def devices(desk: Desk) -> dict[str, Device]:
    return {
        id: Device.parse(record.body) for (kind, id), record in desk.records().items() if kind == "device"
    }


def test_both_machines_of_a_person_are_listed_with_name_and_times(
    desk: Desk, second: Desk, clock: Clock
) -> None:
    found = devices(desk)
    assert found.keys() == {desk.device, second.device}
    assert found[desk.device].name == "窓口のパソコン"
    assert found[desk.device].staff == desk.staff
    assert found[desk.device].last_seen_at == clock()


def test_when_it_was_seen_is_told_now_and_then_and_not_with_every_request(desk: Desk, clock: Clock) -> None:
    first = devices(desk)[desk.device].last_seen_at
    version = desk.records()["device", desk.device].version
    for _ in range(5):
        clock.forward(minutes=2)
        desk.call("/staff/ask/quota")
    assert desk.records()["device", desk.device].version == version
    clock.forward(minutes=10)
    desk.call("/staff/ask/quota")
    seen = devices(desk)[desk.device].last_seen_at
    assert first is not None and seen == clock()


def test_an_own_device_is_revoked_by_anyone_and_out_at_once(desk: Desk, second: Desk) -> None:
    desk.do("device.revoke", DeviceRevoke(device=second.device))
    answer = second.call("/staff/sync", ROUND)
    assert (answer.status_code, reason(answer)) == (401, "device_revoked")
    assert reason(second.sign_in()) == "device_revoked"
    assert devices(desk)[second.device].revoked
    assert desk.sync().relay, "the one that revoked goes on"


def test_a_round_that_waits_on_a_revoked_device_tells_it_nothing(desk: Desk, second: Desk) -> None:
    second.sync()
    told: list[str] = []

    def wait() -> None:
        request = SyncRequest(protocol=1, cursor=second.cursor, wait_seconds=20)
        answer = second.call("/staff/sync", request)
        told.append(reason(answer) if answer.status_code != 200 else "news")

    waiting = threading.Thread(target=wait)
    waiting.start()
    desk.do("device.revoke", DeviceRevoke(device=second.device))
    waiting.join(15)
    assert told == ["device_revoked"]


def test_an_unknown_device_cannot_be_revoked(desk: Desk) -> None:
    for unknown in ("0" * 36, "", "\0", "x" * 5000):
        (result,) = desk.sync(desk.change("device.revoke", DeviceRevoke(device=unknown))).results
        assert result.reason == "not_found"


def test_somebody_elses_device_needs_the_right_to_change_staff(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    other = Desk(relay.url, relay.certificate, clock, "suzuki")
    other.enrol(relay.new_code())
    assert other.sign_in().status_code == 200
    with relay.relay.database.write() as connection:
        connection.execute(text("UPDATE staff SET role = 'editor' WHERE id = :id"), {"id": other.staff})
    (result,) = other.sync(other.change("device.revoke", DeviceRevoke(device=desk.device))).results
    assert result.reason == "not_allowed"
    # With the right to change staff neither: the desk's is an administrator's.
    grid = RightsGrid(cells={"editor": {"staff": "edit"}})
    desk.do("rights.save", RightsSave(grid=grid))
    (result,) = other.sync(other.change("device.revoke", DeviceRevoke(device=desk.device))).results
    assert result.reason == "not_allowed"
    assert desk.sync().relay
    desk.do("device.revoke", DeviceRevoke(device=other.device))
    assert reason(other.call("/staff/sync", ROUND)) == "device_revoked"
    other.close()
