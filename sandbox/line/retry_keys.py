"""X-Line-Retry-Key: a request accepted once is answered with 409 for 24 hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(hours=24)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the first request with this key led to."""

    request_id: str
    accepted_at: datetime
    sent_messages: list[dict[str, Any]] | None


class RetryKeys:
    def __init__(self) -> None:
        self._accepted: dict[str, Accepted] = {}

    @staticmethod
    def is_well_formed(key: str) -> bool:
        return _UUID.fullmatch(key) is not None

    def find(self, key: str, now: datetime) -> Accepted | None:
        """The earlier acceptance, or None when the key is new or older than a day."""
        found = self._accepted.get(key.lower())
        if found is not None and now - found.accepted_at >= LIFETIME:
            del self._accepted[key.lower()]
            return None
        return found

    def keep(self, key: str, accepted: Accepted) -> None:
        self._accepted[key.lower()] = accepted
