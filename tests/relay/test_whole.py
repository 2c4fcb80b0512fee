"""The whole relay against the sandbox: from the follow to the message on the phone.

SEG-2, SEG-5, SEG-7, SEG-10.
"""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from protocol.changes import ItemSave, LineLinkRemove, LineLinkStart
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import (
    DeliveryResume,
    DeliverySave,
    DeliverySend,
    DeliveryStop,
    DeliveryTest,
    SendingRulesSave,
)
from protocol.files import file_name
from protocol.messages import ImageMessage, TextMessage
from protocol.segments import ChoiceIs, Everyone
from protocol.sync import CheckAnswer, CheckRequest, CountAnswer, CountRequest, QuotaAnswer
from relay.providers.certificate import ensure_certificate
from relay.serve import RunningRelay, running_relay
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.relay.desk import Desk, relay_settings
from tests.relay.features.office import AT_ONCE, district_item
from tests.relay.pictures import png


def utc_now() -> datetime:
    return datetime.now(UTC)


def wait_until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    ends = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)
    return found


@dataclass
class Whole:
    """Everything but the window: LINE's platform, the relay, a desk."""

    relay: RunningRelay
    sandbox: RunningSandbox
    desk: Desk

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.sandbox.url}/sandbox/{path}"
        answer = requests.get(url, timeout=20) if body is None else requests.post(url, json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def friends(self, count: int) -> list[str]:
        """That many residents who added the account; their user ids."""
        people = self.control("residents", {"count": count})["residents"]
        ids = [person["userId"] for person in people]
        self.control("do", {"userIds": ids, "action": "follow", "wait": True})
        wait_until(lambda: self.count().friends >= count)
        return ids

    def count(self) -> CountAnswer:
        answer = self.desk.call("/staff/ask/segment-count", CountRequest(segment=Everyone()))
        return CountAnswer.parse(answer.content)

    def talk(self, user: str) -> list[dict[str, Any]]:
        answer: dict[str, Any] = self.control(f"residents/{user}/talk")
        return list(answer["messages"])

    def said_by_us(self, user: str) -> list[str]:
        return [bubble.get("text") or "" for bubble in self.talk(user)]

    def record(self, kind: str, id: str) -> dict[str, Any]:
        return self.desk.records()[(kind, id)].body

    def send(self, draft: DeliveryDraft, seen: int) -> Delivery:
        """Save, confirm, and wait for the end."""
        version = self.desk.do("delivery.save", DeliverySave(draft=draft))
        self.desk.do("delivery.send", DeliverySend(delivery=draft.id, recipients_seen=seen), version)
        done = ("sent", "failed", "paused")
        body = wait_until(lambda: (found := self.record("delivery", draft.id))["state"] in done and found)
        return Delivery.parse(body)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
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
            line_channel_secret=SecretStr(sandbox.settings.channel_secret),
            line_channel_token=SecretStr(sandbox.settings.channel_token),
            line_login_channel_id=sandbox.settings.login_channel_id,
            liff_id=sandbox.settings.liff_id,
        )
        with running_relay(settings) as relay:
            desk = Desk(relay.url, relay.certificate, utc_now)
            desk.enrol(relay.new_code())
            assert desk.sign_in().status_code == 200
            desk.do("sending_rules.save", SendingRulesSave(rules=AT_ONCE))
            yield Whole(relay=relay, sandbox=sandbox, desk=desk)
            desk.close()


def test_staff_reach_exactly_those_who_tapped_the_district(whole: Whole) -> None:
    whole.desk.do("item.save", ItemSave(item=district_item()))
    north, south = whole.friends(2)
    for user, label in ((north, "川北"), (south, "川南")):
        wait_until(lambda user=user: whole.talk(user))
        whole.control(f"residents/{user}/tap", {"label": label})
    segment = ChoiceIs(item="item-district", any_of=("item-district-0",))

    def counted() -> bool:
        answer = whole.desk.call("/staff/ask/segment-count", CountRequest(segment=segment))
        return CountAnswer.parse(answer.content).count == 1

    wait_until(counted)
    draft = DeliveryDraft(
        id="d1", title="断水", messages=(TextMessage(text="明日は断水です。"),), segment=segment
    )
    delivery = whole.send(draft, 1)
    assert (delivery.state, delivery.numbers.accepted) == ("sent", 1)
    assert any("明日は断水です。" in text for text in whole.said_by_us(north))
    assert not any("明日は断水です。" in text for text in whole.said_by_us(south))


def test_a_picture_reaches_the_phone_through_the_relay(whole: Whole) -> None:
    (user, *_) = whole.friends(3)
    picture = png(600, 400)
    name = file_name(picture)
    path = f"/staff/files/{name}?offset=0&size={len(picture)}"
    assert whole.desk.call(path, method="PUT", body=picture).json()["complete"]
    message = ImageMessage(file=name, preview=name, description="ごみの出し方")
    delivery = whole.send(DeliveryDraft(id="d1", title="ごみ", messages=(message,)), 3)
    assert delivery.numbers.accepted == 3
    bubble = wait_until(lambda: [b for b in whole.talk(user) if b["type"] == "image"])[0]
    address = bubble["message"]["originalContentUrl"]
    shown = requests.get(address, verify=str(whole.relay.certificate), timeout=10)
    assert shown.content == picture


def test_a_test_delivery_reaches_the_account_tied_by_a_code(whole: Whole) -> None:
    (user,) = whole.friends(1)
    code = "12345678"
    link = LineLinkStart(
        code_hash=hashlib.sha256(code.encode()).hexdigest(), expires_at=utc_now() + timedelta(minutes=10)
    )
    whole.desk.do("line_link.start", link)
    whole.control(f"residents/{user}/say", {"text": "1234-5678"})
    wait_until(lambda: whole.record("staff", whole.desk.staff)["line_linked"])
    draft = DeliveryDraft(id="d1", title="", messages=(TextMessage(text="試しです。"),))
    test = whole.desk.change("delivery.test", DeliveryTest(draft=draft, staff=(whole.desk.staff,)))
    assert whole.desk.sync(test).results[0].outcome == "applied"
    wait_until(lambda: whole.record("test_run", test.id)["finished"])
    assert whole.record("test_run", test.id)["accepted"] == 1
    assert any("【テスト配信】\n試しです。" in text for text in whole.said_by_us(user))
    whole.desk.do("line_link.remove", LineLinkRemove())
    assert not whole.record("staff", whole.desk.staff)["line_linked"]


def test_a_delivery_stopped_by_the_monthly_limit_is_continued_from_the_desk(whole: Whole) -> None:
    (user, *_) = whole.friends(3)
    spent = {"status": 429, "body": {"message": "You have reached your monthly limit."}}
    whole.control("faults", {"endpoint": "multicast", **spent})
    draft = DeliveryDraft(id="d1", title="断水", messages=(TextMessage(text="明日は断水です。"),))
    stopped = whole.send(draft, 3)
    assert (stopped.state, stopped.reason, stopped.numbers.waiting) == ("paused", "over_quota", 3)
    version = whole.desk.records()[("delivery", "d1")].version
    whole.desk.do("delivery.resume", DeliveryResume(delivery="d1"), version)
    wait_until(lambda: whole.record("delivery", "d1")["state"] == "sent")
    assert whole.record("delivery", "d1")["numbers"]["accepted"] == 3
    assert whole.said_by_us(user).count("明日は断水です。") == 1


def test_home_shows_the_numbers_of_the_town_and_what_line_still_allows(whole: Whole) -> None:
    whole.friends(5)
    summary = wait_until(
        lambda: (
            (found := whole.desk.records().get(("summary", "town"))) and found.body["friends"] == 5 and found
        )
    )
    assert summary.body["followed_today"] == summary.body["followed_week"] == 5
    quota = QuotaAnswer.parse(whole.desk.call("/staff/ask/quota").content)
    assert quota.quota is not None and quota.reason == ""
    wait_until(lambda: whole.record("settings", "town")["account_name"])


def test_a_held_delivery_leaves_by_itself_unless_it_is_stopped(whole: Whole) -> None:
    users = whole.friends(2)
    whole.desk.do(
        "sending_rules.save", SendingRulesSave(rules=AT_ONCE.model_copy(update={"hold_seconds": 2})), 1
    )
    drafts = [
        DeliveryDraft(id=id, title="お知らせ", messages=(TextMessage(text=text),))
        for id, text in (("stopped", "止めた"), ("left", "出た"))
    ]
    for draft in drafts:
        answer = CheckAnswer.parse(
            whole.desk.call("/staff/ask/delivery-check", CheckRequest(draft=draft)).content
        )
        assert (answer.count, answer.route, answer.hold_seconds, answer.problems) == (2, "multicast", 2, ())
        version = whole.desk.do("delivery.save", DeliverySave(draft=draft))
        whole.desk.do("delivery.send", DeliverySend(delivery=draft.id, recipients_seen=2), version)
        assert whole.record("delivery", draft.id)["state"] == "held"
        if draft.id == "stopped":
            whole.desk.do("delivery.stop", DeliveryStop(delivery=draft.id))
    wait_until(lambda: whole.record("delivery", "left")["state"] == "sent")
    assert "出た" in whole.said_by_us(users[0]) and "止めた" not in whole.said_by_us(users[0])
    assert whole.record("delivery", "stopped")["state"] == "draft"


def test_a_waiting_round_wakes_when_a_delivery_moves(whole: Whole) -> None:
    whole.friends(2)
    version = whole.desk.do(
        "delivery.save",
        DeliverySave(draft=DeliveryDraft(id="d1", title="お知らせ", messages=(TextMessage(text="本日"),))),
    )
    whole.desk.do("delivery.send", DeliverySend(delivery="d1", recipients_seen=2), version)
    began = time.monotonic()
    states = []
    while "sent" not in states:
        response = whole.desk.sync(wait_seconds=20)
        states += [record.body["state"] for record in response.records if record.kind == "delivery"]
    assert time.monotonic() - began < 10
