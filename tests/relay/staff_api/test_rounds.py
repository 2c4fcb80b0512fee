"""Rounds over HTTP: protocol versions, limits, compression, and the wait for news. OPS-4."""

from __future__ import annotations

import json
import threading
import time

from protocol.changes import ItemSave
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.sync import SyncRequest, SyncResponse
from relay.serve import RunningRelay
from relay.store.records import put_record
from tests.conftest import Clock
from tests.relay.desk import Desk, reason
from tests.relay.features.office import district_item


def test_another_protocol_version_is_told_which_side_is_older(desk: Desk) -> None:
    assert reason(desk.call("/staff/sync", SyncRequest(protocol=0))) == "protocol_too_old"
    future = json.dumps({"protocol": 2, "changes": "of another shape"}).encode()
    assert reason(desk.call("/staff/sync", body=future)) == "protocol_too_new"


def test_more_changes_than_agreed_are_refused_as_a_whole(desk: Desk) -> None:
    changes = tuple(desk.change("item.save", ItemSave(item=district_item())) for _ in range(101))
    assert reason(desk.call("/staff/sync", SyncRequest(protocol=1, changes=changes))) == "too_large"


def test_a_long_answer_is_compressed(desk: Desk) -> None:
    desk.sync(
        *(
            desk.change("delivery.save", DeliverySave(draft=DeliveryDraft(id=f"d{n}", title="お知らせ" * 10)))
            for n in range(20)
        )
    )
    answer = desk.call("/staff/sync", SyncRequest(protocol=1))
    assert answer.headers["content-encoding"] == "gzip"
    assert len(SyncResponse.parse(answer.content).records) > 20


def test_a_waiting_round_is_woken_by_another_desk(relay: RunningRelay, desk: Desk, clock: Clock) -> None:
    other = Desk(relay.url, relay.certificate, clock, "suzuki")
    other.enrol(relay.new_code())
    assert other.sign_in().status_code == 200
    desk.sync()
    got: list[SyncResponse] = []
    waiting = threading.Thread(target=lambda: got.append(desk.sync(wait_seconds=20)))
    began = time.monotonic()
    waiting.start()
    other.do("item.save", ItemSave(item=district_item()))
    waiting.join(20)
    assert time.monotonic() - began < 10
    assert [record.id for record in got[0].records] == ["item-district"]
    other.close()


def test_a_waiting_round_notices_what_another_process_wrote(
    relay: RunningRelay, desk: Desk, clock: Clock
) -> None:
    desk.sync()
    got: list[SyncResponse] = []
    waiting = threading.Thread(target=lambda: got.append(desk.sync(wait_seconds=20)))
    waiting.start()
    database = relay.relay.database
    with database.write() as connection:  # no bell is rung, as from another process
        put_record(connection, database.cipher, kind="item", id="quiet", body={}, now=clock())
    waiting.join(20)
    assert [record.id for record in got[0].records] == ["quiet"]


def test_a_round_without_news_ends_when_it_was_told_to(desk: Desk) -> None:
    desk.sync()
    time_before = time.monotonic()
    assert desk.sync(wait_seconds=1).records == ()
    assert 0.9 < time.monotonic() - time_before < 5
