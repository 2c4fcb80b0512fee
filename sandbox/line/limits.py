"""Request rates per endpoint. One token bucket each, as in the reference's table of rate limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# (requests, seconds). LINE does not publish the size of its buckets; ours hold one period's worth.
RATES: dict[str, tuple[int, int]] = {
    "narrowcast": (60, 3600),
    "broadcast": (60, 3600),
    "webhook_test": (60, 3600),
    **{f"insight_{what}": (60, 3600) for what in ("event", "unit", "delivery", "followers", "demographic")},
    **{
        f"audience_{what}": (60, 60)
        for what in ("upload", "file", "click", "imp", "list", "rename", "show", "delete")
    },
    **{f"coupon_{what}": (200, 1) for what in ("create", "list", "show", "close")},
    "webhook_get": (1000, 60),
    "webhook_put": (1000, 60),
    "multicast": (200, 1),
    "loading": (100, 1),
    "token_short": (370, 1),
}
OTHERWISE = (2000, 1)
# Login has limits too, but LINE does not say which: none here.
UNLIMITED = frozenset(
    {"login_verify", "login_certs", "login_profile", "login_userinfo", "friendship", "liff_send"}
)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime


class RateLimits:
    """Takes one token a request; refuses when the bucket of that endpoint is empty."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, endpoint: str, now: datetime, scale: float) -> bool:
        if endpoint in UNLIMITED:
            return True
        count, seconds = RATES.get(endpoint, OTHERWISE)
        size = max(1.0, count * scale)
        bucket = self._buckets.get(endpoint)
        if bucket is None:
            bucket = self._buckets[endpoint] = _Bucket(size, now)
        passed = max(0.0, (now - bucket.filled_at).total_seconds())
        bucket.tokens = min(size, bucket.tokens + passed * size / seconds)
        bucket.filled_at = max(bucket.filled_at, now)
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True
