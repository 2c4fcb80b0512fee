"""SEG-10: what became of a test delivery is known at the desk that asked, in words, and never too early."""

from __future__ import annotations

import pytest

from desktop.features.office import Office
from desktop.features.test_outcomes import TestOutcome
from desktop.sync.apply import apply_response
from desktop.sync.opening import Opening
from protocol.deliveries import DeliveryDraft
from protocol.messages import TextMessage
from protocol.sync import Record, SyncResponse, TestRun
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.fake_sending import move_test


@pytest.fixture
def tester(office: Office, relay: FakeRelay) -> Office:
    """The office of somebody whose LINE account is tied."""
    relay.tie_line("sato")
    office.sync()
    return office


def written(office: Office) -> DeliveryDraft:
    return office.deliveries.new("防災訓練").model_copy(update={"messages": (TextMessage(text="訓練です"),)})


def test_a_test_is_on_its_way_then_under_way_then_done(tester: Office, relay: FakeRelay) -> None:
    relay.deliver_at_once = False
    id = tester.deliveries.test(written(tester), [tester.me.id])
    waiting = tester.deliveries.test_outcome(id)
    assert waiting.is_waiting and not waiting.is_final and "送っています…" in waiting.words
    tester.sync()
    under_way = tester.deliveries.test_outcome(id)
    assert (under_way.words, under_way.tone, under_way.is_final) == ("送っています…", "info", False)
    move_test(relay, id, accepted=1, finished=True)
    tester.sync()
    done = tester.deliveries.test_outcome(id)
    assert done.words == "1人に送りました。スマートフォンで確かめてください。"
    assert (done.tone, done.is_final) == ("success", True)


def test_the_relay_knows_the_test_by_the_id_the_desk_gave_it(tester: Office, relay: FakeRelay) -> None:
    id = tester.deliveries.test(written(tester), [tester.me.id])
    tester.sync()
    assert relay.applied[-1].id == id and ("test_run", id) in relay.records


def test_a_test_the_relay_refuses_says_why(tester: Office, relay: FakeRelay) -> None:
    relay.refuse_next("line_not_configured")
    id = tester.deliveries.test(written(tester), [tester.me.id])
    tester.sync()
    refused = tester.deliveries.test_outcome(id)
    assert (refused.tone, refused.is_final) == ("error", True)
    assert "受け付けられませんでした" in refused.words and "情報担当に設定を頼んで" in refused.words


RESULTS = [
    ({"reason": "line_unreachable"}, "warning", "まだ送れていません。LINEにつながりません。つながると自動で"),
    (
        {"refused": 3, "finished": True, "reason": "line_refused"},
        "error",
        "3人には送れませんでした。LINEに断",
    ),
    (
        {"accepted": 2, "refused": 1, "finished": True, "reason": "line_refused"},
        "error",
        "2人に送りました。1人には送れませんでした。",
    ),
    ({"accepted": 2, "unknown": 1, "finished": True}, "warning", "1人に届いたかどうかは分かりません"),
    (
        {"refused": 3, "finished": True, "reason": "over_quota"},
        "error",
        "今月配信できる残りの通数を超えます。",
    ),
]


@pytest.mark.parametrize(("facts", "tone", "words"), RESULTS)
def test_whatever_line_said_is_told_with_what_to_do(facts: dict[str, object], tone: str, words: str) -> None:
    outcome = TestOutcome(run=TestRun(asked_by="me", recipients=3).model_copy(update=facts))
    assert words in outcome.words
    assert outcome.tone == tone
    assert outcome.is_final == bool(facts.get("finished"))


def test_a_test_nobody_knows_of_any_more_is_no_success(tester: Office) -> None:
    lost = tester.deliveries.test_outcome("01890000-0000-7000-8000-000000000000")
    assert (lost.tone, lost.is_final) == ("warning", True)


def test_a_draft_saved_behind_a_test_of_it_is_not_in_conflict(tester: Office, relay: FakeRelay) -> None:
    draft = written(tester)
    tester.deliveries.test(draft, [tester.me.id])
    tester.deliveries.save(draft)
    tester.sync()
    assert [change.kind for change in relay.applied] == ["delivery.test", "delivery.save"]
    assert tester.home.refused() == []


def test_a_kind_of_record_this_program_does_not_know_does_no_harm(office: Office) -> None:
    replica = office.home._replica  # a newer relay's answer, which the fake one cannot give
    record = Record(kind="moon_phase", id="m", audience="town", seq=10**6, version=1, body={"is": ["full"]})
    before = len(office.items.by_id())
    response = SyncResponse(
        records=(record,), cursor={"town": 10**6}, relay="relay-test", relay_time=office.clock()
    )
    apply_response(replica, response, Opening(office.ring, "relay-test"))
    assert len(office.items.by_id()) == before
