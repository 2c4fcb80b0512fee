"""LINE's request rates, one bucket per endpoint (OPS-4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.line.limits import RateLimits

START = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("endpoint", "count", "seconds"),
    [
        ("multicast", 200, 1),
        ("push", 2000, 1),
        ("reply", 2000, 1),
        ("broadcast", 60, 3600),
        ("narrowcast", 60, 3600),
        ("webhook_test", 60, 3600),
        ("webhook_put", 1000, 60),
        ("loading", 100, 1),
        ("token_short", 370, 1),
    ],
)
def test_each_endpoint_has_the_rate_of_lines_table(endpoint: str, count: int, seconds: int) -> None:
    limits = RateLimits()
    taken = sum(limits.take(endpoint, START, 1.0) for _ in range(count + 50))
    assert taken == count
    half = START + timedelta(seconds=seconds / 2)
    assert sum(limits.take(endpoint, half, 1.0) for _ in range(count + 50)) == count // 2


def test_a_full_bucket_does_not_overflow() -> None:
    limits = RateLimits()
    limits.take("multicast", START, 1.0)
    later = START + timedelta(hours=1)
    assert sum(limits.take("multicast", later, 1.0) for _ in range(500)) == 200


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    limits = RateLimits()
    assert all(limits.take("broadcast", START, 1.0) for _ in range(60))
    assert not limits.take("broadcast", START - timedelta(hours=1), 1.0)
    assert not limits.take("broadcast", START, 1.0)
