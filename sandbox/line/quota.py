"""The month's quota, counted in people, and the day's numbers per way of sending. Days are Japanese."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")


class Quota:
    def __init__(self) -> None:
        self._months: Counter[str] = Counter()
        self._days: Counter[tuple[str, str]] = Counter()

    def used(self, now: datetime) -> int:
        return self._months[now.astimezone(JST).strftime("%Y%m")]

    def has_room(self, people: int, now: datetime, limit: int | None) -> bool:
        return limit is None or people == 0 or self.used(now) + people <= limit

    def count(self, endpoint: str, people: int, now: datetime) -> None:
        """Replies are free of quota but are counted in the day's numbers."""
        local = now.astimezone(JST)
        if endpoint != "reply":
            self._months[local.strftime("%Y%m")] += people
        self._days[endpoint, local.strftime("%Y%m%d")] += people

    def on_day(self, endpoint: str, day: str) -> int:
        return self._days[endpoint, day]
