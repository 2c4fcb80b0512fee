"""What LINE's answers mean for a batch. SEG-7; LINE's guide on retrying failed requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relay.features.outcomes import decide_outcome, is_too_late, not_tried, unknown_for_good
from relay.line.answers import LineAnswer
from relay.store.batches import Claim

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def claim(*, attempts: int = 1, first: datetime = NOW) -> Claim:
    return Claim(
        run="r",
        no=0,
        endpoint="multicast",
        retry_key="k",
        members=b"",
        attempts=attempts,
        first_try_at=first,
        is_first_try=attempts == 1,
    )


@pytest.mark.parametrize("status", [200, 202, 409])
def test_what_line_took_or_had_taken_before_is_accepted(status: int) -> None:
    assert decide_outcome(claim(), LineAnswer(status=status), NOW).state == "accepted"


@pytest.mark.parametrize("status", [400, 404, 413])
def test_what_line_will_never_take_is_refused(status: int) -> None:
    outcome = decide_outcome(claim(), LineAnswer(status=status, request_id="r1"), NOW)
    assert (outcome.state, outcome.http_status, outcome.request_id) == ("refused", status, "r1")


@pytest.mark.parametrize("status", [None, 408, 500, 502, 503])
def test_no_answer_or_a_server_error_is_tried_again_and_its_time_counts(status: int | None) -> None:
    outcome = decide_outcome(claim(), LineAnswer(status=status), NOW)
    assert outcome.state == "waiting"
    assert outcome.next_try_at is not None and outcome.next_try_at > NOW
    assert not outcome.certainly_not


def test_the_monthly_limit_pauses_the_whole_run() -> None:
    answer = LineAnswer(status=429, message="You have reached your monthly limit.")
    outcome = decide_outcome(claim(), answer, NOW)
    assert (outcome.state, outcome.pauses, outcome.certainly_not) == ("waiting", "over_quota", True)


def test_too_fast_is_no_pause_but_a_later_try() -> None:
    outcome = decide_outcome(claim(), LineAnswer(status=429, retry_after=7.0), NOW)
    assert (outcome.state, outcome.pauses) == ("waiting", "")
    assert outcome.next_try_at is not None and outcome.next_try_at >= NOW + timedelta(seconds=7)


@pytest.mark.parametrize("status", [401, 403])
def test_a_dead_token_refuses_nobody(status: int) -> None:
    outcome = decide_outcome(claim(), LineAnswer(status=status), NOW)
    assert (outcome.state, outcome.pauses) == ("waiting", "line_refused")


def test_waits_double_up_to_five_minutes() -> None:
    waits = []
    for attempts in range(1, 40):
        outcome = decide_outcome(claim(attempts=attempts), LineAnswer(status=500), NOW)
        assert outcome.next_try_at is not None
        waits.append((outcome.next_try_at - NOW).total_seconds())
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 300


def test_after_23_hours_nobody_tries_again() -> None:
    old = claim(attempts=9, first=NOW - timedelta(hours=23))
    assert is_too_late(old, NOW)
    assert not is_too_late(claim(attempts=9, first=NOW - timedelta(hours=22, minutes=59)), NOW)
    assert unknown_for_good(old).state == "unknown"


def test_a_clear_no_after_an_unclear_try_keeps_the_first_time() -> None:
    second = claim(attempts=2, first=NOW - timedelta(hours=1))
    answer = LineAnswer(status=429, message="You have reached your monthly limit.")
    assert not decide_outcome(second, answer, NOW).certainly_not
    assert not not_tried(second).certainly_not
    assert not_tried(claim()).certainly_not


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_after_an_unclear_try_leaves_it_unknown(status: int) -> None:
    outcome = decide_outcome(claim(attempts=2), LineAnswer(status=status), NOW)
    assert outcome.state == "unknown"
