"""How many people LINE still lets this account reach this month, asked at most every half minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from protocol.deliveries import Quota
from protocol.sync import QuotaAnswer
from relay.errors import LineError

_FRESH = timedelta(seconds=30)


class QuotaReader:
    """`ask` calls LINE and raises LineError; None where no channel is configured."""

    def __init__(
        self,
        ask: Callable[[], Quota] | None,
        clock: Callable[[], datetime],
        *,
        has_channel: Callable[[], bool] = lambda: True,
    ) -> None:
        """`has_channel`: whether a channel is configured now; it may come and change while we run."""
        self._ask = ask
        self._has_channel = has_channel
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[datetime, Quota] | None = None

    @property
    def is_configured(self) -> bool:
        """Whether there is a channel to ask about."""
        return self._ask is not None and self._has_channel()

    def answer(self) -> QuotaAnswer:
        """The quota, or the reason why LINE could not be asked. A failure is not remembered."""
        return self.answer_with_time()[0]

    def answer_with_time(self) -> tuple[QuotaAnswer, datetime]:
        """The answer and when LINE was asked: whoever was written to since is not in it."""
        if self._ask is None or not self._has_channel():
            return QuotaAnswer(reason="line_not_configured"), self._clock()
        with self._lock:
            if self._known is not None and timedelta(0) <= self._clock() - self._known[0] < _FRESH:
                return QuotaAnswer(quota=self._known[1]), self._known[0]
            asked_at = self._clock()
            try:
                quota = self._ask()
            except LineError as error:
                return QuotaAnswer(reason=error.reason), asked_at
            self._known = (asked_at, quota)
            return QuotaAnswer(quota=quota), asked_at

    def forget(self) -> None:
        """People were just written to: the next answer must be a fresh one."""
        with self._lock:
            self._known = None
