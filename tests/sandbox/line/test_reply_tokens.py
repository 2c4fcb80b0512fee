"""How long a reply token lives, redelivery included (OPS-4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.line.reply_tokens import ReplyTokens

EVENT = datetime(2026, 11, 20, tzinfo=UTC)


def after(**by: float) -> datetime:
    return EVENT + timedelta(**by)


@pytest.fixture
def tokens() -> ReplyTokens:
    return ReplyTokens()


def test_the_minute_runs_from_the_redelivery(tokens: ReplyTokens) -> None:
    token = tokens.issue("Ua", EVENT)
    tokens.mark_sent(token, after(minutes=10), redelivery=True)
    assert tokens.owner(token, after(minutes=10, seconds=60)) == "Ua"
    assert tokens.owner(token, after(minutes=10, seconds=61)) is None


def test_twenty_minutes_after_the_event_a_redelivered_token_is_dead(tokens: ReplyTokens) -> None:
    token = tokens.issue("Ua", EVENT)
    tokens.mark_sent(token, after(minutes=19, seconds=50), redelivery=True)
    assert tokens.owner(token, after(minutes=20)) == "Ua"
    assert tokens.owner(token, after(minutes=20, seconds=1)) is None


def test_a_used_token_stays_used_when_its_webhook_comes_again(tokens: ReplyTokens) -> None:
    token = tokens.issue("Ua", EVENT)
    tokens.use_up(token)
    tokens.mark_sent(token, after(seconds=5), redelivery=True)
    assert tokens.owner(token, after(seconds=6)) is None


def test_an_unknown_token_belongs_to_nobody(tokens: ReplyTokens) -> None:
    assert tokens.owner("guess", EVENT) is None
